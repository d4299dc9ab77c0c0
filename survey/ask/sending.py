"""What sending writes: claims on due invitations, and what became of each mail."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, or_, select, tuple_, update
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.letters import ComposedMail
from survey.records import (
    Interaction,
    Invitation,
    OutgoingMail,
    QuestionText,
    QuestionVersion,
    Workspace,
)
from survey.records.askings import counted_asking
from survey.records.counts import Measure, count
from survey.records.due import Claim, claim, try_later, unclaimed

BATCH = 20
LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)  # a question about a visit that old would only puzzle
WAITING = ("queued", "sending")
ANSWERED = ("answered", "withdrawn")

Key = tuple[int, int]  # workspace and invitation


def claim_due_invitations(session: Session, now: datetime, limit: int = BATCH) -> Claim:
    """Claim invitations whose mail is due, pin each one's wording, and let its link's days begin.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits before it sends anything.
    now : datetime
        The database's time.
    limit : int
        At most so many.

    Returns
    -------
    Claim
        Keys are ``(workspace_id, invitation_id)``.
    """
    claimed = claim(
        session,
        Invitation,
        _is_due(now),
        order=Invitation.due_at,
        now=now,
        limit=limit,
        lease=LEASE,
        values={"state": "sending"},
    )
    if claimed.keys:
        _pin_wordings(session, claimed.lease_id)
        _begin_link_days(session, claimed, now)
    return claimed


def has_due_invitations(session: Session, now: datetime) -> bool:
    """Whether there is anything to claim."""
    query = select(Invitation.id).where(_is_due(now), unclaimed(Invitation, now)).limit(1)
    return session.execute(query).first() is not None


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        Invitation.state.in_(WAITING), Invitation.sent_at.is_(None), Invitation.due_at <= now
    )


def _pin_wordings(session: Session, lease_id: str) -> None:
    """An invitation keeps the wording of its first try, so that a retry says the same."""
    rows = session.execute(
        select(
            Invitation.workspace_id,
            Invitation.id,
            Invitation.question_id,
            Interaction.customer_language,
        )
        .join(
            Interaction,
            (Interaction.workspace_id == Invitation.workspace_id)
            & (Interaction.id == Invitation.interaction_id),
        )
        .where(Invitation.lease_id == lease_id, Invitation.question_version_id.is_(None))
    ).all()
    newest: dict[Key, tuple[int, list[str]]] = {}
    for row in rows:
        question = (row.workspace_id, row.question_id)
        if question not in newest:
            newest[question] = _newest_version(session, *question)
        version_id, languages = newest[question]
        session.execute(
            update(Invitation)
            .where(_is((row.workspace_id, row.id)))
            .values(
                question_version_id=version_id,
                language=best_language(row.customer_language, languages),
            )
            .execution_options(synchronize_session=False)
        )


def _begin_link_days(session: Session, claimed: Claim, now: datetime) -> None:
    """A link's days begin with the mail that carries it, however late that goes out."""
    for workspace_id in {key[0] for key in claimed.keys}:
        days = session.scalars(select(Workspace.link_days).where(Workspace.id == workspace_id))
        session.execute(
            update(Invitation)
            .where(Invitation.workspace_id == workspace_id, Invitation.lease_id == claimed.lease_id)
            .values(expires_at=now + timedelta(days=days.one()))
            .execution_options(synchronize_session=False)
        )


def _newest_version(session: Session, workspace_id: int, question_id: int) -> tuple[int, list[str]]:
    version_id = session.scalars(
        select(QuestionVersion.id)
        .where(
            QuestionVersion.workspace_id == workspace_id, QuestionVersion.question_id == question_id
        )
        .order_by(QuestionVersion.number.desc())
        .limit(1)
    ).one()
    languages = session.scalars(
        select(QuestionText.language)
        .where(
            QuestionText.workspace_id == workspace_id,
            QuestionText.question_version_id == version_id,
        )
        .order_by(QuestionText.language)
    ).all()
    return version_id, list(languages)


def best_language(wished: str | None, offered: list[str]) -> str:
    """Return the offered language nearest to the wished one.

    Parameters
    ----------
    wished : str or None
        The customer's language tag, like ``pt-BR``.
    offered : list of str
        One or more tags.

    Returns
    -------
    str
        The same tag, else the same language, else English, else the first.
    """
    plain = {tag.lower(): tag for tag in offered}
    wish = (wished or "en").lower()
    for tag in (wish, wish.partition("-")[0], "en"):
        if tag in plain:
            return plain[tag]
    return offered[0]


def mark_sent(
    session: Session,
    key: Key,
    lease_id: str,
    now: datetime,
    *,
    kept: ComposedMail | None = None,
    headers: dict[str, str] | None = None,
) -> bool:
    """Note that a mail went out, and count one asked.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    key : tuple of int
        Workspace and invitation.
    lease_id : str
        The claim under which it was sent.
    now : datetime
        The database's time.
    kept : ComposedMail, optional
        The mail, where it is kept for the Outbox instead of a relay; links still marked.
    headers : dict, optional
        Its headers, links still marked.

    Returns
    -------
    bool
        False when the lease was lost meanwhile; then nothing is written.
    """
    # A quick customer may have answered before we come to write it down: their state stays.
    state = case((Invitation.state == "sending", "sent"), else_=Invitation.state)
    if not _mark_asked(session, [_is(key), Invitation.lease_id == lease_id], now, state):
        return False
    if kept is not None:
        session.add(_outgoing(key, kept, headers or {}, now))
    return True


