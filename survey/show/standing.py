"""How a workspace stands: is anything being sorted, is somebody there to do it, did it fail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import Answer, Run, Workspace
from survey.records.answering import GIVEN
from survey.records.heartbeat import last_beat

State = Literal["empty", "settled", "working", "stale", "failed"]
_SILENT_AFTER = timedelta(minutes=2)
COUNTED_UP_TO = 1000


@dataclass(frozen=True)
class Standing:
    """What a page says about its own freshness.

    Parameters
    ----------
    state : str
        ``empty`` (no answer yet), ``settled``, ``working`` (answers wait and a worker is there),
        ``stale`` (answers wait and no worker was seen lately) or ``failed`` (the last try failed).
    waiting : int
        Answers not read yet, counted up to 1,000.
    seen_at : datetime or None
        When a worker was last seen.
    error : str or None
        What went wrong, in words.
    next_try_at : datetime or None
        When it is tried again.
    run_id : int or None
        The run whose themes are shown.
    is_sample : bool
        Whether the answers are the sample business's.
    looking : bool
        Whether a search for themes is under way.
    """

    state: State
    waiting: int
    seen_at: datetime | None
    error: str | None
    next_try_at: datetime | None
    run_id: int | None
    is_sample: bool
    looking: bool


@dataclass(frozen=True)
class _Trouble:
    error: str | None = None
    next_try_at: datetime | None = None


def standing(session: Session, workspace_id: int, now: datetime) -> Standing:
    """Return how a workspace stands.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Which workspace.
    now : datetime
        The present moment.
    """
    here = session.execute(
        select(
            Workspace.current_run_id,
            Workspace.is_sample,
            Workspace.last_error,
            Workspace.next_try_at,
        ).where(Workspace.id == workspace_id)
    ).one()
    waiting = _waiting(session, workspace_id)
    seen_at = last_beat(session)
    trouble = (
        _Trouble(here.last_error, here.next_try_at)
        if here.last_error
        else _trouble(session, workspace_id)
    )
    state: State = "settled" if _any_answer(session, workspace_id) else "empty"
    if waiting:
        state = "stale" if seen_at is None or seen_at < now - _SILENT_AFTER else "working"
    return Standing(
        state="failed" if trouble.error else state,
        waiting=waiting,
        seen_at=seen_at,
        error=trouble.error,
        next_try_at=trouble.next_try_at,
        run_id=here.current_run_id,
        is_sample=here.is_sample,
        looking=_looking(session, workspace_id),
    )


def _looking(session: Session, workspace_id: int) -> bool:
    query = select(Run.id).where(Run.workspace_id == workspace_id, Run.state == "working")
    return session.scalar(query.limit(1)) is not None


def _any_answer(session: Session, workspace_id: int) -> bool:
    query = select(Answer.id).where(Answer.workspace_id == workspace_id, Answer.state == GIVEN)
    return session.scalar(query.limit(1)) is not None


def _waiting(session: Session, workspace_id: int) -> int:
    due = (
        select(Answer.id)
        .where(
            Answer.workspace_id == workspace_id,
            Answer.sorted_by.is_(None),
            Answer.state == GIVEN,
        )
        .limit(COUNTED_UP_TO)
    )
    return session.execute(select(func.count()).select_from(due.subquery())).scalar_one()


def _trouble(session: Session, workspace_id: int) -> _Trouble:
    """What stopped an answer, or the newest run."""
    stopped = session.execute(
        select(Answer.last_error, Answer.next_try_at)
        .where(
            Answer.workspace_id == workspace_id,
            Answer.sorted_by.is_(None),
            Answer.state == GIVEN,
            Answer.last_error.is_not(None),
        )
        .limit(1)
    ).one_or_none()
    if stopped is not None:
        return _Trouble(stopped.last_error, stopped.next_try_at)
    newest = session.execute(
        select(Run.state, Run.error)
        .where(Run.workspace_id == workspace_id)
        .order_by(Run.started_at.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.state == "failed":
        return _Trouble(newest.error or "The search for themes did not finish.")
    return _Trouble()
