"""What has arrived and waits for the worker to take it in: its words made findable, looked through
for danger, its workspace marked as changed. No customer waits for any of it, and each would write
pages of its own.
"""

from datetime import datetime

from sqlalchemy import not_, select, update
from sqlalchemy.orm import Session

from survey.records.accounts import Workspace
from survey.records.answering import NEWEST_WORDS, Answer, AnswerText
from survey.records.flagging import Spoken, flag_dangers
from survey.records.search import index_answer

_WAITS = not_(Answer.taken_in)


def arrivals_wait(session: Session) -> bool:
    """Whether anything waits to be taken in."""
    return session.scalar(select(Answer.id).where(_WAITS).limit(1)) is not None


def take_in(session: Session, now: datetime, *, limit: int) -> int:
    """Take in what has arrived in one workspace.

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
        How many were taken in; call again until it is 0.
    """
    workspace_id = session.scalar(select(Answer.workspace_id).where(_WAITS).limit(1))
    if workspace_id is None:
        return 0
    # First, since it holds off whoever changes an answer or takes it back: words that were read
    # here must not be written into the index after they were erased.
    session.execute(
        update(Workspace).where(Workspace.id == workspace_id).values(answers_changed_at=now)
    )
    here = Answer.workspace_id == workspace_id
    ids = session.scalars(select(Answer.id).where(here, _WAITS).limit(limit)).all()
    for answer_id in ids:
        if (said := _said(session, workspace_id, answer_id)) is not None:
            index_answer(session, workspace_id, answer_id, said.text)
            flag_dangers(session, workspace_id, [said], now)
    session.execute(
        update(Answer)
        .where(here, Answer.id.in_(ids))
        .values(taken_in=True)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _said(session: Session, workspace_id: int, answer_id: int) -> Spoken | None:
    row = session.execute(
        select(AnswerText.version, AnswerText.body, Answer.answered_on)
        .join(
            Answer,
            NEWEST_WORDS,
        )
        .where(AnswerText.workspace_id == workspace_id, AnswerText.answer_id == answer_id)
    ).one_or_none()
    return Spoken(answer_id, row.version, row.body, row.answered_on) if row else None