def settle_answered(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Count as asked what was answered although its sender died before it could say so.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    now : datetime
        The database's time.
    limit : int
        At most so many.

    Returns
    -------
    int
        How many were settled.
    """
    unsettled = select(Invitation.workspace_id, Invitation.id).where(_is_unsettled(now))
    keys = [(row.workspace_id, row.id) for row in session.execute(unsettled.limit(limit))]
    return sum(
        _mark_asked(session, [_is(key), Invitation.sent_at.is_(None)], now, Invitation.state)
        for key in keys
    )


def has_unsettled(session: Session, now: datetime) -> bool:
    """Whether `settle_answered` would find anything."""
    return (
        session.execute(select(Invitation.id).where(_is_unsettled(now)).limit(1)).first()
        is not None
    )


def _is_unsettled(now: datetime) -> ColumnElement[bool]:
    return and_(
        Invitation.state.in_(ANSWERED),
        Invitation.sent_at.is_(None),
        or_(Invitation.lease_until.is_(None), Invitation.lease_until <= now),
    )


def _mark_asked(
    session: Session, where: list[ColumnElement[bool]], now: datetime, state: Any
) -> bool:
    statement = (
        update(Invitation)
        .where(*where)
        .values(
            state=state,
            sent_at=now,
            lease_id=None,
            lease_until=None,
            next_try_at=None,
            last_error=None,
        )
        .returning(
            Invitation.workspace_id,
            Invitation.id,
            Invitation.interaction_id,
            Invitation.question_id,
            Invitation.language,
            Invitation.state,
        )
        .execution_options(synchronize_session=False)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return False
    _count_asked(session, row, now)
    return True


def _count_asked(session: Session, asked: Row[*tuple[Any, ...]], now: datetime) -> None:
    """Note the workspace's own day of asking, and count it there."""
    workspace_id = asked.workspace_id
    zone = session.scalars(select(Workspace.time_zone).where(Workspace.id == workspace_id)).one()
    day = day_in(now, zone)
    session.execute(
        update(Invitation)
        .where(_is((workspace_id, asked.id)))
        .values(asked_on=day)
        .execution_options(synchronize_session=False)
    )
    replied = [Measure("replied")] if asked.state in ANSWERED else []
    count(session, +1, counted_asking(session, asked, day), [Measure("asked"), *replied])


def _outgoing(key: Key, mail: ComposedMail, headers: dict[str, str], now: datetime) -> OutgoingMail:
    return OutgoingMail(
        workspace_id=key[0],
        id=key[1],
        invitation_id=key[1],
        delivery="outbox",
        message_id=mail.message_id,
        to_address=mail.to_email,
        subject=mail.subject,
        text_body=mail.text,
        html_body=mail.html,
        headers=headers,
        made_at=now,
    )


def mark_skipped(session: Session, key: Key, lease_id: str, because: str) -> bool:
    """Note that no mail goes out for this invitation, and why."""
    return _end(session, key, lease_id, state="skipped", skipped_because=because)


def mark_failed(session: Session, key: Key, lease_id: str, error: str) -> bool:
    """Note that this mail will not be tried again by itself, and why."""
    return _end(session, key, lease_id, state="failed", last_error=error[:1000])


def _end(session: Session, key: Key, lease_id: str, **values: Any) -> bool:
    result: Any = session.execute(
        update(Invitation)
        .where(_is(key), Invitation.lease_id == lease_id, Invitation.state == "sending")
        .values(lease_id=None, lease_until=None, next_try_at=None, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)


@dataclass(frozen=True)
class Delay:
    """Why mails wait, and where the jitter of their next try comes from."""

    error: str
    jitter: random.Random


def put_back(
    session: Session, keys: Sequence[Key], lease_id: str, now: datetime, delay: Delay
) -> None:
    """Put claimed invitations back to be tried later, or give them up when they are too old.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    keys : sequence of tuple
        Workspace and invitation of each.
    lease_id : str
        The claim they are held under; what is no longer ours stays untouched.
    now : datetime
        The database's time.
    delay : Delay
        Why.
    """
    rows = session.execute(
        select(
            Invitation.workspace_id, Invitation.id, Invitation.attempts, Invitation.due_at
        ).where(
            tuple_(Invitation.workspace_id, Invitation.id).in_(keys),
            Invitation.lease_id == lease_id,
        )
    ).all()
    for row in rows:
        key = (row.workspace_id, row.id)
        if now - row.due_at > GIVE_UP_AFTER:
            mark_failed(session, key, lease_id, f"Given up after 3 days. {delay.error}")
            continue
        _requeue(session, [_is(key)], lease_id)
        try_later(
            session,
            Invitation,
            [_is(key)],
            lease_id,
            now=now,
            error=delay.error,
            attempts=row.attempts,
            jitter=delay.jitter,
        )


def release(session: Session, lease_id: str) -> None:
    """Give untouched invitations back at once: the worker is stopping."""
    _requeue(session, [], lease_id)
    session.execute(
        update(Invitation)
        .where(Invitation.lease_id == lease_id)
        .values(lease_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _requeue(session: Session, where: list[ColumnElement[bool]], lease_id: str) -> None:
    session.execute(
        update(Invitation)
        .where(Invitation.lease_id == lease_id, Invitation.state == "sending", *where)
        .values(state="queued")
        .execution_options(synchronize_session=False)
    )


def _is(key: Key) -> ColumnElement[bool]:
    return and_(Invitation.workspace_id == key[0], Invitation.id == key[1])
