"""What comes after an answer: who may come back, the letters both ways, and what was changed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import DueWork, Record, owned_by, row_id

CUSTOMER, TEAM = "customer", "team"
MAIL, PHONE = "mail", "phone"
UNSENT = ("queued", "sending")


class Talk(Record):
    """Whether and how one may come back to a customer about an answer, and who does."""

    __tablename__ = "talk"
    __table_args__ = (
        owned_by("answer_id", table="answer"),
        CheckConstraint("how IN ('mail', 'phone')", name="how"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    may_come_back: Mapped[bool] = mapped_column(default=False)
    how: Mapped[str] = mapped_column(String(10), default=MAIL)
    detail: Mapped[str | None]  # a number, or an address other than the one we wrote to
    changed_at: Mapped[datetime]
    handed_to: Mapped[int | None]  # a person of the workspace
    settled_at: Mapped[datetime | None]  # nothing more to say, until the customer writes again


class Message(DueWork, Record):
    """A letter about an answer, from the team or from the customer; a team's may be mailed."""

    __tablename__ = "message"
    __table_args__ = (
        owned_by("answer_id", table="answer"),
        CheckConstraint("author IN ('team', 'customer')", name="author"),
        CheckConstraint("mail IN ('none', 'queued', 'sending', 'sent', 'failed')", name="mail"),
        Index("ix_message_workspace_id_answer_id", "workspace_id", "answer_id", "written_at"),
        Index(
            "ix_message_due",
            "written_at",
            sqlite_where=text("mail IN ('queued', 'sending')"),
            postgresql_where=text("mail IN ('queued', 'sending')"),
        ),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = row_id()
    answer_id: Mapped[int]
    author: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int | None]  # who wrote it, of the team
    signed: Mapped[str | None]  # the name under it
    body: Mapped[str]
    sealed: Mapped[bytes | None]  # what a customer typed, encrypted, where it was masked
    written_at: Mapped[datetime]
    mail: Mapped[str] = mapped_column(String(10), default="none", server_default="none")


class ChangeNote(Record):
    """What the business changed: because of a theme, or because of one answer."""

    __tablename__ = "change_note"
    __table_args__ = (
        owned_by("theme_id", table="theme"),
        owned_by("answer_id", table="answer"),
        CheckConstraint("(theme_id IS NULL) <> (answer_id IS NULL)", name="about"),
        Index("ix_change_note_workspace_id_theme_id", "workspace_id", "theme_id"),
        Index("ix_change_note_workspace_id_answer_id", "workspace_id", "answer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = row_id()
    theme_id: Mapped[int | None]
    answer_id: Mapped[int | None]
    body: Mapped[str]
    signed: Mapped[str | None]
    person_id: Mapped[int | None]
    noted_at: Mapped[datetime]
    noted_on: Mapped[date]  # the workspace's own day
