"""What an import would do, before it does it: the first rows, likely columns, what is left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from survey.answer.csv_file import (
    DATE_NAMES,
    ID_NAMES,
    TEXT_NAMES,
    Columns,
    PastAnswer,
    SkippedRow,
    Wanted,
    columns_of,
    opened_table,
    read_past_answers,
)
from survey.answer.past_answers import here_already, import_key
from survey.csv_table import usual_column
from survey.days_typed import holds_dates, likely_date_format, reads
from survey.file_forms import DATE_FORMATS
from survey.likely_segments import MOST_COLUMNS, plain_segments

SHOWN_ROWS, LONGEST_CELL = 5, 80
_SAMPLE = 200  # rows that are looked at to guess what is in a column
_WORDS_A_ROW, _CLEARLY = 3, 2  # words a row, and how many times those of any other column
_AT_ONCE = 500
_MOST_GUESSED = 5  # columns: where more have few values, comparing by all of them tells nobody much


@dataclass(frozen=True)
class FirstRows:
    """The top of a file, as its columns fall out.

    Parameters
    ----------
    columns : tuple of str
        Names that can be chosen.
    rows : tuple of tuple of str
        The first rows, as many fields each as there are columns; long ones cut.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Plan:
    """What an import would do.

    Parameters
    ----------
    columns : Columns
        What is read.
    sound : int
        Rows that can be used.
    here : int
        How many of those were imported before.
    skipped : tuple of SkippedRow
        The others, with a reason each.
    first : tuple of PastAnswer
        The first of the sound ones, as they would be kept.
    """

    columns: Columns
    sound: int
    here: int
    skipped: tuple[SkippedRow, ...]
    first: tuple[PastAnswer, ...]

    @property
    def new(self) -> int:
        """How many would come in."""
        return self.sound - self.here


def first_rows(raw: bytes, file_name: str, wanted: Wanted) -> FirstRows:
    """Return the top of a file.

    Raises
    ------
    FileError, FieldError
        As `opened_table`.
    """
    header, records = opened_table(raw, file_name, wanted)
    named = [(place, name) for place, name in enumerate(header) if name][:MOST_COLUMNS]
    read = (found for _row, found in records if isinstance(found, list) and found)
    rows = tuple(
        tuple(_cut(found[place]) if place < len(found) else "" for place, _ in named)
        for found in islice(read, SHOWN_ROWS)
    )
    return FirstRows(tuple(name for _, name in named), rows)


