"""What people taught, and whether they want everything sorted anew with it."""

from datetime import datetime

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session

from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    DecidedAnswer,
    Decision,
    Run,
    Theme,
    Workspace,
)
from survey.records.answering import GIVEN
from survey.records.deciding import TONE
from survey.records.due import unclaimed
from survey.understand.known import BOOK, Taught

MOST_TAUGHT = 2000


def workspace_to_resort(session: Session, now: datetime) -> tuple[int, datetime] | None:
    """Return a workspace whose people want all answers sorted anew, and since when.

    One with an open proposal waits until somebody has decided about it.
    """
    undecided = exists().where(Run.workspace_id == Workspace.id, Run.state == "proposed")
    row = session.execute(
        select(Workspace.id, Workspace.resort_asked_at)
        .where(
            Workspace.resort_asked_at.is_not(None),
            Workspace.current_run_id.is_not(None),
            ~undecided,
            unclaimed(Workspace, now),
        )
        .order_by(Workspace.resort_asked_at)
        .limit(1)
    ).one_or_none()
    return (row.id, row.resort_asked_at) if row else None


def taught_of(session: Session, workspace_id: int) -> tuple[Taught, ...]:
    """Return the last word that people said of each answer and theme of the book.

    Returns
    -------
    tuple of Taught
        The newest 2,000, of answers whose words are still as they were.
    """
    last: dict[tuple[int, int], Taught] = {}
    for row in session.execute(_said_by_people(workspace_id)):
        said = Taught(row.body, row.theme_id, row.belongs)
        last.setdefault((row.answer_id, row.theme_id), said)
    return tuple(last[key] for key in sorted(last))


def _said_by_people(workspace_id: int) -> Select[int, int, bool, str]:
    return (
        select(
            DecidedAnswer.answer_id,
            DecidedAnswer.theme_id,
            DecidedAnswer.belongs,
            AnswerText.body,
        )
        .join(
            Decision,
            and_(
                Decision.workspace_id == DecidedAnswer.workspace_id,
                Decision.id == DecidedAnswer.decision_id,
            ),
        )
        .join(
            Theme,
            and_(
                Theme.workspace_id == DecidedAnswer.workspace_id,
                Theme.id == DecidedAnswer.theme_id,
            ),
        )
        .join(
            Answer,
            and_(
                Answer.workspace_id == DecidedAnswer.workspace_id,
                Answer.id == DecidedAnswer.answer_id,
                Answer.version == DecidedAnswer.version,
            ),
        )
        .join(AnswerText, NEWEST_WORDS)
        .where(
            DecidedAnswer.workspace_id == workspace_id,
            Decision.holds.is_(True),
            Decision.kind != TONE,
            Theme.origin == BOOK,
            Answer.state == GIVEN,
            AnswerText.body != "",
        )
        .order_by(Decision.number.desc(), DecidedAnswer.belongs.desc(), DecidedAnswer.answer_id)
        .limit(MOST_TAUGHT)
    )
