"""Questions, interactions, invitations and the mails that carry them."""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import DueWork, Record, owned_by, row_id

# A mail that we believe failed may have reached its reader all the same; then the link is good.
ANSWERABLE = ("queued", "sending", "sent", "failed")
INVITATION_STATES = ("queued", "sending", "sent", "answered", "withdrawn", "skipped", "failed")


def _workspace() -> Mapped[int]:
    return mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)


class Question(Record):
    """What a workspace asks; its wording lives in versions."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),)

    workspace_id: Mapped[int] = _workspace()
    id: Mapped[int] = row_id()
    key: Mapped[str] = mapped_column(String(60))
    anonymous: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class QuestionVersion(Record):
    """One wording of a question; an invitation pins it when sent, the answer keeps it."""

    __tablename__ = "question_version"
    __table_args__ = (
        owned_by("question_id", table="question"),
        UniqueConstraint("workspace_id", "question_id", "number"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = row_id()
    question_id: Mapped[int]
    number: Mapped[int]
    created_at: Mapped[datetime]


class QuestionText(Record):
    """A question version in one language."""

    __tablename__ = "question_text"
    __table_args__ = (owned_by("question_version_id", table="question_version"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    question_version_id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    wording: Mapped[str]


class Interaction(Record):
    """A call, a visit, a repair: what is asked about."""

    __tablename__ = "interaction"
    __table_args__ = (
        UniqueConstraint("workspace_id", "reference"),
        UniqueConstraint("workspace_id", "idempotency_key"),
    )

    workspace_id: Mapped[int] = _workspace()
    id: Mapped[int] = row_id()
    customer_email: Mapped[str]
    customer_name: Mapped[str | None]
    customer_language: Mapped[str | None]
    served_by: Mapped[str | None]
    about: Mapped[str | None]
    channel: Mapped[str | None]
    note: Mapped[str | None]
    reference: Mapped[str | None] = mapped_column(String(200))
    occurred_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    body_sha256: Mapped[bytes | None]


class InteractionSegment(Record):
    """A property by which answers may be compared, like a branch or a service."""

    __tablename__ = "interaction_segment"
    __table_args__ = (owned_by("interaction_id", table="interaction"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    interaction_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class Invitation(DueWork, Record):
    """One question to one customer about one interaction; due when ``due_at`` has passed."""

    __tablename__ = "invitation"
    __table_args__ = (
        owned_by("interaction_id", table="interaction"),
        owned_by("question_id", table="question", on_delete="RESTRICT"),
        owned_by("question_version_id", table="question_version", on_delete="RESTRICT"),
        CheckConstraint(
            "state IN ('queued','sending','sent','answered','withdrawn','skipped','failed')",
            name="state",
        ),
        UniqueConstraint("workspace_id", "interaction_id"),
        # What was sent is left out, so that answering touches neither of them.
        Index(
            "ix_invitation_unsent",
            "state",
            "due_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
        Index("ix_invitation_workspace_id_asked_on", "workspace_id", "asked_on"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = row_id()
    interaction_id: Mapped[int]
    question_id: Mapped[int]
    question_version_id: Mapped[int | None]  # pinned when sent
    language: Mapped[str | None]  # pinned when sent
    state: Mapped[str] = mapped_column(String(20), default="queued")
    skipped_because: Mapped[str | None]
    nonce: Mapped[bytes]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    asked_on: Mapped[date | None]  # the workspace's own day of sent_at
    expires_at: Mapped[datetime]


class OutgoingMail(Record):
    """A mail as it was handed over, or as it waits to be read on the Outbox page."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "invitation_id"],
            ["invitation.workspace_id", "invitation.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("delivery IN ('outbox', 'relay')", name="delivery"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # invitation or message
    invitation_id: Mapped[int]
    delivery: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str]
    to_address: Mapped[str]
    subject: Mapped[str]
    text_body: Mapped[str]
    html_body: Mapped[str]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    made_at: Mapped[datetime]


class Unsubscribed(Record):
    """An address that asked for no more mail from this workspace (kept as a keyed hash only)."""

    __tablename__ = "unsubscribed"

    workspace_id: Mapped[int] = _workspace()
    address_hmac: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
