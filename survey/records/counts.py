"""Counts of distinct answers: appended as changes, folded by the worker, rebuilt from scratch."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from survey.records.answering import GIVEN, Answer, AnswerSegment
from survey.records.asking import InteractionSegment, Invitation
from survey.records.base import new_id
from survey.records.counting import CountDelta, DayCount
from survey.records.straight import Prepared, Straight, inserting
from survey.records.theming import Assignment, Sorting

_CELL = (
    "workspace_id", "run_id", "measure", "theme_id", "tone", "question_id",
    "segment_name", "segment_value", "day",
)  # fmt: skip

_DELTA = Prepared(inserting(CountDelta, *_CELL, "id", "change"))


@dataclass(frozen=True)
class Counted:
    """One answer (or one asking) as the counts see it."""

    workspace_id: int
    question_id: int
    day: date
    segments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Measure:
    """What is counted of it; `run_id` and `theme_id` are 0 where they do not apply."""

    name: str
    run_id: int = 0
    theme_id: int = 0
    tone: str = ""


def count(session: Session, change: int, counted: Counted, measures: Iterable[Measure]) -> None:
    """Append a change to the counts, once for all answers and once for each segment.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    change : int
        +1 or -1.
    counted : Counted
        Whose day, question and segments.
    measures : iterable of Measure
        What changes.
    """
    count_many(session, change, ((counted, measures),))


def count_many(
    session: Session, change: int, batch: Iterable[tuple[Counted, Iterable[Measure]]]
) -> None:
    """Append one change for each of many answers, adding up what falls into the same cell.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    change : int
        +1 or -1.
    batch : iterable of (Counted, iterable of Measure)
        As in `count`.
    """
    rows = _delta_rows(change, batch)
    if rows:
        session.execute(insert(CountDelta), rows)


def count_straight(
    straight: Straight, change: int, counted: Counted, measures: Iterable[Measure]
) -> None:
    """As `count`, on the raced path."""
    for row in _delta_rows(change, ((counted, measures),)):
        straight.run(_DELTA, row)


def _delta_rows(
    change: int, batch: Iterable[tuple[Counted, Iterable[Measure]]]
) -> list[dict[str, Any]]:
    cells = Counter(
        _cell_of(counted, measure, name, value)
        for counted, measures in batch
        for measure in measures
        for name, value in (("", ""), *counted.segments)
    )
    return [
        dict(zip(_CELL, cell, strict=True)) | {"id": new_id(), "change": change * answers}
        for cell, answers in cells.items()
    ]


def _cell_of(counted: Counted, measure: Measure, name: str, value: str) -> tuple[object, ...]:
    return (
        counted.workspace_id,
        measure.run_id,
        measure.name,
        measure.theme_id,
        measure.tone,
        counted.question_id,
        name,
        value,
        counted.day,
    )


def fold(session: Session, *, limit: int = 2000) -> int:
    """Move waiting changes into the folded counts.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    limit : int
        At most so many changes, so that the transaction stays short.

    Returns
    -------
    int
        How many changes were folded; call again while it equals `limit`.
    """
    columns = [getattr(CountDelta, name) for name in _CELL]
    chosen = session.execute(
        select(CountDelta.workspace_id, CountDelta.id, CountDelta.change, *columns)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    sums: dict[tuple[Any, ...], int] = {}
    for row in chosen:
        cell = tuple(getattr(row, name) for name in _CELL)
        sums[cell] = sums.get(cell, 0) + row.change
    for cell in sorted(sums):  # two folds at once take cells in the same order: no deadlock
        _add(session, dict(zip(_CELL, cell, strict=True)), sums[cell])
    for row in chosen:
        session.execute(
            delete(CountDelta).where(
                CountDelta.workspace_id == row.workspace_id, CountDelta.id == row.id
            )
        )
    return len(chosen)


def waiting_changes(session: Session) -> bool:
    """Whether any change waits to be folded."""
    return session.execute(select(CountDelta.id).limit(1)).first() is not None


def _add(session: Session, cell: Mapping[str, object], change: int) -> None:
    dialect = session.get_bind().dialect.name
    upsert = (sqlite if dialect == "sqlite" else postgresql).insert(DayCount)
    session.execute(
        upsert.values(**cell, answers=change).on_conflict_do_update(
            index_elements=list(_CELL), set_={"answers": DayCount.answers + change}
        )
    )


def rebuild(session: Session, workspace_id: int) -> None:
    """Count one workspace from scratch: the oracle that the folded counts must equal."""
    for table in (CountDelta, DayCount):
        session.execute(delete(table).where(table.workspace_id == workspace_id))
    for query in _from_scratch(workspace_id):
        rows = [dict(row._mapping) for row in session.execute(query)]
        if rows:
            session.execute(insert(DayCount), rows)


def _from_scratch(workspace_id: int) -> Iterator[Select[Any]]:
    asked = select(
        *_cell(workspace_id, literal("asked"), Invitation.question_id, Invitation.asked_on)
    ).where(Invitation.workspace_id == workspace_id, Invitation.asked_on.is_not(None))
    yield from _with_segments(asked, InteractionSegment, Invitation.interaction_id)

    state = case((Answer.state == GIVEN, "answered"), else_="withdrawn")
    answered = select(*_cell(workspace_id, state, Answer.question_id, Answer.answered_on)).where(
        Answer.workspace_id == workspace_id, Answer.expired_on.is_(None)
    )
    yield from _with_segments(answered, AnswerSegment, Answer.id)

    given = and_(Answer.workspace_id == workspace_id, Answer.state == GIVEN)
    outcomes = (
        select(
            *_cell(
                workspace_id,
                Sorting.outcome,
                Answer.question_id,
                Answer.answered_on,
                run_id=Sorting.run_id,
            )
        )
        .join(Answer, _same_answer(Sorting))
        .where(given)
    )
    yield from _with_segments(outcomes, AnswerSegment, Answer.id)

    themes = (
        select(
            *_cell(
                workspace_id,
                literal("theme"),
                Answer.question_id,
                Answer.answered_on,
                run_id=Assignment.run_id,
                theme_id=Assignment.theme_id,
                tone=Assignment.tone,
            )
        )
        .join(Answer, _same_answer(Assignment))
        .where(given)
    )
    yield from _with_segments(themes, AnswerSegment, Answer.id)


def _cell(
    workspace_id: int,
    measure: ColumnElement[str] | InstrumentedAttribute[str],
    question_id: InstrumentedAttribute[int],
    day: InstrumentedAttribute[Any],
    *,
    run_id: InstrumentedAttribute[int] | None = None,
    theme_id: InstrumentedAttribute[int] | None = None,
    tone: InstrumentedAttribute[str] | None = None,
) -> list[ColumnElement[Any]]:
    return [
        literal(workspace_id).label("workspace_id"),
        (literal(0) if run_id is None else run_id).label("run_id"),
        measure.label("measure"),
        (literal(0) if theme_id is None else theme_id).label("theme_id"),
        (literal("") if tone is None else tone).label("tone"),
        question_id.label("question_id"),
        day.label("day"),
    ]


def _same_answer(record: type[Sorting] | type[Assignment]) -> ColumnElement[bool]:
    return and_(Answer.workspace_id == record.workspace_id, Answer.id == record.answer_id)


def _with_segments(
    base: Select[Any],
    segment: type[AnswerSegment] | type[InteractionSegment],
    owner_id: InstrumentedAttribute[int],
) -> Iterator[Select[Any]]:
    owner = segment.answer_id if issubclass(segment, AnswerSegment) else segment.interaction_id
    everything = base.add_columns(
        literal("").label("segment_name"), literal("").label("segment_value")
    )
    if owner_id.class_ is Answer:  # anonymous answers are in no cut by segment: see anonymity.py
        base = base.where(Answer.anonymous.is_(False))
    joined = base.add_columns(
        segment.name.label("segment_name"), segment.value.label("segment_value")
    ).join(
        segment,
        and_(segment.workspace_id == owner_id.class_.workspace_id, owner == owner_id),
    )
    for rows in (everything.subquery(), joined.subquery()):
        columns = [rows.c[name] for name in _CELL]
        yield select(*columns, func.count().label("answers")).group_by(*columns)


def counts_now(session: Session, workspace_id: int) -> dict[tuple[object, ...], int]:
    """Return every count that is not zero, folded and waiting together, by cell."""
    found: dict[tuple[object, ...], int] = {}
    for table, amount in ((DayCount, DayCount.answers), (CountDelta, CountDelta.change)):
        columns = [getattr(table, name) for name in _CELL]
        query = (
            select(*columns, func.sum(amount).label("amount"))
            .where(table.workspace_id == workspace_id)
            .group_by(*columns)
        )
        for row in session.execute(query):
            cell = tuple(row[:-1])
            found[cell] = found.get(cell, 0) + int(row.amount)
    return {cell: amount for cell, amount in found.items() if amount}
