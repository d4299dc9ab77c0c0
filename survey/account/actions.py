"""What changes people, their places and their keys. Edges commit."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from survey.account.passwords import hash_password
from survey.account.queries import has_owner, is_person
from survey.clock import UTC_ZONE, zones_offered
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records import (
    ApiKey,
    FirstOwnerLink,
    Link,
    Member,
    Person,
    SignInSession,
    Workspace,
)
from survey.records.accounts import OWNER
from survey.records.addresses import plain_address
from survey.records.base import new_id
from survey.records.text import as_stored
from survey.records.workspaces import create_workspace, find_workspace, usual_wordings
from survey.tokens import random_token, token_sha256

LONGEST_LABEL = 120


@dataclass(frozen=True)
class FirstOwner:
    """What the first owner gives, as typed."""

    email: str
    password: str
    business: str
    time_zone: str = UTC_ZONE


def first_owner_link(session: Session, now: datetime) -> str | None:
    """Make the one-time link to the first owner's page; links made before stop working.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    now : datetime
        The present moment.

    Returns
    -------
    str or None
        The token of ``/start/<token>``, or None once there is an owner.
    """
    if has_owner(session):
        return None
    _drop_first_owner_links(session)
    token = random_token()
    session.add(FirstOwnerLink(token_sha256=token_sha256(token), created_at=now))
    session.flush()
    return token


def make_first_owner(
    session: Session, token: str, given: FirstOwner, now: datetime
) -> tuple[Person, Workspace]:
    """Use the one-time link: make the first owner and their workspace, both new.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    token : str
        From the link.
    given : FirstOwner
        Who and which business.
    now : datetime
        The present moment.

    Raises
    ------
    FieldError
        When a field cannot be used; the link stays good.
    NotFoundError
        When the link is unknown or was used, or there is an owner by now.
    """
    if not given.business.strip():
        raise FieldError("business", "Please give the name that your customers know.")
    if given.time_zone not in zones_offered():
        raise FieldError("time_zone", "Please choose one of the time zones offered.")
    used = session.scalar(
        update(FirstOwnerLink)
        .where(FirstOwnerLink.token_sha256 == token_sha256(token), FirstOwnerLink.used_at.is_(None))
        .values(used_at=now)
        .returning(FirstOwnerLink.token_sha256)
    )
    if used is None or has_owner(session):
        raise NotFoundError("This link was used already, or a newer one was made.")
    if is_person(session, given.email):
        raise FieldError("email", "Somebody signs in with this address; please give another one.")
    person = make_person(session, given.email, hash_password(given.password), now)
    workspace = create_workspace(session, given.business, now, wordings=usual_wordings())
    workspace.time_zone = given.time_zone
    _give_ownership(session, workspace.id, person.id, now)
    return person, workspace


def _drop_first_owner_links(session: Session) -> None:
    session.execute(delete(FirstOwnerLink).where(FirstOwnerLink.used_at.is_(None)))


def create_owner(
    session: Session, email: str, workspace_name: str, password: str | None, now: datetime
) -> tuple[Person, Workspace]:
    """Make a person the owner of a workspace; whichever of the two is new is made.

    A first owner's link that is still out stops working: whoever holds it comes too late.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    email : str
        The person's address.
    workspace_name : str
        A workspace's address or name.
    password : str or None
        Sets the person's password; may be None for a person who has one.
    now : datetime
        The present moment.

    Raises
    ------
    FieldError
        When a value cannot be used, or a new person gets no password.
    """
    person = _person(session, email, password, now)
    workspace = find_workspace(session, workspace_name)
    if workspace is None:
        workspace = create_workspace(session, workspace_name, now, wordings=usual_wordings())
    _give_ownership(session, workspace.id, person.id, now)
    _drop_first_owner_links(session)
    return person, workspace


def _give_ownership(session: Session, workspace_id: int, person_id: int, now: datetime) -> None:
    place = session.get(Member, (workspace_id, person_id))
    if place is None:
        session.add(
            Member(workspace_id=workspace_id, person_id=person_id, role=OWNER, joined_at=now)
        )
    else:
        place.role = OWNER
    session.flush()


def _person(session: Session, email: str, password: str | None, now: datetime) -> Person:
    email = plain_address(email)
    person = session.scalar(select(Person).where(Person.email == email))
    if person is None:
        return make_person(session, email, hash_password(password or ""), now)
    if password is not None:
        set_password(session, person.id, hash_password(password))
    return person


def make_person(session: Session, email: str, password_hash: str, now: datetime) -> Person:
    """Make a person who can sign in.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    email : str
        Their address.
    password_hash : str
        From `hash_password`.
    now : datetime
        The present moment.

    Raises
    ------
    FieldError
        When the address cannot be used.
    """
    person = Person(
        id=new_id(), email=plain_address(email), password_hash=password_hash, created_at=now
    )
    session.add(person)
    session.flush()
    return person


def set_password(session: Session, person_id: int, password_hash: str) -> None:
    """Give a person a new password and sign them out everywhere.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    person_id : int
        Whose password.
    password_hash : str
        From `hash_password`, made before the transaction, which it would hold up.
    """
    session.execute(
        update(Person).where(Person.id == person_id).values(password_hash=password_hash)
    )
    session.execute(delete(SignInSession).where(SignInSession.person_id == person_id))


def create_key(session: Session, workspace_id: int, label: str, now: datetime) -> str:
    """Make an API key.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose key.
    label : str
        What it is for, 1 to 120 characters.
    now : datetime
        The present moment.

    Returns
    -------
    str
        The key, to be shown once: only its sha256 is kept.

    Raises
    ------
    FieldError
        For an empty or over-long label.
    """
    label = " ".join(as_stored(label).split())
    if not 0 < len(label) <= LONGEST_LABEL:
        raise FieldError("label", f"Please say what it is for, in 1 to {LONGEST_LABEL} characters.")
    key, key_id = f"afterword_{random_token()}", new_id()
    session.add(ApiKey(workspace_id=workspace_id, id=key_id, label=label, created_at=now))
    session.add(
        Link(
            token_sha256=token_sha256(key),
            workspace_id=workspace_id,
            kind="api_key",
            target_id=key_id,
        )
    )
    session.flush()
    return key


def revoke_key(session: Session, workspace_id: int, key_id: int, now: datetime) -> None:
    """Make an API key worthless at once.

    Raises
    ------
    NotFoundError
        When the workspace has no such key.
    """
    revoked = session.scalar(
        update(ApiKey)
        .where(
            ApiKey.workspace_id == workspace_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None)
        )
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    if revoked is None:
        raise NotFoundError("There is no such key here; it may have been revoked already.")


def load_sample(session: Session, workspace_id: int) -> None:
    """Mark an empty workspace for the sample business; the worker fills it.

    Raises
    ------
    ConflictError
        When the workspace is gone.
    """
    marked = session.scalar(
        update(Workspace)
        .where(Workspace.id == workspace_id)
        .values(is_sample=True)
        .returning(Workspace.id)
    )
    if marked is None:
        raise ConflictError("This workspace is gone.")
