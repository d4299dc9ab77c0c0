"""Rows of a list as customers to ask about one visit each, or why a row cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from survey.address import one_spelling
from survey.ask.interaction import NewInteraction, read_interaction
from survey.ask.list_file import KINDS, WHY, Chosen, CustomerList, marked
from survey.clock import in_words
from survey.csv_table import BrokenRecord
from survey.days_typed import UNREADABLE, moment_typed, names_no_day
from survey.errors import FieldError
from survey.file_forms import DATE_FORMATS
from survey.languages import tag_said
from survey.records.text import as_stored

LONGEST_SHOWN = 60
_UNREADABLE_SIGN = "\ufffd"
_FIELDS = {"customer.email": "email", "customer.name": "name", "customer.language": "language"}
_LABELS = {kind.key: kind.label for kind in KINDS}


@dataclass(frozen=True)
class Listed:
    """A row that can be asked about.

    Parameters
    ----------
    row : int
        Its number in the list.
    cells : tuple of str
        What stands there.
    new : NewInteraction
        As the form for one customer has it.
    """

    row: int
    cells: tuple[str, ...]
    new: NewInteraction

    @property
    def address(self) -> str:
        """The address in the one spelling by which it is known again."""
        return one_spelling(self.new.email)


@dataclass(frozen=True)
class LeftOut:
    """A row that is not asked about, and why, in one sentence."""

    row: int
    cells: tuple[str, ...]
    address: str
    why: str


@dataclass(frozen=True)
class Rows:
    """What a list holds: the rows that can be asked about, and the others, in its order."""

    people: tuple[Listed, ...]
    left_out: tuple[LeftOut, ...]


class _NotAskedError(Exception):
    """A row cannot be asked about; its text is the reason."""


def read_people(people: CustomerList, chosen: Chosen, *, zone: ZoneInfo, now: datetime) -> Rows:
    """Read each row as the form for one customer is read.

    Parameters
    ----------
    people : CustomerList
        The list.
    chosen : Chosen
        What its columns hold; addresses among them.
    zone : ZoneInfo
        The workspace's; dates are in it.
    now : datetime
        The present moment; what is still to come is left out.

    Returns
    -------
    Rows
        No address and no number of one's own twice among those who can be asked.
    """
    reader = _RowReader(people.header, chosen, zone, now)
    rows_of, numbered = dict[str, int](), dict[str, int]()
    found: list[Listed] = []
    left_out: list[LeftOut] = []
    for row, record in people.rows:
        cells = tuple(record) if isinstance(record, list) else (_line_of(record),)
        try:
            one = Listed(row, cells, reader.read(record))
            first = rows_of.setdefault(one.address, row)
            if first != row:
                raise _NotAskedError(f"Row {first} has the same address.")
            number = one.new.reference
            if number and (first := numbered.setdefault(number, row)) != row:
                del rows_of[one.address]
                raise _NotAskedError(f"Row {first} has the same number, “{_cut(number)}”.")
            found.append(one)
        except _NotAskedError as error:
            left_out.append(LeftOut(row, cells, reader.address(record), str(error)))
    return Rows(tuple(found), tuple(left_out))


def rows_to_mend(
    people: CustomerList, left_out: tuple[LeftOut, ...], chosen: Chosen
) -> list[tuple[str, ...]]:
    """Return the rows that were left out as a table: first why, then what stood there.

    Parameters
    ----------
    people : CustomerList
        The list.
    left_out : tuple of LeftOut
        Which.
    chosen : Chosen
        How the list was read; the file says so where its columns' names do not.
    """
    at = people.header.index(WHY) if WHY in people.header else None

    def without_why(cells: tuple[str, ...]) -> tuple[str, ...]:
        return cells if at is None else cells[:at] + cells[at + 1 :]

    rows = [(one.why, *without_why(one.cells)) for one in left_out]
    header = tuple(marked(name, chosen) for name in without_why(people.header))
    return [(WHY, *header), *rows]


def _line_of(record: str) -> str:
    return record.line if isinstance(record, BrokenRecord) else ""


class _RowReader:
    """Reads one row after another."""

    def __init__(
        self, header: tuple[str, ...], chosen: Chosen, zone: ZoneInfo, now: datetime
    ) -> None:
        self._width = len(header)
        self._at = {key: header.index(name) for key, name in chosen.columns.items()}
        self._segments = {name: header.index(name) for name in chosen.segments}
        self._format = chosen.date_format
        self._zone = zone
        self._now = now
        self._today = now.astimezone(zone).date()

    def read(self, record: list[str] | str) -> NewInteraction:
        """Return what one row tells, or raise with the reason why nobody is asked by it."""
        told = self._told(record)
        if not told["email"]:
            raise _NotAskedError("There is no e-mail address.")
        body = self._body(told, record)
        try:
            return read_interaction(body, zone=self._zone, now=self._now)
        except FieldError as error:
            raise _NotAskedError(_in_a_list(error, told)) from error

    def address(self, record: list[str] | str) -> str:
        """Return what stands where the address should, to tell the row by."""
        at = self._at["email"]
        cell = record[at] if isinstance(record, list) and len(record) > at else ""
        return _cut(cell)

    def _told(self, record: list[str] | str) -> dict[str, str]:
        if isinstance(record, str):
            raise _NotAskedError(f"{record[:1].upper()}{record[1:]}.")
        if len(record) != self._width:
            # A comma too many or too few may have moved a name to where somebody else's stands.
            cells = "1 cell" if len(record) == 1 else f"{len(record)} cells"
            raise _NotAskedError(f"It has {cells} where the first row has {self._width}.")
        told = {kind.key: "" for kind in KINDS}
        told |= {key: as_stored(record[at]).strip() for key, at in self._at.items()}
        if any(_UNREADABLE_SIGN in cell for cell in told.values()):
            raise _NotAskedError("It holds signs that cannot be read (�). Please type them anew.")
        return told

    def _body(self, told: Mapping[str, str], record: list[str] | str) -> dict[str, Any]:
        """Put a row into the shape that the API takes, so that all are checked alike."""
        segments = {name: record[at].strip() for name, at in self._segments.items()}
        return {
            "customer": {
                "email": told["email"],
                "name": told["name"],
                "language": tag_said(told["language"]),
            },
            "served_by": told["served_by"],
            "about": told["about"],
            "occurred_at": self._moment(told["occurred_at"]),
            "reference": told["reference"],
            "segments": {name: value for name, value in segments.items() if value},
            "note": told["note"],
        }

    def _moment(self, typed: str) -> str:
        if not typed:
            return ""
        try:
            day, moment = moment_typed(typed, self._format, self._zone)
        except UNREADABLE as error:
            raise _NotAskedError(self._unreadable(typed)) from error
        if day > self._today:
            raise _NotAskedError(f"Its date, {_in_full(day, self._today)}, is still to come.")
        # Without an hour, noon: from midnight on, so many days after a visit would be at midnight.
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._zone)
        return (moment or min(noon, self._now)).isoformat()

    def _unreadable(self, typed: str) -> str:
        if names_no_day(typed, self._format, self._zone):
            return f"Its date “{_cut(typed)}” is a day that does not exist."
        usual = dict(DATE_FORMATS)[self._format or ""]
        return f"Its date “{_cut(typed)}” is not written like {usual}."


def _in_full(day: date, today: date) -> str:
    words = in_words(day, today)
    return words if words.endswith(str(day.year)) else f"{words} {day.year}"


def _in_a_list(error: FieldError, told: Mapping[str, str]) -> str:
    """Say a form's refusal as one sentence about a row."""
    key = _FIELDS.get(error.field, error.field)
    if key == "email":
        return f"“{_cut(told['email'])}” is no e-mail address that mail can go to."
    if key == "language":
        return (
            f"The language “{_cut(told['language'])}” is not known: please write its English name, "
            "or its tag, like de."
        )
    label, said = _LABELS.get(key, "To compare by"), str(error)
    return f"{label}: {said[:1].lower()}{said[1:]}"


def _cut(typed: str) -> str:
    line = " ".join(as_stored(typed).split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
