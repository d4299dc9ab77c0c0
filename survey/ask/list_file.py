"""A list of customers as a spreadsheet holds it: its rows, and what its columns are likely to hold.

Nothing here touches a database, and nothing of a list is kept anywhere before somebody is asked.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

from survey.address import can_be_written_to
from survey.csv_table import (
    delimiter_of,
    header_of,
    lines_of,
    records_of,
    usual_column,
)
from survey.csv_written import as_it_was
from survey.days_typed import holds_dates, likely_date_format, moment_typed, reads
from survey.errors import FileError
from survey.file_forms import DATE_FORMATS
from survey.likely_segments import MOST_COLUMNS, names_people, plain_segments
from survey.records.text import as_stored

MOST_ROWS = 1_000
MOST_BYTES = 240_000  # of the rows as text: the page that shows them sends them back
TOO_MUCH = (
    f"This is more than can be asked at once: {MOST_ROWS:,} rows, and {MOST_BYTES // 1000} kB, at "
    "most. Nobody was asked and nothing was kept. Cut the list into parts, each with the row that "
    "names the columns."
)
WHY = "Why they were not asked"  # the column that our own file of rows to mend has first
COMPARE = "To compare by"
QUIET_DAYS = (14, 7, 30, 90, 0)  # the usual one first
_MOST_LINES = 5 * MOST_ROWS  # a cell may have several, and lines may be empty
_SAMPLE = 60  # rows that are looked at to guess what is in a column
_MOST_GUESSED = 5
_LATELY = timedelta(days=90)
_SWAPPED = str.maketrans("dm", "md")


@dataclass(frozen=True)
class Kind:
    """What a column may hold.

    Parameters
    ----------
    key, label : str
        Its name in forms, and for people.
    hint : str
        What it is good for.
    usual : tuple of str
        Names that such columns usually have, the likelier first.
    """

    key: str
    label: str
    hint: str
    usual: tuple[str, ...]


KINDS = (
    Kind(
        "email",
        "E-mail addresses",
        "",
        ("email", "e_mail", "mail", "email_address", "e_mail_address", "customer_email",
         "client_email", "patient_email", "guest_email", "address"),
    ),
    Kind(
        "name",
        "Names",
        "The mail greets by them.",
        ("name", "customer", "customer_name", "full_name", "client", "client_name", "patient",
         "patient_name", "guest", "guest_name", "first_name", "firstname"),
    ),
    Kind(
        "served_by",
        "Who looked after them",
        "The mail names this person.",
        ("served_by", "who_served", "who_looked_after_them", "looked_after_by", "staff",
         "staff_member", "employee", "technician", "agent", "colleague", "seen_by", "handled_by",
         "stylist", "dentist", "doctor", "therapist", "engineer", "advisor", "mechanic",
         "hairdresser", "groomer", "tutor", "instructor", "driver"),
    ),
    Kind(
        "about",
        "What it was about",
        "In words for the customer, like “your boiler”.",
        ("about", "what_it_was_about", "what_was_done", "kind", "kind_of_visit", "service",
         "treatment", "job", "repair", "what", "subject", "reason"),
    ),
    Kind(
        "occurred_at",
        "When it was",
        "",
        ("date", "day", "when", "when_it_was", "visited_on", "visit_date", "date_of_visit",
         "occurred_at", "appointment", "appointment_date", "served_on", "completed_at"),
    ),
    Kind(
        "language",
        "Their languages",
        "German, Deutsch or de. Without any, the usual one.",
        ("language", "lang", "locale", "their_language", "customer_language"),
    ),
    Kind(
        "reference",
        "Numbers of your own",
        "Of a visit or an order: nobody is asked twice about the same.",
        ("reference", "visit_id", "visit_number", "order_id", "order_number", "job_id",
         "job_number", "ticket", "ticket_id", "booking_id", "appointment_id", "id"),
    ),
    Kind("note", "Notes", "For your team; the customer never sees them.", ("note", "notes")),
)  # fmt: skip


@dataclass(frozen=True)
class CustomerList:
    """The rows of a list.

    Parameters
    ----------
    header : tuple of str
        A name for each column, none twice and none empty.
    rows : tuple of (int, list of str or str)
        Their numbers in the list, beginning at 1, and their cells, or why they cannot be read.
    chosen_before : dict
        What our own file of rows to mend says of its columns: labels by names.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str] | str], ...]
    chosen_before: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chosen:
    """How a list is to be read.

    Parameters
    ----------
    columns : dict
        Names of columns by the keys of `KINDS`.
    date_format : str, optional
        As ``strptime`` reads it; ISO 8601 by default.
    segments : tuple of str
        Columns by which the answers may later be compared.
    quiet_days : int
        Whoever was asked in so many days is not asked again now; 0 asks them.
    """

    columns: dict[str, str] = field(default_factory=dict)
    date_format: str | None = None
    segments: tuple[str, ...] = ()
    quiet_days: int = QUIET_DAYS[0]


