"""One PostgreSQL database that tests use one after the other.

To make a database for each test, and to begin with empty catalogue caches in it, cost more than
most tests do. So it is emptied after each, and made anew where a test changed its tables.
"""

import uuid
from typing import LiteralString

import psycopg
from psycopg import sql

MOST_USES = 60
"""What is deleted stays in the files until it is vacuumed: after so many tests they are left."""

_LEAVE: LiteralString = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES: LiteralString = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'alembic_version'"
    " AND relnamespace = 'public'::regnamespace"
)
_SHAPE: LiteralString = """
SELECT (SELECT max(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT sum(attnum) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
       (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT max(oid) FROM pg_constraint),
       (SELECT max(oid) FROM pg_trigger),
       (SELECT max(oid) FROM pg_proc),
       (SELECT max(version_num) FROM alembic_version)
"""


class OneAfterTheOther:
    """Lends a migrated, empty database of a server whose database ``template`` is one."""

    def __init__(self, server: str) -> None:
        self._server = server.replace("+psycopg", "")
        self._name: str | None = None
        self._uses = 0
        self._shape: object = None

    def lend(self) -> str:
        """Return the URL of a database that holds no rows."""
        if self._name is None:
            self._name, self._uses = f"t{uuid.uuid4().hex}", 0
            self._on_server("CREATE DATABASE {} TEMPLATE template STRATEGY FILE_COPY")
            with self._inside() as connection:
                self._shape = connection.execute(_SHAPE).fetchone()
        self._uses += 1
        return self._url().replace("postgresql:", "postgresql+psycopg:")

    def take_back(self) -> None:
        """Send everybody away and empty the database, or drop it."""
        if self._uses >= MOST_USES or not self._emptied():
            self._on_server("DROP DATABASE {} WITH (FORCE)")
            self._name = None

    def _emptied(self) -> bool:
        with self._inside() as connection:
            connection.execute(_LEAVE)
            if connection.execute(_SHAPE).fetchone() != self._shape:
                return False
            tables = [sql.Identifier(name) for (name,) in connection.execute(_TABLES).fetchall()]
            each = [sql.SQL("DELETE FROM {}").format(table) for table in tables]
            connection.execute("SET session_replication_role = replica")  # keys are not looked at
            connection.execute(sql.SQL("; ").join(each))
            return True

    def _inside(self) -> psycopg.Connection:
        return psycopg.connect(self._url(), autocommit=True)

    def _url(self) -> str:
        return f"{self._server.rpartition('/')[0]}/{self._name}"

    def _on_server(self, statement: LiteralString) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name or "")))
