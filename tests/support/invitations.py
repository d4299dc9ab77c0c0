"""Invitations for tests, as asking makes them: queued, then sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from survey.clock import utc_now
from survey.records import (
    Interaction,
    InteractionSegment,
    Invitation,
    Link,
    Question,
    QuestionVersion,
    new_id,
)
from survey.records.database import Database
from survey.tokens import make_mail_token, make_token, new_nonce, token_sha256
from tests.support.people import Business

SECRET_KEY = b"k" * 40  # as the `settings` fixture has it


@dataclass(frozen=True)
class Invited:
    """A customer who was asked."""

    invitation_id: int
    token: str
    reply_token: str = ""

    @property
    def link(self) -> str:
        """Return the path of the customer's page."""
        return f"/a/{self.token}"


def invite(
    database: Database,
    business: Business,
    *,
    state: str = "sent",
    expires_at: datetime | None = None,
    segments: dict[str, str] | None = None,
    secret_key: bytes = SECRET_KEY,
    **about: Any,
) -> Invited:
    """Record an interaction and the invitation about it."""
    now, workspace_id = utc_now(), business.workspace_id
    with database.writing() as session:
        question_id, version_id = session.execute(
            select(Question.id, QuestionVersion.id)
            .join(QuestionVersion, QuestionVersion.question_id == Question.id)
            .where(Question.workspace_id == workspace_id)
        ).one()
        interaction = Interaction(
            workspace_id=workspace_id,
            id=new_id(),
            created_at=now,
            **{"customer_email": "mo@example.org", "customer_name": "Mo", **about},
        )
        session.add(interaction)
        session.flush()
        session.add_all(
            InteractionSegment(
                workspace_id=workspace_id, interaction_id=interaction.id, name=name, value=value
            )
            for name, value in (segments or {}).items()
        )
        was_sent = state in ("sent", "answered")
        invitation = Invitation(
            workspace_id=workspace_id,
            id=new_id(),
            interaction_id=interaction.id,
            question_id=question_id,
            question_version_id=version_id if was_sent else None,
            language="en" if was_sent else None,
            state=state,
            nonce=new_nonce(),
            created_at=now,
            due_at=now,
            expires_at=expires_at or now + timedelta(days=90),
            sent_at=now if was_sent else None,
            asked_on=now.date() if was_sent else None,
        )
        token = make_token(secret_key, "answer", invitation.id, invitation.nonce)
        session.add(invitation)
        reply = make_mail_token(secret_key, "reply", invitation.id, invitation.nonce)
        session.add_all(
            Link(
                token_sha256=token_sha256(one),
                workspace_id=workspace_id,
                kind=kind,
                target_id=invitation.id,
            )
            for kind, one in (("answer", token), ("reply", reply))
        )
        session.flush()
    return Invited(invitation.id, token, reply)