def tidied(text: str) -> str:
    """Return rows as they are read and sent back: with no empty line before or after them.

    Raises
    ------
    FileError
        When it is too much to ask at once.
    """
    text = as_stored(text.removeprefix("\ufeff")).strip("\n")
    if len(text.encode()) > MOST_BYTES or text.count("\n") >= _MOST_LINES:
        raise FileError(TOO_MUCH)
    return text


def read_list(text: str) -> CustomerList:
    """Read the rows of a list, whose first row may name the columns, or be a customer already.

    Parameters
    ----------
    text : str
        As pasted from a spreadsheet, or decoded from a CSV file.

    Raises
    ------
    FileError
        When there are none, or more than are asked at once.
    """
    lines = lines_of(tidied(text))
    every = (one for one in records_of(lines, delimiter_of(lines, None)) if _is_filled(one[1]))
    head = next(every, None)
    if head is None:
        raise FileError("There are no rows yet. Paste some, or choose a file.")
    rows: Iterable[tuple[int, list[str] | str]] = every
    if isinstance(head[1], list) and any(can_be_written_to(cell.strip()) for cell in head[1]):
        header, rows = [""] * len(head[1]), chain([head], every)
    else:
        header = header_of(iter([head]), "The list")
    filled = list(islice(rows, MOST_ROWS + 1))
    if not filled:
        raise FileError("There is no row below the one that names the columns. Please put in some.")
    if len(filled) > MOST_ROWS:
        raise FileError(TOO_MUCH)
    if WHY not in header:
        return CustomerList(_each_with_its_name(header), tuple(filled))
    # Our own file, in which an apostrophe keeps formulas from being run.
    filled = [(row, _as_it_was(found)) for row, found in filled]
    told = [_parted(as_it_was(name)) for name in header]
    names = _each_with_its_name([name for name, _ in told])
    labels = {name: label for name, (_, label) in zip(names, told, strict=True) if label}
    return CustomerList(names, tuple(filled), labels)


def marked(name: str, chosen: "Chosen") -> str:
    """Return a column's name for the file of rows to mend, which is read as its list was."""
    for kind in KINDS:
        if chosen.columns.get(kind.key) == name and usual_column([name], kind.usual) is None:
            return f"{name} ({kind.label})"
    return f"{name} ({COMPARE})" if name in chosen.segments else name


def _parted(name: str) -> tuple[str, str | None]:
    """Part a column's name in our own file from what it was chosen for."""
    for label in (COMPARE, *(kind.label for kind in KINDS)):
        if name.endswith(f" ({label})"):
            return name.removesuffix(f" ({label})"), label
    return name, None


def _is_filled(found: list[str] | str) -> bool:
    return isinstance(found, str) or any(map(str.strip, found))


def _as_it_was(found: list[str] | str) -> list[str] | str:
    return found if isinstance(found, str) else [as_it_was(cell) for cell in found]


