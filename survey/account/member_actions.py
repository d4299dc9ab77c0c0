"""Asking people into a workspace, and letting them go. Edges commit."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from survey.account.queries import asked_of, asked_with, colleagues_of
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records import (
    Joining,
    Link,
    Member,
    Person,
    Workspace,
)
from survey.records.accounts import OWNER, TEAMMATE
from survey.records.addresses import plain_address
from survey.records.base import new_id
from survey.tokens import random_token, token_sha256

JOIN_WITHIN = timedelta(days=14)


def ask_to_join(session: Session, workspace_id: int, email: str, role: str, now: datetime) -> str:
    """Make the one-time link with which somebody joins; an earlier one for them stops working.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Where to.
    email : str
        Whom; nobody with another address can use the link.
    role : str
        ``owner`` or ``teammate``.
    now : datetime
        The present moment.

    Returns
    -------
    str
        The token of ``/join/<token>``, good for 14 days, shown to the owner and never again.

    Raises
    ------
    FieldError
        When the address or the role cannot be used, or they belong here already.
    """
    email = plain_address(email)
    if role not in (OWNER, TEAMMATE):
        raise FieldError("role", "Please choose owner or teammate.")
    if any(colleague.email == email for colleague in colleagues_of(session, workspace_id)):
        raise FieldError("email", "They belong to this workspace already.")
    for asked in asked_of(session, workspace_id):
        if asked.email == email:
            take_back(session, workspace_id, asked.joining_id)
    joining = Joining(
        workspace_id=workspace_id, id=new_id(), email=email, role=role, created_at=now,
        expires_at=now + JOIN_WITHIN,
    )  # fmt: skip
    token = random_token()
    session.add(joining)
    session.add(
        Link(
            token_sha256=token_sha256(token),
            workspace_id=workspace_id,
            kind="join",
            target_id=joining.id,
        )
    )
    session.flush()
    return token


def take_back(session: Session, workspace_id: int, joining_id: int) -> None:
    """Make a link to join worthless.

    Raises
    ------
    NotFoundError
        When the workspace has no such link.
    """
    session.execute(
        delete(Link).where(
            Link.workspace_id == workspace_id, Link.kind == "join", Link.target_id == joining_id
        )
    )
    gone = session.scalar(
        delete(Joining)
        .where(Joining.workspace_id == workspace_id, Joining.id == joining_id)
        .returning(Joining.id)
    )
    if gone is None:
        raise NotFoundError("This link was used or taken back already.")


def join(session: Session, token: str, person_id: int, now: datetime) -> str:
    """Let a person in who was asked; the link is used up.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    token : str
        From the link.
    person_id : int
        Who signed in, or was made just now.
    now : datetime
        The present moment.

    Returns
    -------
    str
        The workspace's slug.

    Raises
    ------
    NotFoundError
        When the link is unknown, used, too old, or another person's.
    """
    asked = asked_with(session, token, now)
    email = session.scalar(select(Person.email).where(Person.id == person_id))
    if asked is None or asked.email != email:
        raise NotFoundError("This link was used already, is too old, or is somebody else's.")
    take_back(session, asked.workspace_id, asked.joining_id)
    if session.get(Member, (asked.workspace_id, person_id)) is None:
        session.add(
            Member(
                workspace_id=asked.workspace_id,
                person_id=person_id,
                role=asked.role,
                joined_at=now,
            )
        )
    session.flush()
    return session.scalars(select(Workspace.slug).where(Workspace.id == asked.workspace_id)).one()


def let_go(session: Session, workspace_id: int, person_id: int) -> None:
    """End a person's place in a workspace, at once.

    Raises
    ------
    NotFoundError
        When they do not belong to it.
    ConflictError
        When nobody would be left to own it.
    """
    place = session.get(Member, (workspace_id, person_id))
    if place is None:
        raise NotFoundError("They do not belong to this workspace.")
    if place.role == OWNER and _owners(session, workspace_id) == 1:
        raise ConflictError("A workspace needs an owner. Ask somebody else to join as owner first.")
    session.delete(place)
    session.flush()


def _owners(session: Session, workspace_id: int) -> int:
    # Locked on PostgreSQL, so that two owners cannot let each other go at the same moment.
    owners = session.scalars(
        select(Member.person_id)
        .where(Member.workspace_id == workspace_id, Member.role == OWNER)
        .with_for_update()
    )
    return len(owners.all())
