"""What a run made of answers: written with its counts, and taken back with them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from survey.records.answering import Answer, AnswerSegment
from survey.records.counts import Counted, Measure, count_many
from survey.records.theming import Assignment, Sorting


@dataclass(frozen=True)
class Placing:
    """An answer in a theme.

    Parameters
    ----------
    theme_id : int
        The theme's row.
    start, end : int or None
        The clause that decided, in code points of the analysed text; None where none did.
    tone : str
        ``wish``, ``praise`` or ``unclear``.
    confidence : float
        0 to 1.
    """

    theme_id: int
    start: int | None
    end: int | None
    tone: str
    confidence: float


@dataclass(frozen=True)
class SortedAnswer:
    """What a run made of one version of an answer."""

    answer_id: int
    version: int
    outcome: str
    placings: tuple[Placing, ...] = ()


def write_sortings(
    session: Session, workspace_id: int, run_id: int, answers: Sequence[SortedAnswer]
) -> None:
    """Write what a run made of some answers, in place of what it made of them before.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, run_id : int
        Whose, and which run.
    answers : sequence of SortedAnswer
        Some dozens at most, so that the transaction stays short.
    """
    if not answers:
        return
    ids = [answer.answer_id for answer in answers]
    forget_sortings(session, workspace_id, ids, run_id)
    place = {"workspace_id": workspace_id, "run_id": run_id}
    session.execute(
        insert(Sorting),
        [
            place | {"answer_id": one.answer_id, "version": one.version, "outcome": one.outcome}
            for one in answers
        ],
    )
    rows = [
        place | {"answer_id": one.answer_id, "version": one.version} | vars(placing)
        for one in answers
        for placing in one.placings
    ]
    if rows:
        session.execute(insert(Assignment), rows)
    made = {one.answer_id: _measures(run_id, one.outcome, one.placings) for one in answers}
    _count(session, 1, workspace_id, made)


def forget_sortings(
    session: Session, workspace_id: int, answer_ids: Collection[int], run_id: int | None = None
) -> None:
    """Take back what a run, or every run, made of some answers, and their part in the counts."""
    for run, made in _made_before(session, workspace_id, answer_ids, run_id).items():
        _count(session, -1, workspace_id, made)
        for table in (Assignment, Sorting):
            session.execute(
                delete(table).where(
                    table.workspace_id == workspace_id,
                    table.run_id == run,
                    table.answer_id.in_(made),
                )
            )


def _made_before(
    session: Session, workspace_id: int, answer_ids: Collection[int], run_id: int | None
) -> dict[int, dict[int, list[Measure]]]:
    """Return the measures of what was made before, by run and answer."""
    found: dict[int, dict[int, list[Measure]]] = {}
    for row in session.execute(
        _of(
            Sorting,
            select(Sorting.run_id, Sorting.answer_id, Sorting.outcome),
            workspace_id,
            answer_ids,
            run_id,
        )
    ):
        found.setdefault(row.run_id, {})[row.answer_id] = [Measure(row.outcome, row.run_id)]
    query = select(Assignment.run_id, Assignment.answer_id, Assignment.theme_id, Assignment.tone)
    for row in session.execute(_of(Assignment, query, workspace_id, answer_ids, run_id)):
        measure = Measure("theme", row.run_id, row.theme_id, row.tone)
        found.setdefault(row.run_id, {}).setdefault(row.answer_id, []).append(measure)
    return found


def _of(
    table: type[Sorting] | type[Assignment],
    query: Select[*tuple[Any, ...]],
    workspace_id: int,
    answer_ids: Collection[int],
    run_id: int | None,
) -> Select[*tuple[Any, ...]]:
    query = query.where(table.workspace_id == workspace_id, table.answer_id.in_(answer_ids))
    return query if run_id is None else query.where(table.run_id == run_id)


def _measures(run_id: int, outcome: str, placings: Iterable[Placing]) -> list[Measure]:
    themes = [Measure("theme", run_id, one.theme_id, one.tone) for one in placings]
    return [Measure(outcome, run_id), *themes]


def _count(
    session: Session, change: int, workspace_id: int, made: Mapping[int, Sequence[Measure]]
) -> None:
    counted = counted_answers(session, workspace_id, made)
    count_many(session, change, ((counted[key], measures) for key, measures in made.items()))


def counted_answers(
    session: Session, workspace_id: int, answer_ids: Collection[int]
) -> dict[int, Counted]:
    """Return answers as the counts see them: their day, question and segments, by id."""
    segments: dict[int, list[tuple[str, str]]] = {}
    for row in session.execute(
        select(AnswerSegment.answer_id, AnswerSegment.name, AnswerSegment.value).where(
            AnswerSegment.workspace_id == workspace_id, AnswerSegment.answer_id.in_(answer_ids)
        )
    ):
        segments.setdefault(row.answer_id, []).append((row.name, row.value))
    rows = session.execute(
        select(Answer.id, Answer.question_id, Answer.answered_on, Answer.anonymous).where(
            Answer.workspace_id == workspace_id, Answer.id.in_(answer_ids)
        )
    )
    return {
        row.id: Counted(
            workspace_id,
            row.question_id,
            row.answered_on,
            () if row.anonymous else tuple(segments.get(row.id, ())),
        )
        for row in rows
    }
