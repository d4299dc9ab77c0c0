"""Letters about an answer, both ways: what the customer's page and the team's pages share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from survey.records.accounts import Workspace
from survey.records.answering import GIVEN, Answer
from survey.records.base import new_id, table_of
from survey.records.replying import CUSTOMER, MAIL, TEAM, ChangeNote, Message, Talk
from survey.records.straight import Prepared, straight_of
from survey.records.theming import Assignment

LONGEST_LETTER = 20_000
LONGEST_DETAIL = 254


@dataclass(frozen=True)
class Letter:
    """One letter of a thread.

    Parameters
    ----------
    id : int
        Its id.
    from_team : bool
        Whether the business wrote it.
    signed : str or None
        The name under it.
    body : str
        Its words.
    written_at : datetime
        When.
    mail : str
        ``none`` where it waits under the link alone, or what became of its mail.
    mail_error : str or None
        What went wrong with it last.
    sealed : bytes or None
        The original of a customer's letter, encrypted, where something was masked and is kept.
    """

    id: int
    from_team: bool
    signed: str | None
    body: str
    written_at: datetime
    mail: str
    mail_error: str | None
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Consent:
    """Whether one may come back to a customer, how, and where."""

    given: bool = False
    how: str = MAIL
    detail: str | None = None


def thread(session: Session, workspace_id: int, answer_id: int) -> tuple[Letter, ...]:
    """Return the letters about an answer, the oldest first."""
    rows = straight_of(session).rows(_THREAD, {"workspace": workspace_id, "answer": answer_id})
    return tuple(Letter(row[0], row[1] == TEAM, *row[2:]) for row in rows)


def consent_of(session: Session, workspace_id: int, answer_id: int) -> Consent:
    """Return whether, and how, one may come back about an answer."""
    rows = straight_of(session).rows(_CONSENT, {"workspace": workspace_id, "answer": answer_id})
    return Consent(*rows[0]) if rows else Consent()


_message, _talk, _note, _assignment = (
    table_of(record).c for record in (Message, Talk, ChangeNote, Assignment)
)
_THREAD = Prepared(
    select(
        _message.id,
        _message.author,  # the rest in the order of Letter's fields
        _message.signed,
        _message.body,
        _message.written_at,
        _message.mail,
        _message.last_error,
        _message.sealed,
    )
    .where(
        _message.workspace_id == bindparam("workspace"),
        _message.answer_id == bindparam("answer"),
    )
    .order_by(_message.written_at, _message.id)
)
_CONSENT = Prepared(
    select(_talk.may_come_back, _talk.how, _talk.detail).where(
        _talk.workspace_id == bindparam("workspace"), _talk.answer_id == bindparam("answer")
    )
)


def set_consent(
    session: Session, workspace_id: int, answer_id: int, consent: Consent, now: datetime
) -> None:
    """Keep whether one may come back; a consent taken back leaves no number or address behind.

    Parameters
    ----------
    session : Session
        A writing session that holds the answer (see `hold_answer`); the edge commits.
    workspace_id, answer_id : int
        Which answer.
    consent : Consent
        What the customer ticked.
    now : datetime
        The present moment.
    """
    detail = consent.detail if consent.given else None
    talk = session.get(Talk, (workspace_id, answer_id))
    if talk is None:
        talk = Talk(workspace_id=workspace_id, answer_id=answer_id)
        session.add(talk)
    talk.may_come_back, talk.how, talk.detail = consent.given, consent.how, detail
    talk.changed_at = now
    if consent.given:
        talk.settled_at = None
    session.flush()


def write_letter(
    session: Session,
    workspace_id: int,
    answer_id: int,
    body: str,
    now: datetime,
    *,
    person_id: int | None = None,
    signed: str | None = None,
    mail: str = "none",
    seal: Callable[[int], bytes] | None = None,
) -> int:
    """Add a letter to an answer's thread, the customer's where nobody signs.

    Parameters
    ----------
    session, workspace_id, answer_id, now
        As in `set_consent`.
    body : str
        As stored, 1 to 20,000 characters.
    person_id, signed : int, str or None
        Who of the team writes, and the name under it.
    mail : str
        ``queued`` where a mail is to tell the customer.
    seal : callable, optional
        Returns the original for the letter's id, encrypted, where something was masked.

    Returns
    -------
    int
        The letter's id.
    """
    message_id = new_id()
    session.execute(
        insert(table_of(Message)).values(
            workspace_id=workspace_id,
            id=message_id,
            answer_id=answer_id,
            author=CUSTOMER if signed is None else TEAM,
            person_id=person_id,
            signed=signed,
            body=body,
            written_at=now,
            mail=mail,
            attempts=0,
            sealed=seal(message_id) if seal else None,
        )
    )
    if signed is None:  # whoever settled it should look again
        session.execute(
            update(Talk)
            .where(Talk.workspace_id == workspace_id, Talk.answer_id == answer_id)
            .values(settled_at=None)
            .execution_options(synchronize_session=False)
        )
    return message_id


@dataclass(frozen=True)
class Changed:
    """What the business says it changed."""

    id: int
    body: str
    signed: str | None
    on: date


def what_changed(session: Session, workspace_id: int, answer_id: int) -> tuple[Changed, ...]:
    """Return what was changed because of an answer or of a theme it is in, the newest first."""
    return _notes(session, _CHANGED, {"workspace": workspace_id, "answer": answer_id})


def changes_of_theme(session: Session, workspace_id: int, theme_id: int) -> tuple[Changed, ...]:
    """Return what was noted as changed because of a theme, the newest first."""
    return _notes(session, _OF_THEME, {"workspace": workspace_id, "theme": theme_id})


def changes_for_answer(session: Session, workspace_id: int, answer_id: int) -> tuple[Changed, ...]:
    """Return what was noted as changed because of one answer alone, the newest first."""
    return _notes(session, _OF_ANSWER, {"workspace": workspace_id, "answer": answer_id})


def _notes(session: Session, which: Prepared, values: dict[str, int]) -> tuple[Changed, ...]:
    return tuple(Changed(*row) for row in straight_of(session).rows(which, values))


_NOTES = (
    select(_note.id, _note.body, _note.signed, _note.noted_on)
    .where(_note.workspace_id == bindparam("workspace"))
    .order_by(_note.noted_at.desc(), _note.id)
)
_CURRENT_RUN = select(Workspace.current_run_id).where(Workspace.id == bindparam("workspace"))
_THEMES = select(_assignment.theme_id).where(
    _assignment.workspace_id == bindparam("workspace"),
    _assignment.answer_id == bindparam("answer"),
    _assignment.run_id == _CURRENT_RUN.scalar_subquery(),
)
_OF_THEME = Prepared(_NOTES.where(_note.theme_id == bindparam("theme")))
_OF_ANSWER = Prepared(_NOTES.where(_note.answer_id == bindparam("answer")))
_CHANGED = Prepared(
    _NOTES.where(or_(_note.answer_id == bindparam("answer"), _note.theme_id.in_(_THEMES)))
)


def last_author() -> ColumnElement[str | None]:
    """Return who wrote last about a `Talk`'s answer, for a query over talks."""
    return _last(Message.author)


