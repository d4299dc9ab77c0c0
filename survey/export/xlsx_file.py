"""Rows as a workbook: every cell is text as it is, so that nothing runs and no id loses digits."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from tempfile import TemporaryDirectory
from typing import IO, Any

LONGEST_CELL = 32_767  # UTF-16 code units, and a million rows: what the format allows
MOST_ROWS = 1_048_576
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_WIDE = {"answer": 70, "evidence": 40, "themes": 32, "id": 21, "theme_ids": 24}  # in characters
_USUAL = 14
DAYS = ("answered_on",)  # columns that hold a day, and not a text


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[str]], title: str = "Answers") -> None:
    """Write rows as a workbook (ECMA-376), a row at a time.

    Parameters
    ----------
    file : binary file
        Where to.
    rows : iterable of sequence of str
        The header first. What does not fit on one sheet goes on the next.
    title : str
        The sheet's name.
    """
    from xlsxwriter import Workbook  # the web process starts without it

    # What is written row by row lies in a file meanwhile: it goes even where the rows break off.
    with TemporaryDirectory() as folder:
        book = Workbook(
            file,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        sheets = _Sheets(book, title)
        try:
            for row in rows:
                sheets.write(row)
        finally:
            book.close()


class _Sheets:
    """The sheets of a workbook, each with the same header."""

    def __init__(self, book: Any, title: str) -> None:
        self._book, self._title = book, title
        self._bold = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._header: Sequence[str] = ()
        self._sheet: Any = None
        self._at = 0
        self._count = 0

    def write(self, row: Sequence[str]) -> None:
        """Write the next row; the first one is the header."""
        if not self._header:
            self._header = row
            self._begin()
            return
        if self._at == MOST_ROWS:
            self._begin()
        for column, (name, cell) in enumerate(zip(self._header, row, strict=True)):
            self._write(column, name, cell)
        self._at += 1

    def _begin(self) -> None:
        self._count += 1
        name = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._header):
            self._sheet.set_column(column, column, _WIDE.get(name, _USUAL))
        for column, name in enumerate(self._header):
            self._sheet.write_string(0, column, _fitting(name), self._bold)
        self._at = 1

    def _write(self, column: int, name: str, cell: str) -> None:
        if not cell:
            return
        if name in DAYS:
            self._sheet.write_datetime(self._at, column, date.fromisoformat(cell), self._day)
        else:
            style = self._wrapped if name == "answer" else None
            self._sheet.write_string(self._at, column, _fitting(cell), style)


def _fitting(cell: str) -> str:
    text = _NOT_IN_XML.sub("\ufffd", cell)
    units = text.encode("utf-16-le") if len(text) * 2 > LONGEST_CELL else b""
    if len(units) <= 2 * LONGEST_CELL:
        return text
    return units[: 2 * LONGEST_CELL - 2].decode("utf-16-le", "ignore") + "…"
