"""Alembic's way in: the same revisions on SQLite and PostgreSQL."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from survey.records import Record
from survey.records.base import Moment
from survey.records.database import open_engine
from survey.records.search import INDEX_TABLES
from survey.settings import read_settings


def include_object(
    _object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object
) -> bool:
    """Leave the word index, which alembic cannot describe, out of the comparison."""
    return not (kind == "table" and name in INDEX_TABLES)


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types as what the database sees."""
    if kind == "type" and isinstance(item, Moment):
        autogen.imports.add("import sqlalchemy as sa")
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    """Run the revisions over one connection, as one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Record.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=include_object,
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = open_engine(read_settings().database_url)
    with engine.connect() as fresh:
        run(fresh)
        fresh.commit()
    engine.dispose()
