"""The one way to forget an answer's words, wherever they went."""

import re
from typing import Any

from sqlalchemy import and_, bindparam, delete, not_, null, or_, select, text, update
from sqlalchemy.orm import Session

from survey.records.answering import Answer, AnswerText
from survey.records.asking import OutgoingMail
from survey.records.base import Record, table_of
from survey.records.guarding import CHANGED_SINCE, IN_A_LETTER, Flag, SealedText
from survey.records.mapping import MapLayout, MapPlace, MapWaiting
from survey.records.replying import ChangeNote, Message, Talk
from survey.records.search import forget_answers
from survey.records.straight import Prepared, Straight, straight_of
from survey.records.text import text_digest
from survey.records.theming import Exemplar, TextVector
from survey.records.verbatim import forget_names

_PHRASE = re.compile(r"\s*(?:\S+\s*){1,8}")  # enough words to find the few who say the same


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
    forget_letters(session, workspace_id, answer_id)


def forget_letters(session: Session, workspace_id: int, answer_id: int) -> None:
    """Clear what was written about an answer, and what is known of who served its customer."""
    straight, of = straight_of(session), {"workspace": workspace_id, "answer": answer_id}
    for statement in _LETTERS:
        straight.run(statement, of)


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
    straight, of = straight_of(session), {"workspace": workspace_id, "answer": answer_id}
    bodies = [body for (body,) in straight.rows(_BODIES, of) if body]
    if bodies:
        forget_names(session, workspace_id, answer_id, bodies)
    for statement in _WORDS:
        straight.run(statement, of)
    for body in bodies:
        _forget_vectors(straight, workspace_id, body)
    forget_answers(session, workspace_id, [answer_id])


def _of_answer(record: type[Record]) -> tuple[Any, Any]:
    columns = table_of(record).c
    return (
        columns.workspace_id == bindparam("workspace"),
        columns.answer_id == bindparam("answer"),
    )


_answer, _mail, _message, _text, _vector, _place, _layout = (
    table_of(record).c
    for record in (Answer, OutgoingMail, Message, AnswerText, TextVector, MapPlace, MapLayout)
)
# A flag that owners are, or were, told of waits until somebody has looked after it: who changes
# such words, again and again, is then told of once.
_flag = table_of(Flag).c
_OF_WORDS = (*_of_answer(Flag), _flag.version != IN_A_LETTER)
_TOLD = and_(
    _flag.settled_at.is_(None), or_(_flag.told_at.is_not(None), _flag.lease_id.is_not(None))
)
_BODIES = Prepared(select(_text.body).where(*_of_answer(AnswerText)))
_WORDS = (
    Prepared(update(table_of(AnswerText)).where(*_of_answer(AnswerText)).values(body="")),
    Prepared(
        delete(table_of(MapPlace)).where(
            _place.workspace_id == bindparam("workspace"),
            _place.layout_id.in_(
                select(_layout.id).where(_layout.workspace_id == bindparam("workspace"))
            ),
            _place.answer_id == bindparam("answer"),
        )
    ),
    *(
        Prepared(delete(table_of(record)).where(*_of_answer(record)))
        for record in (SealedText, Exemplar, MapWaiting)
    ),
    Prepared(delete(table_of(Flag)).where(*_OF_WORDS, not_(_TOLD))),
    Prepared(
        update(table_of(Flag))
        .where(*_OF_WORDS, _TOLD)
        .values(version=CHANGED_SINCE, start=0, end=0)
    ),
)
_LETTERS = (
    Prepared(
        delete(table_of(OutgoingMail)).where(
            _mail.workspace_id == bindparam("workspace"),
            _mail.id.in_(select(_message.id).where(*_of_answer(Message))),
        )
    ),
    *(
        Prepared(delete(table_of(record)).where(*_of_answer(record)))
        for record in (Message, Talk, ChangeNote, Flag)
    ),
    Prepared(
        update(table_of(Answer))
        .where(_answer.workspace_id == bindparam("workspace"), _answer.id == bindparam("answer"))
        .values(served_by=null(), channel=null(), reference=null())
    ),
)
_VECTORS = (
    _vector.workspace_id == bindparam("workspace"),
    _vector.text_sha256 == bindparam("digest"),
)
_HAS_VECTOR = Prepared(select(_vector.model_digest).where(*_VECTORS))
_NO_VECTOR = Prepared(delete(table_of(TextVector)).where(*_VECTORS))
# Who says the very same: few by the word index, where all texts would have to be read; and those
# that wait to be taken into it.
_SAID = {
    "sqlite": Prepared(
        text(
            "SELECT 1 FROM answer_search JOIN answer_text ON answer_text.workspace_id = :workspace "
            "AND answer_text.answer_id = answer_search.rowid WHERE answer_search MATCH :phrase "
            "AND answer_text.body = :body LIMIT 1"
        )
    ),
    "postgresql": Prepared(
        text(
            "SELECT 1 FROM answer_search JOIN answer_text "
            "ON answer_text.workspace_id = answer_search.workspace_id "
            "AND answer_text.answer_id = answer_search.answer_id "
            "WHERE answer_search.workspace_id = :workspace "
            "AND answer_search.document @@ phraseto_tsquery('simple', :phrase) "
            "AND answer_text.body = :body LIMIT 1"
        )
    ),
}

_WAITS = Prepared(
    select(_text.answer_id)
    .join(
        table_of(Answer),
        (_answer.workspace_id == _text.workspace_id) & (_answer.id == _text.answer_id),
    )
    .where(
        not_(_answer.taken_in),
        _answer.workspace_id == bindparam("workspace"),
        _text.body == bindparam("body"),
    )
)


def _forget_vectors(straight: Straight, workspace_id: int, body: str) -> None:
    vector = {"workspace": workspace_id, "digest": text_digest(body)}
    if not straight.rows(_HAS_VECTOR, vector):
        return
    found = _PHRASE.match(body)
    phrase = found[0].strip() if found else body
    if straight.database == "sqlite":
        phrase = '"{}"'.format(phrase.replace('"', '""'))
    of = {"workspace": workspace_id, "phrase": phrase, "body": body}
    if not straight.rows(_SAID[straight.database], of) and not straight.rows(_WAITS, of):
        straight.run(_NO_VECTOR, vector)
