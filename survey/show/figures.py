"""The figures of a view, week by week: from the counts where they suffice, else by a scan."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    exists,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement

from survey.records import (
    Answer,
    Assignment,
    CountDelta,
    DayCount,
    InteractionSegment,
    Invitation,
    Sorting,
)
from survey.records.filters import AnswerFilter, answers_in_view
from survey.show.span import Span

_BY_ANSWER = ("asked", "answered")
_BY_RUN = ("theme", "themes", "nothing", "unsorted", "other_language")


class _DaysBetween(FunctionElement[int]):
    """Whole days from the second date to the first."""

    type = Integer()
    inherit_cache = True
    name = "days_between"


@compiles(_DaysBetween, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(_DaysBetween, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST({later} AS DATE) - CAST({earlier} AS DATE))"


@dataclass(frozen=True)
class Series:
    """How many answers, step by step.

    Parameters
    ----------
    steps : tuple of int
        One number for each step of the span, the oldest first.
    """

    steps: tuple[int, ...]

    @property
    def total(self) -> int:
        """All steps together."""
        return sum(self.steps)

    def __add__(self, other: "Series") -> "Series":
        return Series(tuple(a + b for a, b in zip(self.steps, other.steps, strict=True)))


@dataclass(frozen=True)
class Figures:
    """Everything that is counted in one view.

    Parameters
    ----------
    span : Span
        The days in view and the steps they are counted in.
    asked, answered, themes, nothing, unsorted, other_language : Series
        Askings and answers; answers by what the current run made of them.
    by_theme : dict
        (theme id, tone) → answers in that theme in that tone.
    """

    span: Span
    asked: Series
    answered: Series
    themes: Series
    nothing: Series
    unsorted: Series
    other_language: Series
    by_theme: dict[tuple[int, str], Series]

    @property
    def sorted_answers(self) -> int:
        """Answers that are in themes, or say that nothing more was needed."""
        return self.themes.total + self.nothing.total

    @property
    def waiting(self) -> int:
        """Answers that the current run has not read yet."""
        read = self.sorted_answers + self.unsorted.total + self.other_language.total
        return max(0, self.answered.total - read)

    def theme(self, theme_id: int, tones: Iterable[str] = ("wish", "praise", "unclear")) -> Series:
        """Return the answers in one theme, in the given tones."""
        none = Series((0,) * len(self.answered.steps))
        return sum((self.by_theme.get((theme_id, tone), none) for tone in tones), start=none)


class _Cell(NamedTuple):
    """Answers by measure, theme, tone and steps back from the last day."""

    measure: str
    theme_id: int
    tone: str
    step: int
    amount: int


def figures_in_view(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Figures:
    """Count a view: its days and segments; a theme, pile or tone in the filter is left aside.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run; None before the first, and then no answer is in any theme.
    wanted : AnswerFilter
        Of one segment at most it is answered from the counts, of several by a scan.
    span : Span
        The days to count, in steps.

    Returns
    -------
    Figures
        The same by either way.
    """
    by_scan = len(wanted.segments) > 1
    cells = _scanned if by_scan else _counted
    return gathered(cells(session, workspace_id, run_id, wanted, span), span)


def gathered(cells: Iterable[_Cell], span: Span) -> Figures:
    """Lay counted cells out as series."""
    empty = [0] * len(span.steps)
    sums: dict[tuple[str, int, str], list[int]] = defaultdict(empty.copy)
    for measure, theme_id, tone, step, amount in cells:
        sums[measure, theme_id, tone][-1 - step] += amount
    by_outcome = {
        name: Series(tuple(sums.get((name, 0, ""), empty)))
        for name in ("asked", "answered", "themes", "nothing", "unsorted", "other_language")
    }
    by_theme = {
        (theme_id, tone): Series(tuple(steps))
        for (measure, theme_id, tone), steps in sums.items()
        if measure == "theme"
    }
    return Figures(span=span, by_theme=by_theme, **by_outcome)


def _counted(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Iterator[_Cell]:
    segment = wanted.segments[0] if wanted.segments else ("", "")
    reads = [(0, _BY_ANSWER)] if run_id is None else [(0, _BY_ANSWER), (run_id, _BY_RUN)]
    parts = [
        _counts(table, workspace_id, segment, span).where(
            table.run_id == run, table.measure.in_(measures)
        )
        for table in (DayCount, CountDelta)
        for run, measures in reads
    ]
    for measure, theme_id, tone, step, amount in session.execute(union_all(*parts)):
        yield _Cell(measure, theme_id, tone, step, int(amount))


def _counts(
    table: type[DayCount] | type[CountDelta],
    workspace_id: int,
    segment: tuple[str, str],
    span: Span,
) -> Select[Any]:
    cell: list[Any] = [table.measure, table.theme_id, table.tone, _step(table.day, span)]
    return (
        select(*cell, func.sum(_amount(table)).label("amount"))
        .where(
            table.workspace_id == workspace_id,
            table.segment_name == segment[0],
            table.segment_value == segment[1],
            table.day >= span.first,
            table.day <= span.last,
        )
        .group_by(*cell)
    )


def _amount(table: type[DayCount] | type[CountDelta]) -> InstrumentedAttribute[int]:
    return table.answers if issubclass(table, DayCount) else table.change


def _step(day: InstrumentedAttribute[Any], span: Span) -> ColumnElement[int]:
    """Steps back from the last day: 0 is the newest."""
    days = _DaysBetween(literal(span.last), day)
    return (days // literal(span.width)).label("step")


def _scanned(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Iterator[_Cell]:
    narrowed = AnswerFilter(since=span.first, until=span.last, segments=wanted.segments)
    here = answers_in_view(workspace_id, run_id, narrowed)
    yield from _cells(session, _asked(workspace_id, wanted.segments, span))
    yield from _cells(session, _tally(Answer.answered_on, span, literal("answered")).where(*here))
    if run_id is None:
        return
    outcomes = _tally(Answer.answered_on, span, Sorting.outcome).join(
        Sorting, and_(Sorting.workspace_id == workspace_id, Sorting.answer_id == Answer.id)
    )
    yield from _cells(session, outcomes.where(Sorting.run_id == run_id, *here))
    themes = _tally(
        Answer.answered_on, span, literal("theme"), Assignment.theme_id, Assignment.tone
    ).join(
        Assignment, and_(Assignment.workspace_id == workspace_id, Assignment.answer_id == Answer.id)
    )
    yield from _cells(session, themes.where(Assignment.run_id == run_id, *here))


def _tally(
    day: InstrumentedAttribute[Any],
    span: Span,
    measure: ColumnElement[str] | InstrumentedAttribute[str],
    *theme: InstrumentedAttribute[Any],
) -> Select[Any]:
    columns = [measure.label("measure"), *theme, _step(day, span)]
    return select(*columns, func.count().label("amount")).group_by(*columns)


def _asked(workspace_id: int, segments: Sequence[tuple[str, str]], span: Span) -> Select[Any]:
    return _tally(Invitation.asked_on, span, literal("asked")).where(
        *_askings(workspace_id, segments, span)
    )


def _askings(
    workspace_id: int, segments: Sequence[tuple[str, str]], span: Span
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        Invitation.workspace_id == workspace_id,
        Invitation.asked_on >= span.first,
        Invitation.asked_on <= span.last,
    ]
    for name, value in segments:
        conditions.append(
            exists().where(
                InteractionSegment.workspace_id == workspace_id,
                InteractionSegment.interaction_id == Invitation.interaction_id,
                InteractionSegment.name == name,
                InteractionSegment.value == value,
            )
        )
    return conditions


def _cells(session: Session, query: Select[Any]) -> Iterator[_Cell]:
    for row in session.execute(query):
        found = row._mapping
        yield _Cell(
            found["measure"],
            found.get("theme_id", 0),
            found.get("tone", ""),
            found["step"],
            found["amount"],
        )


def asked_and_answered(
    session: Session, workspace_id: int, wanted: AnswerFilter, span: Span
) -> int:
    """Return how many of those asked in a view have answered since, kept or taken back."""
    query = select(func.count()).where(
        *_askings(workspace_id, wanted.segments, span),
        Invitation.state.in_(("answered", "withdrawn")),
    )
    return session.execute(query).scalar_one()


def first_and_last_day(
    session: Session, workspace_id: int, wanted: AnswerFilter
) -> tuple[date, date] | None:
    """Return the first and last day with an asking or an answer in view, None without any."""
    name, value = wanted.segments[0] if wanted.segments else ("", "")
    days: list[date] = []
    for table in (DayCount, CountDelta):
        query = select(func.min(table.day), func.max(table.day)).where(
            table.workspace_id == workspace_id,
            table.segment_name == name,
            table.segment_value == value,
            table.run_id == 0,
            table.measure.in_(_BY_ANSWER),
            *([table.day >= wanted.since] if wanted.since else []),
            *([table.day <= wanted.until] if wanted.until else []),
        )
        days += [day for day in session.execute(query).one() if day is not None]
    return (min(days), max(days)) if days else None


def sum_of_counts(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    measures: tuple[str, ...],
    *,
    wanted: AnswerFilter,
) -> int:
    """Return one number from the counts: some measures of a view of one segment at most.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The run whose measures these are, 0 for those of no run; None counts nothing.
    measures : tuple of str
        What to add up.
    wanted : AnswerFilter
        Its days, its segment, and its theme and tones where it has one.
    """
    name, value = wanted.segments[0] if wanted.segments else ("", "")
    found = 0
    for table in (DayCount, CountDelta):
        query = select(func.coalesce(func.sum(_amount(table)), 0)).where(
            table.workspace_id == workspace_id,
            table.segment_name == name,
            table.segment_value == value,
            table.run_id == run_id,
            table.measure.in_(measures),
            table.theme_id == (wanted.theme_id or 0),
            *([table.tone.in_(wanted.tones)] if wanted.tones else []),
            *([table.day >= wanted.since] if wanted.since else []),
            *([table.day <= wanted.until] if wanted.until else []),
        )
        found += int(session.execute(query).scalar_one())
    return found
