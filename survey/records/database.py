"""Opening the database: one engine, a way to read and a way to write."""

import os
import sqlite3
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from survey.records.checkpoint import BACKSTOP_PAGES, Checkpoints
from survey.records.in_use import connection_name, mark_open
from survey.records.one_writer import OneWriter
from survey.records.straight import Straight

SOUND_SQLITE = (3, 51, 3)  # versions 3.7.0 to 3.51.2 can corrupt a database in WAL mode
BUSY_MILLISECONDS = 10_000
TRUSTED_SECONDS = 1.0  # how long PostgreSQL's connection is taken to be alive after it served

Result = TypeVar("Result")


class Database:
    """The database as the edges see it.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL: ``sqlite:///…`` or ``postgresql+psycopg://…``.
    kept_free : bool
        Whether the caller keeps everybody else out (see `alone_with`).

    Raises
    ------
    ConflictError
        While somebody else keeps the database for themselves.
    """

    def __init__(self, url: str, *, kept_free: bool = False) -> None:
        mark = None if kept_free else mark_open(url)
        # Also where nobody closes it: a mark should last as long as what it stands for. (Once a
        # thread writes for it, that is as long as the process.)
        self._unmark = weakref.finalize(self, os.close, mark) if mark is not None else None
        self.engine = open_engine(url)
        self.on_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(writing=True)
        # SQLite's readers see one state by themselves, PostgreSQL's only when told to.
        self._reader = (
            self.engine
            if self.on_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._glancer = (
            self.engine
            if self.on_sqlite
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        # SQLite has one writer at a time. Queueing on a lock here instead of on SQLite's
        # sleep-and-retry gives three times the rate and a fortieth of the tail.
        self._write_lock = threading.Lock()
        self._raced: Any = None
        self._one_writer = OneWriter(self.taking)
        self._glances = _OnePerThread(self._own_connection)
        self._checkpoints = Checkpoints(self._own_connection, self._write_lock)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database and keeps nothing."""
        with Session(self._reader, autoflush=False) as session:
            yield session
            session.rollback()

    @contextmanager
    def glancing(self) -> Iterator[Session]:
        """As `reading` for a single statement: nothing has to be begun and ended around it."""
        with Session(self._glancer, autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose block is one transaction: leaving commits, raising rolls back."""
        if not self.on_sqlite:
            with Session(self._writer, expire_on_commit=False) as session, session.begin():
                yield session
            return
        with (
            self._write_lock,
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def looking(self) -> Iterator[Straight]:
        """As `reading`, straight on the driver: for single statements on the raced path."""
        if self.on_sqlite:
            cursor = self._glances.mine().cursor()
            try:
                yield Straight(cursor, self.engine.dialect)
            finally:
                cursor.close()
            return
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            yield Straight(cursor, self.engine.dialect)
            cursor.close()
        finally:
            connection.close()  # back to the pool, which rolls back

    @contextmanager
    def taking(self) -> Iterator[Straight]:
        """As `writing`, straight on the driver: for the raced path."""
        if self.on_sqlite:
            with self._write_lock:
                yield from self._taking(self._raced_connection(), begin="BEGIN IMMEDIATE")
                self._checkpoints.committed()
            return
        connection = self.engine.raw_connection()
        try:
            yield from self._taking(connection)
        finally:
            connection.close()  # back to the pool

    def in_turn(self, act: Callable[[Straight], Result]) -> Result:
        """Return what `act` returns, in a transaction as of `taking` that is committed by then.

        Parameters
        ----------
        act : callable
            Short, and asking nobody but the database; on SQLite another thread does it.

        Raises
        ------
        Exception
            What `act` or the database raises; then nothing was kept.
        """
        if self.on_sqlite:
            return self._one_writer.do(act)
        with self.taking() as straight:
            return act(straight)

    def _taking(self, connection: Any, begin: str | None = None) -> Iterator[Straight]:
        cursor = connection.cursor()
        try:
            if begin:
                cursor.execute(begin)
            yield Straight(cursor, self.engine.dialect)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            cursor.close()

    def _raced_connection(self) -> Any:
        """Return the one connection of the raced path: as long as only it writes, its page cache
        stays good from one transaction to the next.
        """
        if self._raced is None:
            self._raced = self._own_connection()
            cursor = self._raced.cursor()
            cursor.execute(f"PRAGMA wal_autocheckpoint={BACKSTOP_PAGES}")
            cursor.execute("PRAGMA cache_size=-8000")
            cursor.close()
        return self._raced

    def _own_connection(self) -> Any:
        connection = self.engine.raw_connection()
        connection.detach()
        return connection

    def close(self) -> None:
        """Close all connections."""
        self._one_writer.close()
        if self.on_sqlite:
            self._checkpoints.close()
        self._glances.close()
        if self._raced is not None:
            self._raced.close()
        self.engine.dispose()
        if self._unmark is not None:
            self._unmark()


class _OnePerThread:
    """Connections that see single statements only: outside a transaction, each sees the newest
    state and holds nothing, so that nothing has to be begun, ended or given back.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._here = threading.local()
        self._all: list[Any] = []

    def mine(self) -> Any:
        if not hasattr(self._here, "connection"):
            self._here.connection = self._connect()
            self._all.append(self._here.connection)
        return self._here.connection

    def close(self) -> None:
        for connection in self._all:
            connection.close()


def open_engine(url: str) -> Engine:
    """Open an engine with the settings this software relies on.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL.

    Returns
    -------
    Engine
        On SQLite: WAL, ``synchronous=FULL``, foreign keys, a busy timeout, explicit BEGIN.
        Its errors do not tell the parameters, which may be a customer's words.
    """
    if not url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=10,
            max_overflow=10,
            hide_parameters=True,
            connect_args={"application_name": connection_name()},
        )
        lost = _Lost()
        event.listen(engine, "invalidate", lost.note)
        event.listen(engine, "checkin", _note_when)
        event.listen(engine, "checkout", partial(_ask_whether_alive, engine.dialect, lost))
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,
        module=sqlite_module(),
        poolclass=QueuePool,
        pool_size=16,
        max_overflow=16,
        connect_args={"check_same_thread": False, "cached_statements": 256},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


class _Lost:
    """When a connection was last found dead: those that served before it are asked again."""

    at = float("-inf")

    def note(self, *_: object) -> None:
        self.at = monotonic()


def _note_when(_connection: Any, record: Any) -> None:
    record.info["used"] = monotonic()


def _ask_whether_alive(
    dialect: Dialect, lost: _Lost, connection: Any, record: Any, _proxy: object
) -> None:
    """Ask after a pause only: a page takes several connections one after the other."""
    used = record.info.get("used", monotonic())
    if used > lost.at and monotonic() - used < TRUSTED_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error  # and the pool opens others


def sqlite_module() -> ModuleType:
    """Return the newest SQLite at hand: the standard library's, or the ``pysqlite3`` wheel's."""
    if sqlite3.sqlite_version_info >= SOUND_SQLITE:
        return sqlite3
    try:
        import pysqlite3  # only where its wheel exists: Linux on x86-64
    except ImportError:
        return sqlite3
    newer: ModuleType = max(sqlite3, pysqlite3, key=lambda module: module.sqlite_version_info)
    return newer


def sqlite_warning() -> str | None:
    """Return a sentence for the operator where no SQLite at hand is free of the WAL bug."""
    version: tuple[int, ...] = sqlite_module().sqlite_version_info
    if version >= SOUND_SQLITE:
        return None
    found = ".".join(map(str, version))
    return f"SQLite {found} can in rare cases damage a database; install 3.51.3 or newer."


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "mmap_size=0",
        "secure_delete=ON",  # what is erased must be gone from the file, not only marked as free
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def what_failed(error: BaseException) -> str:
    """Return what the log may hold of a failure.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    str
        Where it happened and what it says; of a database's refusal only the class and the
        SQLSTATE or SQLite's name of the error, for its words quote the row.
    """
    told = _database_error_in(error)
    if told is None:
        return "".join(traceback.format_exception(error))
    state = getattr(told, "sqlstate", None) or getattr(told, "sqlite_errorname", None)
    where = "".join(traceback.format_tb(error.__traceback__))
    return f"{where}{type(told).__module__}.{type(told).__name__}: {state or 'no code'}"


def _database_error_in(error: BaseException) -> BaseException | None:
    """Find the driver's error behind one that was raised from it or while it was handled."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, DBAPIError):
            return at.orig or at
        if hasattr(at, "sqlstate") or hasattr(at, "sqlite_errorname"):  # straight on the driver
            return at
        at = at.__cause__ or at.__context__
    return None


def database_now(session: Session) -> datetime:
    """Return the database's own time, so that leases of many machines agree.

    Parameters
    ----------
    session : Session
        An open session.

    Returns
    -------
    datetime
        In UTC; milliseconds on SQLite, microseconds on PostgreSQL.
    """
    if session.get_bind().dialect.name == "sqlite":
        stamp = session.execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")).scalar_one()
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)
