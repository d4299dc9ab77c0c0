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
SELECT md5(string_agg(one, ' ' ORDER BY one)) FROM (
    SELECT format('column %s %s %s %s %s %s', attrelid, attnum, attname, atttypid, atttypmod,
                  (attisdropped, attnotnull)) AS one
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      AND relpersistence <> 't' AND relkind <> 't'
    UNION ALL SELECT format('constraint %s %s', oid, convalidated) FROM pg_constraint
    UNION ALL SELECT format('default %s', oid) FROM pg_attrdef
    UNION ALL SELECT format('trigger %s %s', oid, tgenabled) FROM pg_trigger
    UNION ALL SELECT format('function %s', oid) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT format('type %s', oid) FROM pg_type WHERE typtype IN ('d', 'e')
    UNION ALL SELECT format('statistics %s', oid) FROM pg_statistic_ext
    UNION ALL SELECT format('large object %s', oid) FROM pg_largeobject_metadata
    UNION ALL SELECT format('setting %s %s %s', setdatabase, setrole, setconfig)
        FROM pg_db_role_setting
    UNION ALL SELECT format('role %s', rolname) FROM pg_roles
    UNION ALL SELECT format('schema %s', nspname) FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT format('revision %s', version_num) FROM alembic_version
) AS everything
"""


class OneAfterTheOther:
    """Lends a migrated, empty database of a server whose database ``template`` is one."""

    def __init__(self, server: str) -> None:
        self._server = server.replace("+psycopg", "")
        self._name: str | None = None
        self._uses = 0
        self._shape: object = None
        self._lent = False

    def lend(self) -> str:
        """Return the URL of a database that holds no rows; only one is lent at a time."""
        assert not self._lent, "the database before was not taken back"
        if self._name is None:
            self._name, self._uses = f"t{uuid.uuid4().hex}", 0
            self._on_server("CREATE DATABASE {} TEMPLATE template STRATEGY FILE_COPY")
            with self._inside() as connection:
                self._shape = connection.execute(_SHAPE).fetchone()
        self._uses, self._lent = self._uses + 1, True
        return self._url().replace("postgresql:", "postgresql+psycopg:")

    def take_back(self) -> None:
        """Send everybody away and empty the database, or drop it."""
        self._lent = False
        try:
            keep = self._uses < MOST_USES and self._emptied()
        except psycopg.Error:  # somebody left it so that it cannot be emptied
            keep = False
        if not keep:
            self.drop()

    def drop(self) -> None:
        """Drop the database where there is one; the next to be lent is a new one."""
        if self._name is not None:
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
