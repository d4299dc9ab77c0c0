"""Reading the counts: whole weeks by week, the days at either end by day, what waits as it is."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from survey.records.counting import CountDelta, DayCount, WeekCount
from survey.records.counts import monday_of
from survey.records.faces import EVERYTHING, THEME, TONE, Face, needle, read
from survey.records.sql_functions import DaysBetween, Holds

_SHORT = 21  # days; so short a view is read by day
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
# Beyond these no week can be reckoned.
_EARLIEST, _LATEST = date(1, 2, 1), date(9999, 12, 1)

_Table = type[DayCount] | type[WeekCount]


@dataclass(frozen=True)
class Sought:
    """Which counts are read.

    Parameters
    ----------
    workspace_id : int
        Whose.
    measures : tuple of str
        What is counted.
    run_id : int
        Under which run; 0 for askings and answers.
    also_of_none : bool
        Whether askings and answers are read along with what a run made of them; no measure is
        counted under both.
    face : Face
        Of answers with this face; of all by default.
    since, until : date or None
        First and last day, both included.
    theme_id : int or None
        Of one theme (and, with `also_of_none`, what is counted of no theme); of all by default.
    tones : tuple of str
        In these tones (and, with `also_of_none`, what is counted of no tone); in all by default.
    question_id : int or None
        Of one question; of all by default.
    """

    workspace_id: int
    measures: tuple[str, ...]
    run_id: int = 0
    also_of_none: bool = False
    face: Face = EVERYTHING
    since: date | None = None
    until: date | None = None
    theme_id: int | None = None
    tones: tuple[str, ...] = ()
    question_id: int | None = None


class Tally(NamedTuple):
    """How many answers, by measure, theme, tone and steps back from the last day."""

    measure: str
    theme_id: int
    tone: str
    step: int
    amount: int


def tallies(
    session: Session, sought: Iterable[Sought], *, anchor: date, width: int
) -> Iterator[Tally]:
    """Count by steps of some days, counted back from a day.

    Parameters
    ----------
    session : Session
        An open session.
    sought : iterable of Sought
        What to read, all at once.
    anchor : date
        The last day of the newest step; a Sunday unless steps are single days.
    width : int
        Days in a step: 1, or a multiple of 7.
    """
    yield from map(Tally._make, session.execute(_by_step(tuple(sought), anchor, width)).all())


@lru_cache(maxsize=32)  # making a statement costs as much as running it
def _by_step(sought: tuple[Sought, ...], anchor: date, width: int) -> CompoundSelect[Any]:
    sources = (source for one in sought for source in _sources(one, by_week=width > 1))
    return union_all(*(_stepped(source, anchor, width) for source in sources))


def _sum(amount: Any) -> ColumnElement[int]:
    """PostgreSQL's sum of whole numbers is a decimal, which costs Python dear."""
    return cast(func.sum(amount), BigInteger)


def _stepped(source: "_Source", anchor: date, width: int) -> Select[Any]:
    step = steps_back(source.day, anchor, width).label("step")
    cell = [source.table.theme_id, source.table.tone, step]
    if not isinstance(source.measure, str):
        cell.append(source.measure)
    measure = literal(source.measure) if isinstance(source.measure, str) else source.measure
    return (
        select(measure, *cell[:3], _sum(source.amount).label("amount"))
        .where(*source.where)
        .group_by(*cell)
    )


def steps_back(day: Any, anchor: date, width: int) -> ColumnElement[int]:
    """Return how many steps of so many days a day is back from the last one; 0 is the newest."""
    return DaysBetween(literal(anchor), day) // literal(width)


def total(session: Session, sought: Sought) -> int:
    """Return one number: everything sought, added up."""
    return sum(session.scalars(_total(sought)))


@lru_cache(maxsize=64)
def _total(sought: Sought) -> CompoundSelect[Any]:
    parts = (
        select(func.coalesce(_sum(source.amount), 0)).where(*source.where)
        for source in _sources(sought)
    )
    return union_all(*parts)


def totals(session: Session, sought: Sought) -> dict[tuple[str, int, str], int]:
    """Return the numbers of what is sought, by measure, theme and tone."""
    found: Counter[tuple[str, int, str]] = Counter()
    for measure, theme_id, tone, amount in session.execute(_totals(sought)):
        found[measure, theme_id, tone] += amount
    return dict(found)


