"""Everything to be taken along, as one ZIP of CSV files with a README."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from survey.csv_written import csv_lines

_README = """\
{workspace}, {day}
Written by Afterword. The three tables are CSV (RFC 4180) in UTF-8; the first row names the columns.

answers.csv    an answer a row, the newest first, as the Export page gives them. An answer in
               several themes has them side by side with " | " between, in the same order in
               themes, theme_ids, tones, confidences and evidence. Withdrawn answers are left out.
themes.csv     a theme a row, with its words, and how many of all answers are in it now. A merged
               theme names the one that its answers are shown in.
decisions.csv  a step of the ledger a row, the oldest first: what was done to the themes, by whom.

Ids are whole numbers of up to nineteen digits. Read them as text: spreadsheets round them.
Where a cell begins like a formula, an apostrophe goes before it, so that no spreadsheet runs it.
What the workspace masks (e-mail addresses, phone, card and account numbers) stands here as words
in brackets, as on every page. Owners open an original answer by answer, under “As it was typed”.
"""


def write_zip(
    file: IO[bytes],
    tables: Iterable[tuple[str, Iterator[Sequence[str]]]],
    workspace: str,
    day: date,
) -> None:
    """Write tables as a ZIP, a piece at a time.

    Parameters
    ----------
    file : binary file
        Where to.
    tables : iterable of (str, iterator of sequence of str)
        Each file's name and rows, the header first.
    workspace, day : str, date
        Whose, and when, for the README.
    """
    with ZipFile(file, "w", ZIP_DEFLATED) as pack:
        pack.writestr("README.txt", _README.format(workspace=workspace, day=day.isoformat()))
        for name, rows in tables:
            with pack.open(name, "w", force_zip64=True) as entry:
                for piece in csv_lines(rows):
                    entry.write(piece.encode("utf-8"))
