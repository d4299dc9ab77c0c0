"""Which columns of a file answers are likely to be compared by, and never whose they are."""

import re
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from survey.guard.personal import personal_data
from survey.guard.turning import country_of

MOST_COLUMNS = 60  # that a page offers
LONGEST_SEGMENT_NAME = 60
_FEW, _AGAIN, _LONGEST = 12, 3, 60  # different values; rows for each; characters of one
_WORDS = re.compile(r"[^\W\d_]+")
_WITHIN = re.compile(r"(?<=[a-z])(?=[A-Z])")  # as in CustomerName
_LIKE_A_NUMBER = re.compile(r"[+(]?\d(?:[ ()./-]{0,3}\d){6,16}")  # of a telephone, or of somebody
# A column that has one of these in its name says where people are reached, or who they are.
_REACHED = (
    "email emails mail phone phones telephone tel mobile cell cellphone landline fax whatsapp "
    "address surname forename firstname lastname fullname username nickname login customername "
    "clientname guestname patientname birthday birthdate dob iban "
    "telefon handy anschrift adresse vorname nachname kundenname "
    "courriel téléphone prénom correo teléfono apellido apellidos telefono indirizzo cognome "
    "telefone endereço sobrenome telefoon adres voornaam achternaam"
)
# A column whose name is made of these alone holds people; a "customer type" or a "branch name"
# does not, and by who served answers may be compared.
_PEOPLE = (
    "name names full first last middle maiden of the s person people "
    "customer customers client clients patient patients guest guests member members user users "
    "respondent respondents contact contacts visitor visitors resident residents tenant tenants "
    "student students pupil pupils parent parents child buyer shopper subscriber passenger "
    "participant recipient reviewer author "
    "kunde kunden kundin gast patientin mitglied nom nombre nome naam cliente klant"
)


def plain_segments(
    header: Sequence[str],
    records: Iterable[tuple[int, list[str] | str]],
    taken: Iterable[str | None],
    zone: ZoneInfo,
) -> dict[str, list[str]]:
    """Return the columns in which a few values stand again and again, with those.

    Parameters
    ----------
    header : sequence of str
        The names of all columns.
    records : iterable of (int, list of str or str)
        All of the file: a value that stands further down could leave its row out.
    taken : iterable of (str or None)
        Columns that are read as something else.
    zone : ZoneInfo
        The workspace's, which tells whose phone numbers are known without ``+``.
    """
    found = {name: _Column(header.index(name)) for name in _offered(header, {*taken})}
    rows = 0
    for _, row in records:
        if isinstance(row, list) and len(row) == len(header):
            rows += 1
            found = {name: column for name, column in found.items() if column.takes(row)}
        if not found:
            return {}
    country = country_of(None, zone.key or "")
    return {
        name: sorted(column.values)
        for name, column in found.items()
        if column.compares(rows)
        and not any(_is_somebodys(value, country) for value in column.values)
    }


def _offered(header: Sequence[str], taken: set[str | None]) -> list[str]:
    """Return the columns that could be kept, but for those that name people."""
    plain = [name.casefold() for name in header]
    return [
        name
        for name in [name for name in header if name][:MOST_COLUMNS]
        if name not in taken
        and len(name) <= LONGEST_SEGMENT_NAME
        and plain.count(name.casefold()) == 1
        and not names_people(name)
    ]


def names_people(column: str) -> bool:
    """Whether a column by its name holds who customers are, or how they are reached."""
    words = [word.casefold() for word in _WORDS.findall(_WITHIN.sub(" ", column))]
    plain = re.sub("e[-_ ]mail", "email", column.casefold())
    reached = set(_REACHED.split()).intersection((*words, *_WORDS.findall(plain)))
    return bool(reached) or (bool(words) and set(_PEOPLE.split()).issuperset(words))


class _Column:
    """What stands in a column, as long as it is little."""

    def __init__(self, place: int) -> None:
        self._place = place
        self._filled = 0
        self.values: set[str] = set()

    def takes(self, row: Sequence[str]) -> bool:
        """Read a row; False once there are too many values, or a long one."""
        value = row[self._place].strip()
        if value:
            self._filled += 1
            self.values.add(value)
        return len(self.values) <= _FEW and len(value) <= _LONGEST

    def compares(self, rows: int) -> bool:
        """Whether two values or more stand in most rows, each in three rows on average."""
        often = len(self.values) * _AGAIN <= self._filled
        return len(self.values) >= 2 and often and 2 * self._filled >= rows


def _is_somebodys(value: str, country: str | None) -> bool:
    """Whether it looks like an address, or a number at which somebody is reached."""
    if "@" in value or _LIKE_A_NUMBER.fullmatch(value):
        return True
    return bool(personal_data(value, (country,) if country else ()))
