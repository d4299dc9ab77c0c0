"""Counts of distinct answers: appended as changes, folded by the worker, rebuilt from scratch."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, exists, func, insert, or_, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.records.accounts import Workspace
from survey.records.answering import Answer
from survey.records.base import new_id, table_of
from survey.records.counting import CountDelta, DayCount, WeekCount
from survey.records.faces import EVERYTHING, THEME, TONE, Face, faces_of, read, written
from survey.records.recount import COUNTED_TABLES, counting_from_scratch
from survey.records.straight import Prepared, Straight, inserting

_WHAT = ("workspace_id", "run_id", "measure", "theme_id", "tone", "question_id")
_CELL = (*_WHAT, "face", "value", "day")
_CHANGED = (*_WHAT, "day", "asked_on", "faces")
_DELTA = Prepared(
    inserting(
        CountDelta, "workspace_id", "id", "change", "measure", "question_id", "day", "asked_on",
        "faces",
    ).values(run_id=0, theme_id=0, tone="")
)  # fmt: skip
_NO_FACES = written(())


@dataclass(frozen=True)
class Counted:
    """One answer (or one asking) as the counts see it.

    Parameters
    ----------
    workspace_id, question_id : int
        Whose, and which question.
    day : date
        The workspace's own day on which it was given (or asked).
    segments : tuple of (str, str)
        Names and values.
    served_by, channel, language : str or None
        What else it is counted by; none of the first two where anonymous.
    asked_on : date or None
        Of an answer, the day of the asking that it replies to.
    """

    workspace_id: int
    question_id: int
    day: date
    segments: tuple[tuple[str, str], ...] = ()
    served_by: str | None = None
    channel: str | None = None
    language: str | None = None
    asked_on: date | None = None

    @property
    def faces(self) -> tuple[Face, ...]:
        """What it is counted by, besides all answers together."""
        return faces_of(
            self.segments,
            channel=self.channel,
            served_by=self.served_by,
            language=self.language,
        )


@dataclass(frozen=True)
class Measure:
    """What is counted of it; `run_id` and `theme_id` are 0 where they do not apply."""

    name: str
    run_id: int = 0
    theme_id: int = 0
    tone: str = ""


def count(session: Session, change: int, counted: Counted, measures: Iterable[Measure]) -> None:
    """Append a change to the counts of one answer.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    change : int
        +1 or -1.
    counted : Counted
        Whose day, question and faces.
    measures : iterable of Measure
        What changes. Of a run always all that it made of the answer: which themes come together
        is counted, too.
    """
    count_many(session, change, ((counted, measures),))


def count_many(
    session: Session, change: int, batch: Iterable[tuple[Counted, Iterable[Measure]]]
) -> None:
    """Append one change for each of many answers, adding up those that are alike.

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
        session.execute(insert(table_of(CountDelta)), rows)


def count_straight(straight: Straight, change: int, counted: Counted, measure: str) -> None:
    """As `count`, on the raced path: one measure of no run, ``answered`` or ``withdrawn``."""
    answered = measure == "answered"
    straight.run(
        _DELTA,
        {
            "workspace_id": counted.workspace_id,
            "id": new_id(),
            "change": change,
            "measure": measure,
            "question_id": counted.question_id,
            "day": counted.day,
            "asked_on": counted.asked_on if answered else None,
            "faces": _own(counted) if answered else _NO_FACES,
        },
    )


def _own(counted: Counted) -> str:
    return _written(counted.segments, counted.served_by, counted.channel, counted.language)


@lru_cache(maxsize=1024)  # a business has few servers, channels and segments
def _written(
    segments: tuple[tuple[str, str], ...],
    served_by: str | None,
    channel: str | None,
    language: str | None,
) -> str:
    return written(faces_of(segments, served_by=served_by, channel=channel, language=language))


def _delta_rows(
    change: int, batch: Iterable[tuple[Counted, Iterable[Measure]]]
) -> list[dict[str, Any]]:
    alike = Counter(row for counted, measures in batch for row in _rows_of(counted, measures))
    return [
        dict(zip(_CHANGED, row, strict=True)) | {"id": new_id(), "change": change * answers}
        for row, answers in alike.items()
    ]


def _rows_of(counted: Counted, measures: Iterable[Measure]) -> Iterator[tuple[object, ...]]:
    measures = tuple(measures)
    own = () if all(one.name == "withdrawn" for one in measures) else counted.faces
    of_run = {
        face
        for one in measures
        if one.name == "theme"
        for face in ((THEME, str(one.theme_id)), (TONE, one.tone))
    }
    faces = written((*own, *sorted(of_run)))
    for one in measures:
        yield (
            counted.workspace_id,
            one.run_id,
            one.name,
            one.theme_id,
            one.tone,
            counted.question_id,
            counted.day,
            counted.asked_on if one.name == "answered" else None,
            faces,
        )


