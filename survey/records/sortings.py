"""What a run made of answers, as people's decisions show it: written with its counts, shown anew
after a decision, and taken back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from survey.records.answering import Answer, AnswerSegment
from survey.records.base import table_of
from survey.records.counts import Counted, Measure, count_many
from survey.records.deciding import Overruled
from survey.records.made import seen_and_made
from survey.records.putting_back import Decided, shown_by, undone_proposals
from survey.records.shown import (
    Placing,
    SortedAnswer,
    finals_of,
    words_about,
)
from survey.records.theming import Assignment, Run, Sorting

__all__ = ["Placing", "SortedAnswer", "forget_sortings", "show_anew", "write_sortings"]

LIVE = ("working", "current", "proposed")  # runs that are shown or may be
CHUNK = 400  # answers shown anew at once


def write_sortings(
    session: Session, workspace_id: int, run_id: int, answers: Sequence[SortedAnswer]
) -> None:
    """Write what a run made of some answers, in place of what it made of them before.

    What people decided about them holds here, too.

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
    made = {one.answer_id: one for one in answers}
    decided = _decided_about(session, workspace_id, ids)
    shown = list(shown_by(session, made, run_id, decided).values())
    place = {"workspace_id": workspace_id, "run_id": run_id}
    session.execute(
        insert(table_of(Sorting)),
        [
            place | {"answer_id": one.answer_id, "version": one.version, "outcome": one.outcome}
            for one in shown
        ],
    )
    _insert_placings(session, place, shown)
    _insert_overruled(
        session,
        place,
        [one for one, seen in zip(answers, shown, strict=True) if not _same(one, seen)],
    )
    measures = {one.answer_id: _measures(run_id, one.outcome, one.placings) for one in shown}
    _count(session, 1, workspace_id, measures)


def _insert_placings(
    session: Session, place: Mapping[str, int], answers: Iterable[SortedAnswer]
) -> None:
    rows = [
        {**place, "answer_id": one.answer_id, "version": one.version} | vars(placing)
        for one in answers
        for placing in one.placings
    ]
    if rows:
        session.execute(insert(table_of(Assignment)), rows)


def _insert_overruled(
    session: Session, place: Mapping[str, int], answers: Iterable[SortedAnswer]
) -> None:
    rows = [
        {
            **place,
            "answer_id": one.answer_id,
            "version": one.version,
            "outcome": one.outcome,
            "placings": [list(vars(placing).values()) for placing in one.placings],
        }
        for one in answers
    ]
    if rows:
        session.execute(insert(table_of(Overruled)), rows)


def _same(one: SortedAnswer, other: SortedAnswer) -> bool:
    return (one.outcome, frozenset(one.placings)) == (other.outcome, frozenset(other.placings))


def show_anew(session: Session, workspace_id: int, answer_ids: Collection[int]) -> int:
    """Show answers as the decisions that hold now say, in every run that is shown or may be.

    Parameters
    ----------
    session : Session
        A writing session that holds the workspace (see `lock_current_run`); the edge commits.
    workspace_id : int
        Whose.
    answer_ids : collection of int
        All that a decision may have touched.

    Returns
    -------
    int
        How many answers are in other themes than before, in the current run.
    """
    runs = session.execute(
        select(Run.id, Run.state).where(Run.workspace_id == workspace_id, Run.state.in_(LIVE))
    ).all()
    decided = _decided_about(session, workspace_id, ())
    moved = 0
    ordered = sorted(answer_ids)
    for start in range(0, len(ordered), CHUNK):
        ids = ordered[start : start + CHUNK]
        held = select(Answer.id).where(Answer.workspace_id == workspace_id, Answer.id.in_(ids))
        session.execute(held.order_by(Answer.id).with_for_update(key_share=True)).all()
        decided = replace(decided, words=words_about(session, workspace_id, ids))
        for run in runs:
            place = {"workspace_id": workspace_id, "run_id": run.id}
            changed = _show_anew(session, place, ids, decided)
            moved += changed if run.state == "current" else 0
    return moved


def _decided_about(session: Session, workspace_id: int, ids: Collection[int]) -> Decided:
    words = words_about(session, workspace_id, ids) if ids else {}
    return Decided(words, finals_of(session, workspace_id), undone_proposals(session, workspace_id))


def _show_anew(
    session: Session, place: Mapping[str, int], ids: Sequence[int], decided: Decided
) -> int:
    seen, made = seen_and_made(session, place["workspace_id"], place["run_id"], ids)
    shown = shown_by(session, made, place["run_id"], decided)
    changed = [key for key in shown if not _same(shown[key], seen[key])]
    if changed:
        _rewrite(session, place, seen, {key: shown[key] for key in changed})
        _delete(session, Overruled, place["workspace_id"], place["run_id"], changed)
    overruled = [made[key] for key in changed if not _same(shown[key], made[key])]
    _insert_overruled(session, place, overruled)
    return sum(_themes(shown[key]) != _themes(seen[key]) for key in changed)


