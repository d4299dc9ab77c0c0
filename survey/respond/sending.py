"""What mailing replies writes and reads: claims on letters, and what became of each mail."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from survey.address import address_hmac
from survey.letters import ComposedMail, message_id
from survey.records import (
    Answer,
    Interaction,
    Invitation,
    Message,
    OutgoingMail,
    Talk,
    Unsubscribed,
    Workspace,
)
from survey.records.due import Claim, claim, try_later, unclaimed
from survey.records.replying import MAIL, UNSENT
from survey.respond.letter import ReplyLetter
from survey.settings import Settings

BATCH = 10
LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)

Key = tuple[int, int]  # workspace and message


@dataclass(frozen=True)
class DueReply:
    """A claimed letter as a mail, and what its link is rebuilt from."""

    letter: ReplyLetter
    invitation_id: int
    nonce: bytes


def reply_address(
    session: Session, secret_key: bytes, workspace_id: int, answer_id: int
) -> str | None:
    """Return where a mail may reach an answer's customer.

    Parameters
    ----------
    session : Session
        Any session.
    secret_key : bytes
        The installation's key, to look the address up among the unsubscribed.
    workspace_id, answer_id : int
        Whose answer.

    Returns
    -------
    str or None
        The address they named, else the one they were asked at. None where they did not allow
        mail, where none is known, and where the address wanted no more mail after that.
    """
    row = session.execute(
        select(Talk.how, Talk.detail, Talk.changed_at, Interaction.customer_email)
        .join(
            Answer,
            and_(Answer.workspace_id == Talk.workspace_id, Answer.id == Talk.answer_id),
        )
        .join(Invitation, _invited())
        .join(Interaction, _asked_about())
        .where(
            Talk.workspace_id == workspace_id,
            Talk.answer_id == answer_id,
            Talk.may_come_back.is_(True),
        )
    ).one_or_none()
    if row is None or row.how != MAIL:
        return None
    address: str = row.detail or row.customer_email
    if not address:
        return None
    key = (workspace_id, address_hmac(secret_key, workspace_id, address))
    refused = session.get(Unsubscribed, key)
    return None if refused and refused.created_at > row.changed_at else address


def _invited() -> ColumnElement[bool]:
    return and_(
        Invitation.workspace_id == Answer.workspace_id, Invitation.id == Answer.invitation_id
    )


def _asked_about() -> ColumnElement[bool]:
    return and_(
        Interaction.workspace_id == Invitation.workspace_id,
        Interaction.id == Invitation.interaction_id,
    )


def has_due_replies(session: Session, now: datetime) -> bool:
    """Whether there is anything to claim."""
    query = select(Message.id).where(Message.mail.in_(UNSENT), unclaimed(Message, now)).limit(1)
    return session.execute(query).first() is not None


def claim_due_replies(session: Session, now: datetime, limit: int = BATCH) -> Claim:
    """Claim letters that are to be mailed; keys are ``(workspace_id, message_id)``."""
    return claim(
        session,
        Message,
        Message.mail.in_(UNSENT),
        order=Message.written_at,
        now=now,
        limit=limit,
        lease=LEASE,
        values={"mail": "sending"},
    )


def due_reply(session: Session, key: Key, lease_id: str, settings: Settings) -> DueReply | None:
    """Return the mail of a letter that is still ours to send and still welcome, else None.

    Parameters
    ----------
    session : Session
        Any session.
    key : tuple of int
        Workspace and message.
    lease_id : str
        The claim it is held under.
    settings : Settings
        The installation's key and addresses.
    """
    row = session.execute(
        select(Message, Interaction, Invitation, Workspace.name)
        .join(
            Answer,
            and_(Answer.workspace_id == Message.workspace_id, Answer.id == Message.answer_id),
        )
        .join(Invitation, _invited())
        .join(Interaction, _asked_about())
        .join(Workspace, Workspace.id == Message.workspace_id)
        .where(_is(key), Message.lease_id == lease_id, Message.mail == "sending")
    ).one_or_none()
    if row is None:
        return None
    message, interaction, invitation = row[0], row[1], row[2]
    address = reply_address(session, settings.secret_key, key[0], message.answer_id)
    if address is None:
        return None
    letter = ReplyLetter(
        to_email=address,
        to_name=interaction.customer_name,
        workspace=row[3],
        signed=message.signed or row[3],
        body=message.body,
        about=interaction.about,
        language=interaction.customer_language or invitation.language or "en",
        message_id=f"<reply.{message.id:x}@{settings.mail_from.rpartition('@')[2]}>",
        in_reply_to=message_id(settings, invitation.id, invitation.nonce),
    )
    return DueReply(letter, invitation.id, invitation.nonce)


def mark_mailed(
    session: Session,
    key: Key,
    lease_id: str,
    now: datetime,
    *,
    kept: ComposedMail | None = None,
    invitation_id: int = 0,
    headers: dict[str, str] | None = None,
) -> bool:
    """Note that a reply's mail went out, or keep it for the Outbox.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    key, lease_id
        The letter, and the claim under which it was sent.
    now : datetime
        The database's time.
    kept : ComposedMail, optional
        The mail where no relay is set; links still marked.
    invitation_id : int
        Whose link it carries, with `kept`.
    headers : dict, optional
        Its headers, with `kept`.

    Returns
    -------
    bool
        False when the lease was lost meanwhile; then nothing is written.
    """
    if not _end(session, key, lease_id, "sent"):
        return False
    if kept is not None:
        session.add(
            OutgoingMail(
                workspace_id=key[0],
                id=key[1],
                invitation_id=invitation_id,
                delivery="outbox",
                message_id=kept.message_id,
                to_address=kept.to_email,
                subject=kept.subject,
                text_body=kept.text,
                html_body=kept.html,
                headers=headers or {},
                made_at=now,
            )
        )
    return True


def mark_unwelcome(session: Session, key: Key, lease_id: str) -> bool:
    """Note that no mail goes out after all: the letter waits under the link."""
    return _end(session, key, lease_id, "none")


def mark_failed(session: Session, key: Key, lease_id: str, error: str) -> bool:
    """Note that this mail will not be tried again by itself, and why."""
    return _end(session, key, lease_id, "failed", error[:1000])


def put_back(
    session: Session, key: Key, lease_id: str, now: datetime, *, error: str, jitter: random.Random
) -> None:
    """Put a claimed letter back to be tried later, or give it up after three days."""
    row = session.execute(
        select(Message.attempts, Message.written_at).where(_is(key), Message.lease_id == lease_id)
    ).one_or_none()
    if row is None:
        return
    if now - row.written_at > GIVE_UP_AFTER:
        mark_failed(session, key, lease_id, f"Given up after 3 days. {error}")
        return
    session.execute(
        update(Message)
        .where(_is(key), Message.lease_id == lease_id)
        .values(mail="queued")
        .execution_options(synchronize_session=False)
    )
    try_later(
        session, Message, [_is(key)], lease_id,
        now=now, error=error, attempts=row.attempts, jitter=jitter,
    )  # fmt: skip


def release(session: Session, lease_id: str) -> None:
    """Give untouched letters back at once: the worker is stopping."""
    session.execute(
        update(Message)
        .where(Message.lease_id == lease_id)
        .values(mail="queued", lease_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _end(session: Session, key: Key, lease_id: str, state: str, error: str | None = None) -> bool:
    result: Any = session.execute(
        update(Message)
        .where(_is(key), Message.lease_id == lease_id)
        .values(mail=state, lease_id=None, lease_until=None, next_try_at=None, last_error=error)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)


def _is(key: Key) -> ColumnElement[bool]:
    return and_(Message.workspace_id == key[0], Message.id == key[1])
