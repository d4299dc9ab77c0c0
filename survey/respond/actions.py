"""What the team writes: replies, who looks after an answer, what was changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records import ChangeNote, Member, Message, Talk, Theme, Workspace, new_id
from survey.records.answering import GIVEN
from survey.records.talks import (
    LONGEST_LETTER,
    Consent,
    consent_of,
    set_consent,
    write_letter,
)
from survey.records.text import as_stored
from survey.records.withdrawal import hold_answer
from survey.respond.sending import reply_address

LONGEST_NAME = 80
LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class Writing:
    """What somebody of the team typed, and the name under it."""

    words: str
    signed: str
    person_id: int | None


def reply(
    session: Session,
    workspace_id: int,
    answer_id: int,
    letter: Writing,
    now: datetime,
    *,
    secret_key: bytes,
    seen: int,
) -> bool:
    """Write to a customer who may be come back to.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer.
    letter : Writing
        1 to 20,000 characters.
    now : datetime
        The present moment.
    secret_key : bytes
        The installation's key.
    seen : int
        How many letters the writer had before them: a form sent twice is one letter, and one
        that crossed another letter is given back.

    Returns
    -------
    bool
        Whether a mail goes out; else the letter waits under the customer's link.

    Raises
    ------
    NotFoundError
        When there is no such answer.
    ConflictError
        When one may not come back, or somebody else wrote meanwhile.
    FieldError
        For an empty or an over-long letter or name.
    """
    body, signed = _words(letter.words, LONGEST_LETTER), _line(letter.signed)
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        raise NotFoundError("This answer is not here any more; it may have been taken back.")
    if answer.anonymous:  # nobody is written to: the letter waits under a receipt
        set_consent(session, workspace_id, answer_id, Consent(given=True), now)
    elif not consent_of(session, workspace_id, answer_id).given:
        raise ConflictError("This customer has not allowed you to come back to them.")
    before = _letters(session, workspace_id, answer_id)
    if before and before[-1] == (letter.person_id, body):
        return False  # the same form, sent twice
    if len(before) != seen:
        raise ConflictError(
            "Another letter came in between. Please read it above, then send yours again."
        )
    address = reply_address(session, secret_key, workspace_id, answer_id)
    write_letter(
        session, workspace_id, answer_id, body, now,
        person_id=letter.person_id, signed=signed, mail="queued" if address else "none",
    )  # fmt: skip
    return address is not None


def _letters(session: Session, workspace_id: int, answer_id: int) -> list[tuple[int | None, str]]:
    rows = session.execute(
        select(Message.person_id, Message.body)
        .where(Message.workspace_id == workspace_id, Message.answer_id == answer_id)
        .order_by(Message.written_at, Message.id)
    )
    return [(row.person_id, row.body) for row in rows]


def hand_over(
    session: Session, workspace_id: int, answer_id: int, person_id: int | None, now: datetime
) -> None:
    """Say who looks after an answer, or that nobody in particular does.

    Raises
    ------
    NotFoundError
        When there is no such answer or no such person here.
    """
    if person_id is not None:
        member = select(Member.person_id).where(
            Member.workspace_id == workspace_id, Member.person_id == person_id
        )
        if session.scalar(member) is None:
            raise NotFoundError("There is no such person here.")
    _talk(session, workspace_id, answer_id, now).handed_to = person_id


def settle(
    session: Session, workspace_id: int, answer_id: int, now: datetime, *, settled: bool
) -> None:
    """Say that nothing more is to be said to a customer, or that something is after all."""
    _talk(session, workspace_id, answer_id, now).settled_at = now if settled else None


def _talk(session: Session, workspace_id: int, answer_id: int, now: datetime) -> Talk:
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        raise NotFoundError("There is no such answer here.")
    talk = session.get(Talk, (workspace_id, answer_id))
    if talk is None:
        talk = Talk(workspace_id=workspace_id, answer_id=answer_id, changed_at=now)
        talk.may_come_back = False
        session.add(talk)
    return talk


def mail_again(session: Session, workspace_id: int, message_id: int, now: datetime) -> None:
    """Queue a mail that failed afresh."""
    session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.id == message_id,
            Message.mail == "failed",
        )
        .values(mail="queued", attempts=0, next_try_at=None, last_error=None)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class About:
    """What was changed for: a theme, or one answer."""

    theme_id: int | None = None
    answer_id: int | None = None


def note_change(
    session: Session, workspace_id: int, about: About, note: Writing, now: datetime
) -> None:
    """Note what was changed; customers who are in it see it on their page.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose.
    about : About
        A theme or an answer of it.
    note : Writing
        1 to 2,000 characters; the same note twice is one.
    now : datetime
        The present moment.

    Raises
    ------
    NotFoundError
        When there is no such theme or answer.
    FieldError
        For empty or over-long words.
    """
    body, signed = _words(note.words, LONGEST_NOTE), _line(note.signed)
    _require(session, workspace_id, about)
    zone = session.scalars(select(Workspace.time_zone).where(Workspace.id == workspace_id)).one()
    place = (
        ChangeNote.theme_id == about.theme_id
        if about.answer_id is None
        else ChangeNote.answer_id == about.answer_id
    )
    today = day_in(now, zone)
    there = select(ChangeNote.id).where(
        ChangeNote.workspace_id == workspace_id,
        place,
        ChangeNote.body == body,
        ChangeNote.noted_on == today,
    )
    if session.scalar(there.limit(1)) is not None:
        return
    session.execute(
        insert(ChangeNote).values(
            workspace_id=workspace_id,
            id=new_id(),
            theme_id=about.theme_id,
            answer_id=about.answer_id,
            body=body,
            signed=signed,
            person_id=note.person_id,
            noted_at=now,
            noted_on=today,
        )
    )


def _require(session: Session, workspace_id: int, about: About) -> None:
    if about.answer_id is not None:
        answer = hold_answer(session, workspace_id, about.answer_id)
        found = answer is not None and answer.state == GIVEN
    else:
        theme = select(Theme.id).where(
            Theme.workspace_id == workspace_id, Theme.id == about.theme_id
        )
        found = session.scalar(theme) is not None
    if not found:
        raise NotFoundError("There is no such theme or answer here.")


def remove_note(session: Session, workspace_id: int, note_id: int) -> About:
    """Take a note of a change away; nobody reads it any more.

    Raises
    ------
    NotFoundError
        When there is no such note.
    """
    row = session.execute(
        delete(ChangeNote)
        .where(ChangeNote.workspace_id == workspace_id, ChangeNote.id == note_id)
        .returning(ChangeNote.theme_id, ChangeNote.answer_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("There is no such note here.")
    return About(row.theme_id, row.answer_id)


def _words(typed: str, longest: int) -> str:
    words = as_stored(typed).strip()
    if not words:
        raise FieldError("body", "Please write a few words first.")
    if len(words) > longest:
        raise FieldError("body", f"Please keep to {longest:,} characters; it has {len(words):,}.")
    return words


def _line(typed: str) -> str:
    line = " ".join(as_stored(typed).split())
    if not 0 < len(line) <= LONGEST_NAME:
        raise FieldError("signed", f"Please sign with 1 to {LONGEST_NAME} characters.")
    return line
