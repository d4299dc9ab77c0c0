"""Files of past answers that are chosen on the page: kept until imported, then forgotten.

A file comes in piece by piece, so that neither the web process nor a write transaction ever holds
all of it; then somebody looks at how it would be read, and the worker imports it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from survey.answer.csv_file import Wanted, Ways
from survey.errors import ConflictError, FileError, NotFoundError
from survey.file_forms import DATE_FORMATS
from survey.records import ImportBatch, ImportFile, ImportPart
from survey.records.base import new_id
from survey.records.bringing import COMING, DONE, DUE, HERE, REFUSED
from survey.records.database import Database
from survey.records.text import as_stored

PIECE = 128 * 1024
KEPT_FOR = timedelta(days=1)
MOST_LINES = 100_000  # what is looked at keeps the web process from its other work meanwhile
TOO_MANY_LINES = (
    f"This file has more than {MOST_LINES:,} lines, which is more than this page takes; nothing "
    "was kept. Cut it into smaller files (each with the first row that names the columns), or "
    "import it on the server with survey import, which takes any size."
)
MOST_WAITING = 5  # files that somebody chose and left; the oldest goes when another one comes
ON_THE_PAGE = Ways(
    text="under “The answers”",
    id="under “Their ids”",
    date="under “Their dates”",
    segment="under “To compare by”",
    date_format="under “How dates are written”",
    encoding="below",
    forms=dict(DATE_FORMATS),
)
_CHOSEN = ("text", "id", "date", "date_format", "encoding")


@dataclass(frozen=True)
class Upload:
    """A file that was chosen.

    Parameters
    ----------
    id, file_name, sha256 : int, str, bytes
        Which.
    state : str
        ``here`` (to be looked at), ``due`` (being imported), ``done`` or ``refused``.
    wanted : Wanted or None
        How somebody said it is to be read; None before anybody did.
    report : dict
        Of ``done``: ``imported``, ``here_already``, ``skipped`` and ``read`` and ``reasons`` in
        words; of ``refused``: ``why``.
    imported : int
        How many answers came in up to now.
    error : str or None
        Why the last try did not go through; it is tried again.
    """

    id: int
    file_name: str
    sha256: bytes
    state: str
    wanted: Wanted | None
    report: dict[str, Any]
    imported: int
    error: str | None


@dataclass(frozen=True)
class PastImport:
    """A file that was imported before, by whatever way."""

    file_name: str
    at: datetime
    imported: int
    skipped: int


def keep_upload(
    database: Database, workspace_id: int, file_name: str, stream: IO[bytes], now: datetime
) -> int:
    """Keep a file that comes in, a piece a transaction; its id.

    Parameters
    ----------
    database : Database
        Where to.
    workspace_id : int
        Whose.
    file_name : str
        As the browser names it.
    stream : binary file
        The file; read once, piece by piece.
    now : datetime
        The present moment.

    Raises
    ------
    FileError
        When it has more lines than can be looked at; then it is forgotten again.
    """
    file_id, digest, number, lines = new_id(), hashlib.sha256(), 0, 0
    with database.writing() as session:
        session.add(
            ImportFile(
                workspace_id=workspace_id,
                id=file_id,
                file_name=as_stored(file_name).strip()[:300] or "the file",
                file_sha256=b"",
                created_at=now,
            )
        )
    while piece := stream.read(PIECE):
        digest.update(piece)
        with database.writing() as session:
            session.add(
                ImportPart(workspace_id=workspace_id, file_id=file_id, number=number, content=piece)
            )
        number += 1
        lines += max(piece.count(b"\n"), piece.count(b"\r"))
        if lines > MOST_LINES:
            with database.writing() as session:
                _forget(session, workspace_id, file_id, COMING)
            raise FileError(TOO_MANY_LINES)
    with database.writing() as session:
        _set(session, workspace_id, file_id, state=HERE, file_sha256=digest.digest())
        _make_room(session, workspace_id)
    return file_id


def _make_room(session: Session, workspace_id: int) -> None:
    too_many = (
        select(ImportFile.id)
        .where(ImportFile.workspace_id == workspace_id, ImportFile.state == HERE)
        .order_by(ImportFile.created_at.desc(), ImportFile.id)
        .offset(MOST_WAITING)
        .limit(MOST_WAITING)
    )
    for file_id in session.scalars(too_many).all():
        _forget(session, workspace_id, file_id, HERE)


def upload_of(session: Session, workspace_id: int, file_id: int) -> Upload:
    """Return a file that was chosen.

    Raises
    ------
    NotFoundError
        When there is none, or it was imported or left a day ago.
    """
    file = session.get(ImportFile, (workspace_id, file_id))
    if file is None or file.state == COMING:
        raise NotFoundError("This file is not here any more. Please choose it again.")
    batch = session.get(ImportBatch, (workspace_id, file_id))
    return Upload(
        id=file.id,
        file_name=file.file_name,
        sha256=file.file_sha256,
        state=file.state,
        wanted=wanted_from(file.wanted) if file.wanted else None,
        report=file.report,
        imported=batch.imported if batch else 0,
        error=file.last_error,
    )


def bytes_of_upload(session: Session, workspace_id: int, file_id: int) -> bytes:
    """Return a file as it is."""
    pieces = session.scalars(
        select(ImportPart.content)
        .where(ImportPart.workspace_id == workspace_id, ImportPart.file_id == file_id)
        .order_by(ImportPart.number)
    )
    return b"".join(pieces)


def choose(session: Session, workspace_id: int, file_id: int, wanted: Wanted) -> None:
    """Note how a file is to be read.

    Raises
    ------
    ConflictError
        When it is being imported already.
    """
    chosen = {name: getattr(wanted, name) for name in _CHOSEN}
    _set_waiting(
        session, workspace_id, file_id, wanted=chosen | {"segments": list(wanted.segments)}
    )


def make_due(session: Session, workspace_id: int, file_id: int) -> None:
    """Hand a file to the worker.

    Raises
    ------
    ConflictError
        When it is being imported already.
    """
    _set_waiting(session, workspace_id, file_id, state=DUE)


def leave(session: Session, workspace_id: int, file_id: int) -> None:
    """Forget a file that nobody imports.

    Raises
    ------
    ConflictError
        When it is being imported already.
    """
    _set_waiting(session, workspace_id, file_id, state=REFUSED)
    _forget(session, workspace_id, file_id, REFUSED)


def wanted_from(chosen: dict[str, Any]) -> Wanted:
    """Read what `choose` kept."""
    named = {name: chosen[name] for name in _CHOSEN}
    return Wanted(**named, segments=tuple(chosen["segments"]), guess=False, ways=ON_THE_PAGE)


def chosen_in(wanted: Wanted) -> tuple[str | tuple[str, ...] | None, ...]:
    """Return what somebody chose, as `choose` keeps it."""
    return *(getattr(wanted, name) for name in _CHOSEN), wanted.segments


def close_upload(
    session: Session, workspace_id: int, file_id: int, state: str, report: dict[str, Any]
) -> None:
    """Note what came of a file, and forget the file itself."""
    _set(
        session, workspace_id, file_id,
        state=state, report=report, lease_id=None, lease_until=None, last_error=None,
    )  # fmt: skip
    session.execute(
        delete(ImportPart).where(
            ImportPart.workspace_id == workspace_id, ImportPart.file_id == file_id
        )
    )


def forget_old_uploads(session: Session, now: datetime, *, limit: int = 5) -> int:
    """Forget files, and what came of them, after a day; how many."""
    old = session.execute(
        select(ImportFile.workspace_id, ImportFile.id, ImportFile.state)
        .where(
            ImportFile.created_at <= now - KEPT_FOR,
            or_(*(ImportFile.state == state for state in (COMING, HERE, DONE, REFUSED))),
        )
        .limit(limit)
    ).all()
    for row in old:
        _forget(session, row.workspace_id, row.id, row.state)
    return len(old)


def past_imports(session: Session, workspace_id: int, most: int = 10) -> tuple[PastImport, ...]:
    """Return what was imported before, the newest first."""
    query = (
        select(ImportBatch)
        .where(ImportBatch.workspace_id == workspace_id)
        .order_by(ImportBatch.created_at.desc(), ImportBatch.id)
        .limit(most)
    )
    return tuple(
        PastImport(one.file_name, one.created_at, one.imported, one.skipped)
        for one in session.scalars(query)
    )


def ever_imported(session: Session, workspace_id: int) -> int:
    """Return how many past answers were ever imported; it grows with each piece of a file."""
    query = select(func.coalesce(func.sum(ImportBatch.imported), 0)).where(
        ImportBatch.workspace_id == workspace_id
    )
    return int(session.execute(query).scalar_one())


def waiting_uploads(session: Session, workspace_id: int) -> Iterable[tuple[int, str, str]]:
    """Return the files that wait to be looked at or imported: id, name and state."""
    query = (
        select(ImportFile.id, ImportFile.file_name, ImportFile.state)
        .where(ImportFile.workspace_id == workspace_id, ImportFile.state.in_((HERE, DUE)))
        .order_by(ImportFile.created_at.desc(), ImportFile.id)
    )
    return [(row.id, row.file_name, row.state) for row in session.execute(query)]


def _set(session: Session, workspace_id: int, file_id: int, **values: object) -> None:
    session.execute(
        update(ImportFile)
        .where(ImportFile.workspace_id == workspace_id, ImportFile.id == file_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _set_waiting(session: Session, workspace_id: int, file_id: int, **values: object) -> None:
    found = session.scalar(
        update(ImportFile)
        .where(
            ImportFile.workspace_id == workspace_id,
            ImportFile.id == file_id,
            ImportFile.state == HERE,
        )
        .values(**values)
        .returning(ImportFile.id)
        .execution_options(synchronize_session=False)
    )
    if found is None:
        raise ConflictError(
            "This file is being imported already, or it is gone. Open Import again to see which."
        )


def _forget(session: Session, workspace_id: int, file_id: int, state: str) -> None:
    """Forget a file that is still in this state: whoever imports it meanwhile comes first."""
    session.execute(
        delete(ImportFile)
        .where(
            ImportFile.workspace_id == workspace_id,
            ImportFile.id == file_id,
            ImportFile.state == state,
        )
        .execution_options(synchronize_session=False)
    )
