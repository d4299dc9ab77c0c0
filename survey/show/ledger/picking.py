"""Answers picked from a list or a search, and what a step would do with them."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import Answer, Assignment, Workspace
from survey.records.answering import GIVEN
from survey.records.filters import AnswerFilter, answers_in_view
from survey.show.ledger.actions import MOST_AT_ONCE, TONES

DEEDS = ("out", "move", "put", "split", "new", *TONES)
"""A tone says which one the answers have in the theme they are picked from."""
_CHUNK = 400


@dataclass(frozen=True)
class Picked:
    """Some answers, before anything is done with them.

    Parameters
    ----------
    ids : tuple of int
        The answers, at most 5,000.
    in_from, in_to : int
        How many are in the theme they are picked from, and in the one they would go to.
    elsewhere : int
        How many are in any other theme than the one they would go to.
    by_tone : mapping of str to int
        How many have which tone in the theme they are picked from.
    waiting : int
        How many no sorting has read yet.
    """

    ids: tuple[int, ...]
    in_from: int
    in_to: int
    elsewhere: int
    by_tone: Mapping[str, int]
    waiting: int


def answers_picked(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> tuple[int, ...]:
    """Return every answer in view, the newest first, one more than may be picked at most."""
    query = (
        select(Answer.id)
        .where(*answers_in_view(workspace_id, run_id, wanted))
        .order_by(Answer.answered_on.desc(), Answer.id.desc())
        .limit(MOST_AT_ONCE + 1)
    )
    return tuple(session.scalars(query))


def picked(
    session: Session,
    workspace_id: int,
    ids: Collection[int],
    from_id: int | None,
    to_id: int | None,
) -> Picked:
    """Return what a step with some answers would find; other workspaces' answers are left out."""
    there: list[int] = []
    for some in _in_parts(ids):
        query = select(Answer.id).where(
            Answer.workspace_id == workspace_id, Answer.state == GIVEN, Answer.id.in_(some)
        )
        there += session.scalars(query)
    by_tone = _by_tone(session, workspace_id, there, from_id)
    return Picked(
        ids=tuple(sorted(there)),
        in_from=by_tone.total(),
        in_to=_by_tone(session, workspace_id, there, to_id).total(),
        elsewhere=_elsewhere(session, workspace_id, there, to_id),
        by_tone=by_tone,
        waiting=_waiting(session, workspace_id, there),
    )


def _by_tone(
    session: Session, workspace_id: int, ids: Collection[int], theme_id: int | None
) -> Counter[str]:
    """Count those of some answers that are in a theme, by the tone they have there."""
    found: Counter[str] = Counter()
    if theme_id is None:
        return found
    query = (
        select(Assignment.tone, func.count())
        .select_from(Assignment)
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id == theme_id,
        )
        .group_by(Assignment.tone)
    )
    for some in _in_parts(ids):
        for tone, amount in session.execute(query.where(Assignment.answer_id.in_(some))):
            found[tone] += amount
    return found


def _elsewhere(
    session: Session, workspace_id: int, ids: Collection[int], theme_id: int | None
) -> int:
    """Count those of some answers that are in a theme, but for a given one."""
    query = (
        select(func.count(Assignment.answer_id.distinct()))
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id != (theme_id or 0),
        )
    )
    return sum(
        session.execute(query.where(Assignment.answer_id.in_(some))).scalar_one()
        for some in _in_parts(ids)
    )


def _waiting(session: Session, workspace_id: int, ids: Collection[int]) -> int:
    query = select(func.count()).where(
        Answer.workspace_id == workspace_id, Answer.sorted_by.is_(None)
    )
    return sum(
        session.execute(query.where(Answer.id.in_(some))).scalar_one() for some in _in_parts(ids)
    )


def _in_parts(ids: Collection[int]) -> list[list[int]]:
    listed = sorted(ids)
    return [listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK)]
