"""Whether all answers are being read anew because somebody asked, and how the last time ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from survey.records import Run, WorkerBeat, Workspace
from survey.records.runs import RESORT

_SILENT_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class Anew:
    """What a page says about reading all answers anew.

    Parameters
    ----------
    asked_at : datetime or None
        Since when somebody wants it; None where nobody does, or it is done.
    is_held : bool
        Whether an open proposal has to be decided first.
    has_worker : bool
        Whether a worker was seen lately.
    error : str or None
        Why the last try did not go through, where it did not.
    ended_at : datetime or None
        When the last one that was asked for came to its end.
    outcome : str or None
        As `survey.understand.actions.note_resorted` keeps it.
    waits : bool
        Whether what would move is still proposed.
    """

    asked_at: datetime | None
    is_held: bool
    has_worker: bool
    error: str | None
    ended_at: datetime | None
    outcome: str | None
    waits: bool


def reading_anew(session: Session, workspace_id: int, now: datetime) -> Anew:
    """Return how it stands with reading a workspace's answers anew.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    now : datetime
        The present moment.
    """
    proposed = exists().where(Run.workspace_id == Workspace.id, Run.state == "proposed")
    row = session.execute(
        select(
            Workspace.resort_asked_at,
            Workspace.last_error,
            Workspace.resort_ended_at,
            Workspace.resort_outcome,
            proposed.label("is_held"),
            (proposed.where(Run.kind == RESORT)).label("waits"),
            select(func.max(WorkerBeat.beat_at)).scalar_subquery().label("seen_at"),
        ).where(Workspace.id == workspace_id)
    ).one()
    return Anew(
        asked_at=row.resort_asked_at,
        is_held=row.is_held,
        has_worker=row.seen_at is not None and row.seen_at >= now - _SILENT_AFTER,
        error=row.last_error,
        ended_at=row.resort_ended_at,
        outcome=row.resort_outcome,
        waits=row.waits,
    )
