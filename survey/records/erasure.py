"""The one way to forget an answer's words, wherever they went."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from survey.records.answering import Answer, AnswerText
from survey.records.asking import OutgoingMail
from survey.records.guarding import Flag, SealedText
from survey.records.mapping import forget_place
from survey.records.replying import ChangeNote, Message, Talk
from survey.records.search import forget_answers
from survey.records.text import text_digest
from survey.records.theming import Exemplar, TextVector
from survey.records.verbatim import forget_names


def erase(session: Session, workspace_id: int, answer_id: int) -> None:
    """Clear an answer's words and all that was written about it; the row itself stays.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer. An unknown one is no error.

    Notes
    -----
    With the words (see `forget_words`) go the letters both ways, how one may come back, and
    what was noted for this customer alone.
    """
    forget_words(session, workspace_id, answer_id)
    letters = select(Message.id).where(*_about(Message, workspace_id, answer_id))
    session.execute(
        delete(OutgoingMail).where(
            OutgoingMail.workspace_id == workspace_id, OutgoingMail.id.in_(letters)
        )
    )
    for record in (Message, Talk, ChangeNote):
        session.execute(delete(record).where(*_about(record, workspace_id, answer_id)))
    session.execute(
        update(Answer)
        .where(Answer.workspace_id == workspace_id, Answer.id == answer_id)
        .values(served_by=None, channel=None, reference=None)
    )


def forget_words(session: Session, workspace_id: int, answer_id: int) -> None:
    """Clear what an answer says, in every version: text, original, vectors, names, index, place.

    Parameters
    ----------
    session, workspace_id, answer_id
        As in `erase`.

    Notes
    -----
    Quotes are read from the text by their offsets, so they go with it. A vector is kept by the
    text's hash; it goes unless another answer has the very same text.
    """
    texts = (AnswerText.workspace_id == workspace_id, AnswerText.answer_id == answer_id)
    bodies = [body for body in session.scalars(select(AnswerText.body).where(*texts)) if body]
    forget_names(session, workspace_id, answer_id, bodies)
    session.execute(update(AnswerText).where(*texts).values(body=""))
    for record in (SealedText, Flag, Exemplar):
        session.execute(delete(record).where(*_about(record, workspace_id, answer_id)))
    for body in bodies:
        _forget_vectors(session, workspace_id, body)
    forget_place(session, workspace_id, answer_id)
    forget_answers(session, workspace_id, [answer_id])


def _about(
    record: type[Message | Talk | ChangeNote | Exemplar | SealedText | Flag],
    workspace_id: int,
    answer_id: int,
) -> tuple[Any, ...]:
    return record.workspace_id == workspace_id, record.answer_id == answer_id


def _forget_vectors(session: Session, workspace_id: int, body: str) -> None:
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
