"""What asking writes: interactions with their invitations, and who wants no more mail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.address import address_hmac
from survey.ask.interaction import NewInteraction
from survey.ask.list_people import LeftOut, Listed
from survey.ask.queries import Recorded, first_question_id, is_unsubscribed, recorded_interaction
from survey.ask.whom import Asking, whom_to_ask
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records import (
    Interaction,
    InteractionSegment,
    Invitation,
    Link,
    Record,
    Unsubscribed,
    Workspace,
    new_id,
)
from survey.tokens import make_mail_token, make_token, new_nonce, token_sha256

UNSUBSCRIBED = "unsubscribed"
_DOORS = ("answer", "unsubscribe", "reply")


@dataclass(frozen=True)
class Once:
    """What tells a repeated request from a new one.

    Parameters
    ----------
    key : str
        The sender's key for this one request.
    body_sha256 : bytes
        Digest of what was sent with it.
    """

    key: str
    body_sha256: bytes


def record_interaction(
    session: Session,
    workspace_id: int,
    new: NewInteraction,
    *,
    secret_key: bytes,
    now: datetime,
    once: Once | None = None,
) -> Recorded:
    """Record an interaction and queue the question about it.

    Parameters
    ----------
    session, workspace_id, new, secret_key, now
        A writing session, and what happened; the key is for the links.
    once : Once, optional
        Tells a repetition, which gives the first result; the same ``reference`` does, too.

    Raises
    ------
    ConflictError
        When the key came before, with something else.
    FieldError
        When the question is unknown.
    """
    earlier = _earlier(session, workspace_id, new.reference, once)
    if earlier is not None:
        return recorded_interaction(session, workspace_id, earlier, is_new=False)
    question_id = first_question_id(session, workspace_id, new.question)
    if question_id is None:
        raise FieldError("question", "There is no question with this key in this workspace.")
    interaction_id = _insert(session, workspace_id, new, once, now)
    if interaction_id is None:  # somebody else recorded it between our look and our insert
        earlier = _earlier(session, workspace_id, new.reference, once)
        if earlier is None:
            raise ConflictError("Two requests collided. Please send this one again.")
        return recorded_interaction(session, workspace_id, earlier, is_new=False)
    unwelcome = is_unsubscribed(session, secret_key, workspace_id, new.email)
    invitation = _invitation(_pace(session, workspace_id), new, now, unwelcome=unwelcome)
    invitation.interaction_id, invitation.question_id = interaction_id, question_id
    session.add_all(_rows_of(invitation, new.segments, secret_key))
    session.flush()
    return recorded_interaction(session, workspace_id, interaction_id, is_new=True)


def _earlier(
    session: Session, workspace_id: int, reference: str | None, once: Once | None
) -> int | None:
    """Find the interaction that this request repeats."""
    if once is not None:
        row = session.execute(
            select(Interaction.id, Interaction.body_sha256).where(
                Interaction.workspace_id == workspace_id, Interaction.idempotency_key == once.key
            )
        ).one_or_none()
        if row is not None:
            if row.body_sha256 != once.body_sha256:
                raise ConflictError(
                    "This Idempotency-Key came before with another body. "
                    "Please use a fresh key for each interaction."
                )
            found: int = row.id
            return found
    if reference is None:
        return None
    found_id = session.scalar(
        select(Interaction.id).where(
            Interaction.workspace_id == workspace_id, Interaction.reference == reference
        )
    )
    if found_id is not None and once is not None:
        _bind(session, workspace_id, found_id, once)
    return found_id


def _bind(session: Session, workspace_id: int, interaction_id: int, once: Once) -> None:
    """A key that came with a known reference belongs to it, so that another body conflicts."""
    session.execute(
        update(Interaction)
        .where(
            Interaction.workspace_id == workspace_id,
            Interaction.id == interaction_id,
            Interaction.idempotency_key.is_(None),
        )
        .values(idempotency_key=once.key, body_sha256=once.body_sha256)
        .execution_options(synchronize_session=False)
    )


def _insert(
    session: Session, workspace_id: int, new: NewInteraction, once: Once | None, now: datetime
) -> int | None:
    """Insert the interaction unless its reference or key is there; then None."""
    statement = (
        _inserting(session, Interaction)
        .values(_values(workspace_id, new, once, now))
        .on_conflict_do_nothing()
        .returning(Interaction.id)
    )
    found: int | None = session.scalar(statement)
    return found


def _values(
    workspace_id: int, new: NewInteraction, once: Once | None, now: datetime
) -> dict[str, Any]:
    """Return an interaction as its row has it."""
    return {
        "workspace_id": workspace_id,
        "id": new_id(),
        "customer_email": new.email,
        "customer_name": new.name,
        "customer_language": new.language,
        "served_by": new.served_by,
        "about": new.about,
        "channel": new.channel,
        "note": new.note,
        "reference": new.reference,
        "occurred_at": new.occurred_at,
        "created_at": now,
        "idempotency_key": once.key if once else None,
        "body_sha256": once.body_sha256 if once else None,
    }


def _inserting(session: Session, record: type[Record]) -> Any:
    """Return an INSERT that knows ON CONFLICT."""
    dialect = session.get_bind().dialect.name
    return (sqlite if dialect == "sqlite" else postgresql).insert(record)


@dataclass(frozen=True)
class _Pace:
    """How a workspace asks: how long after a visit, and for how long its links are good."""

    workspace_id: int
    delay: timedelta
    link_days: timedelta


def _pace(session: Session, workspace_id: int) -> _Pace:
    found = session.execute(
        select(Workspace.delay_minutes, Workspace.link_days).where(Workspace.id == workspace_id)
    ).one()
    delay, link_days = timedelta(minutes=found.delay_minutes), timedelta(days=found.link_days)
    return _Pace(workspace_id, delay, link_days)


def when_due(new: NewInteraction, delay: timedelta, now: datetime) -> datetime:
    """Return when the question about an interaction is due: so long after it, but never before now.

    Parameters
    ----------
    new : NewInteraction
        What is asked about; without a moment of its own it was just now.
    delay : timedelta
        The workspace's.
    now : datetime
        The present moment.
    """
    return max(now, (new.occurred_at or now) + delay)


def _invitation(
    pace: _Pace, new: NewInteraction, now: datetime, *, unwelcome: bool = False
) -> Invitation:
    due_at = when_due(new, pace.delay, now)
    return Invitation(
        workspace_id=pace.workspace_id,
        id=new_id(),
        state="skipped" if unwelcome else "queued",
        skipped_because=UNSUBSCRIBED if unwelcome else None,
        nonce=new_nonce(),
        created_at=now,
        due_at=due_at,
        expires_at=due_at + pace.link_days,
    )


def _rows_of(
    invitation: Invitation, segments: tuple[tuple[str, str], ...], secret_key: bytes
) -> Iterator[Record]:
    """Give an invitation with what belongs to it: segments, and links where it goes out."""
    yield invitation
    for name, value in segments:
        yield InteractionSegment(
            workspace_id=invitation.workspace_id,
            interaction_id=invitation.interaction_id,
            name=name,
            value=value,
        )
    if invitation.state == "queued":
        yield from (_link(invitation, kind, secret_key) for kind in _DOORS)


@dataclass(frozen=True)
class ListAsked:
    """What came of a list.

    Parameters
    ----------
    asked, before : int
        How many are asked now, and how many this very list had asked.
    left_out : tuple of LeftOut
        Who was not, and why.
    last_due_at : datetime or None
        When the last of the mails is due; None where nobody is asked now.
    """

    asked: int
    before: int
    left_out: tuple[LeftOut, ...]
    last_due_at: datetime | None


def record_list(
    session: Session, asking: Asking, people: Sequence[Listed], now: datetime
) -> ListAsked:
    """Record a visit for each of a list's customers who may be asked, and queue the questions.

    Parameters
    ----------
    session : Session
        A writing session; lists of one workspace are taken one after the other.
    asking : Asking
        The list; sent again, it asks nobody again.
    people : sequence of Listed
        Its sound rows.
    now : datetime
        The present moment.

    Raises
    ------
    ConflictError
        When the workspace has no question.
    """
    inside, secret_key = asking.workspace_id, asking.secret_key
    # Two lists at once would not see each other's customers; on SQLite one waits as it is.
    session.execute(
        select(Workspace.id).where(Workspace.id == inside).with_for_update(key_share=True)
    )
    whom = whom_to_ask(session, asking, people, now)
    question_id = first_question_id(session, inside)
    if question_id is None:
        raise ConflictError("There is no question to ask yet. Please word one in the settings.")
    pace = _pace(session, inside)
    values = {
        row["id"]: (row, one.new)
        for one in whom.people
        for row in [_values(inside, one.new, Once(asking.key_of(one), b""), now)]
    }
    kept = _insert_all(session, [row for row, _ in values.values()])
    invitations = []
    for interaction_id in kept:
        new = values[interaction_id][1]
        invitation = _invitation(pace, new, now)
        invitation.interaction_id, invitation.question_id = interaction_id, question_id
        invitations.append(invitation)
        session.add_all(_rows_of(invitation, new.segments, secret_key))
    session.flush()
    last = max((one.due_at for one in invitations), default=None)
    return ListAsked(len(kept), len(whom.already), whom.left_out, last)


def _insert_all(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    """Insert interactions, but those whose reference or key is there; the ids of the others."""
    if not rows:
        return []
    statement = _inserting(session, Interaction).on_conflict_do_nothing()
    return list(session.scalars(statement.returning(Interaction.id), rows))


def _link(invitation: Invitation, kind: str, secret_key: bytes) -> Link:
    make = make_mail_token if kind == "reply" else make_token
    token = make(secret_key, kind, invitation.id, invitation.nonce)
    return Link(
        token_sha256=token_sha256(token),
        workspace_id=invitation.workspace_id,
        kind=kind,
        target_id=invitation.id,
    )


def unsubscribe(session: Session, token: str, *, secret_key: bytes, now: datetime) -> None:
    """Note that whoever holds this link wants no more mail from its workspace.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    token : str
        The token of an unsubscribe link; it never expires.
    secret_key : bytes
        The installation's key; only a keyed hash of the address is kept.
    now : datetime
        The present moment.

    Raises
    ------
    NotFoundError
        When the token is unknown. Doing it twice is no error.
    """
    found = session.execute(
        select(Interaction.workspace_id, Interaction.customer_email)
        .join(
            Invitation,
            (Invitation.workspace_id == Interaction.workspace_id)
            & (Invitation.interaction_id == Interaction.id),
        )
        .join(
            Link,
            (Link.workspace_id == Invitation.workspace_id) & (Link.target_id == Invitation.id),
        )
        .where(Link.token_sha256 == token_sha256(token), Link.kind == "unsubscribe")
    ).one_or_none()
    if found is None:
        raise NotFoundError("This link does not work. Please copy the whole address of the mail.")
    address = address_hmac(secret_key, found.workspace_id, found.customer_email)
    session.execute(
        _inserting(session, Unsubscribed)
        .values(workspace_id=found.workspace_id, address_hmac=address, created_at=now)
        .on_conflict_do_nothing()
    )


def try_waiting_now(session: Session, workspace_id: int) -> int:
    """Make every mail that waits for its next try due at once; return how many."""
    return _make_due(
        session, workspace_id, Invitation.state == "queued", next_try_at=None, attempts=0
    )


def try_failed_again(session: Session, workspace_id: int, now: datetime) -> int:
    """Queue every failed mail afresh; return how many."""
    return _make_due(
        session,
        workspace_id,
        Invitation.state == "failed",
        state="queued",
        next_try_at=None,
        attempts=0,
        due_at=now,  # its three days begin again
    )


def _make_due(
    session: Session, workspace_id: int, which: ColumnElement[bool], **values: Any
) -> int:
    result: Any = session.execute(
        update(Invitation)
        .where(Invitation.workspace_id == workspace_id, Invitation.last_error.is_not(None), which)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
