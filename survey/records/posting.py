"""Mail that came in, each known by its Message-ID, so that none is taken twice."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from survey.records.base import Record

LEFT = ("blank", "anonymous", "unknown")  # where a person sees them
OUTCOMES = ("answered", "added", "bounced", "automatic", "blank", "anonymous", "unknown")


class IncomingMail(Record):
    """What became of a mail; its words are kept where they belong, not here.

    A mail arrives without naming a workspace, so the table leads with the mail's own name.
    """

    __tablename__ = "incoming_mail"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({', '.join(map(repr, OUTCOMES))})", name="outcome"),
        Index("ix_incoming_mail_workspace_id_invitation_id", "workspace_id", "invitation_id"),
    )

    message_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20))
    taken_at: Mapped[datetime]
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    invitation_id: Mapped[int | None]


def mails_left(session: Session) -> int:
    """Return how many mails came in that were left for a person."""
    query = select(func.count()).where(IncomingMail.outcome.in_(LEFT))
    return session.execute(query).scalar_one()