@lru_cache(maxsize=64)
def _totals(sought: Sought) -> CompoundSelect[Any]:
    parts = (
        select(source.measure, source.table.theme_id, source.table.tone, _sum(source.amount))
        .where(*source.where)
        .group_by(source.measure, source.table.theme_id, source.table.tone)
        for source in _sources(sought)
    )
    return union_all(*parts)


def totals_by_value(
    session: Session, sought: Sought, values: Mapping[str, Collection[str]]
) -> dict[tuple[str, str, str], int]:
    """Return one number for each measure and each value of some faces.

    Parameters
    ----------
    session : Session
        An open session.
    sought : Sought
        What is counted; its face is left aside.
    values : mapping of str to collection of str
        Which values of which faces.

    Returns
    -------
    dict
        By measure, face and value; one without answers may be missing.
    """
    found = Counter[tuple[str, str, str]]()
    if not values:
        return {}
    folded = [
        select(table.measure, table.face, table.value, _sum(table.answers))
        .where(
            table.workspace_id == sought.workspace_id,
            table.face == name,
            table.value.in_(some),
            *_of_run(table, sought),
            *between,
        )
        .group_by(table.measure, table.face, table.value)
        for table, between in _stretches(sought, by_week=True)
        for name, some in values.items()
    ]
    for measure, name, value, amount in session.execute(union_all(*folded)):
        found[measure, name, value] += amount
    for source in _waiting(replace(sought, face=EVERYTHING)):
        query = select(source.measure, CountDelta.faces, _sum(source.amount)).where(*source.where)
        for measure, faces, amount in session.execute(
            query.group_by(CountDelta.measure, CountDelta.faces)
        ):
            for name, value in read(faces):
                if value in values.get(name, ()):
                    found[measure, name, value] += amount
    return dict(found)


def known_faces(session: Session, workspace_id: int, most: int) -> dict[str, tuple[str, ...]]:
    """Return the values that a workspace's answers have, by the name of their face.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    most : int
        At most so many values of each face.

    Returns
    -------
    dict
        Names and values in order, but for themes and tones; what just came may be missing.
    """
    found: dict[str, list[str]] = {}
    for name, value in session.execute(_SKIPPING, {"workspace": workspace_id, "most": most}):
        found.setdefault(name, []).append(value)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def _skipping() -> Select[Any]:
    """Skip through the key from value to value, so that the cost does not grow with the answers."""
    face, value = WeekCount.face, WeekCount.value
    here = WeekCount.workspace_id == bindparam("workspace", type_=BigInteger)

    def first(column: Any, *beyond: ColumnElement[bool]) -> Any:
        return select(func.min(column)).where(here, *beyond).scalar_subquery()

    names = select(first(face, face > "").label("face")).cte("names", recursive=True)
    beyond = select(first(face, face > names.c.face)).where(names.c.face.is_not(None))
    names = names.union_all(beyond)
    known = select(
        names.c.face, first(value, face == names.c.face).label("value"), literal(1).label("place")
    ).where(names.c.face.not_in((THEME, TONE)))
    at = known.cte("known", recursive=True)
    following = first(value, face == at.c.face, value > at.c.value)
    most: Any = bindparam("most", type_=Integer)
    steps = at.union_all(
        select(at.c.face, following, at.c.place + 1).where(
            at.c.value.is_not(None), at.c.place < most
        )
    )
    # Where every answer was taken back, the cell stays and holds nothing. It is asked of each
    # value by itself: PostgreSQL would rather read all than skip, or join all that was answered.
    answered = (
        select(WeekCount.answers)
        .where(
            here,
            face == steps.c.face,
            value == steps.c.value,
            WeekCount.run_id == 0,
            WeekCount.measure == "answered",
            WeekCount.answers > 0,
        )
        .limit(1)
        .scalar_subquery()
    )
    found = (steps.c.value.is_not(None), answered.is_not(None))
    return select(steps.c.face, steps.c.value).where(*found)


_SKIPPING = _skipping()


def first_and_last(session: Session, sought: Sought) -> tuple[date, date] | None:
    """Return the first and last day on which anything sought was counted, None without any."""
    days = [day for day in session.scalars(_ends(sought)) if day is not None]
    return (min(days), max(days)) if days else None


