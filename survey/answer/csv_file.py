"""Past answers in a CSV file from any tool: read what is sound, and say what is not and why.

Nothing here touches a database. A file that cannot be used at all is refused with one sentence;
a row that cannot be used is left out with its number and the reason, and the others are kept.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from survey.errors import FieldError, FileError
from survey.records.text import LONGEST_ANSWER, as_stored

DELIMITERS = (",", ";", "\t", "|")
LONGEST_RECORD = 2_000
"""Lines one quoted field may span before its opening quotation mark counts as never closed."""
LONGEST_SEGMENT_NAME = 60
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
    """

    text: str | None = None
    id: str | None = None
    date: str | None = None
    date_format: str | None = None
    segments: tuple[str, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True)
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
    lines = _lines(_decoded(raw, file_name, wanted.encoding))
    delimiter = _delimiter(lines, wanted)
    records = _records(lines, delimiter)
    header = _header(records, file_name)
    columns = _columns(header, file_name, wanted)
    reader = _RowReader(header, columns, wanted.date_format, zone, now)
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


def _decoded(raw: bytes, file_name: str, encoding: str) -> str:
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileError(f"{file_name} is a spreadsheet, not a CSV: save it as CSV (UTF-8) first.")
    try:
        return raw.decode(_marked(raw) or codecs.lookup(encoding).name)
    except LookupError as error:
        raise FieldError(
            "encoding", f"There is no encoding {encoding!r}; try utf-8, cp1252 or utf-16."
        ) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        advice = "cp1252 (Excel on Windows)" if _says_utf8(encoding) else "utf-8 or another one"
        raise FileError(
            f"{file_name} is not written in {encoding}: line {line} holds the byte "
            f"0x{raw[error.start]:02x}. Nothing was imported; save the file as UTF-8, or name "
            f"what it is in with --encoding, often {advice}."
        ) from error


def _marked(raw: bytes) -> str | None:
    """Return the encoding a byte order mark tells of."""
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _says_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "utf-8"


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def _delimiter(lines: Sequence[str], wanted: Wanted) -> str:
    """Choose what parts the header into most columns, or into the one that is wanted."""
    first = next((line for line in lines if line.strip()), "")

    def parts(delimiter: str) -> tuple[bool, int]:
        try:
            names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
        except csv.Error:
            return False, 0
        return wanted.text in names, len(names)

    return max(DELIMITERS, key=parts)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each record's number with its fields, or with what is wrong with it."""
    at, row = 0, 0
    while at < len(lines):
        row += 1
        fields, used = _record(lines, at, delimiter)
        yield row, fields
        at += used


def _record(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | str, int]:
    """Read the record that begins on a line; after a broken one, go on with the next line."""
    ahead = (lines[i] + "\n" for i in range(at, min(at + LONGEST_RECORD, len(lines))))
    reader = csv.reader(ahead, delimiter=delimiter, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error as error:
        if "unexpected end" in str(error):
            return "a quotation mark opens here and is never closed", 1
        if "field larger" in str(error):
            return f"a field has more than {csv.field_size_limit():,} characters", 1
        return "a quotation mark stands inside a quoted field; it should be doubled there", 1


def _header(records: Iterator[tuple[int, list[str] | str]], file_name: str) -> list[str]:
    found = next((fields for _row, fields in records if fields), "")
    if isinstance(found, str):
        raise FileError(
            f"{file_name} cannot be read: {found} in its first row."
            if found
            else f"{file_name} is empty: it needs a first row that names the columns."
        )
    return [name.strip() for name in found]


def _columns(header: list[str], file_name: str, wanted: Wanted) -> Columns:
    text = _named(header, file_name, "--text-column", wanted.text) or _usual(header, TEXT_NAMES)
    if text is None and len(header) == 1:
        text = header[0]
    if text is None:
        raise FileError(
            f"Which column of {file_name} holds the answers? It has: {_listed(header)}. "
            "Name one with --text-column."
        )
    segments = tuple(
        name
        for asked in dict.fromkeys(wanted.segments)
        if (name := _named(header, file_name, "--segment-column", asked))
    )
    for name in segments:
        if len(name) > LONGEST_SEGMENT_NAME:
            raise FieldError(
                "segment-column",
                f"The column name {name[:30]!r}… is longer than {LONGEST_SEGMENT_NAME} "
                "characters; shorten it in the file.",
            )
    return Columns(
        text=text,
        id=_named(header, file_name, "--id-column", wanted.id) or _usual(header, ID_NAMES),
        date=_named(header, file_name, "--date-column", wanted.date) or _usual(header, DATE_NAMES),
        segments=segments,
    )


def _named(header: list[str], file_name: str, option: str, asked: str | None) -> str | None:
    """Find a column the person named, by its exact name or else regardless of case."""
    if asked is None:
        return None
    same = [name for name in header if name == asked.strip()]
    found = same or [name for name in header if name.casefold() == asked.strip().casefold()]
    if not found:
        raise FileError(
            f"{file_name} has no column {asked!r}. It has: {_listed(header)}. "
            f"Name one of them with {option}."
        )
    if len(found) > 1:
        raise FileError(f"{file_name} has {len(found)} columns {asked!r}: rename all but one.")
    return found[0]


def _usual(header: list[str], names: tuple[str, ...]) -> str | None:
    plain = {name.casefold().replace(" ", "_").replace("-", "_"): name for name in header}
    return next((plain[name] for name in names if name in plain), None)


def _listed(header: list[str]) -> str:
    shown = ", ".join(name or "(no name)" for name in header[:30])
    return shown + (f" and {len(header) - 30} more" if len(header) > 30 else "")


class _RowReader:
    """Reads one record after another into past answers."""

    def __init__(
        self,
        header: list[str],
        columns: Columns,
        date_format: str | None,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        self._width = len(header)
        self._at = {name: place for place, name in enumerate(header)}
        self._columns = columns
        self._date_format = date_format
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
        if len(found) < self._width or any(found[self._width :]):
            raise _UnusableRowError(
                f"has {len(found)} fields where the first row has {self._width}"
            )
        return found[: self._width]

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
            said_on, said_at = _moment(typed, self._date_format, self._zone)
        except (ValueError, OverflowError) as error:
            raise _UnusableRowError(_unreadable_date(typed, self._date_format)) from error
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


def _moment(typed: str, date_format: str | None, zone: ZoneInfo) -> tuple[date, datetime | None]:
    """Return the day in a zone and, where a time of day is given, the moment in UTC."""
    if date_format is None and len(typed) <= 10:
        return date.fromisoformat(typed), None
    if date_format is None:
        found, has_time = datetime.fromisoformat(typed), True
    else:
        found = datetime.strptime(typed, date_format)  # noqa: DTZ007  the zone is put on below
        has_time = any(sign in date_format for sign in ("%H", "%I", "%c", "%X", "%T", "%s"))
    if not has_time:
        return found.date(), None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    return found.astimezone(zone).date(), found.astimezone(UTC)


def _unreadable_date(typed: str, date_format: str | None) -> str:
    if date_format is not None:
        return f"its date {typed[:40]!r} is not like {date_format}"
    return f"its date {typed[:40]!r} is not like 2021-10-31; name its form with --date-format"
