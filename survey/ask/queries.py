"""What asking reads: recorded interactions, waiting and failed mails, the Outbox."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.ask.address import address_hmac
from survey.records import Interaction, Invitation, Unsubscribed


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
