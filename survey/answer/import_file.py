"""Importing a file of past answers: the edge that commits, some hundred rows at a time.

Every chunk is one transaction, so the web goes on serving meanwhile; an import that was broken
off is simply run again, since what is here already is not imported twice.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from survey.answer.csv_file import Columns, SkippedRow, Wanted, read_past_answers
from survey.answer.past_answers import add_past_answers, begin_import, finish_import
from survey.errors import FileError, NotFoundError
from survey.records import Workspace
from survey.records.database import Database
from survey.records.workspaces import find_workspace

CHUNK = 200


@dataclass(frozen=True)
class Imported:
    """What came of a file: `here_already` were imported before."""

    columns: Columns
    imported: int
    here_already: int
    skipped: tuple[SkippedRow, ...]


def import_file(
    database: Database, path: Path, workspace_name: str, wanted: Wanted, now: datetime
) -> Imported:
    """Import past answers from a CSV file into a workspace.

    Parameters
    ----------
    database : Database
        Where to.
    path : Path
        The file.
    workspace_name : str
        The workspace's name, or the name it has in its address.
    wanted : Wanted
        Which columns to read.
    now : datetime
        The present moment.

    Returns
    -------
    Imported
        Counts, and a reason for every row that was left out.

    Raises
    ------
    FileError
        When the file cannot be used at all; then nothing was imported.
    NotFoundError
        When there is no such workspace.
    """
    workspace = _workspace(database, workspace_name)
    raw = _bytes_of(path)
    zone = ZoneInfo(workspace.time_zone)
    found = read_past_answers(raw, path.name, wanted, zone, now)
    with database.writing() as session:
        batch = begin_import(session, workspace.id, path.name, hashlib.sha256(raw).digest(), now)
    imported = 0
    for start in range(0, len(found.answers), CHUNK):
        chunk = found.answers[start : start + CHUNK]
        with database.writing() as session:
            imported += add_past_answers(session, batch, chunk, now.astimezone(zone).date(), now)
    with database.writing() as session:
        finish_import(session, batch, imported, len(found.skipped))
    return Imported(
        columns=found.columns,
        imported=imported,
        here_already=len(found.answers) - imported,
        skipped=found.skipped,
    )


def import_report(done: Imported, *, most: int = 20) -> list[str]:
    """Say what came of an import, a line each.

    Parameters
    ----------
    done : Imported
        What came of it.
    most : int
        Rows named one by one for each reason.

    Returns
    -------
    list of str
        Lines for a person.
    """
    columns = done.columns
    read = [f"answers from {columns.text!r}"]
    read += [f"ids from {columns.id!r}"] if columns.id else ["no ids"]
    read += [f"dates from {columns.date!r}"] if columns.date else ["no dates: all count as today's"]
    read += [f"segment {name!r}" for name in columns.segments]
    lines = [
        f"Read {', '.join(read)}.",
        f"Imported {done.imported:,} answer{'s' * (done.imported != 1)}.",
    ]
    if done.here_already:
        lines.append(f"{done.here_already:,} were here already and were not imported again.")
    if done.skipped:
        lines.append(f"Skipped {len(done.skipped):,}:")
        lines += _by_reason(done.skipped, most)
    return lines


def _by_reason(skipped: tuple[SkippedRow, ...], most: int) -> list[str]:
    rows: dict[str, list[int]] = {}
    for one in skipped:
        rows.setdefault(one.reason, []).append(one.row)
    return [_reason_line(reason, numbers, most) for reason, numbers in rows.items()]


def _reason_line(reason: str, rows: list[int], most: int) -> str:
    named = ", ".join(map(str, rows[:most])) + (
        f" and {len(rows) - most:,} more" if len(rows) > most else ""
    )
    return f"  {len(rows):,} × {reason}: row{'s' * (len(rows) > 1)} {named}"


def _workspace(database: Database, name: str) -> Workspace:
    with database.reading() as session:
        found = find_workspace(session, name)
        if found is None:
            raise NotFoundError(
                f"There is no workspace {name!r}; make one with: "
                f"survey create-owner EMAIL --workspace {name!r}."
            )
        session.expunge(found)
        return found


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({(error.strerror or str(error)).lower()}); check the path."
        ) from error