def last_written() -> ColumnElement[datetime | None]:
    """Return when somebody wrote last about a `Talk`'s answer, for a query over talks."""
    return _last(Message.written_at)


def _last(column: Any) -> ColumnElement[Any]:
    found: ColumnElement[Any] = (
        select(column)
        .where(Message.workspace_id == Talk.workspace_id, Message.answer_id == Talk.answer_id)
        .order_by(Message.written_at.desc(), Message.id.desc())
        .limit(1)
        .correlate(Talk)
        .scalar_subquery()
    )
    return found


def is_waiting() -> ColumnElement[bool]:
    """Return the condition that a `Talk`'s customer waits for a word.

    They wrote last, or may be come back to and nobody wrote yet; until somebody of the team says
    that there is nothing more to say.
    """
    last = last_author()
    return and_(
        Talk.settled_at.is_(None),
        or_(last == CUSTOMER, and_(last.is_(None), Talk.may_come_back.is_(True))),
    )


def replies_waiting(session: Session, workspace_id: int) -> int:
    """Return how many customers wait for a word."""
    return session.execute(replies_waiting_in(workspace_id)).scalar_one()


def replies_waiting_in(workspace_id: Any) -> Select[int]:
    """As `replies_waiting`, to be asked beside other things."""
    return (
        select(func.count())
        .select_from(Talk)
        .join(Answer, and_(Answer.workspace_id == Talk.workspace_id, Answer.id == Talk.answer_id))
        .where(Talk.workspace_id == workspace_id, Answer.state == GIVEN, is_waiting())
    )
