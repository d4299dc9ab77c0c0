"""A file of answers, from one state of the database, a piece at a time."""

from collections.abc import Iterator
from pathlib import Path

from survey.errors import FileError
from survey.export.csv_file import csv_lines
from survey.export.queries import all_answers, current_run, segment_names
from survey.export.rows import columns, row
from survey.records.database import Database
from survey.records.filters import AnswerFilter


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
        run_id = current_run(session, workspace_id)
        segments = segment_names(session, workspace_id)

        def rows() -> Iterator[list[str]]:
            yield columns(segments)
            for answer in all_answers(session, workspace_id, run_id, wanted):
                yield row(answer, segments)

        yield from csv_lines(rows(), for_excel=for_excel)


def write_answers(database: Database, workspace_id: int, path: Path) -> None:
    """Write all answers of a workspace to a CSV file; an old file stays until the new is whole.

    Raises
    ------
    FileError
        When the file cannot be written, or is not to be a CSV.
    """
    if path.suffix.lower() != ".csv":
        raise FileError(f"{path.name} should end in .csv; that is the form this version writes.")
    scratch = path.with_name(f".{path.name}.part")
    try:
        with scratch.open("w", encoding="utf-8", newline="") as file:
            file.writelines(exported_csv(database, workspace_id, AnswerFilter()))
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
