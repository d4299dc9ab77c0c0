"""How a workspace stands: is anything being sorted, is somebody there to do it, did it fail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from survey.records import Answer, ImportBatch, Run, WorkerBeat, Workspace
from survey.records.answering import GIVEN
from survey.records.filters import AnswerFilter
from survey.show.figures import answers_counted

State = Literal["empty", "settled", "working", "stale", "failed"]
_SILENT_AFTER = timedelta(minutes=2)
COUNTED_UP_TO = 1000
_MANY, _OF_ALL = 20, 0.05  # answers waiting, from which a reader wants to know how far it is


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
        Whether a search for themes is under way, or in the sample about to begin.
    answers, read : int
        All answers and those read, where so many wait that one wants to know; else 0.
    has_imported : bool
        Whether answers were ever imported.
    """

    state: State
    waiting: int
    seen_at: datetime | None
    error: str | None
    next_try_at: datetime | None
    run_id: int | None
    is_sample: bool
    looking: bool
    answers: int = 0
    read: int = 0
    has_imported: bool = False

    @property
    def moves_on(self) -> bool:
        """Whether a newcomer waits for the sample: its page then looks again by itself."""
        at_it = self.state in ("empty", "working") or (self.state == "settled" and self.looking)
        return self.is_sample and at_it


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
    here = session.execute(_HERE, {"workspace": workspace_id}).one()
    state: State = "settled" if here.any_answer else "empty"
    silent = here.seen_at is None or here.seen_at < now - _SILENT_AFTER
    if here.waiting:
        state = "stale" if silent else "working"
    trouble = _trouble(session, workspace_id, here)
    answers, read = _how_far(session, workspace_id, here) if state == "working" else (0, 0)
    return Standing(
        state="failed" if trouble.error else state,
        waiting=here.waiting,
        seen_at=here.seen_at,
        error=trouble.error,
        next_try_at=trouble.next_try_at,
        run_id=here.current_run_id,
        is_sample=here.is_sample,
        looking=here.looking or (here.to_look_at and not silent),
        answers=answers,
        read=read,
        has_imported=here.has_imported,
    )


def _how_far(session: Session, workspace_id: int, here: Any) -> tuple[int, int]:
    """Return all answers and those read where many wait, else nothing."""
    if here.waiting < _MANY:
        return 0, 0
    of_all = (session, workspace_id, here.current_run_id)
    answers = answers_counted(*of_all, AnswerFilter()) or 0
    unread = max(here.waiting, answers_counted(*of_all, AnswerFilter(pile="waiting")) or 0)
    return (answers, max(0, answers - unread)) if unread >= _OF_ALL * answers else (0, 0)


def _here() -> Select[Any]:
    """All that is asked of a workspace that stands well, in one statement."""
    inside = Workspace.id == bindparam("workspace", type_=BigInteger)
    given = (Answer.workspace_id == Workspace.id, Answer.state == GIVEN)
    waiting = select(Answer.id).where(*given, Answer.sorted_by.is_(None)).correlate(Workspace)
    newest = select(Run.state).where(Run.workspace_id == Workspace.id)
    working = exists().where(Run.workspace_id == Workspace.id, Run.state == "working")
    imported = exists().where(ImportBatch.workspace_id == Workspace.id, ImportBatch.imported > 0)
    return select(
        Workspace.current_run_id,
        Workspace.is_sample,
        Workspace.last_error,
        Workspace.next_try_at,
        select(func.count())
        .select_from(waiting.limit(COUNTED_UP_TO).subquery())
        .scalar_subquery()
        .label("waiting"),
        select(func.max(WorkerBeat.beat_at)).scalar_subquery().label("seen_at"),
        exists().where(*given).label("any_answer"),
        working.label("looking"),
        imported.label("has_imported"),
        # Between the last answer read and the first look some seconds pass.
        (
            Workspace.is_sample.is_(True)
            & Workspace.current_run_id.is_not(None)
            & Workspace.themes_looked_at.is_(None)
        ).label("to_look_at"),
        newest.order_by(Run.started_at.desc()).limit(1).scalar_subquery().label("newest"),
    ).where(inside)


_HERE = _here()


def _trouble(session: Session, workspace_id: int, here: Any) -> _Trouble:
    """What stopped the workspace, an answer, or the newest run."""
    if here.last_error:
        return _Trouble(here.last_error, here.next_try_at)
    if here.waiting and (stopped := _stopped_answer(session, workspace_id)) is not None:
        return stopped
    if here.newest != "failed":
        return _Trouble()
    newest = select(Run.error).where(Run.workspace_id == workspace_id)
    error = session.scalar(newest.order_by(Run.started_at.desc()).limit(1))
    return _Trouble(error or "The search for themes did not finish.")


def _stopped_answer(session: Session, workspace_id: int) -> _Trouble | None:
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
    return _Trouble(stopped.last_error, stopped.next_try_at) if stopped else None