def _cut(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= LONGEST_CELL else f"{line[: LONGEST_CELL - 1]}…"


def likely(raw: bytes, file_name: str, wanted: Wanted, zone: ZoneInfo) -> Wanted:
    """Return what somebody would choose: columns by their usual names, and how dates look.

    The answers are else the column with clearly the most words, and the dates the only column
    in which mostly dates stand. Answers are compared by the other columns in which a few values
    stand again and again in all of the file, unless people are named or reached by them.

    Parameters
    ----------
    raw, file_name : bytes, str
        The file.
    wanted : Wanted
        What is chosen already: at least the encoding.
    zone : ZoneInfo
        The workspace's.

    Raises
    ------
    FileError, FieldError
        As `opened_table`.
    """
    header, read = opened_table(raw, file_name, wanted)
    records = list(islice(read, _SAMPLE))
    alone = header[0] if len(header) == 1 else None
    date = usual_column(header, DATE_NAMES) or _dated(header, records, zone)
    typed = _dates_of(header, records, date)
    found = replace(
        wanted,
        text=usual_column(header, TEXT_NAMES) or alone or _wordiest(header, records),
        id=usual_column(header, ID_NAMES),
        date=date,
        date_format=likely_date_format(typed, zone),
        guess=False,
    )
    taken = (found.text, found.id, found.date)
    few = plain_segments(header, chain(records, read), taken, zone)
    plain = [name for name, values in few.items() if not holds_dates(values, zone)]
    return replace(found, segments=tuple(plain[:_MOST_GUESSED]))


def _wordiest(header: list[str], records: Sequence[tuple[int, list[str] | str]]) -> str | None:
    """Return the column in which people clearly say the most; None where no one does."""
    rows = [row for _, row in records if isinstance(row, list) and len(row) == len(header)]
    said = sorted(
        ((sum(len(row[place].split()) for row in rows), name) for place, name in enumerate(header)),
        reverse=True,
    )
    (most, name), (next_most, _) = said[0], said[1] if len(said) > 1 else (0, "")
    clear = most >= _WORDS_A_ROW * len(rows) and most >= _CLEARLY * next_most
    return name if name and rows and clear else None


def _dated(
    header: list[str], records: Sequence[tuple[int, list[str] | str]], zone: ZoneInfo
) -> str | None:
    """Return the only column of dates; None where there are several to choose from, or none."""
    found = [
        name for name in header if name and holds_dates(_dates_of(header, records, name), zone)
    ]
    return found[0] if len(found) == 1 else None


def forms_that_fit(
    raw: bytes, given_name: str, wanted: Wanted, zone: ZoneInfo, now: datetime
) -> tuple[str | None, ...]:
    """Return the forms of dates with which most rows can be used, where none can as it was read.

    Parameters
    ----------
    raw, given_name : bytes, str
        The file.
    wanted : Wanted
        How it was read.
    zone : ZoneInfo
        The workspace's.
    now : datetime
        The present moment.

    Returns
    -------
    tuple of str or None
        None is for ISO 8601; several only where they give different days, so that a person must
        choose; empty where no other form helps.

    Raises
    ------
    FileError, FieldError
        As `read_past_answers`.
    """
    header, records = opened_table(raw, given_name, wanted)
    typed = _dates_of(header, records, columns_of(header, given_name, wanted).date)
    forms = [form or None for form, _ in DATE_FORMATS if (form or None) != wanted.date_format]
    by_days: dict[tuple[object, ...], str | None] = {}
    for form in forms:
        if any(reads(one, form, zone) for one in typed):  # else the whole is not read again
            other = replace(wanted, date_format=form)
            kept = read_past_answers(raw, given_name, other, zone, now).answers
            by_days.setdefault(tuple((one.row, one.said_on, one.said_at) for one in kept), form)
    most = max(map(len, by_days), default=0)
    return tuple(form for days, form in by_days.items() if most and len(days) == most)


def _dates_of(
    header: list[str], records: Iterable[tuple[int, list[str] | str]], column: str | None
) -> list[str]:
    """Return the first dates of a file."""
    return [] if column is None else _typed_in(header, records, column)


def _typed_in(
    header: list[str], records: Iterable[tuple[int, list[str] | str]], column: str
) -> list[str]:
    """Return what stands first in a column, but for what is empty."""
    at = header.index(column)
    read = (row for _, row in records if isinstance(row, list) and len(row) == len(header))
    return [row[at].strip() for row in islice(read, _SAMPLE) if row[at].strip()]


def plan_of(
    session: Session,
    workspace_id: int,
    file: tuple[str, bytes, bytes],
    wanted: Wanted,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Plan:
    """Return what importing a file would do; nothing is changed.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Where to.
    file : tuple of str, bytes, bytes
        Its name, the file itself and its digest.
    wanted : Wanted
        Which columns to read.
    zone : ZoneInfo
        The workspace's.
    now : datetime
        The present moment.

    Raises
    ------
    FileError, FieldError
        As `read_past_answers`.
    """
    name, raw, digest = file
    found = read_past_answers(raw, name, wanted, zone, now)
    here = 0
    for start in range(0, len(found.answers), _AT_ONCE):
        some = found.answers[start : start + _AT_ONCE]
        keys = [import_key(digest, answer) for answer in some]
        here += len(here_already(session, workspace_id, keys))
    return Plan(found.columns, len(found.answers), here, found.skipped, found.answers[:SHOWN_ROWS])
