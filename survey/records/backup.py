"""One file that holds a whole installation's database, taken while it runs, and put back later.

The file is a ZIP with a manifest and the database: SQLite's own file, copied by its backup API
from one state; or what pg_dump writes, from one snapshot. The secret key is not in it. Links that
were sent, and sealed originals, need the same key again, so the manifest knows it by a hash.
"""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import inspect, select, text
from sqlalchemy.engine import URL, make_url

from survey.errors import ConflictError, FileError, InputError
from survey.records.accounts import Person, Workspace
from survey.records.base import Record
from survey.records.database import Database, sqlite_module
from survey.records.heartbeat import is_fresh, last_beat
from survey.records.in_use import alone_with, require_alone
from survey.records.migrate import migrate, newest_revision
from survey.records.sealing_anew import seal_all_anew
from survey.records.search import INDEX_TABLES

FORM = 1
SQLITE, POSTGRES = "sqlite", "postgresql"
_MANIFEST, _CONTENT = "afterword-backup.json", {SQLITE: "afterword.db", POSTGRES: "afterword.dump"}
_FORMER_TABLES = {"arrival"}  # of older revisions, which no model describes any more
_SEAL = b"which key a backup was made with"
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Parameters
    ----------
    form : int
        Of the file.
    kind : str
        ``sqlite`` or ``postgresql``.
    revision : str
        Of the database.
    made_at : str
        When, in UTC.
    key : str
        A keyed hash by which the secret key is known again, and from which it cannot be found.
    """

    form: int
    kind: str
    revision: str
    made_at: str
    key: str


@dataclass(frozen=True)
class Restored:
    """What was put back, and whether with the key that it was made with."""

    manifest: Manifest
    same_key: bool


def backup(database: Database, url: str, path: Path, secret_key: bytes, now: datetime) -> Manifest:
    """Write the database to one file; whoever writes meanwhile is neither kept waiting nor cut.

    Parameters
    ----------
    database : Database
        Open; it may be in use by others.
    url : str
        The same database's URL.
    path : Path
        Where to; an old file stays until the new one is whole.
    secret_key : bytes
        The installation's, for the manifest.
    now : datetime
        The present moment.

    Raises
    ------
    FileError
        When the file cannot be written.
    InputError
        When PostgreSQL's tools are missing or refuse.
    """
    kind = SQLITE if database.on_sqlite else POSTGRES
    scratch = path.with_name(f".{path.name}.part")
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".afterword-") as folder:
            content = Path(folder) / _CONTENT[kind]
            revision = (
                _copy_sqlite(database, content)
                if kind == SQLITE
                else _dump(database, make_url(url), content)
            )
            manifest = Manifest(FORM, kind, revision, now.isoformat(), key_mark(secret_key))
            _pack(scratch, manifest, content)
        scratch.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
    return manifest


def restore(
    url: str, path: Path, secret_key: bytes, now: datetime, *, replace: bool = False
) -> Restored:
    """Put a backup back, whole or not at all, and bring it to the newest revision.

    Parameters
    ----------
    url : str
        The database to fill.
    path : Path
        The backup.
    secret_key : bytes
        The installation's.
    now : datetime
        The present moment, to see whether a worker was just alive.
    replace : bool
        Whether what is in the database may be lost.

    Raises
    ------
    FileError
        When the file is no backup, or not of this kind of database.
    ConflictError
        When the database is in use, or there are data and `replace` was not said.
    InputError
        When PostgreSQL's tools are missing or refuse.
    """
    with alone_with(url):
        with _unpacked(path) as (manifest, content):
            _require_fitting(manifest, url, path)
            with closing(Database(url, kept_free=True)) as database:
                _require_still(database, now)
                if not replace:
                    _require_empty(database)
                if manifest.kind == SQLITE:
                    _require_whole(content, manifest, path)
                    _fill_sqlite(database, content)
                else:
                    _fill_postgres(database, make_url(url), content)
        with closing(Database(url, kept_free=True)) as database:
            migrate(database.engine)
            seal_all_anew(database, secret_key)
    return Restored(manifest, hmac.compare_digest(manifest.key, key_mark(secret_key)))


def key_mark(secret_key: bytes) -> str:
    """Return by what a key is known again."""
    return hmac.new(secret_key, _SEAL, hashlib.sha256).hexdigest()[:32]


def own_tables(database: Database) -> list[str]:
    """Return the tables of ours that are there, at whatever revision; others' may be there, too."""
    known = {*Record.metadata.tables, *_FORMER_TABLES, *INDEX_TABLES, "alembic_version"}
    return sorted(known & set(inspect(database.engine).get_table_names()))


def _copy_sqlite(database: Database, to: Path) -> str:
    """Copy in one step, under one reader's lock, which keeps no writer waiting in WAL mode."""
    target = sqlite_module().connect(to)
    source = database.engine.raw_connection()
    try:
        source.driver_connection.backup(target)  # type: ignore[union-attr]
        # A file by itself: no write-ahead log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        row = target.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0])
    finally:
        target.close()
        source.close()


