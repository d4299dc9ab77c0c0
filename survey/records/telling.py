"""What is told without being asked: who wants the week's letter, what rose, and to whom it went."""

from datetime import date, datetime
from typing import Any

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

WEEK, RISING = "week", "rising"
MAIL, WEBHOOK = "mail", "webhook"
QUEUED, SENT, FAILED, DROPPED = "queued", "sent", "failed", "dropped"
NOBODY = 0  # a delivery to the webhook is to no person

_IS_WEEK = text("kind = 'week'")
_STILL_RISING = text("kind = 'rising' AND ended_on IS NULL")
_IS_QUEUED = text("state = 'queued'")


class Telling(DueWork, Record):
    """How a workspace tells: where to, with whose words, and when it looks for news again."""

    __tablename__ = "telling"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    webhook_url: Mapped[str | None]
    nonce: Mapped[bytes]  # what the webhook is signed with derives from it
    with_words: Mapped[bool] = mapped_column(default=False)  # customers' words may be told
    look_at: Mapped[datetime]  # when to look for news again
    week_told: Mapped[date | None]  # the last day of the newest week that was told


class Reader(DueWork, Record):
    """A member who wants to be told: on a weekday, at once when a theme rises, or by a feed."""

    __tablename__ = "reader"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["member.workspace_id", "member.person_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        Index("ix_reader_due_at", "due_at"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[int | None]  # 0 is Monday; empty: no letter
    alerts: Mapped[bool] = mapped_column(default=False)
    nonce: Mapped[bytes]  # the link out of the mails derives from it
    feed_nonce: Mapped[bytes | None]  # empty: no feed; a fresh one makes a new address
    due_at: Mapped[datetime | None]  # when the next letter is due


class Bulletin(Record):
    """One piece of news: a week that is over, or a theme that rises; the latter is kept current."""

    __tablename__ = "bulletin"
    __table_args__ = (
        owned_by("theme_id", table="theme"),
        CheckConstraint("kind IN ('week', 'rising')", name="kind"),
        Index(
            "uq_bulletin_week",
            "workspace_id",
            "last_day",
            unique=True,
            sqlite_where=_IS_WEEK,
            postgresql_where=_IS_WEEK,
        ),
        Index(
            "uq_bulletin_rising",
            "workspace_id",
            "theme_id",
            "tone",
            unique=True,
            sqlite_where=_STILL_RISING,
            postgresql_where=_STILL_RISING,
        ),
        Index("ix_bulletin_workspace_id_made_at", "workspace_id", "made_at"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    kind: Mapped[str] = mapped_column(String(10))
    theme_id: Mapped[int | None]
    tone: Mapped[str | None] = mapped_column(String(10))
    first_day: Mapped[date]
    last_day: Mapped[date]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)  # numbers and ids, nobody's words
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ended_on: Mapped[date | None]


class Delivery(DueWork, Record):
    """A piece of news on its way to one reader, or to the workspace's webhook: once each."""

    __tablename__ = "delivery"
    __table_args__ = (
        owned_by("bulletin_id", table="bulletin"),
        CheckConstraint("way IN ('mail', 'webhook')", name="way"),
        CheckConstraint("state IN ('queued', 'sent', 'failed', 'dropped')", name="state"),
        UniqueConstraint("workspace_id", "bulletin_id", "way", "person_id"),
        Index(
            "ix_delivery_queued",
            "made_at",
            sqlite_where=_IS_QUEUED,
            postgresql_where=_IS_QUEUED,
        ),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = row_id()
    bulletin_id: Mapped[int]
    way: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(default=NOBODY)
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
