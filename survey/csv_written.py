"""Rows as a CSV file that a spreadsheet opens without taking any answer for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8; other programs are better off without
_STARTS_A_FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r]")
# Where Excel's own separator is ; it parts cells there, tabs and new lines may part them as well.
_MAY_START_A_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@＝＋－＠])")


def csv_lines(rows: Iterable[Sequence[str]], *, for_excel: bool = False) -> Iterator[str]:
    """Write rows as CSV (RFC 4180), a piece at a time.

    Parameters
    ----------
    rows : iterable of sequence of str
        The header first.
    for_excel : bool
        Whether to begin with a byte order mark, and to expect that ``;`` and tabs part cells, too.

    Yields
    ------
    str
        Some text; joined, the pieces are the file.
    """
    buffer = io.StringIO(BYTE_ORDER_MARK if for_excel else "", newline="")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([harmless(cell, for_excel=for_excel) for cell in row])
        if buffer.tell() > 32_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def harmless(cell: str, *, for_excel: bool = False) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe goes before what looks like a formula.

    Parameters
    ----------
    cell : str
        As it is.
    for_excel : bool
        Whether to look after every ``;``, tab and new line within it, too.

    Notes
    -----
    OWASP, CSV Injection. A bare number keeps its sign.
    """
    if _is_number(cell):
        return cell
    begun = f"'{cell}" if _STARTS_A_FORMULA.match(cell) else cell
    return _MAY_START_A_FORMULA.sub("'", begun) if for_excel else begun


def as_it_was(cell: str) -> str:
    """Return a cell of our own file without the apostrophe that `harmless` put before it."""
    bare = cell[1:]
    guarded = cell.startswith("'") and _STARTS_A_FORMULA.match(bare) and not _is_number(bare)
    return bare if guarded else cell


def _is_number(cell: str) -> bool:
    digits = cell.strip().lstrip("+-")
    return digits.isascii() and digits.replace(".", "", 1).isdigit()
