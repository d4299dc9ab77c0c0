"""The rows that asking writes: an interaction, its invitation, and the links of its mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.ask.interaction import NewInteraction
from survey.records import InteractionSegment, Invitation, Link, Record, Workspace, new_id
from survey.tokens import make_mail_token, make_token, new_nonce, token_sha256

UNSUBSCRIBED = "unsubscribed"
_DOORS = ("answer", "unsubscribe", "reply")


@dataclass(frozen=True)
class Once:
    """What tells a repeated request from a new one.

    Parameters
    ----------
    key : str
        The sender's key for this one request.
    body_sha256 : bytes
        Digest of what was sent with it.
    """

    key: str
    body_sha256: bytes


def interaction_values(
    workspace_id: int, new: NewInteraction, once: Once | None, now: datetime
) -> dict[str, Any]:
    """Return an interaction as its row has it, with an id of its own.

    Parameters
    ----------
    workspace_id : int
        Whose.
    new : NewInteraction
        What happened.
    once : Once or None
        What tells a repetition.
    now : datetime
        The present moment.
    """
    return {
        "workspace_id": workspace_id,
        "id": new_id(),
        "customer_email": new.email,
        "customer_name": new.name,
        "customer_language": new.language,
        "served_by": new.served_by,
        "about": new.about,
        "channel": new.channel,
        "note": new.note,
        "reference": new.reference,
        "occurred_at": new.occurred_at,
        "created_at": now,
        "idempotency_key": once.key if once else None,
        "body_sha256": once.body_sha256 if once else None,
    }


def inserting(session: Session, record: type[Record] | Table) -> Any:
    """Return an INSERT that knows ON CONFLICT."""
    dialect = session.get_bind().dialect.name
    return (sqlite if dialect == "sqlite" else postgresql).insert(record)


@dataclass(frozen=True)
class Pace:
    """How a workspace asks.

    Parameters
    ----------
    workspace_id : int
        Which.
    delay, link_days : timedelta
        How long after a visit, and for how long links are good.
    """

    workspace_id: int
    delay: timedelta
    link_days: timedelta


def pace_of(session: Session, workspace_id: int) -> Pace:
    """Return how a workspace asks."""
    found = session.execute(
        select(Workspace.delay_minutes, Workspace.link_days).where(Workspace.id == workspace_id)
    ).one()
    delay, link_days = timedelta(minutes=found.delay_minutes), timedelta(days=found.link_days)
    return Pace(workspace_id, delay, link_days)


def when_due(new: NewInteraction, delay: timedelta, now: datetime) -> datetime:
    """Return when the question about an interaction is due: so long after it, but never before now.

    Parameters
    ----------
    new : NewInteraction
        What is asked about; without a moment of its own it was just now.
    delay : timedelta
        The workspace's.
    now : datetime
        The present moment.
    """
    return max(now, (new.occurred_at or now) + delay)


def new_invitation(
    pace: Pace, new: NewInteraction, now: datetime, *, unwelcome: bool = False
) -> Invitation:
    """Return an invitation that still wants its interaction and its question.

    Parameters
    ----------
    pace : Pace
        How the workspace asks.
    new : NewInteraction
        What is asked about.
    now : datetime
        The present moment.
    unwelcome : bool
        Whether no mail is wanted: then none goes out.
    """
    due_at = when_due(new, pace.delay, now)
    return Invitation(
        workspace_id=pace.workspace_id,
        id=new_id(),
        state="skipped" if unwelcome else "queued",
        skipped_because=UNSUBSCRIBED if unwelcome else None,
        nonce=new_nonce(),
        created_at=now,
        due_at=due_at,
        expires_at=due_at + pace.link_days,
    )


def rows_of(
    invitation: Invitation, segments: tuple[tuple[str, str], ...], secret_key: bytes
) -> Iterator[Record]:
    """Give an invitation with what belongs to it: segments, and links where it goes out.

    Parameters
    ----------
    invitation : Invitation
        Of a known interaction.
    segments : tuple of (str, str)
        The interaction's.
    secret_key : bytes
        The installation's, for the links.

    Yields
    ------
    Record
        New rows, none of which needs another one before it.
    """
    yield invitation
    for name, value in segments:
        yield InteractionSegment(
            workspace_id=invitation.workspace_id,
            interaction_id=invitation.interaction_id,
            name=name,
            value=value,
        )
    if invitation.state == "queued":
        yield from (_link(invitation, kind, secret_key) for kind in _DOORS)


def _link(invitation: Invitation, kind: str, secret_key: bytes) -> Link:
    make = make_mail_token if kind == "reply" else make_token
    token = make(secret_key, kind, invitation.id, invitation.nonce)
    return Link(
        token_sha256=token_sha256(token),
        workspace_id=invitation.workspace_id,
        kind=kind,
        target_id=invitation.id,
    )
