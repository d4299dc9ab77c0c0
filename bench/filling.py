"""Making very many answers quickly: by COPY on PostgreSQL, straight on the driver on SQLite.

What is made is what `tests.support.answers.fill` makes; only the way into the tables is shorter.
Foreign keys are not looked at meanwhile, and the word index is made at the end in one statement.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from survey.records.base import Record, table_of
from survey.records.database import Database
from tests.support.answers import fill

_WORDS = {
    "sqlite": (
        "INSERT INTO answer_search (rowid, body) "
        "SELECT answer_id, body FROM answer_text WHERE workspace_id = :here ORDER BY answer_id"
    ),
    "postgresql": (
        "INSERT INTO answer_search (workspace_id, answer_id, document) "
        "SELECT workspace_id, answer_id, to_tsvector('simple', body) "
        "FROM answer_text WHERE workspace_id = :here"
    ),
}


def fill_quickly(
    database: Database, workspace_id: int, answers: int, today: date, *, days: int
) -> tuple[int, dict[str, int]]:
    """Fill a workspace as `tests.support.answers.fill` does; return its run and themes."""
    put = _put_on_sqlite if database.on_sqlite else _copy
    with _unchecked(database), database.writing() as session:
        if not database.on_sqlite:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text("SET LOCAL work_mem = '512MB'"))
        run = fill(session, workspace_id, answers, today, days=days, put=put, index=lambda *_: None)
        session.execute(text(_WORDS[database.engine.dialect.name]), {"here": workspace_id})
    _look_at_it(database)
    return run


def put_many(database: Database, record: type[Record], rows: list[dict[str, Any]]) -> None:
    """Write very many rows in one transaction."""
    put = _put_on_sqlite if database.on_sqlite else _copy
    with _unchecked(database), database.writing() as session:
        put(session, record, rows)
    _look_at_it(database)


def _look_at_it(database: Database) -> None:
    if not database.on_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
            link.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def _unchecked(database: Database) -> Iterator[None]:
    """On SQLite, let new connections check no foreign key and keep a large cache meanwhile."""
    if not database.on_sqlite:
        yield
        return
    event.listen(database.engine, "connect", _for_building)
    database.engine.dispose()
    try:
        yield
    finally:
        event.remove(database.engine, "connect", _for_building)
        database.engine.dispose()


def _for_building(connection: Any, _record: object) -> None:
    for pragma in ("foreign_keys=OFF", "cache_size=-2000000", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _copy(session: Session, record: type[Record], rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    named = ", ".join(f'"{one}"' for one in columns)
    cursor = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table_of(record).name} ({named}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[one] for one in columns])


def _put_on_sqlite(session: Session, record: type[Record], rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    named, places = ", ".join(f'"{one}"' for one in columns), ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table_of(record).name} ({named}) VALUES ({places})"
    converts = [_PLAIN.get(type(rows[0][one])) for one in columns]
    cursor = session.connection().connection.cursor()
    cursor.executemany(
        statement,
        (
            [
                convert(row[one]) if convert else row[one]
                for one, convert in zip(columns, converts, strict=True)
            ]
            for row in rows
        ),
    )


# As SQLAlchemy writes them.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda moment: moment.replace(tzinfo=None).isoformat(" ", "microseconds"),
    date: lambda day: day.isoformat(),
    bool: int,
}