def fold(session: Session, *, limit: int = 200) -> int:
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
    chosen = session.execute(
        select(CountDelta.id, CountDelta.change, *(getattr(CountDelta, one) for one in _CHANGED))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    days, weeks = _spread(chosen)
    _add(session, DayCount, days)
    _add(session, WeekCount, weeks)
    keys = [(row.workspace_id, row.id) for row in chosen]
    if keys:
        session.execute(
            delete(CountDelta)
            .where(tuple_(CountDelta.workspace_id, CountDelta.id).in_(keys))
            .execution_options(synchronize_session=False)
        )
    return len(chosen)


def _spread(changes: Iterable[Any]) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]:
    """Spread changes over all cells they touch, by day and by week."""
    days: Counter[tuple[Any, ...]] = Counter()
    weeks: Counter[tuple[Any, ...]] = Counter()
    for row in changes:
        parts = [(row.measure, row.day)]
        if row.asked_on is not None:
            parts.append(("replied", row.asked_on))
        for face in (EVERYTHING, *read(row.faces)):
            for measure, day in parts:
                cell = (
                    row.workspace_id, row.run_id, measure, row.theme_id, row.tone,
                    row.question_id, *face,
                )  # fmt: skip
                days[*cell, day] += row.change
                weeks[*cell, monday_of(day)] += row.change
    return days, weeks


def monday_of(day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=day.weekday())


def waiting_changes(session: Session) -> bool:
    """Whether any change waits to be folded."""
    return session.execute(select(CountDelta.id).limit(1)).first() is not None


def _add(
    session: Session, table: type[DayCount] | type[WeekCount], sums: Counter[tuple[Any, ...]]
) -> None:
    rows = _ordered(sums)
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    upsert = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    session.execute(
        upsert.on_conflict_do_update(
            index_elements=list(_CELL),
            set_={"answers": table.answers + upsert.excluded.answers},
        ),
        rows,
    )


def _ordered(sums: Counter[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Two folds at once take cells in the same order: no deadlock."""
    return [
        dict(zip(_CELL, cell, strict=True)) | {"answers": change}
        for cell, change in sorted(sums.items())
        if change
    ]


def know_the_tables(session: Session) -> None:
    """Let PostgreSQL look at what is counted: of tables just filled it would think them empty."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {', '.join(COUNTED_TABLES)}"))


def rebuild(session: Session, workspace_id: int) -> None:
    """Count one workspace from scratch: the oracle that the folded counts must equal."""
    for table in (CountDelta, DayCount, WeekCount):
        session.execute(delete(table).where(table.workspace_id == workspace_id))
    for filling in counting_from_scratch():
        session.execute(filling, {"workspace": workspace_id})


def uncounted_workspaces(session: Session) -> list[int]:
    """Return the workspaces that have answers, and no counts of them."""
    counted = or_(
        *(exists().where(table.workspace_id == Workspace.id) for table in (WeekCount, CountDelta))
    )
    answered = exists().where(Answer.workspace_id == Workspace.id)
    return list(session.scalars(select(Workspace.id).where(answered, ~counted)))


def counts_now(session: Session, workspace_id: int) -> dict[tuple[object, ...], int]:
    """Return every count by day that is not zero, folded and waiting together, by cell."""
    found = Counter(_kept(session, workspace_id, DayCount))
    waiting = select(CountDelta).where(CountDelta.workspace_id == workspace_id)
    found.update(_spread(session.scalars(waiting))[0])
    return {cell: amount for cell, amount in found.items() if amount}


def counts_by_week(session: Session, workspace_id: int) -> dict[tuple[object, ...], int]:
    """As `counts_now`, by week."""
    found = Counter(_kept(session, workspace_id, WeekCount))
    waiting = select(CountDelta).where(CountDelta.workspace_id == workspace_id)
    found.update(_spread(session.scalars(waiting))[1])
    return {cell: amount for cell, amount in found.items() if amount}


def _kept(
    session: Session, workspace_id: int, table: type[DayCount] | type[WeekCount]
) -> dict[tuple[Any, ...], int]:
    columns = [getattr(table, name) for name in _CELL]
    query = (
        select(*columns, func.sum(table.answers).label("amount"))
        .where(table.workspace_id == workspace_id)
        .group_by(*columns)
    )
    return {tuple(row[:-1]): int(row.amount) for row in session.execute(query)}
