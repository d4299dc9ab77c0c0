"""Undoing an accepted proposal: what it moved goes back, except where something came after it.

What a proposal moved is the difference between two runs that never change: the one before it and
its own. The undoing is written down as words about those answers, so that every later sorting
keeps it and undoing it in turn leaves the sorting as it was.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import CompoundSelect, Select, exists, func, select, union
from sqlalchemy.orm import Session, aliased

from survey.errors import ConflictError
from survey.records.accounts import Workspace
from survey.records.deciding import Decision, Overruled
from survey.records.shown import Finals, SortedAnswer, finals_of, words_about
from survey.records.sortings import CHUNK, seen_and_made
from survey.records.theming import THEMES, Assignment, Run, Sorting

NOT_YET = (
    "The worker is still putting this proposal in place. Please undo it when it is there, in a"
    " moment."
)


@dataclass(frozen=True)
class Said:
    """One answer of a step: it belongs in a theme, or it does not; with the clause that says so.

    `confidence` and `outcome` are a sorting's own, where it is put back: how sure it was of the
    place, and what the answer is where it is in no theme.
    """

    answer_id: int
    version: int
    theme_id: int
    belongs: bool
    start: int | None = None
    end: int | None = None
    tone: str = "unclear"
    outcome: str | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class _Proposal:
    """An accepted proposal that moved answers: its place in the ledger, and its two runs."""

    workspace_id: int
    number: int
    before: int
    after: int


def said_by_undoing(session: Session, decision: Decision) -> tuple[Said, ...]:
    """Return what is said of which answers by undoing an accepted proposal.

    Answers that other words were said of since, by people or by a later proposal, stay where they
    are.

    Parameters
    ----------
    session : Session
        An open session.
    decision : Decision
        Of any kind; only an accepted proposal that moved answers of other themes says anything.

    Raises
    ------
    ConflictError
        While the worker has not put the proposal in place.
    """
    undone = _proposal(decision)
    if undone is None:
        return ()
    if not _is_in_place(session, undone):
        raise ConflictError(NOT_YET)
    others = _undone(session, undone.workspace_id)
    ids = sorted(answers_between(session, undone.workspace_id, undone.before, undone.after))
    return tuple(
        one
        for start in range(0, len(ids), CHUNK)
        for one in _said_of(session, undone, others, ids[start : start + CHUNK])
    )


def _proposal(decision: Decision) -> _Proposal | None:
    before, after = decision.details.get("before"), decision.run_id
    if decision.kind != "accept_run" or before is None or after is None:
        return None
    return _Proposal(decision.workspace_id, decision.number, before, after)


def _undone(session: Session, workspace_id: int) -> list[_Proposal]:
    """Return the proposals that were accepted and are undone, the newest first."""
    query = select(Decision).where(
        Decision.workspace_id == workspace_id,
        Decision.kind == "accept_run",
        Decision.holds.is_(False),
    )
    decisions = session.scalars(query.order_by(Decision.number.desc()))
    return [found for one in decisions if (found := _proposal(one))]


def _is_in_place(session: Session, proposal: _Proposal) -> bool:
    there = exists().where(
        Run.workspace_id == proposal.workspace_id,
        Run.id == proposal.after,
        Run.state.in_(("current", "replaced")),
    )
    return bool(session.scalar(select(there)))


def answers_between(session: Session, workspace_id: int, before: int, after: int) -> set[int]:
    """Return the answers that two runs may have put into different themes, by id."""
    found = set(session.scalars(_moved(workspace_id, before, after)))
    found.update(
        session.scalars(
            select(Overruled.answer_id).where(
                Overruled.workspace_id == workspace_id, Overruled.run_id.in_((before, after))
            )
        )
    )
    return found


def moved_between(session: Session, workspace_id: int, before: int, after: int) -> int:
    """Return how many answers two runs show in different themes."""
    moved = _moved(workspace_id, before, after).subquery()
    return session.execute(select(func.count()).select_from(moved)).scalar_one()


def _moved(workspace_id: int, before: int, after: int) -> CompoundSelect[int]:
    dealt_with = exists().where(
        Sorting.workspace_id == workspace_id,
        Sorting.run_id == before,
        Sorting.answer_id == Assignment.answer_id,
    )
    return union(
        only_in(workspace_id, before, after),
        only_in(workspace_id, after, before).where(dealt_with),
    )


def only_in(
    workspace_id: int, run_id: int, other_id: int, theme_id: int | None = None
) -> Select[int]:
    """Select the answers that one run has in a theme, or in a given one, and another has not."""
    there = aliased(Assignment)
    in_other = exists().where(
        there.workspace_id == Assignment.workspace_id,
        there.run_id == other_id,
        there.answer_id == Assignment.answer_id,
        there.theme_id == Assignment.theme_id,
    )
    return select(Assignment.answer_id).where(
        Assignment.workspace_id == workspace_id,
        Assignment.run_id == run_id,
        ~in_other,
        *([Assignment.theme_id == theme_id] if theme_id is not None else []),
    )


def _said_of(
    session: Session, undone: _Proposal, others: Sequence[_Proposal], ids: Collection[int]
) -> Iterator[Said]:
    workspace_id = undone.workspace_id
    current = session.scalar(select(Workspace.current_run_id).where(Workspace.id == workspace_id))
    made_before, after, made_now = (
        seen_and_made(session, workspace_id, run_id or 0, ids)[1]
        for run_id in (undone.before, undone.after, current)
    )
    earlier = [one for one in others if one.number < undone.number]
    before, now = _without(session, earlier, made_before), _without(session, others, made_now)
    words, finals = words_about(session, workspace_id, ids), finals_of(session, workspace_id)
    for answer_id in ids:
        stands = now.get(answer_id)
        was, became = before.get(answer_id), after.get(answer_id)
        if was is None or became is None or stands is None:
            continue
        if _is_same(stands, became) and was.version == became.version:
            by_hand = {
                _shown_in(word.theme_id, finals)
                for word in words.get(answer_id, ())
                if word.version == was.version and word.is_by_hand
            }
            yield from _back(was, became, by_hand, finals)


def _without(
    session: Session, undone: Sequence[_Proposal], made: Mapping[int, SortedAnswer]
) -> Mapping[int, SortedAnswer]:
    """Return where answers were, had the proposals that were undone never been."""
    for one in undone:
        before, after = (
            seen_and_made(session, one.workspace_id, run_id, made)[1]
            for run_id in (one.before, one.after)
        )
        moved_by_it = {
            key: before[key]
            for key in before.keys() & after.keys()
            if _is_same(made[key], after[key]) and not _is_same(before[key], after[key])
        }
        made = {**made, **moved_by_it}
    return made


def _back(
    was: SortedAnswer, became: SortedAnswer, by_hand: Collection[int | None], finals: Finals
) -> Iterator[Said]:
    """Say of an answer that it is where it was, but of no theme that somebody spoke of."""
    place = (was.answer_id, was.version)
    left, joined = _themes(was) - _themes(became), _themes(became) - _themes(was)
    outcome = None if was.outcome == THEMES else was.outcome
    for placing in was.placings:
        if placing.theme_id in left and _shown_in(placing.theme_id, finals) not in by_hand:
            yield Said(
                *place,
                placing.theme_id,
                True,
                placing.start,
                placing.end,
                placing.tone,
                confidence=placing.confidence,
            )
    for theme_id in sorted(joined):
        if _shown_in(theme_id, finals) not in by_hand:
            yield Said(*place, theme_id, False, outcome=outcome)


def _shown_in(theme_id: int, finals: Finals) -> int | None:
    return finals.get(theme_id, theme_id)


def _is_same(one: SortedAnswer, other: SortedAnswer) -> bool:
    return one.version == other.version and _themes(one) == _themes(other)


def _themes(one: SortedAnswer) -> set[int]:
    return {placing.theme_id for placing in one.placings}
