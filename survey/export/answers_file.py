"""Answers as a file, from one state of the database: CSV, a workbook, or a ZIP with the rest."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO, Literal

from sqlalchemy.orm import Session

from survey.csv_written import csv_lines
from survey.errors import FileError
from survey.export.ledger_rows import decision_rows, theme_rows
from survey.export.pack import write_zip
from survey.export.queries import all_answers, current_run, segment_names
from survey.export.rows import columns, row
from survey.export.xlsx_file import write_xlsx
from survey.records import Workspace
from survey.records.database import Database
from survey.records.filters import AnswerFilter

Form = Literal["csv", "xlsx", "zip"]
FORMS: tuple[Form, ...] = ("csv", "xlsx", "zip")


def exported_csv(
    database: Database, workspace_id: int, wanted: AnswerFilter, *, for_excel: bool = False
) -> Iterator[str]:
    """Write the answers in view as CSV, from one state of the database, a piece at a time.

    Parameters
    ----------
    database : Database
        Where from.
    workspace_id : int
        Whose answers.
    wanted : AnswerFilter
        Which answers.
    for_excel : bool
        Whether to begin with a byte order mark.
    """
    with database.reading() as session:
        yield from csv_lines(_rows(session, workspace_id, wanted), for_excel=for_excel)


def write_form(
    database: Database,
    workspace_id: int,
    wanted: AnswerFilter,
    form: Form,
    file: IO[bytes],
    *,
    today: date,
) -> None:
    """Write the answers in view to an open file, holding few of them at once.

    Parameters
    ----------
    database : Database
        Where from.
    workspace_id : int
        Whose answers.
    wanted : AnswerFilter
        Which answers; in a ZIP, themes and decisions are always all of them.
    form : str
        ``csv``, ``xlsx`` or ``zip``.
    file : binary file
        Where to; a ZIP and a workbook need one that can be sought in.
    today : date
        The workspace's own day.
    """
    if form == "csv":
        for piece in exported_csv(database, workspace_id, wanted):
            file.write(piece.encode("utf-8"))
        return
    with database.reading() as session:
        rows = _rows(session, workspace_id, wanted)
        if form == "xlsx":
            write_xlsx(file, rows)
            return
        run_id = current_run(session, workspace_id)
        tables = (
            ("answers.csv", rows),
            ("themes.csv", theme_rows(session, workspace_id, run_id)),
            ("decisions.csv", decision_rows(session, workspace_id)),
        )
        write_zip(file, tables, session.get_one(Workspace, workspace_id).name, today)


def _rows(session: Session, workspace_id: int, wanted: AnswerFilter) -> Iterator[list[str]]:
    run_id = current_run(session, workspace_id)
    segments = segment_names(session, workspace_id)
    yield columns(segments)
    for answer in all_answers(session, workspace_id, run_id, wanted):
        yield row(answer, segments)


def write_answers(database: Database, workspace_id: int, path: Path, today: date) -> None:
    """Write all answers of a workspace to a file; an old file stays until the new is whole.

    Raises
    ------
    FileError
        When the file cannot be written, or its name tells no form.
    """
    form = next((one for one in FORMS if path.suffix.lower() == f".{one}"), None)
    if form is None:
        raise FileError(f"{path.name} should end in .csv, .xlsx or .zip, which says what it is.")
    scratch = path.with_name(f".{path.name}.part")
    try:
        with scratch.open("wb") as file:
            write_form(database, workspace_id, AnswerFilter(), form, file, today=today)
        scratch.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
