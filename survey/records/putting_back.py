"""Undone proposals: answers stand as if those had never been accepted.

What a proposal moved is the difference between two runs that never change: the one before it and
its own. Nothing is written of an undoing: whoever shows an answer asks which proposals are undone,
so the order in which they were undone and done again does not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import CompoundSelect, Select, exists, func, select, union
from sqlalchemy.orm import Session, aliased

from survey.records.deciding import Decision, Overruled
from survey.records.made import seen_and_made
from survey.records.shown import Finals, SortedAnswer, Word, shown_of
from survey.records.theming import THEMES, UNSORTED, Assignment, Sorting

ACCEPT = "accept_run"


@dataclass(frozen=True)
class Accepted:
    """A proposal that was put in place: its place in the ledger, and the runs before and after."""

    workspace_id: int
    number: int
    before: int
    after: int


def undone_proposals(
    session: Session,
    workspace_id: int,
    holding: Collection[int] | None = None,
    among: Collection[int] | None = None,
) -> tuple[Accepted, ...]:
    """Return the proposals that were put in place and are undone, the newest first.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    holding : collection of int, optional
        The decisions that count; those that hold now by default.
    among : collection of int, optional
        Only these decisions, as of a day in the past.
    """
    rows = session.execute(
        select(Decision.id, Decision.holds, Decision.number, Decision.run_id, Decision.details)
        .where(Decision.workspace_id == workspace_id, Decision.kind == ACCEPT)
        .order_by(Decision.number.desc())
    )
    return tuple(
        Accepted(workspace_id, row.number, row.details["before"], row.run_id)
        for row in rows
        if row.details.get("before") is not None
        and not (row.holds if holding is None else row.id in holding)
        and (among is None or row.id in among)
    )


def moved_by_proposals(
    session: Session, workspace_id: int, decision_ids: Collection[int] | None = None
) -> set[int]:
    """Return the answers that proposals may have moved, by id.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    decision_ids : collection of int, optional
        Which decisions, of whatever kind; by default every proposal that was ever undone.
    """
    undoing = select(Decision.undoes_id).where(
        Decision.workspace_id == workspace_id, Decision.undoes_id.is_not(None)
    )
    rows = session.execute(
        select(Decision.run_id, Decision.details).where(
            Decision.workspace_id == workspace_id,
            Decision.kind == ACCEPT,
            Decision.id.in_(undoing if decision_ids is None else decision_ids),
        )
    )
    return {
        answer_id
        for row in rows
        if row.details.get("before") is not None
        for answer_id in _between(session, workspace_id, row.details["before"], row.run_id)
    }


def _between(session: Session, workspace_id: int, before: int, after: int) -> set[int]:
    """Return the answers that two runs may have put into different themes."""
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


@dataclass(frozen=True)
class Decided:
    """What people decided, as far as it shows in some answers.

    Parameters
    ----------
    words : mapping of int to sequence of Word
        What was said of answers, by id.
    finals : mapping of int to int or None
        Where themes are shown that are part of another (None: nowhere).
    undone : sequence of Accepted
        As `undone_proposals` returns them.
    """

    words: Mapping[int, Sequence[Word]]
    finals: Finals
    undone: Sequence[Accepted]


def shown_by(
    session: Session, made: Mapping[int, SortedAnswer], run_id: int, decided: Decided
) -> dict[int, SortedAnswer]:
    """Return what is shown of answers: what a run made of them, and what people decided.

    Parameters
    ----------
    session : Session
        An open session.
    made : mapping of int to SortedAnswer
        What the run made of some hundreds of answers at most, by id.
    run_id : int
        The run.
    decided : Decided
        What people decided.
    """
    stands, words = made, decided.words
    for one in decided.undone:
        was, became = (
            made if run == run_id else seen_and_made(session, one.workspace_id, run, made)[1]
            for run in (one.before, one.after)
        )
        stands = {
            key: _without(now, was.get(key), became.get(key), one, decided)
            for key, now in stands.items()
        }
    return {key: shown_of(one, words.get(key, ()), decided.finals) for key, one in stands.items()}


def _without(
    now: SortedAnswer,
    was: SortedAnswer | None,
    became: SortedAnswer | None,
    undone: Accepted,
    decided: Decided,
) -> SortedAnswer:
    """Return where an answer would stand, had a proposal never been accepted.

    One that a later sorting or somebody's hand has moved on from where the proposal had put it
    stays where it is.
    """
    if was is None or became is None or _was_moved_on(was, became, undone, decided):
        return now
    return _back(now, was, became)


def _was_moved_on(
    was: SortedAnswer, became: SortedAnswer, undone: Accepted, decided: Decided
) -> bool:
    """Whether somebody took an answer out of a theme that a proposal had put it into."""
    finals, joined = decided.finals, _themes(became) - _themes(was)
    shown_in = {finals.get(theme, theme) for theme in joined} - {None}
    return any(
        word.theme_id in joined or finals.get(word.theme_id, word.theme_id) in shown_in
        for word in decided.words.get(was.answer_id, ())
        if word.number > undone.number and word.version == became.version and word.takes_out
    )


def _back(now: SortedAnswer, was: SortedAnswer, became: SortedAnswer) -> SortedAnswer:
    left, joined = _themes(was) - _themes(became), _themes(became) - _themes(was)
    is_there = joined <= _themes(now) and not left & _themes(now)
    if not (left or joined) or not is_there or not now.version == was.version == became.version:
        return now
    if _themes(now) == _themes(became):
        return was
    placings = (
        *(one for one in now.placings if one.theme_id not in joined),
        *(one for one in was.placings if one.theme_id in left),
    )
    outcome = THEMES if placings else UNSORTED if was.outcome == THEMES else was.outcome
    return replace(now, outcome=outcome, placings=placings)


def _themes(one: SortedAnswer) -> set[int]:
    return {placing.theme_id for placing in one.placings}
