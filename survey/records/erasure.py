"""The one way to forget an answer's words, wherever they went."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from survey.records.answering import Answer, AnswerText
from survey.records.guarding import Flag, SealedText
from survey.records.search import forget_answers
from survey.records.text import text_digest
from survey.records.theming import Exemplar, TextVector


def erase(session: Session, workspace_id: int, answer_id: int) -> None:
    """Clear an answer's text, original, flags, vectors, exemplars and search entry; the row stays.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer. An unknown one is no error.

    Notes
    -----
    Quotes are read from the text by their offsets, so they go with it. A vector is kept by the
    text's hash; it goes unless another answer has the very same text.
    """
    bodies = session.scalars(
        select(AnswerText.body).where(
            AnswerText.workspace_id == workspace_id, AnswerText.answer_id == answer_id
        )
    ).all()
    session.execute(
        update(AnswerText)
        .where(AnswerText.workspace_id == workspace_id, AnswerText.answer_id == answer_id)
        .values(body="")
    )
    session.execute(
        delete(Exemplar).where(
            Exemplar.workspace_id == workspace_id, Exemplar.answer_id == answer_id
        )
    )
    for kept in (SealedText, Flag):
        session.execute(
            delete(kept).where(kept.workspace_id == workspace_id, kept.answer_id == answer_id)
        )
    for body in bodies:
        _forget_vectors(session, workspace_id, body)
    forget_answers(session, workspace_id, [answer_id])
    session.execute(
        update(Answer)
        .where(Answer.workspace_id == workspace_id, Answer.id == answer_id)
        .values(served_by=None, channel=None, reference=None)
    )


def _forget_vectors(session: Session, workspace_id: int, body: str) -> None:
    if not body:
        return
    still_said = session.scalar(
        select(AnswerText.answer_id)
        .where(AnswerText.workspace_id == workspace_id, AnswerText.body == body)
        .limit(1)
    )
    if still_said is None:
        session.execute(
            delete(TextVector).where(
                TextVector.workspace_id == workspace_id,
                TextVector.text_sha256 == text_digest(body),
            )
        )