@lru_cache(maxsize=64)
def _ends(sought: Sought) -> CompoundSelect[Any]:
    here = (*_with_face(DayCount, sought), *_of_run(DayCount, sought), DayCount.answers > 0)
    within = _within(DayCount.day, sought.since, sought.until)
    ends = [
        select(select(DayCount.day).where(*here, *within).order_by(order).limit(1).subquery().c.day)
        for order in (DayCount.day, DayCount.day.desc())
    ]
    ends += [
        select(end(source.day)).where(*source.where)
        for source in _waiting(sought)
        for end in (func.min, func.max)
    ]
    return union_all(*ends)


class _Source(NamedTuple):
    """Rows of one table that hold a part of what is sought, none of them twice."""

    table: _Table | type[CountDelta]
    measure: Any
    day: Any
    amount: Any
    where: tuple[ColumnElement[bool], ...]


def _sources(sought: Sought, *, by_week: bool = True) -> Iterator[_Source]:
    for table, between in _stretches(sought, by_week=by_week):
        where = (*_with_face(table, sought), *_of_run(table, sought), *between)
        yield _Source(table, table.measure, table.day, table.answers, where)
    yield from _waiting(sought)


def _stretches(
    sought: Sought, *, by_week: bool
) -> Iterator[tuple[_Table, tuple[ColumnElement[bool], ...]]]:
    """Cut the days sought into whole weeks and what is left at either end."""
    beyond = (sought.since or _EARLIEST) >= _LATEST or (sought.until or _LATEST) <= _EARLIEST
    since = sought.since if sought.since and sought.since > _EARLIEST else None
    until = sought.until if sought.until and sought.until < _LATEST else None
    short = since is not None and until is not None and (until - since).days < _SHORT
    if beyond or short or not by_week:
        yield DayCount, _within(DayCount.day, sought.since, sought.until)
        return
    first = monday_of(since + _WEEK - _DAY) if since else None
    behind = monday_of(until + _DAY) if until else None  # the Monday behind the last whole week
    last = behind - _WEEK if behind else None
    yield WeekCount, _within(WeekCount.day, first, last)
    if first and since != first:
        yield DayCount, _within(DayCount.day, since, first - _DAY)
    if behind and until and behind <= until:
        yield DayCount, _within(DayCount.day, behind, until)


def _waiting(sought: Sought) -> Iterator[_Source]:
    """The changes that wait, under the measures they stand for."""
    held = (needle(sought.face),) if sought.face != EVERYTHING else ()
    here = (
        CountDelta.workspace_id == sought.workspace_id,
        *(Holds(CountDelta.faces, literal(one, String)) for one in held),
    )
    day, amount = CountDelta.day, CountDelta.change
    within = _within(day, sought.since, sought.until)
    where = (*here, *_of_run(CountDelta, sought), *within)
    yield _Source(CountDelta, CountDelta.measure, day, amount, where)
    if "replied" in sought.measures:
        answered = replace(sought, measures=("answered",), run_id=0, also_of_none=False)
        within = _within(CountDelta.asked_on, sought.since, sought.until)
        where = (*here, *_of_run(CountDelta, answered), *within, CountDelta.asked_on.is_not(None))
        yield _Source(CountDelta, "replied", CountDelta.asked_on, amount, where)


def _with_face(table: _Table, sought: Sought) -> tuple[ColumnElement[bool], ...]:
    return (
        table.workspace_id == sought.workspace_id,
        table.face == sought.face[0],
        table.value == sought.face[1],
    )


def _of_run(table: _Table | type[CountDelta], sought: Sought) -> tuple[ColumnElement[bool], ...]:
    runs = (0, sought.run_id) if sought.also_of_none else (sought.run_id,)
    themes = (0, sought.theme_id) if sought.also_of_none else (sought.theme_id,)
    tones = ("", *sought.tones) if sought.also_of_none else sought.tones
    return (
        table.run_id.in_(runs) if len(runs) > 1 else table.run_id == sought.run_id,
        table.measure.in_(sought.measures),
        *([table.theme_id.in_(themes)] if sought.theme_id is not None else []),
        *([table.tone.in_(tones)] if sought.tones else []),
        *([table.question_id == sought.question_id] if sought.question_id is not None else []),
    )


def _within(day: Any, since: date | None, until: date | None) -> tuple[ColumnElement[bool], ...]:
    return (*([day >= since] if since else []), *([day <= until] if until else []))
