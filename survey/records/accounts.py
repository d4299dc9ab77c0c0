"""Workspaces and the people, keys and sessions that reach into them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import CLUSTERED, DueWork, Record, new_id, row_id

OWNER = "owner"
TEAMMATE = "teammate"


class Workspace(DueWork, Record):
    """One business. Its due work is the search for themes among its answers."""

    __tablename__ = "workspace"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    created_at: Mapped[datetime]
    delay_minutes: Mapped[int] = mapped_column(default=0)
    link_days: Mapped[int] = mapped_column(default=90)
    smallest_group: Mapped[int] = mapped_column(default=5)
    keep_months: Mapped[int | None]  # answers are erased after so many; empty: kept until removed
    country: Mapped[str | None] = mapped_column(String(2))  # empty: read off the time zone
    personal_data: Mapped[str] = mapped_column(String(10), default="keep", server_default="keep")
    theme_count: Mapped[int | None]  # the owner's wish for fewer or more found themes
    current_run_id: Mapped[int | None]  # the one pointer that flips; no key, since runs point back
    answers_changed_at: Mapped[datetime | None]
    themes_looked_at: Mapped[datetime | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    resort_asked_at: Mapped[datetime | None]  # somebody wants all answers sorted anew
    resort_ended_at: Mapped[datetime | None]  # when the last such sorting was through
    resort_outcome: Mapped[str | None] = mapped_column(String(20))  # nothing, known or proposed


class Person(Record):
    """Someone who signs in, once, to any number of workspaces."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=new_id)
    email: Mapped[str] = mapped_column(String(320), unique=True)  # lower case
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    created_at: Mapped[datetime]


class Member(Record):
    """A person's place in a workspace."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'teammate')", name="role"),
        Index("ix_member_person_id", "person_id"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(20))
    joined_at: Mapped[datetime]


class SignInSession(Record):
    """A signed-in browser; signing out deletes the row, and with it the authority."""

    __tablename__ = "session"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class FirstOwnerLink(Record):
    """The one-time link with which an installation gets its first owner."""

    __tablename__ = "first_owner_link"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Joining(Record):
    """Somebody asked to join a workspace; the link is theirs, the row goes when it is used."""

    __tablename__ = "joining"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'teammate')", name="role"),
        UniqueConstraint("workspace_id", "email"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    email: Mapped[str] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKey(Record):
    """A program's way in; the key itself is shown once and never stored."""

    __tablename__ = "api_key"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    label: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Link(Record):
    """The directory of what arrives without naming a workspace: links and API keys."""

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('answer', 'unsubscribe', 'api_key', 'join', 'reply', 'place', 'receipt', "
            "'feed', 'digest')",
            name="kind",
        ),
        UniqueConstraint("workspace_id", "kind", "target_id"),
        CLUSTERED,
    )

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    target_id: Mapped[int]


class WorkerBeat(Record):
    """A sign of life; health and ``survey check`` read it."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    beat_at: Mapped[datetime]
    doing: Mapped[str] = mapped_column(default="")
