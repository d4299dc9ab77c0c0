"""What asking writes: interactions with their invitations, and who wants no more mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from survey.address import address_hmac
from survey.ask.interaction import NewInteraction
from survey.ask.queries import Recorded, first_question_id, is_unsubscribed, recorded_interaction
from survey.ask.rows import (
    Once,
    inserting,
    interaction_values,
    new_invitation,
    pace_of,
    rows_of,
)
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records import Interaction, Invitation, Link, Unsubscribed
from survey.tokens import token_sha256


def record_interaction(
    session: Session,
    workspace_id: int,
    new: NewInteraction,
    *,
    secret_key: bytes,
    now: datetime,
    once: Once | None = None,
) -> Recorded:
    """Record an interaction and queue the question about it.

    Parameters
    ----------
    session, workspace_id, new, secret_key, now
        A writing session, and what happened; the key is for the links.
    once : Once, optional
        Tells a repetition, which gives the first result; the same ``reference`` does, too.

    Raises
    ------
    ConflictError
        When the key came before, with something else.
    FieldError
        When the question is unknown.
    """
    earlier = _earlier(session, workspace_id, new.reference, once)
    if earlier is not None:
        return recorded_interaction(session, workspace_id, earlier, is_new=False)
    question_id = first_question_id(session, workspace_id, new.question)
    if question_id is None:
        raise FieldError("question", "There is no question with this key in this workspace.")
    interaction_id = _insert(session, workspace_id, new, once, now)
    if interaction_id is None:  # somebody else recorded it between our look and our insert
        earlier = _earlier(session, workspace_id, new.reference, once)
        if earlier is None:
            raise ConflictError("Two requests collided. Please send this one again.")
        return recorded_interaction(session, workspace_id, earlier, is_new=False)
    unwelcome = is_unsubscribed(session, secret_key, workspace_id, new.email)
    invitation = new_invitation(pace_of(session, workspace_id), new, now, unwelcome=unwelcome)
    invitation.interaction_id, invitation.question_id = interaction_id, question_id
    session.add_all(rows_of(invitation, new.segments, secret_key))
    session.flush()
    return recorded_interaction(session, workspace_id, interaction_id, is_new=True)


def _earlier(
    session: Session, workspace_id: int, reference: str | None, once: Once | None
) -> int | None:
    """Find the interaction that this request repeats."""
    if once is not None:
        row = session.execute(
            select(Interaction.id, Interaction.body_sha256).where(
                Interaction.workspace_id == workspace_id, Interaction.idempotency_key == once.key
            )
        ).one_or_none()
        if row is not None:
            if row.body_sha256 != once.body_sha256:
                raise ConflictError(
                    "This Idempotency-Key came before with another body. "
                    "Please use a fresh key for each interaction."
                )
            found: int = row.id
            return found
    if reference is None:
        return None
    found_id = session.scalar(
        select(Interaction.id).where(
            Interaction.workspace_id == workspace_id, Interaction.reference == reference
        )
    )
    if found_id is not None and once is not None:
        _bind(session, workspace_id, found_id, once)
    return found_id


def _bind(session: Session, workspace_id: int, interaction_id: int, once: Once) -> None:
    """A key that came with a known reference belongs to it, so that another body conflicts."""
    session.execute(
        update(Interaction)
        .where(
            Interaction.workspace_id == workspace_id,
            Interaction.id == interaction_id,
            Interaction.idempotency_key.is_(None),
        )
        .values(idempotency_key=once.key, body_sha256=once.body_sha256)
        .execution_options(synchronize_session=False)
    )


def _insert(
    session: Session, workspace_id: int, new: NewInteraction, once: Once | None, now: datetime
) -> int | None:
    """Insert the interaction unless its reference or key is there; then None."""
    statement = (
        inserting(session, Interaction)
        .values(interaction_values(workspace_id, new, once, now))
        .on_conflict_do_nothing()
        .returning(Interaction.id)
    )
    found: int | None = session.scalar(statement)
    return found


def unsubscribe(session: Session, token: str, *, secret_key: bytes, now: datetime) -> None:
    """Note that whoever holds this link wants no more mail from its workspace.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    token : str
        The token of an unsubscribe link; it never expires.
    secret_key : bytes
        The installation's key; only a keyed hash of the address is kept.
    now : datetime
        The present moment.

    Raises
    ------
    NotFoundError
        When the token is unknown. Doing it twice is no error.
    """
    found = session.execute(
        select(Interaction.workspace_id, Interaction.customer_email)
        .join(
            Invitation,
            (Invitation.workspace_id == Interaction.workspace_id)
            & (Invitation.interaction_id == Interaction.id),
        )
        .join(
            Link,
            (Link.workspace_id == Invitation.workspace_id) & (Link.target_id == Invitation.id),
        )
        .where(Link.token_sha256 == token_sha256(token), Link.kind == "unsubscribe")
    ).one_or_none()
    if found is None:
        raise NotFoundError("This link does not work. Please copy the whole address of the mail.")
    address = address_hmac(secret_key, found.workspace_id, found.customer_email)
    session.execute(
        inserting(session, Unsubscribed)
        .values(workspace_id=found.workspace_id, address_hmac=address, created_at=now)
        .on_conflict_do_nothing()
    )


def try_waiting_now(session: Session, workspace_id: int) -> int:
    """Make every mail that waits for its next try due at once; return how many."""
    return _make_due(
        session, workspace_id, Invitation.state == "queued", next_try_at=None, attempts=0
    )


def try_failed_again(session: Session, workspace_id: int, now: datetime) -> int:
    """Queue every failed mail afresh; return how many."""
    return _make_due(
        session,
        workspace_id,
        Invitation.state == "failed",
        state="queued",
        next_try_at=None,
        attempts=0,
        due_at=now,  # its three days begin again
    )


def _make_due(
    session: Session, workspace_id: int, which: ColumnElement[bool], **values: Any
) -> int:
    result: Any = session.execute(
        update(Invitation)
        .where(Invitation.workspace_id == workspace_id, Invitation.last_error.is_not(None), which)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
