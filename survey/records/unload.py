"""Taking the sample business out of a workspace again."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from survey.records.accounts import Workspace
from survey.records.answering import Answer, AnswerText
from survey.records.asking import Interaction, Invitation
from survey.records.counts import rebuild
from survey.records.deciding import Decision, Review, ReviewAnswer
from survey.records.runs import delete_run, lock_current_run
from survey.records.sample import ORIGIN, UNWRITTEN
from survey.records.search import forget_answers
from survey.records.telling import RISING, Bulletin
from survey.records.text import text_digest
from survey.records.theming import Assignment, Run, TextVector, Theme

_BEFORE = timedelta(days=7)  # a week is told beside the one before it


def remove_sample(session: Session, workspace_id: int) -> int:
    """Remove the sample's answers, whom they were asked of, and what was made of them.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Where from.

    Returns
    -------
    int
        How many answers were removed. Where no answer of the business's own is left, its themes
        begin anew; else those stay that have answers, or that somebody did something with.
    """
    lock_current_run(session, workspace_id, alone=True)
    sample = (Answer.workspace_id == workspace_id, Answer.origin == ORIGIN)
    ids = session.scalars(select(Answer.id).where(*sample)).all()
    _forget_news(session, workspace_id)
    _forget_vectors(session, workspace_id, ids)
    _forget_checks(session, workspace_id)
    forget_answers(session, workspace_id, ids)
    session.execute(delete(Answer).where(*sample).execution_options(synchronize_session=False))
    _forget_askings(session, workspace_id)
    _forget_proposals(session, workspace_id)
    if not session.scalar(select(exists().where(Answer.workspace_id == workspace_id))):
        _begin_anew(session, workspace_id)
    else:
        _forget_empty_themes(session, workspace_id)
    session.execute(update(Workspace).where(Workspace.id == workspace_id).values(is_sample=False))
    rebuild(session, workspace_id)
    return len(ids)


def _forget_news(session: Session, workspace_id: int) -> None:
    """Forget what was told of the sample's days; what rises still is found again the next day."""
    last = session.scalar(
        select(func.max(Answer.answered_on)).where(
            Answer.workspace_id == workspace_id, Answer.origin == ORIGIN
        )
    )
    if last is None:
        return
    session.execute(
        delete(Bulletin)
        .where(
            Bulletin.workspace_id == workspace_id,
            or_(Bulletin.kind == RISING, Bulletin.first_day <= last + _BEFORE),
        )
        .execution_options(synchronize_session=False)
    )


def _forget_vectors(session: Session, workspace_id: int, ids: Sequence[int]) -> None:
    """Forget the vectors of the sample's texts, but for those that somebody else said, too."""
    texts = select(AnswerText.body).where(AnswerText.workspace_id == workspace_id)
    bodies = set(session.scalars(texts.where(AnswerText.answer_id.in_(ids))))
    also = set(
        session.scalars(texts.where(AnswerText.answer_id.not_in(ids), AnswerText.body.in_(bodies)))
    )
    session.execute(
        delete(TextVector).where(
            TextVector.workspace_id == workspace_id,
            TextVector.text_sha256.in_([text_digest(body) for body in bodies - also]),
        )
    )


def _forget_checks(session: Session, workspace_id: int) -> None:
    """Forget the checks that drew answers of the sample: they say nothing of one's own."""
    drawn = (
        select(ReviewAnswer.review_id)
        .join(
            Answer,
            and_(
                Answer.workspace_id == ReviewAnswer.workspace_id,
                Answer.id == ReviewAnswer.answer_id,
            ),
        )
        .where(ReviewAnswer.workspace_id == workspace_id, Answer.origin == ORIGIN)
    )
    session.execute(
        delete(Review)
        .where(Review.workspace_id == workspace_id, Review.id.in_(drawn))
        .execution_options(synchronize_session=False)
    )


def _forget_askings(session: Session, workspace_id: int) -> None:
    asked = select(Invitation.interaction_id).where(
        Invitation.workspace_id == workspace_id, Invitation.nonce == UNWRITTEN
    )
    session.execute(
        delete(Interaction)
        .where(Interaction.workspace_id == workspace_id, Interaction.id.in_(asked))
        .execution_options(synchronize_session=False)
    )


def _forget_proposals(session: Session, workspace_id: int) -> None:
    """Forget what was proposed of the sample's answers; of one's own it is proposed again."""
    proposed = select(Run.id).where(
        Run.workspace_id == workspace_id, Run.state == "proposed", Run.decided_at.is_(None)
    )
    for run_id in session.scalars(proposed).all():
        delete_run(session, workspace_id, run_id)
        session.execute(
            update(Workspace).where(Workspace.id == workspace_id).values(themes_looked_at=None)
        )


def _forget_empty_themes(session: Session, workspace_id: int) -> None:
    """Forget what was found in the sample's answers alone."""
    used = (
        exists().where(Assignment.workspace_id == workspace_id, Assignment.theme_id == Theme.id),
        exists().where(Decision.workspace_id == workspace_id, Decision.theme_id == Theme.id),
        exists().where(Decision.workspace_id == workspace_id, Decision.other_theme_id == Theme.id),
    )
    session.execute(
        delete(Theme)
        .where(Theme.workspace_id == workspace_id, Theme.origin == "found", ~or_(*used))
        .execution_options(synchronize_session=False)
    )


def _begin_anew(session: Session, workspace_id: int) -> None:
    session.execute(
        update(Workspace)
        .where(Workspace.id == workspace_id)
        .values(current_run_id=None, themes_looked_at=None, answers_changed_at=None)
    )
    for table in (Decision, Theme, Run):
        session.execute(
            delete(table)
            .where(table.workspace_id == workspace_id)
            .execution_options(synchronize_session=False)
        )
