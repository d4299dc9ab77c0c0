"""Bringing a database to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

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
    with engine.execution_options(writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        config = alembic_config(connection)
        if revision == "base" or revision.startswith("-"):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def pending_revision(connection: Connection) -> str | None:
    """Return the newest revision if the database is not there yet."""
    head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    return head if current != head else None


def alembic_config(connection: Connection) -> Config:
    """Return alembic's configuration, bound to an open connection."""
    config = Config(toml_file=str(PROJECT / "pyproject.toml"))
    config.attributes["connection"] = connection
    return config
