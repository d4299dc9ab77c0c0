"""What has arrived and waits for the worker to take it in: its words made findable, looked through
for danger, its workspace marked as changed. No customer waits for any of it, and each would write
pages of its own.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from survey.records.accounts import Workspace
from survey.records.answering import Answer, AnswerText
from survey.records.base import CLUSTERED, Record, owned_by
from survey.records.flagging import Spoken, flag_dangers
from survey.records.search import index_answer
from survey.records.straight import Prepared, Straight, inserting


class Arrival(Record):
    """An answer that was given or changed, until the worker has taken it in."""

    __tablename__ = "arrival"
    __table_args__ = (owned_by("answer_id", table="answer"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)


_ARRIVAL = Prepared(inserting(Arrival, "workspace_id", "answer_id"))


def note_arrival(session: Session, workspace_id: int, answer_id: int) -> None:
    """Note that an answer was given or changed; noting it twice does no harm."""
    session.merge(Arrival(workspace_id=workspace_id, answer_id=answer_id))


def note_arrival_straight(straight: Straight, workspace_id: int, answer_id: int) -> None:
    """As `note_arrival`, for a new answer on the raced path."""
    straight.run(_ARRIVAL, {"workspace_id": workspace_id, "answer_id": answer_id})


def arrivals_wait(session: Session) -> bool:
    """Whether anything waits to be taken in."""
    return session.scalar(select(Arrival.answer_id).limit(1)) is not None


def take_in(session: Session, now: datetime, *, limit: int) -> int:
    """Take in what has arrived.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    now : datetime
        The database's time.
    limit : int
        At most so many answers, so that the transaction stays short.

    Returns
    -------
    int
        How many were taken in; call again while it equals `limit`.
    """
    keys = session.execute(
        select(Arrival.workspace_id, Arrival.answer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    # First, since it holds off whoever changes an answer or takes it back: words that were read
    # here must not be written into the index after they were erased.
    for workspace_id in sorted({key.workspace_id for key in keys}):
        session.execute(
            update(Workspace).where(Workspace.id == workspace_id).values(answers_changed_at=now)
        )
    for workspace_id, answer_id in keys:
        if (said := _said(session, workspace_id, answer_id)) is not None:
            index_answer(session, workspace_id, answer_id, said.text)
            flag_dangers(session, workspace_id, [said], now)
        session.execute(
            delete(Arrival).where(
                Arrival.workspace_id == workspace_id, Arrival.answer_id == answer_id
            )
        )
    return len(keys)


def _said(session: Session, workspace_id: int, answer_id: int) -> Spoken | None:
    row = session.execute(
        select(AnswerText.version, AnswerText.body, Answer.answered_on)
        .join(
            Answer,
            (Answer.workspace_id == AnswerText.workspace_id)
            & (Answer.id == AnswerText.answer_id)
            & (Answer.version == AnswerText.version),
        )
        .where(AnswerText.workspace_id == workspace_id, AnswerText.answer_id == answer_id)
    ).one_or_none()
    return Spoken(answer_id, row.version, row.body, row.answered_on) if row else None
