"""Past answers in a CSV file from any tool: read what is sound, and say what is not and why.

Nothing here touches a database. A file that cannot be used at all is refused with one sentence;
a row that cannot be used is left out with its number and the reason, and the others are kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from survey.csv_table import (
    WITH_OPTION,
    decoded,
    delimiter_of,
    header_of,
    lines_of,
    listed,
    named_column,
    records_of,
    usual_column,
)
from survey.days_typed import UNREADABLE, moment_typed, names_no_day
from survey.errors import FieldError, FileError
from survey.likely_segments import LONGEST_SEGMENT_NAME
from survey.records.text import LONGEST_ANSWER, as_stored

LONGEST_SEGMENT = 200
LONGEST_ID = 250
EARLIEST = date(1970, 1, 1)
TEXT_NAMES = (
    "answer",
    "answers",
    "text",
    "comment",
    "comments",
    "feedback",
    "response",
    "verbatim",
)
ID_NAMES = ("id", "answer_id", "response_id", "respondent_id", "reference")
DATE_NAMES = ("answered_on", "answered_at", "date", "submitted_at", "created_at", "timestamp")
# What survey tools write where a person left the question out. "No answer" is not among them:
# customers say it about telephones.
NOT_GIVEN = frozenset(
    (
        "did not answer",
        "did not respond",
        "not answered",
        "question not answered",
        "no answer given",
        "no response given",
    )
)


@dataclass(frozen=True)
class Ways:
    """How a person names what a file does not say by itself, for the refusals.

    Parameters
    ----------
    text, id, date, segment, date_format, encoding : str
        What goes behind "name it": an option of the command, or a field of the page.
    forms : mapping of str to str
        A form of dates in words, where it has any.
    """

    text: str = "with --text-column"
    id: str = "with --id-column"
    date: str = "with --date-column"
    segment: str = "with --segment-column"
    date_format: str = "with --date-format"
    encoding: str = WITH_OPTION
    forms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """Which columns of the file to read, as the person named them.

    Parameters
    ----------
    text, id, date : str, optional
        Names of columns; a usual name is looked for where one is left out.
    date_format : str, optional
        As ``strptime`` reads it, like ``%d/%m/%Y``; ISO 8601 by default.
    segments : tuple of str
        Columns by which answers may later be compared.
    encoding : str
        What the file is written in; a byte order mark wins over it.
    guess : bool
        Whether a usual name is looked for at all where a column is left out.
    ways : Ways
        How the person named them.
    """

    text: str | None = None
    id: str | None = None
    date: str | None = None
    date_format: str | None = None
    segments: tuple[str, ...] = ()
    encoding: str = "utf-8"
    guess: bool = True
    ways: Ways = field(default_factory=Ways)


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """One sound row: `row` counts the header as 1; `said_at` is None where no time is given."""

    row: int
    text: str
    id: str | None
    said_on: date | None
    said_at: datetime | None
    segments: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SkippedRow:
    """A row that was left out, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class Columns:
    """The columns that were read, by their names in the file."""

    text: str
    id: str | None
    date: str | None
    segments: tuple[str, ...]


@dataclass(frozen=True)
class PastAnswers:
    """What a file holds."""

    columns: Columns
    answers: tuple[PastAnswer, ...]
    skipped: tuple[SkippedRow, ...]


class _UnusableRowError(Exception):
    """A row cannot be used; its text is the reason."""


def read_past_answers(
    raw: bytes, file_name: str, wanted: Wanted, zone: ZoneInfo, now: datetime
) -> PastAnswers:
    """Read a CSV file of past answers.

    Parameters
    ----------
    raw : bytes
        The file as it is.
    file_name : str
        Its name, for the refusals.
    wanted : Wanted
        Which columns to read.
    zone : ZoneInfo
        The workspace's; days and times without a zone are in it.
    now : datetime
        The present moment; nothing is said after it.

    Returns
    -------
    PastAnswers
        The sound rows in the order of the file, and the others with a reason each.

    Raises
    ------
    FileError
        When the file as a whole cannot be used.
    FieldError
        When a named column, encoding or date format cannot be.
    """
    header, records = opened_table(raw, file_name, wanted)
    columns = columns_of(header, file_name, wanted)
    reader = _RowReader(header, columns, wanted, zone, now)
    answers: list[PastAnswer] = []
    skipped: list[SkippedRow] = []
    for row, found in records:
        if not found:
            continue
        try:
            answers.append(reader.read(row, found))
        except _UnusableRowError as error:
            skipped.append(SkippedRow(row, str(error)))
    return PastAnswers(columns, tuple(answers), tuple(skipped))


def opened_table(
    raw: bytes, file_name: str, wanted: Wanted
) -> tuple[list[str], Iterator[tuple[int, list[str] | str]]]:
    """Return the names of a file's columns, and the records below them as they are read.

    Raises
    ------
    FileError
        When the file is empty, a spreadsheet, or not written in that encoding.
    FieldError
        When there is no such encoding.
    """
    lines = lines_of(decoded(raw, file_name, wanted.encoding, wanted.ways.encoding))
    records = records_of(lines, delimiter_of(lines, wanted.text))
    return header_of(records, file_name), records


