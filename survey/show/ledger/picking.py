"""Answers picked from a list or a search, and what a step would do with them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import Answer, Assignment, Workspace
from survey.records.answering import GIVEN
from survey.records.filters import AnswerFilter, answers_in_view
from survey.show.ledger.actions import MOST_AT_ONCE

DEEDS = ("out", "move", "put", "split", "new")
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
    waiting : int
        How many no sorting has read yet.
    """

    ids: tuple[int, ...]
    in_from: int
    in_to: int
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
    return Picked(
        ids=tuple(sorted(there)),
        in_from=_how_many(session, workspace_id, there, from_id),
        in_to=_how_many(session, workspace_id, there, to_id),
        waiting=_waiting(session, workspace_id, there),
    )


def _how_many(
    session: Session, workspace_id: int, ids: Collection[int], theme_id: int | None
) -> int:
    if theme_id is None:
        return 0
    query = (
        select(func.count())
        .select_from(Assignment)
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id == theme_id,
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
