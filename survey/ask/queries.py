"""What asking reads: recorded interactions, waiting and failed mails, the Outbox."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.ask.address import address_hmac
from survey.ask.letter import Letter
from survey.records import Interaction, Invitation, QuestionText, Unsubscribed, Workspace


@dataclass(frozen=True)
class Recorded:
    """A recorded interaction with its invitation's present state."""

    interaction_id: int
    invitation_id: int
    state: str
    due_at: datetime
    skipped_because: str | None
    is_new: bool


def recorded_interaction(
    session: Session, workspace_id: int, interaction_id: int, *, is_new: bool = False
) -> Recorded:
    """Return one interaction of a workspace with its invitation."""
    row = session.execute(
        select(Invitation.id, Invitation.state, Invitation.due_at, Invitation.skipped_because)
        .join(
            Interaction,
            (Interaction.workspace_id == Invitation.workspace_id)
            & (Interaction.id == Invitation.interaction_id),
        )
        .where(Interaction.workspace_id == workspace_id, Interaction.id == interaction_id)
    ).one()
    return Recorded(interaction_id, row.id, row.state, row.due_at, row.skipped_because, is_new)


def is_unsubscribed(session: Session, secret_key: bytes, workspace_id: int, email: str) -> bool:
    """Whether an address asked this workspace for no more mail."""
    key = (workspace_id, address_hmac(secret_key, workspace_id, email))
    return session.get(Unsubscribed, key) is not None


@dataclass(frozen=True)
class DueLetter:
    """A claimed invitation's letter, and what its links are rebuilt from."""

    letter: Letter
    nonce: bytes
    unsubscribed: bool


def due_letter(
    session: Session,
    workspace_id: int,
    invitation_id: int,
    lease_id: str,
    *,
    secret_key: bytes,
    mail_domain: str,
) -> DueLetter | None:
    """Return the letter of an invitation that is still ours to send, else None.

    Parameters
    ----------
    session : Session
        A reading session.
    workspace_id, invitation_id : int
        Which one.
    lease_id : str
        The claim it is held under.
    secret_key : bytes
        The installation's key, to look the address up among the unsubscribed.
    mail_domain : str
        The right half of the Message-ID.
    """
    row = session.execute(
        select(
            Interaction,
            Invitation.nonce,
            Invitation.language,
            QuestionText.wording,
            Workspace.name,
            Workspace.time_zone,
        )
        .select_from(Invitation)
        .join(Workspace, Workspace.id == Invitation.workspace_id)
        .join(
            Interaction,
            and_(
                Interaction.workspace_id == Invitation.workspace_id,
                Interaction.id == Invitation.interaction_id,
            ),
        )
        .join(
            QuestionText,
            and_(
                QuestionText.workspace_id == Invitation.workspace_id,
                QuestionText.question_version_id == Invitation.question_version_id,
                QuestionText.language == Invitation.language,
            ),
        )
        .where(
            Invitation.workspace_id == workspace_id,
            Invitation.id == invitation_id,
            Invitation.lease_id == lease_id,
            Invitation.state == "sending",
        )
    ).one_or_none()
    if row is None:
        return None
    told: Interaction = row.Interaction
    letter = Letter(
        to_email=told.customer_email,
        to_name=told.customer_name,
        workspace=row.name,
        served_by=told.served_by,
        about=told.about,
        occurred_at=told.occurred_at,
        time_zone=row.time_zone,
        question=row.wording,
        language=row.language,
        message_id=f"<question.{invitation_id:x}@{mail_domain}>",
    )
    unwelcome = is_unsubscribed(session, secret_key, workspace_id, told.customer_email)
    return DueLetter(letter, row.nonce, unwelcome)
