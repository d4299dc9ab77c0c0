"""Which answers to lay side by side to notice what has come up of late."""

from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from survey.records import NEWEST_WORDS, Answer, AnswerText, Assignment, Sorting, Theme
from survey.records.answering import GIVEN
from survey.records.theming import THEMES, UNSORTED
from survey.understand.known import BOOK, Arrivals, KnownAnswer

LATE = timedelta(days=21)
MOST_LATE, MOST_EARLIER = 2000, 4000


def arrivals_of(session: Session, workspace_id: int, run_id: int) -> Arrivals:
    """Return the answers of the last three weeks, up to the latest, and earlier ones.

    Parameters
    ----------
    session : Session
        Any session.
    workspace_id, run_id : int
        Whose, and the run that tells which themes they are in.

    Returns
    -------
    Arrivals
        Of too many those with the lowest ids, which are random.
    """
    latest = session.scalar(
        select(func.max(Answer.answered_on)).where(
            Answer.workspace_id == workspace_id, Answer.state == GIVEN
        )
    )
    if latest is None:
        return Arrivals()
    since = latest - LATE
    return Arrivals(
        _answers(session, workspace_id, run_id, Answer.answered_on > since, MOST_LATE),
        _answers(session, workspace_id, run_id, Answer.answered_on <= since, MOST_EARLIER),
    )


def _answers(
    session: Session, workspace_id: int, run_id: int, when: ColumnElement[bool], most: int
) -> tuple[KnownAnswer, ...]:
    says_something = exists().where(
        Sorting.workspace_id == Answer.workspace_id,
        Sorting.run_id == run_id,
        Sorting.answer_id == Answer.id,
        Sorting.outcome.in_((THEMES, UNSORTED)),
    )
    in_the_book = exists().where(
        Assignment.workspace_id == Answer.workspace_id,
        Assignment.run_id == run_id,
        Assignment.answer_id == Answer.id,
        Theme.workspace_id == Assignment.workspace_id,
        Theme.id == Assignment.theme_id,
        Theme.origin == BOOK,
    )
    rows = session.execute(
        select(Answer.id, Answer.version, AnswerText.body)
        .join(
            AnswerText,
            NEWEST_WORDS,
        )
        .where(
            Answer.workspace_id == workspace_id,
            Answer.state == GIVEN,
            when,
            says_something,
            ~in_the_book,
        )
        .order_by(Answer.id)
        .limit(most)
    )
    return tuple(KnownAnswer(row.id, row.version, row.body or "") for row in rows)