def _themes(one: SortedAnswer) -> set[int]:
    return {placing.theme_id for placing in one.placings}


def _rewrite(
    session: Session,
    place: Mapping[str, int],
    seen: Mapping[int, SortedAnswer],
    shown: Mapping[int, SortedAnswer],
) -> None:
    """Put some answers where they are shown now, and their part in the counts with them."""
    workspace_id, run_id = place["workspace_id"], place["run_id"]
    counted = counted_answers(session, workspace_id, shown)
    for change, answers in ((-1, seen), (1, shown)):
        count_many(
            session,
            change,
            (
                (counted[key], _measures(run_id, answers[key].outcome, answers[key].placings))
                for key in shown
            ),
        )
    _delete(session, Assignment, workspace_id, run_id, shown)
    _insert_placings(session, place, shown.values())
    by_outcome: dict[str, list[int]] = {}
    for key, one in shown.items():
        if one.outcome != seen[key].outcome:
            by_outcome.setdefault(one.outcome, []).append(key)
    for outcome, ids in by_outcome.items():
        session.execute(
            update(Sorting)
            .where(
                Sorting.workspace_id == workspace_id,
                Sorting.run_id == run_id,
                Sorting.answer_id.in_(ids),
            )
            .values(outcome=outcome)
        )


def _delete(
    session: Session,
    table: type[Sorting] | type[Assignment] | type[Overruled],
    workspace_id: int,
    run_id: int,
    ids: Collection[int],
) -> None:
    if ids:
        session.execute(
            delete(table).where(
                table.workspace_id == workspace_id,
                table.run_id == run_id,
                table.answer_id.in_(ids),
            )
        )


def forget_sortings(
    session: Session, workspace_id: int, answer_ids: Collection[int], run_id: int | None = None
) -> None:
    """Take back what a run, or every run, made of some answers, and their part in the counts."""
    for run, made in measures_made(session, workspace_id, answer_ids, run_id).items():
        _count(session, -1, workspace_id, made)
        for table in (Assignment, Sorting, Overruled):
            _delete(session, table, workspace_id, run, made)


def measures_made(
    session: Session, workspace_id: int, answer_ids: Collection[int], run_id: int | None = None
) -> dict[int, dict[int, list[Measure]]]:
    """Return the measures of what runs, or one run, made of answers, by run and answer."""
    found: dict[int, dict[int, list[Measure]]] = {}
    of = {"workspace": workspace_id, "answers": [*answer_ids], "run": run_id}
    outcomes, themes = (_SORTED, _PLACED) if run_id is None else (_SORTED_BY, _PLACED_BY)
    for run, answer_id, outcome in session.execute(outcomes, of):
        found.setdefault(run, {})[answer_id] = [Measure(outcome, run)]
    for run, answer_id, theme_id, tone in session.execute(themes, of):
        measure = Measure("theme", run, theme_id, tone)
        found.setdefault(run, {}).setdefault(answer_id, []).append(measure)
    return found


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
    of = {"workspace": workspace_id, "answers": [*answer_ids]}
    for row in session.execute(_SEGMENTS, of):
        segments.setdefault(row.answer_id, []).append((row.name, row.value))
    rows = session.execute(_COUNTED, of)
    return {
        row.id: Counted(
            workspace_id,
            row.question_id,
            row.answered_on,
            () if row.anonymous else tuple(segments.get(row.id, ())),
            served_by=row.served_by,
            channel=row.channel,
            language=row.language,
        )
        for row in rows
    }


_answer, _segment = table_of(Answer).c, table_of(AnswerSegment).c
_THESE: BindParameter[int] = bindparam("answers", expanding=True)
_SEGMENTS = select(_segment.answer_id, _segment.name, _segment.value).where(
    _segment.workspace_id == bindparam("workspace"), _segment.answer_id.in_(_THESE)
)
_COUNTED = select(
    _answer.id,
    _answer.question_id,
    _answer.answered_on,
    _answer.served_by,
    _answer.channel,
    _answer.language,
    _answer.anonymous,
).where(_answer.workspace_id == bindparam("workspace"), _answer.id.in_(_THESE))

_sorting, _placed = table_of(Sorting).c, table_of(Assignment).c
_SORTED = select(_sorting.run_id, _sorting.answer_id, _sorting.outcome).where(
    _sorting.workspace_id == bindparam("workspace"), _sorting.answer_id.in_(_THESE)
)
_SORTED_BY = _SORTED.where(_sorting.run_id == bindparam("run"))
_PLACED = select(_placed.run_id, _placed.answer_id, _placed.theme_id, _placed.tone).where(
    _placed.workspace_id == bindparam("workspace"), _placed.answer_id.in_(_THESE)
)
_PLACED_BY = _PLACED.where(_placed.run_id == bindparam("run"))
