"""Claiming due work by a lease, finishing it, and trying again later.

The database is the queue: work is due because a row says so, a claim is one UPDATE, and whoever
finishes must still hold the lease. A worker that dies holds its rows only until the lease ends.
"""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from survey.records.base import DueWork

LONGEST_WAIT = timedelta(hours=6)
FIRST_WAIT = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """The right to work on some rows until ``until``.

    Parameters
    ----------
    lease_id : str
        Whose lease it is: 32 hexadecimal digits.
    until : datetime
        When it ends, on the database's clock.
    keys : tuple of tuple
        Primary keys of the rows, as the table has them.
    """

    lease_id: str
    until: datetime
    keys: tuple[tuple[Any, ...], ...]


def claim(
    session: Session,
    record: type[DueWork],
    due: ColumnElement[bool],
    *,
    order: ColumnElement[Any] | InstrumentedAttribute[Any],
    now: datetime,
    limit: int,
    lease: timedelta,
    values: dict[str, Any] | None = None,
) -> Claim:
    """Claim up to `limit` due rows that nobody holds, by one UPDATE.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    record : type
        A mapped class with the `DueWork` columns.
    due : ColumnElement
        What makes a row due, beside being unclaimed and past its next try.
    order : ColumnElement
        The oldest first by this.
    now : datetime
        The database's time.
    limit : int
        At most so many rows, 1 or more.
    lease : timedelta
        How long the claim holds.
    values : dict, optional
        Further columns to set on the claimed rows.

    Returns
    -------
    Claim
        With no keys when nothing is due.
    """
    key_columns = tuple(record.__mapper__.primary_key)  # type: ignore[attr-defined]
    # As a CTE, which is made once: within IN, PostgreSQL may make it anew for each row, and what
    # was just claimed is then skipped in favour of the next, beyond any limit.
    waiting = (
        select(*key_columns)
        .where(due, unclaimed(record, now))
        .order_by(order)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    lease_id, until = secrets.token_hex(16), now + lease
    statement = (
        update(record)
        .where(tuple_(*key_columns).in_(select(waiting)))
        .values(lease_id=lease_id, lease_until=until, **(values or {}))
        .returning(*key_columns)
        .execution_options(synchronize_session=False)
    )
    keys = tuple(tuple(row) for row in session.execute(statement))
    return Claim(lease_id, until, keys)


def unclaimed(record: type[DueWork], now: datetime) -> ColumnElement[bool]:
    """Return the condition that no live lease holds a row and its next try has come."""
    return and_(
        or_(record.lease_until.is_(None), record.lease_until <= now),
        or_(record.next_try_at.is_(None), record.next_try_at <= now),
    )


def renew(session: Session, record: type[DueWork], lease_id: str, until: datetime) -> bool:
    """Prolong a lease; False when it was lost and the work must be dropped."""
    statement = update(record).where(record.lease_id == lease_id).values(lease_until=until)
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount)


def give_back(session: Session, record: type[DueWork], lease_id: str) -> None:
    """Give up a lease on work that is not done: whoever comes next may do it at once."""
    statement = update(record).where(record.lease_id == lease_id)
    statement = statement.values(lease_id=None, lease_until=None)
    session.execute(statement.execution_options(synchronize_session=False))


def finish(
    session: Session, record: type[DueWork], where: Sequence[ColumnElement[bool]], lease_id: str
) -> bool:
    """Give up the lease of rows that are done; False when it was no longer ours."""
    statement = (
        update(record)
        .where(record.lease_id == lease_id, *where)
        .values(lease_id=None, lease_until=None, next_try_at=None, last_error=None, attempts=0)
    )
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount)


def try_later(
    session: Session,
    record: type[DueWork],
    where: Sequence[ColumnElement[bool]],
    lease_id: str,
    *,
    now: datetime,
    error: str,
    attempts: int,
    jitter: random.Random,
) -> datetime:
    """Put claimed rows back, to be tried again after a growing, jittered wait.

    Parameters
    ----------
    session, record, where, lease_id
        As in `finish`.
    now : datetime
        The database's time.
    error : str
        What went wrong, in words for the owner.
    attempts : int
        How often it was tried before this time, 0 or more.
    jitter : random.Random
        Source of the jitter.

    Returns
    -------
    datetime
        When it will be tried again: 30 s doubling to at most six hours, times 0.5 to 1.
    """
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 20))
    next_try: datetime = now + wait * jitter.uniform(0.5, 1.0)
    session.execute(
        update(record)
        .where(record.lease_id == lease_id, *where)
        .values(
            lease_id=None,
            lease_until=None,
            next_try_at=next_try,
            last_error=error[:1000],
            attempts=func.coalesce(record.attempts, 0) + 1,
        )
        .execution_options(synchronize_session=False)
    )
    return next_try
