"""What a database's failure means to whoever waits: try again at once, later, or call for help."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# PostgreSQL's: a serialisation failure and a deadlock. The loser of a race wins the next one.
_LOST_RACE = ("40001", "40P01")
# Its classes for a lost connection, too few resources, an administrator's stop, and its code
# for a lock that did not come free.
_PASSING = ("08", "53", "57P", "55P03")
Result = TypeVar("Result")


def lost_race(error: BaseException) -> bool:
    """Whether the same transaction, tried again at once, is likely to go through."""
    return sqlstate_of(error) in _LOST_RACE


def twice_if_lost(act: Callable[[], Result]) -> Result:
    """Do something, and do it again at once where it lost a race."""
    try:
        return act()
    except Exception as error:
        if not lost_race(error):
            raise
        return act()


def passes(error: BaseException) -> bool:
    """Whether it is nobody's fault and gone in a minute: locked, too busy, or no connection.

    Parameters
    ----------
    error : BaseException
        From SQLAlchemy, or from a driver itself.
    """
    if isinstance(error, PoolTimeoutError) or lost_race(error):
        return True
    state = sqlstate_of(error)
    if state is not None:
        return state.startswith(_PASSING)
    original = _from_driver(error)
    if type(original).__name__ != "OperationalError":
        return False
    # Without a state it is PostgreSQL out of reach, or SQLite, which says it in words.
    on_sqlite = isinstance(original, sqlite3.Error) or "sqlite" in type(original).__module__
    return not on_sqlite or "is locked" in str(original)


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's five signs for what went wrong, None where there are none."""
    state: str | None = getattr(_from_driver(error), "sqlstate", None)
    return state


def _from_driver(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error