def _each_with_its_name(header: Sequence[str]) -> tuple[str, ...]:
    plain = [" ".join(name.split()) or f"Column {place}" for place, name in enumerate(header, 1)]
    taken, names = set(plain), list[str]()
    seen: Counter[str] = Counter()
    for name in plain:
        seen[name] += 1
        called = name
        while seen[name] > 1 and called in taken:  # a later column may be called "Name (2)"
            called = f"{name} ({seen[name]})"
            seen[name] += called in taken
        taken.add(called)
        names.append(called)
    return tuple(names)


def offered_columns(people: CustomerList) -> tuple[str, ...]:
    """Return the columns that can be chosen."""
    return tuple(name for name in people.header if name != WHY)[:MOST_COLUMNS]


def likely_choice(people: CustomerList, zone: ZoneInfo, today: date) -> Chosen:
    """Return what somebody would choose: columns by their usual names, or by what stands in them.

    Parameters
    ----------
    people : CustomerList
        The list.
    zone : ZoneInfo
        The workspace's.
    today : date
        The workspace's own; visits that are asked about were lately.
    """
    header = list(offered_columns(people))
    told = {label: name for name, label in people.chosen_before.items()}
    found = {kind.key: told.get(kind.label) or usual_column(header, kind.usual) for kind in KINDS}
    found["email"] = _of_addresses(people, header, found["email"])
    found["occurred_at"] = _of_dates(people, header, found["occurred_at"], zone)
    columns: dict[str, str] = {}
    for key, name in found.items():
        if name and name not in columns.values():
            columns[key] = name
    dates = typed_in(people, columns["occurred_at"]) if "occurred_at" in columns else []
    form = _lately(likely_date_format(dates, zone), dates, zone, today)
    return Chosen(columns, form, _segments(people, columns, zone))


def _lately(
    date_format: str | None, typed: Sequence[str], zone: ZoneInfo, today: date
) -> str | None:
    """Return the form, or the one with day and month the other way round if that is likelier."""
    swapped = (date_format or "").translate(_SWAPPED)
    if swapped == date_format or swapped not in dict(DATE_FORMATS):
        return date_format

    def fits(form: str | None) -> tuple[int, int]:
        days = [moment_typed(one, form, zone)[0] for one in typed if reads(one, form, zone)]
        return len(days), sum(timedelta(0) <= today - day <= _LATELY for day in days)

    return max((date_format, swapped), key=fits)


def typed_in(people: CustomerList, column: str) -> list[str]:
    """Return what stands first in a column, but for what is empty."""
    at = people.header.index(column)
    cells = (row[at].strip() for _, row in people.rows if isinstance(row, list) and len(row) > at)
    return [cell for cell in cells if cell][:_SAMPLE]


def _of_addresses(people: CustomerList, header: list[str], named: str | None) -> str | None:
    """Return the column of addresses: by its name, unless only another one holds any."""
    share = {name: _share_of_addresses(typed_in(people, name)) for name in header}
    if named and (share[named] or not any(share.values())):
        return named
    best = max(header, key=share.__getitem__, default=None)
    return best if best and share[best] >= 0.5 else None


def _of_dates(
    people: CustomerList, header: list[str], named: str | None, zone: ZoneInfo
) -> str | None:
    """Return the column of dates: by its name if any stand there, else the only one that may be."""
    if named is not None:
        typed = typed_in(people, named)
        form = likely_date_format(typed, zone)
        if any(reads(one, form, zone) for one in typed):
            return named
    dated = [
        name
        for name in header
        if not names_people(name) and holds_dates(typed_in(people, name), zone)
    ]
    return dated[0] if len(dated) == 1 else None


def _share_of_addresses(typed: Sequence[str]) -> float:
    return sum(map(can_be_written_to, typed)) / len(typed) if typed else 0.0


def _segments(people: CustomerList, columns: dict[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    if WHY in people.header:  # a few rows say little: what the list was compared by, stays
        return tuple(name for name, label in people.chosen_before.items() if label == COMPARE)
    taken = (*columns.values(), WHY)
    few = plain_segments(people.header, people.rows, taken, zone)
    plain = [name for name, values in few.items() if not holds_dates(values, zone)]
    return tuple(plain[:_MOST_GUESSED])
