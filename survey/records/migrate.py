"""Bringing a database to the newest revision.

Alembic is loaded only by who migrates: the web process just asks whether anything is pending.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from survey.errors import SettingsError
from survey.records.counts import know_the_tables, rebuild, uncounted_workspaces
from survey.records.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

PROJECT = Path(__file__).resolve().parents[2]
_MIGRATION_LOCK = 7_461_020  # any number, as long as it is always the same one


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring a database to a revision; safe when several processes start at once.

    Parameters
    ----------
    engine : Engine
        The database.
    revision : str
        Alembic's name of the target; the newest by default.
    """
    from alembic import command

    with engine.execution_options(writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        config = alembic_config(connection)
        if revision == "base" or revision.startswith("-"):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
            _count_what_is_not(connection)


def _count_what_is_not(connection: Connection) -> None:
    """Count from scratch where answers have no counts: a revision made the tables anew."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        uncounted = uncounted_workspaces(session)
        if uncounted:
            know_the_tables(session)
        for workspace_id in uncounted:
            rebuild(session, workspace_id)
        session.commit()


def newest_revision() -> str:
    """Return the newest revision, which the number at the head of its file's name is."""
    return max(path.name[:4] for path in (PROJECT / "migrations" / "versions").glob("[0-9]*.py"))


def pending_revision(connection: Connection) -> str | None:
    """Return the newest revision if the database is not there yet."""
    return newest_revision() if _revision_of(connection) != newest_revision() else None


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


@contextmanager
def reachable(database: Database) -> Iterator[Database]:
    """Give the database for a block, then close it.

    Raises
    ------
    SettingsError
        When it cannot be reached or opened, with one line that says why.
    """
    try:
        with database.engine.connect():
            pass
        yield database
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise SettingsError(
            f"SURVEY_DATABASE_URL: the database cannot be used: {reason}"
        ) from error
    finally:
        database.close()


def require_newest_revision(database: Database) -> None:
    """Refuse to work with a database of another revision.

    Raises
    ------
    SettingsError
        Saying what to run.
    """
    with database.engine.connect() as connection:
        if pending_revision(connection) is not None:
            raise SettingsError("The database is not up to date; run: survey migrate")


def require_known_revision(database: Database) -> None:
    """Refuse a database that was never migrated, or that a newer version brought further.

    Raises
    ------
    SettingsError
        Saying which it is.
    """
    with database.engine.connect() as connection:
        revision = _revision_of(connection)
    if revision is None:
        raise SettingsError(
            "There is nothing to back up: this database holds nothing of Afterword."
        )
    if revision > newest_revision():
        raise SettingsError(
            "A newer version of Afterword has worked on this database; back it up with that one."
        )


def alembic_config(connection: Connection) -> "Config":
    """Return alembic's configuration, bound to an open connection."""
    from alembic.config import Config

    # Said here: alembic would keep whatever was the output when it was first imported.
    config = Config(toml_file=str(PROJECT / "pyproject.toml"), stdout=sys.stdout)
    config.attributes["connection"] = connection
    return config
