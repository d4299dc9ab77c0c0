"""The worker's sign of life, and what waits for it: what health and metrics tell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from survey.records.accounts import WorkerBeat
from survey.records.answering import GIVEN, Answer
from survey.records.asking import Invitation

LATE_AFTER = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """What is due and not done yet, in all workspaces together."""

    mails: int
    oldest_mail: datetime | None
    failed_mails: int
    answers: int
    oldest_answer: datetime | None


def beat(session: Session, name: str, doing: str, now: datetime) -> None:
    """Note that a worker is alive, and what it does; beats of long-gone ones are dropped."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.beat_at < now - FORGOTTEN_AFTER))
    session.merge(WorkerBeat(name=name, beat_at=now, doing=doing))


def forget_beats(session: Session, name: str) -> None:
    """Take back the beats of a worker that stops on purpose."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.name == name))


def is_fresh(beat: datetime | None, now: datetime) -> bool:
    """Whether a worker was alive just now, by its last beat."""
    return beat is not None and now - beat <= LATE_AFTER


def last_beat(session: Session) -> datetime | None:
    """Return when any worker last gave a sign of life."""
    return session.scalar(select(func.max(WorkerBeat.beat_at)))


def waiting_work(session: Session, now: datetime) -> Waiting:
    """Return what is due at `now`."""
    mails = session.execute(
        select(func.count(), func.min(Invitation.due_at)).where(
            Invitation.state.in_(("queued", "sending")), Invitation.due_at <= now
        )
    ).one()
    failed = session.execute(
        select(func.count()).select_from(Invitation).where(Invitation.state == "failed")
    ).scalar_one()
    answers = session.execute(
        select(func.count(), func.min(Answer.answered_at)).where(
            Answer.sorted_by.is_(None), Answer.state == GIVEN
        )
    ).one()
    return Waiting(mails[0], mails[1], failed, answers[0], answers[1])
