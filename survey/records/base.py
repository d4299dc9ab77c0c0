"""What all records share: ids, keys, times and the columns of due work."""

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite then keeps rows in the primary key's own tree, one tree less to write for each row.
CLUSTERED = {"sqlite_with_rowid": False}


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps it without a zone, PostgreSQL with one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Record(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        datetime: Moment,
    }


class DueWork:
    """Columns wherever work falls due: who holds it, until when, and how often it was tried."""

    lease_id: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


def new_id() -> int:
    """Return a random 63-bit id, unique across workspaces for every practical purpose."""
    return secrets.randbits(63) or 1


def table_of(record: type[Record]) -> Table:
    """Return a record's table, for statements that need no object of it."""
    return cast("Table", record.__table__)


def row_id() -> Mapped[int]:
    """Return the second half of a ``(workspace_id, id)`` primary key."""
    return mapped_column(primary_key=True, autoincrement=False, default=new_id)


def owned_by(*columns: str, table: str, on_delete: str = "CASCADE") -> ForeignKeyConstraint:
    """Return a foreign key that carries the workspace along.

    Parameters
    ----------
    *columns : str
        The columns that, after ``workspace_id``, hold the other row's id.
    table : str
        The other table.
    on_delete : str
        ``CASCADE`` or ``RESTRICT``; never SET NULL, which would take the workspace with it.
    """
    return ForeignKeyConstraint(
        ["workspace_id", *columns], [f"{table}.workspace_id", f"{table}.id"], ondelete=on_delete
    )
