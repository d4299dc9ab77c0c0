"""What the account pages show."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.account.passwords import is_password
from survey.records import (
    Answer,
    ApiKey,
    FirstOwnerLink,
    Interaction,
    Joining,
    Link,
    Member,
    Person,
    Workspace,
)
from survey.records.accounts import OWNER
from survey.records.text import as_stored
from survey.tokens import token_sha256


@dataclass(frozen=True)
class Home:
    """A workspace a person belongs to."""

    workspace_id: int
    slug: str
    name: str
    role: str


@dataclass(frozen=True)
class Key:
    """An API key as its owner sees it: never the key itself."""

    key_id: int
    label: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """Somebody who was asked to join and has not yet."""

    workspace_id: int
    joining_id: int
    business: str
    email: str
    role: str
    expires_at: datetime


@dataclass(frozen=True)
class Colleague:
    """Somebody who belongs to a workspace."""

    person_id: int
    email: str
    role: str
    joined_at: datetime


_ASKED = select(
    Joining.workspace_id,
    Joining.id,
    Workspace.name,
    Joining.email,
    Joining.role,
    Joining.expires_at,
).join(Workspace, Workspace.id == Joining.workspace_id)


@dataclass(frozen=True)
class Known:
    """Who gave their password, and the hash it was checked against."""

    person_id: int
    password_hash: str


def person_with(session: Session, email: str, password: str) -> Known | None:
    """Return who has this address and password, else None, after the same time either way."""
    wanted = as_stored(email).strip().lower()
    row = session.execute(
        select(Person.id, Person.password_hash).where(Person.email == wanted)
    ).one_or_none()
    good = is_password(row.password_hash if row else None, password)
    return Known(*row) if row and good else None


def person_of(session: Session, email: str) -> int | None:
    """Return who signs in with this address, if anybody."""
    wanted = as_stored(email).strip().lower()
    return session.scalar(select(Person.id).where(Person.email == wanted))


def is_person(session: Session, email: str) -> bool:
    """Whether somebody signs in with this address already."""
    return person_of(session, email) is not None


def homes_of(session: Session, person_id: int) -> tuple[Home, ...]:
    """Return the workspaces a person belongs to, the first joined first."""
    rows = session.execute(
        select(Workspace.id, Workspace.slug, Workspace.name, Member.role)
        .join(Member, Member.workspace_id == Workspace.id)
        .where(Member.person_id == person_id)
        .order_by(Member.joined_at, Workspace.id)
    )
    return tuple(Home(row.id, row.slug, row.name, row.role) for row in rows)


def has_owner(session: Session) -> bool:
    """Whether anybody owns a workspace here."""
    return session.scalar(select(Member.person_id).where(Member.role == OWNER).limit(1)) is not None


def is_first_owner_link(session: Session, token: str) -> bool:
    """Whether a token still opens the first owner's page: only while there is no owner."""
    found = session.scalar(
        select(FirstOwnerLink.created_at).where(
            FirstOwnerLink.token_sha256 == token_sha256(token), FirstOwnerLink.used_at.is_(None)
        )
    )
    return found is not None and not has_owner(session)


def is_empty(session: Session, workspace_id: int) -> bool:
    """Whether nothing was asked or answered in a workspace yet."""
    for record in (Answer, Interaction):
        if session.scalar(
            select(func.count()).select_from(
                select(record.id).where(record.workspace_id == workspace_id).limit(1).subquery()
            )
        ):
            return False
    return True


def holds_sample(session: Session, workspace_id: int) -> bool:
    """Whether a workspace was marked for the sample business."""
    return bool(session.scalar(select(Workspace.is_sample).where(Workspace.id == workspace_id)))


def keys_of(session: Session, workspace_id: int) -> tuple[Key, ...]:
    """Return a workspace's API keys, the newest first."""
    rows = session.execute(
        select(ApiKey.id, ApiKey.label, ApiKey.created_at, ApiKey.revoked_at)
        .where(ApiKey.workspace_id == workspace_id)
        .order_by(ApiKey.created_at.desc(), ApiKey.id)
    )
    return tuple(Key(row.id, row.label, row.created_at, row.revoked_at) for row in rows)


def asked_with(session: Session, token: str, now: datetime) -> Asked | None:
    """Return who was asked with a link, None when it does not work any more."""
    query = _ASKED.join(
        Link, (Link.workspace_id == Joining.workspace_id) & (Link.target_id == Joining.id)
    ).where(Link.token_sha256 == token_sha256(token), Link.kind == "join", Joining.expires_at > now)
    row = session.execute(query).one_or_none()
    return Asked(*row) if row else None


def asked_of(session: Session, workspace_id: int) -> tuple[Asked, ...]:
    """Return who was asked to join a workspace and still may."""
    query = _ASKED.where(Joining.workspace_id == workspace_id).order_by(Joining.created_at)
    return tuple(Asked(*row) for row in session.execute(query))


def colleagues_of(session: Session, workspace_id: int) -> tuple[Colleague, ...]:
    """Return who belongs to a workspace, the first joined first."""
    rows = session.execute(
        select(Person.id, Person.email, Member.role, Member.joined_at)
        .join(Member, Member.person_id == Person.id)
        .where(Member.workspace_id == workspace_id)
        .order_by(Member.joined_at, Person.email)
    )
    return tuple(Colleague(*row) for row in rows)
