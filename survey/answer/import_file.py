"""Importing a file of past answers: the edge that commits, some hundred rows at a time.

Every chunk is one transaction, so the web goes on serving meanwhile; an import that was broken
off is simply run again, since what is here already is not imported twice. The command and the
worker, for a file that was chosen on the page, run the same `bring_in`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from survey.answer.csv_file import Columns, SkippedRow, Wanted, read_past_answers
from survey.answer.import_plan import forms_that_fit
from survey.answer.past_answers import add_past_answers, begin_import, finish_import
from survey.errors import FileError
from survey.records.database import Database
from survey.records.workspaces import require_workspace

CHUNK = 200
MOST_REASONS, MOST_ROWS = 50, 50  # that a page names


@dataclass(frozen=True)
class GivenFile:
    """A file of past answers and whose it is.

    Parameters
    ----------
    workspace_id, time_zone : int, str
        Where its answers go.
    name, raw : str, bytes
        Its name, and the file as it is.
    batch_id : int or None
        The batch to go on with, where its import may have been broken off.
    """

    workspace_id: int
    time_zone: str
    name: str
    raw: bytes
    batch_id: int | None = None


@dataclass(frozen=True)
class Imported:
    """What came of a file.

    Parameters
    ----------
    columns : Columns
        What was read.
    imported, here_already : int
        How many came in, and how many had come in before.
    skipped : tuple of SkippedRow
        The others, with a reason each.
    forms_that_fit : tuple of str or None
        Where nothing was kept: the forms of dates that would have let some rows in, as of
        `survey.answer.import_plan.forms_that_fit`.
    """

    columns: Columns
    imported: int
    here_already: int
    skipped: tuple[SkippedRow, ...]
    forms_that_fit: tuple[str | None, ...] = ()

    @property
    def kept_nothing(self) -> bool:
        """Whether the file had rows and gave no answer, neither now nor before."""
        return bool(self.skipped) and not self.imported and not self.here_already

    @property
    def had_no_rows(self) -> bool:
        """Whether there was nothing below the names of the columns."""
        return not (self.imported or self.here_already or self.skipped)


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
    with database.reading() as session:
        workspace = require_workspace(session, workspace_name)
        where = workspace.id, workspace.time_zone
    given = GivenFile(*where, path.name, _bytes_of(path))
    done = bring_in(database, given, wanted, now)
    if not done.kept_nothing:
        return done
    zone = ZoneInfo(given.time_zone)
    fit = forms_that_fit(given.raw, given.name, wanted, zone, now)
    return replace(done, forms_that_fit=fit)


def bring_in(
    database: Database,
    given: GivenFile,
    wanted: Wanted,
    now: datetime,
    *,
    chunk: int | None = None,
    beside: Callable[[Session], None] = lambda _session: None,
) -> Imported:
    """Import a file that was read from wherever it lay.

    Parameters
    ----------
    database : Database
        Where to.
    given : GivenFile
        The file.
    wanted : Wanted
        Which columns to read.
    now : datetime
        The present moment.
    chunk : int, optional
        Rows saved in one transaction, 200 by default.
    beside : callable
        Called in every transaction, the first included; it raises where the import is to end.

    Returns
    -------
    Imported
        As of `import_file`.

    Raises
    ------
    FileError, FieldError
        When the file cannot be used at all; then nothing was imported.
    """
    zone, inside, chunk = ZoneInfo(given.time_zone), given.workspace_id, chunk or CHUNK
    found = read_past_answers(given.raw, given.name, wanted, zone, now)
    digest = hashlib.sha256(given.raw).digest()
    with database.writing() as session:
        beside(session)
        batch = begin_import(session, inside, given.name, digest, now, batch_id=given.batch_id)
        imported = batch.imported
    for start in range(0, len(found.answers), chunk):
        some = found.answers[start : start + chunk]
        with database.writing() as session:
            beside(session)
            imported += add_past_answers(session, batch, some, now.astimezone(zone).date(), now)
    with database.writing() as session:
        finish_import(session, batch, len(found.skipped))
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
    lines = [
        columns_read(done.columns),
        f"Imported {done.imported:,} answer{'s' * (done.imported != 1)}.",
    ]
    if done.had_no_rows:
        lines.append("The file has no rows below the names of its columns.")
    if done.here_already:
        lines.append(f"{done.here_already:,} were here already and were not imported again.")
    if done.skipped:
        lines.append(f"Skipped {len(done.skipped):,}:")
        lines += [f"  {line}" for line in by_reason(done.skipped, most)]
    return lines


def nothing_kept(done: Imported) -> str:
    """Say that a file gave no answer, and what may help.

    Parameters
    ----------
    done : Imported
        What came of it.
    """
    said = "nothing was imported: no row of the file could be used."
    fit = done.forms_that_fit
    if not fit:
        return f"{said} Above stands why; mend that, and import it again."
    if None in fit:
        return f"{said} Its dates are read where --date-format is left out."
    named = " or ".join(map(repr, fit))
    if len(fit) == 1:
        return f"{said} Its dates are read with --date-format {named}."
    return (
        f"{said} Its dates may be --date-format {named}, which give other days: name the true one."
    )


def columns_read(columns: Columns) -> str:
    """Say from which columns a file is read."""
    read = [f"answers from {columns.text!r}"]
    read += [f"ids from {columns.id!r}"] if columns.id else ["no ids"]
    read += [f"dates from {columns.date!r}"] if columns.date else ["no dates: all count as today's"]
    read += [f"segment {name!r}" for name in columns.segments]
    return f"Read {', '.join(read)}."


def by_reason(skipped: Sequence[SkippedRow], most: int = 20) -> list[str]:
    """Say why rows were left out and which, a line a reason, `most` rows named in each."""
    rows: dict[str, list[int]] = {}
    for one in skipped:
        rows.setdefault(one.reason, []).append(one.row)
    return [_reason_line(reason, numbers, most) for reason, numbers in rows.items()]


def _reason_line(reason: str, rows: list[int], most: int) -> str:
    named = ", ".join(map(str, rows[:most])) + (
        f" and {len(rows) - most:,} more" if len(rows) > most else ""
    )
    return f"{len(rows):,} × {reason}: row{'s' * (len(rows) > 1)} {named}"


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({(error.strerror or str(error)).lower()}); check the path."
        ) from error
