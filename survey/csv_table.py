"""What any CSV file needs before its rows mean something: encoding, delimiter, records, columns.

Nothing here knows what a row is about. A broken record is given as the reason why it is broken,
and the records after it are still read.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence

from survey.errors import FieldError, FileError

DELIMITERS = (",", ";", "\t", "|")
WITH_OPTION = "with --encoding"
MOST_COLUMNS = 16_384  # as many as a spreadsheet has; of millions, each name would be looked at
LONGEST_RECORD = 2_000
"""Lines one quoted field may span before its opening quotation mark counts as never closed."""


class BrokenRecord(str):
    """The reason why a record cannot be read; `line` is what stands there."""

    line = ""


def decoded(raw: bytes, file_name: str, encoding: str, way: str = WITH_OPTION) -> str:
    """Turn a file's bytes into text; a byte order mark wins over `encoding`.

    Parameters
    ----------
    raw : bytes
        The file as it is.
    file_name : str
        Its name, for the refusal.
    encoding : str
        What it is written in.
    way : str
        How the person may name another one, for the refusal.

    Raises
    ------
    FileError
        When the file is a spreadsheet, or not written in that encoding.
    FieldError
        When there is no such encoding.
    """
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileError(f"{file_name} is a spreadsheet, not a CSV: save it as CSV (UTF-8) first.")
    try:
        return raw.decode(_marked(raw) or codecs.lookup(encoding).name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        advice = "cp1252 (Excel on Windows)" if _says_utf8(encoding) else "utf-8 or another one"
        raise FileError(
            f"{file_name} is not written in {encoding}: line {line} holds the byte "
            f"0x{raw[error.start]:02x}. Nothing was read; save the file as UTF-8, or name "
            f"what it is in {way}, often {advice}."
        ) from error
    except (LookupError, ValueError) as error:  # also of names like punycode, which is for names
        raise FieldError(
            "encoding", f"There is no encoding {encoding!r}; try utf-8, cp1252 or utf-16."
        ) from error


def _marked(raw: bytes) -> str | None:
    """Return the encoding a byte order mark tells of."""
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _says_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "utf-8"


def lines_of(text: str) -> list[str]:
    """Cut text into lines, whatever ends them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def delimiter_of(lines: Sequence[str], text_column: str | None) -> str:
    """Choose what parts the header into most columns, or into the one that is wanted."""
    first = next((line for line in lines if line.strip()), "")

    def parts(delimiter: str) -> tuple[bool, int]:
        try:
            names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
        except csv.Error:
            return False, 0
        return text_column in names, len(names)

    return max(DELIMITERS, key=parts)


def records_of(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
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
            return _broken("a quotation mark opens here and is never closed", lines[at])
        if "field larger" in str(error):
            return _broken(
                f"a field has more than {csv.field_size_limit():,} characters", lines[at]
            )
        return _broken(
            "a quotation mark stands inside a quoted field; it should be doubled there", lines[at]
        )


def _broken(reason: str, line: str) -> tuple[BrokenRecord, int]:
    broken = BrokenRecord(reason)
    broken.line = line
    return broken, 1


def header_of(records: Iterator[tuple[int, list[str] | str]], file_name: str) -> list[str]:
    """Take the names of the columns off the top of the records.

    Raises
    ------
    FileError
        When there are none, or more than a spreadsheet has.
    """
    found = next((fields for _row, fields in records if fields), "")
    if isinstance(found, str):
        raise FileError(
            f"{file_name} cannot be read: {found} in its first row. Mend that row."
            if found
            else f"{file_name} is empty: it needs a first row that names the columns. "
            "Choose another file."
        )
    if len(found) > MOST_COLUMNS:
        raise FileError(
            f"{file_name} has {len(found):,} columns: at most {MOST_COLUMNS:,} are read. "
            "Leave out those that hold no answers."
        )
    return [name.strip() for name in found]


def named_column(header: list[str], file_name: str, way: str, asked: str | None) -> str | None:
    """Find a column the person named, by its exact name or else regardless of case.

    Parameters
    ----------
    header : list of str
        The columns that are there.
    file_name : str
        The file's name, for the refusal.
    way : str
        How the person may name another one, for the refusal.
    asked : str or None
        What they named; None where they named none.

    Raises
    ------
    FileError
        When there is no such column, or several.
    """
    if asked is None:
        return None
    same = [name for name in header if name == asked.strip()]
    found = same or [name for name in header if name.casefold() == asked.strip().casefold()]
    if not found:
        raise FileError(
            f"{file_name} has no column {asked!r}. It has: {listed(header)}. "
            f"Name one of them {way}."
        )
    if len(found) > 1:
        raise FileError(
            f"{file_name} has {len(found)} columns {asked!r}: rename all but one of them."
        )
    return found[0]


def usual_column(header: list[str], names: tuple[str, ...]) -> str | None:
    """Return the column that has one of some usual names, whatever their case and spaces."""
    plain = {name.casefold().replace(" ", "_").replace("-", "_"): name for name in header}
    return next((plain[name] for name in names if name in plain), None)


def listed(header: list[str]) -> str:
    """Name a file's columns in one phrase."""
    shown = ", ".join(name or "(no name)" for name in header[:30])
    return shown + (f" and {len(header) - 30} more" if len(header) > 30 else "")
