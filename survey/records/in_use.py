"""Who has a database open, by marks that the system itself takes away when a process ends.

Beside an SQLite file lies a small one which everybody who opens the database locks, together with
all others, and which a restore locks alone. On PostgreSQL every connection bears our name. Neither
outlives its process, however that ends, so nobody has to wait for the mark of a dead one.
"""

import errno
import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from survey.errors import ConflictError

_OURS = "afterword"
_LONGEST_NAME = 63  # bytes that PostgreSQL keeps of it
_BY_LOT = secrets.token_hex(4)  # in containers, two may be process 1 of one host's name
_OTHERS = text(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name LIKE :ours AND application_name <> :own LIMIT 1"
)
_IN_USE = "Afterword is running on this database; stop it first."


def connection_name() -> str:
    """Return what connections of this process are called on PostgreSQL."""
    host = socket.gethostname().encode("ascii", "replace").decode()
    return f"{_OURS} {os.getpid()}.{_BY_LOT}@{host}"[:_LONGEST_NAME]


def mark_open(url: str) -> int | None:
    """Mark an SQLite database as open, until the returned descriptor is closed.

    Parameters
    ----------
    url : str
        The database's.

    Returns
    -------
    int or None
        None on PostgreSQL, and where no mark can be made: opening the database will say why.

    Raises
    ------
    ConflictError
        While a backup is being put in its place.
    """
    marked, descriptor = _locked(url, fcntl.LOCK_SH)
    if not marked:
        raise ConflictError(
            "A backup is being restored into this database; try again when that is done."
        )
    return descriptor


@contextmanager
def alone_with(url: str) -> Iterator[None]:
    """Keep everybody else out of an SQLite database for the length of a block.

    Parameters
    ----------
    url : str
        The database's; on PostgreSQL nobody is kept out (see `require_alone`).

    Raises
    ------
    ConflictError
        When somebody has it open.
    """
    marked, descriptor = _locked(url, fcntl.LOCK_EX)
    if not marked:
        raise ConflictError(_IN_USE)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def require_alone(connection: Connection) -> None:
    """Refuse to go on where another process of ours is connected to this PostgreSQL database.

    Raises
    ------
    ConflictError
        When one is.
    """
    names = {"ours": f"{_OURS} %", "own": connection_name()}
    if connection.execute(_OTHERS, names).first() is not None:
        raise ConflictError(_IN_USE)


def _locked(url: str, how: int) -> tuple[bool, int | None]:
    """Lock the mark; False where somebody else's lock forbids it, None where there can be none."""
    path = _mark_of(url)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if path else None
    except OSError:
        return True, None
    if path is None or descriptor is None:
        return True, None
    _give_to_owner(path, descriptor)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:  # or a file system that knows no locks
        os.close(descriptor)
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES), None
    return True, descriptor


def _mark_of(url: str) -> Path | None:
    """Return the small file; not the database itself, whose own locks SQLite would lose by it."""
    found = make_url(url)
    name = found.database or ""
    is_file = found.get_backend_name() == "sqlite" and name and not name.startswith((":", "file:"))
    # By whatever way one comes to the file, its mark is one, as its write-ahead log is.
    return Path(f"{os.path.realpath(name)}.in-use") if is_file else None


def _give_to_owner(path: Path, descriptor: int) -> None:
    """Let a mark that root makes be locked by whoever the database is of, as SQLite does it."""
    if os.geteuid() == 0:
        with suppress(OSError):  # there is no database yet: it will be root's, too
            owner = os.stat(path.with_suffix(""))
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