def _pack(path: Path, manifest: Manifest, content: Path) -> None:
    with path.open("wb") as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=3) as pack:
            pack.writestr(_MANIFEST, json.dumps(asdict(manifest), indent=1))
            pack.write(content, content.name)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Manifest, Path]]:
    try:
        with (
            ZipFile(path) as pack,
            TemporaryDirectory(dir=path.parent, prefix=".afterword-") as folder,
        ):
            manifest = Manifest(**json.loads(pack.read(_MANIFEST)))
            content = Path(folder) / _CONTENT[manifest.kind]
            with pack.open(content.name) as packed, content.open("wb") as file:
                shutil.copyfileobj(packed, file, _PIECE)  # its sum is checked at the end
            yield manifest, content
    except (BadZipFile, KeyError, TypeError, ValueError) as error:
        raise FileError(
            f"{path} is not a whole backup of Afterword; nothing was changed."
        ) from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error


def _require_fitting(manifest: Manifest, url: str, path: Path) -> None:
    here = SQLITE if url.startswith("sqlite") else POSTGRES
    if manifest.kind != here:
        raise FileError(
            f"{path} is of a {_told(manifest.kind)} database and this one is {_told(here)}; "
            "set SURVEY_DATABASE_URL to one of its kind."
        )
    if manifest.form > FORM or manifest.revision > newest_revision():
        raise FileError(
            f"{path} was made by a newer version of Afterword; restore it with that one."
        )


def _told(kind: str) -> str:
    return {SQLITE: "SQLite", POSTGRES: "PostgreSQL"}[kind]


def _require_still(database: Database, now: datetime) -> None:
    """Refuse where others are connected, or a worker on whatever machine was just alive."""
    if not database.on_sqlite:
        with database.engine.connect() as connection:
            require_alone(connection)
    if not inspect(database.engine).has_table("worker_beat"):
        return
    with database.reading() as session:
        beat = last_beat(session)
    if is_fresh(beat, now):
        raise ConflictError(
            "Afterword is running on this database; stop it first. If it was killed, wait a "
            "minute and try again."
        )


def _require_empty(database: Database) -> None:
    tables = inspect(database.engine)
    with database.reading() as session:
        for record in (Workspace, Person):
            there = tables.has_table(record.__tablename__)
            if there and session.scalar(select(record.id).limit(1)) is not None:
                raise ConflictError(
                    "This database holds data already, which restoring would take the place of. "
                    "Back it up first; then say --replace."
                )


def _require_whole(content: Path, manifest: Manifest, path: Path) -> None:
    """Look through the copy: whatever SQLite takes for a database, be it empty, is not enough."""
    module: Any = sqlite_module()
    with closing(module.connect(content)) as source:
        try:
            checked = source.execute("PRAGMA quick_check").fetchone()
            revision = source.execute("SELECT version_num FROM alembic_version").fetchone()
        except module.DatabaseError:
            checked = revision = None
    if checked != ("ok",) or revision != (manifest.revision,):
        raise FileError(f"{path} is damaged; nothing was changed.")


def _fill_sqlite(database: Database, content: Path) -> None:
    """Let SQLite write the copy over the database as one transaction."""
    source = sqlite_module().connect(content)
    target = database.engine.raw_connection()
    try:
        source.backup(target.driver_connection)
        cursor: Any = target.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        source.close()
        target.close()


def _dump(database: Database, url: URL, to: Path) -> str:
    tables = own_tables(database)
    named = [argument for table in tables for argument in ("--table", table)]
    _run(
        ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={to}", *named],
        url,
        "pg_dump",
    )
    with database.engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _fill_postgres(database: Database, url: URL, content: Path) -> None:
    """Take our tables away and put those of the dump in their place, in one transaction."""
    script, away = content.with_suffix(".sql"), content.with_suffix(".away.sql")
    _run(["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(content)], url)
    own = ", ".join(f'"{table}"' for table in own_tables(database))
    away.write_text(f"DROP TABLE {own} CASCADE;\n" if own else "SELECT 1;\n", encoding="utf-8")
    _run(
        ["psql", "--quiet", "--no-psqlrc", "--single-transaction", "--output=/dev/null",
         "--set=ON_ERROR_STOP=1", f"--file={away}", f"--file={script}"],
        url,
    )  # fmt: skip


def _run(command: list[str], url: URL, tool: str | None = None) -> None:
    """Run one of PostgreSQL's tools; the password goes by the environment, not by the list."""
    tool = tool or command[0]
    if shutil.which(tool) is None:
        raise InputError(
            f"{tool} is not installed here; it comes with PostgreSQL's client programs "
            "(Debian: sudo apt-get install postgresql-client), of the server's version or newer."
        )
    done = subprocess.run(  # noqa: S603  the tool is one of three, and its arguments are ours
        command, env=_environment(url), capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = " ".join(done.stderr.split())[:500]
        raise InputError(f"{tool} did not succeed, and nothing was changed: {told}")


def _environment(url: URL) -> dict[str, str]:
    """Return the environment in which libpq's tools reach the same database as we do."""
    given = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": str(url.port) if url.port else url.query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
        "PGSSLROOTCERT": url.query.get("sslrootcert"),
    }
    return {**os.environ, **{name: str(value) for name, value in given.items() if value}}
