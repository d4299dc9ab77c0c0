"""What an import would do, before it does it: the first rows, likely columns, what is left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
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
    moment_typed,
    opened_table,
    read_past_answers,
    usual_column,
)
from survey.answer.file_forms import DATE_FORMATS
from survey.answer.past_answers import here_already, import_key

SHOWN_ROWS, LONGEST_CELL = 5, 80
MOST_COLUMNS = 60
_SAMPLE = 200  # dates that are looked at to guess their form
_AT_ONCE = 500


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
    header, records = opened_table(raw, file_name, wanted)
    alone = header[0] if len(header) == 1 else None
    date, date_format = usual_column(header, DATE_NAMES), None
    if date is not None:
        at = header.index(date)
        read = (row for _, row in records if isinstance(row, list) and len(row) == len(header))
        typed = [row[at].strip() for row in islice(read, _SAMPLE) if row[at].strip()]
        date_format = likely_date_format(typed, zone)
    return replace(
        wanted,
        text=usual_column(header, TEXT_NAMES) or alone,
        id=usual_column(header, ID_NAMES),
        date=date,
        date_format=date_format,
        guess=False,
    )


def likely_date_format(typed: Sequence[str], zone: ZoneInfo) -> str | None:
    """Return the first form that most of some dates have; None for ISO 8601, and for none."""

    def fits(date_format: str) -> int:
        return sum(_reads(one, date_format or None, zone) for one in typed)

    best = max((form for form, _ in DATE_FORMATS), key=fits)  # the first of equals
    return best or None


def _reads(typed: str, date_format: str | None, zone: ZoneInfo) -> bool:
    try:
        moment_typed(typed, date_format, zone)
    except (ValueError, OverflowError, re.error):
        return False
    return True


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
