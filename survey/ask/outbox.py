"""What the Outbox reads: mails that were kept, and mails that wait or failed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from survey.records import Interaction, Invitation, OutgoingMail

PAGE = 20
_Kept = Select[OutgoingMail, bytes, str]
FAILED_SHOWN = 50


@dataclass(frozen=True)
class KeptMail:
    """A mail on the Outbox page, its links still marked; `nonce` rebuilds them."""

    id: int
    invitation_id: int
    nonce: bytes
    to_address: str
    subject: str
    text: str
    made_at: datetime
    state: str

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter to a customer, and not the question, whose id is its own."""
        return self.id != self.invitation_id


@dataclass(frozen=True)
class OutboxPage:
    """Some kept mails, newest first, and where the next page begins."""

    mails: tuple[KeptMail, ...]
    before: tuple[datetime, int] | None


@dataclass(frozen=True)
class FailedMail:
    """A mail that will not be tried again by itself."""

    to_address: str
    due_at: datetime
    error: str


@dataclass(frozen=True)
class MailState:
    """How a workspace's outgoing mail stands.

    Parameters
    ----------
    delayed : int
        Mails that were tried and wait for their next try.
    next_try_at : datetime or None
        When the first of them is tried again.
    error : str or None
        What went wrong last.
    due, later : int
        Mails that go out now, and mails whose time has not come.
    first_later : datetime or None
        When the first of those goes out.
    failed : tuple of FailedMail
        Newest first, at most fifty.
    failed_in_all : int
        How many failed.
    """

    delayed: int
    next_try_at: datetime | None
    error: str | None
    due: int
    later: int
    first_later: datetime | None
    failed: tuple[FailedMail, ...]
    failed_in_all: int


def outbox_page(
    session: Session, workspace_id: int, before: tuple[datetime, int] | None = None
) -> OutboxPage:
    """Return a page of a workspace's kept mails.

    Parameters
    ----------
    session : Session
        A reading session.
    workspace_id : int
        Whose.
    before : tuple, optional
        Moment and id of the last mail on the page before.
    """
    found = tuple(
        KeptMail(
            id=mail.id,
            invitation_id=mail.invitation_id,
            nonce=nonce,
            to_address=mail.to_address,
            subject=mail.subject,
            text=mail.text_body,
            made_at=mail.made_at,
            state=state,
        )
        for mail, nonce, state in session.execute(_kept(workspace_id, before))
    )
    shown = found[:PAGE]
    more = len(found) > PAGE
    return OutboxPage(shown, (shown[-1].made_at, shown[-1].id) if more else None)


def _kept(workspace_id: int, before: tuple[datetime, int] | None) -> _Kept:
    query = (
        select(OutgoingMail, Invitation.nonce, Invitation.state)
        .join(
            Invitation,
            and_(
                Invitation.workspace_id == OutgoingMail.workspace_id,
                Invitation.id == OutgoingMail.invitation_id,
            ),
        )
        .where(OutgoingMail.workspace_id == workspace_id, OutgoingMail.delivery == "outbox")
        .order_by(OutgoingMail.made_at.desc(), OutgoingMail.id.desc())
        .limit(PAGE + 1)
    )
    if before is None:
        return query
    moment, mail_id = before
    older = and_(OutgoingMail.made_at == moment, OutgoingMail.id < mail_id)
    return query.where(or_(OutgoingMail.made_at < moment, older))


def mail_state(session: Session, workspace_id: int, now: datetime) -> MailState:
    """Return how a workspace's outgoing mail stands at `now`."""
    waiting = and_(
        Invitation.workspace_id == workspace_id, Invitation.state.in_(("queued", "sending"))
    )
    delayed = session.execute(
        select(func.count(), func.min(Invitation.next_try_at)).where(
            waiting, Invitation.last_error.is_not(None)
        )
    ).one()
    error = session.scalar(
        select(Invitation.last_error)
        .where(waiting, Invitation.last_error.is_not(None))
        .order_by(Invitation.next_try_at.desc())
        .limit(1)
    )
    fresh = and_(waiting, Invitation.last_error.is_(None))
    due = session.scalar(select(func.count()).where(fresh, Invitation.due_at <= now))
    later = session.execute(
        select(func.count(), func.min(Invitation.due_at)).where(fresh, Invitation.due_at > now)
    ).one()
    failed_in_all = session.scalar(
        select(func.count()).where(
            Invitation.workspace_id == workspace_id, Invitation.state == "failed"
        )
    )
    return MailState(
        delayed=delayed[0],
        next_try_at=delayed[1],
        error=error,
        due=due or 0,
        later=later[0],
        first_later=later[1],
        failed=_failed(session, workspace_id),
        failed_in_all=failed_in_all or 0,
    )


def _failed(session: Session, workspace_id: int) -> tuple[FailedMail, ...]:
    rows = session.execute(
        select(Interaction.customer_email, Invitation.due_at, Invitation.last_error)
        .join(
            Interaction,
            and_(
                Interaction.workspace_id == Invitation.workspace_id,
                Interaction.id == Invitation.interaction_id,
            ),
        )
        .where(Invitation.workspace_id == workspace_id, Invitation.state == "failed")
        .order_by(Invitation.due_at.desc())
        .limit(FAILED_SHOWN)
    )
    return tuple(FailedMail(row[0], row[1], row[2] or "") for row in rows)
