"""Running prepared statements straight on the driver, for the one path that is raced.

SQLAlchemy's session, events and result objects cost about 150 µs a statement, more than SQLite
needs to run it. Taking an answer is nine statements, most of them while everybody else waits to
write, so it goes without. The statements remain SQLAlchemy's: compiled once, types and all.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Insert, Update, bindparam, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Select

from survey.records.base import Record, table_of

Convert = Callable[[Any], Any]


class Prepared:
    """A Core statement, compiled once for each kind of database.

    Parameters
    ----------
    statement : ClauseElement
        Naming by ``bindparam`` what comes later. Defaults of columns are not applied, and an
        ``IN`` over a list cannot be prepared.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def compiled(self, dialect: Dialect) -> "_Compiled":
        """Return the statement as this dialect's driver takes it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return found


class Straight:
    """One transaction on the driver's own cursor; its opener begins, commits and rolls back.

    Parameters
    ----------
    cursor : DBAPI cursor
        Of a connection inside a transaction.
    dialect : Dialect
        What kind of database it is.
    """

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    @property
    def database(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._dialect.name

    def run(self, prepared: Prepared, values: Mapping[str, Any]) -> None:
        """Run a statement that returns nothing."""
        compiled = prepared.compiled(self._dialect)
        self._cursor.execute(compiled.sql, compiled.parameters(values))

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement and return all rows, columns in the order in which it names them."""
        compiled = prepared.compiled(self._dialect)
        self._cursor.execute(compiled.sql, compiled.parameters(values))
        return [compiled.converted(row) for row in self._cursor.fetchall()]


def straight_of(session: Session) -> Straight:
    """Return a session's own transaction, straight on the driver; what it holds back is flushed."""
    session.flush()
    connection = session.connection()
    return Straight(connection.connection.cursor(), connection.dialect)


class _Compiled:
    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        made: Any = statement.compile(dialect=dialect)
        self.sql = str(made)
        self._by_place: bool = made.positiontup is not None
        names = made.positiontup if self._by_place else list(made.binds)
        self._slots = [(name, *_slot(made.binds[name], dialect)) for name in names]
        self._from_driver = _row_converts(statement, dialect)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the driver's parameters: a list where places count, else a mapping."""
        ready = []
        for name, fixed, convert in self._slots:  # most are plain: a loop costs least
            value = values[name] if fixed is None else fixed
            ready.append(value if convert is None or value is None else convert(value))
        if self._by_place:
            return ready
        return dict(zip([slot[0] for slot in self._slots], ready, strict=True))

    def converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a row with the driver's values as Python's."""
        if not self._from_driver:
            return tuple(row)
        values = list(row)
        for place, convert in self._from_driver:
            values[place] = convert(values[place])
        return tuple(values)


def _slot(bound: BindParameter[Any], dialect: Dialect) -> tuple[Any, Convert | None]:
    """Return a parameter's fixed value as the driver takes it, or how to convert what comes."""
    convert = bound.type.dialect_impl(dialect).bind_processor(dialect)
    if bound.required:
        return None, convert
    return (convert(bound.value) if convert else bound.value), None


def _row_converts(statement: ClauseElement, dialect: Dialect) -> list[tuple[int, Convert]]:
    if not isinstance(statement, Select | Update):
        return []
    converts = (
        (place, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for place, column in enumerate(statement.exported_columns)
    )
    return [(place, convert) for place, convert in converts if convert is not None]


def inserting(record: type[Record], *names: str) -> Insert:
    """Return the insert of one row whose named columns come later."""
    return insert(table_of(record)).values({name: bindparam(name) for name in names})