def columns_of(header: list[str], file_name: str, wanted: Wanted) -> Columns:
    """Return the columns to read.

    Raises
    ------
    FileError
        When one that was named is not there, or nobody named that of the answers.
    FieldError
        When a segment's name is over-long.
    """
    ways = wanted.ways
    usual = usual_column if wanted.guess else _none
    text = named_column(header, file_name, ways.text, wanted.text) or usual(header, TEXT_NAMES)
    if text is None and len(header) == 1:
        text = header[0]
    if text is None:
        raise FileError(
            f"Which column of {file_name} holds the answers? It has: {listed(header)}. "
            f"Name one {ways.text}."
        )
    segments = tuple(
        name
        for asked in dict.fromkeys(wanted.segments)
        if (name := named_column(header, file_name, ways.segment, asked))
    )
    for name in segments:
        if len(name) > LONGEST_SEGMENT_NAME:
            raise FieldError(
                "segment-column",
                f"The column name {name[:30]!r}… is longer than {LONGEST_SEGMENT_NAME} "
                "characters; shorten it in the file, or leave it out.",
            )
    return Columns(
        text=text,
        id=named_column(header, file_name, ways.id, wanted.id) or usual(header, ID_NAMES),
        date=named_column(header, file_name, ways.date, wanted.date) or usual(header, DATE_NAMES),
        segments=segments,
    )


def _none(_header: list[str], _names: tuple[str, ...]) -> None:
    return None


class _RowReader:
    """Reads one record after another into past answers."""

    def __init__(
        self,
        header: list[str],
        columns: Columns,
        wanted: Wanted,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        self._width = len(header)
        self._at = {name: place for place, name in enumerate(header)}
        self._columns = columns
        self._wanted = wanted
        self._zone = zone
        self._latest = (now + timedelta(days=1)).date()
        self._rows_of_ids: dict[str, int] = {}

    def read(self, row: int, found: list[str] | str) -> PastAnswer:
        """Return the record as a past answer, or raise with the reason why not."""
        fields = self._fields(found)
        text = as_stored(fields[self._at[self._columns.text]]).strip()
        _check_text(text)
        said_on, said_at = self._said(fields)
        return PastAnswer(
            row, text, self._id(row, fields), said_on, said_at, self._segments(fields)
        )

    def _fields(self, found: list[str] | str) -> list[str]:
        if isinstance(found, str):
            raise _UnusableRowError(found)
        if len(found) != self._width:
            # Even where the surplus is empty: a comma in an answer may have moved its second half.
            raise _UnusableRowError(
                f"has {len(found)} fields where the first row has {self._width}"
            )
        return found

    def _id(self, row: int, fields: list[str]) -> str | None:
        if self._columns.id is None:
            return None
        found = as_stored(fields[self._at[self._columns.id]]).strip()
        if not found:
            return None
        if len(found) > LONGEST_ID:
            raise _UnusableRowError(f"its id has more than {LONGEST_ID} characters")
        first = self._rows_of_ids.setdefault(found, row)
        if first != row:
            raise _UnusableRowError(f"has the same id as row {first}")
        return found

    def _said(self, fields: list[str]) -> tuple[date | None, datetime | None]:
        if self._columns.date is None:
            return None, None
        typed = fields[self._at[self._columns.date]].strip()
        if not typed:
            raise _UnusableRowError(f"has no date in {self._columns.date!r}")
        try:
            said_on, said_at = moment_typed(typed, self._wanted.date_format, self._zone)
        except UNREADABLE as error:
            raise _UnusableRowError(_unreadable_date(typed, self._wanted, self._zone)) from error
        if not EARLIEST <= said_on <= self._latest:
            raise _UnusableRowError(f"its date {typed[:40]!r} is not between 1970 and today")
        return said_on, said_at

    def _segments(self, fields: list[str]) -> tuple[tuple[str, str], ...]:
        pairs = (
            (name, as_stored(fields[self._at[name]]).strip()) for name in self._columns.segments
        )
        kept = tuple((name, value) for name, value in pairs if value)
        for name, value in kept:
            if len(value) > LONGEST_SEGMENT:
                raise _UnusableRowError(f"its {name!r} has more than {LONGEST_SEGMENT} characters")
        return kept


def _check_text(text: str) -> None:
    if not text:
        raise _UnusableRowError("the answer is empty")
    if text.strip(" .()[]").casefold() in NOT_GIVEN:
        raise _UnusableRowError(f"no answer was given ({text.strip(' .()[]')!r})")
    if len(text) > LONGEST_ANSWER:
        raise _UnusableRowError(
            f"the answer has {len(text):,} characters; at most {LONGEST_ANSWER:,} are kept"
        )


def _unreadable_date(typed: str, wanted: Wanted, zone: ZoneInfo) -> str:
    if names_no_day(typed, wanted.date_format, zone):
        return f"its date {typed[:40]!r} is a day that does not exist"
    if wanted.date_format is not None:
        form = wanted.ways.forms.get(wanted.date_format, wanted.date_format)
        return f"its date {typed[:40]!r} is not like {form}"
    return (
        f"its date {typed[:40]!r} is not like 2021-10-31; name its form {wanted.ways.date_format}"
    )
