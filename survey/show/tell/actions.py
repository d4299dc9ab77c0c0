"""What telling writes: who wants to be told, what there is to tell, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from survey.errors import FieldError, NotFoundError
from survey.records import Bulletin, Delivery, Link, Reader, Telling, Workspace, new_id
from survey.records.telling import (
    DROPPED,
    MAIL,
    NOBODY,
    QUEUED,
    RISING,
    WEBHOOK,
    WEEK,
)
from survey.records.text import as_stored
from survey.show.tell.mornings import SEND_AT, next_morning
from survey.show.tell.rising import Key, Steps, as_figures
from survey.tokens import make_token, new_nonce, token_sha256
from survey.webhook import target_of

QUIET_AFTER_END = timedelta(days=28)  # a theme that went up and down does not ring again so soon


@dataclass(frozen=True)
class Wish:
    """What a member wants to be told: a weekday for the letter (0 is Monday), and alerts."""

    weekday: int | None
    alerts: bool


def enrol_workspaces(session: Session, now: datetime, limit: int = 20) -> int:
    """Give workspaces that have none a row to be looked after; how many got one."""
    known = exists().where(Telling.workspace_id == Workspace.id)
    ids = session.scalars(select(Workspace.id).where(~known).limit(limit)).all()
    for workspace_id in ids:
        telling_of(session, workspace_id, now)
    return len(ids)


def telling_of(session: Session, workspace_id: int, now: datetime) -> Telling:
    """Return how a workspace tells, made where nobody has said so yet."""
    session.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
    found = session.get(Telling, workspace_id)
    if found is None:
        found = Telling(workspace_id=workspace_id, nonce=new_nonce(), look_at=now)
        session.add(found)
        session.flush()
    return found


def reader_of(session: Session, workspace_id: int, person_id: int) -> Reader:
    """Return what a member wants to be told, made where they have not said so yet."""
    session.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
    found = session.get(Reader, (workspace_id, person_id))
    if found is None:
        found = Reader(workspace_id=workspace_id, person_id=person_id, nonce=new_nonce())
        session.add(found)
        session.flush()
    return found


def set_wish(
    session: Session, reader: Reader, wish: Wish, *, secret_key: bytes, now: datetime, zone: str
) -> None:
    """Note what a member wants to be told.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    reader : Reader
        The member's row.
    wish : Wish
        A weekday from 0 to 6, or none.
    secret_key : bytes
        The installation's key; the link out of the mails derives from it.
    now : datetime
        The present moment.
    zone : str
        The workspace's time zone.

    Raises
    ------
    FieldError
        When the weekday is none.
    """
    if wish.weekday is not None and wish.weekday not in range(7):
        raise FieldError("weekday", "Please choose a day of the week, or no letter.")
    moved = reader.weekday != wish.weekday
    reader.weekday, reader.alerts = wish.weekday, wish.alerts
    if wish.weekday is None:
        reader.due_at = None
    elif moved or reader.due_at is None:
        reader.due_at = next_morning(now, zone, SEND_AT, wish.weekday)
    token = make_token(secret_key, "digest", reader.person_id, reader.nonce)
    _lead(session, reader, "digest", token)


def renew_feed(session: Session, reader: Reader, *, secret_key: bytes) -> str:
    """Give a member's feed a new address, and make the one before worthless; the token."""
    reader.feed_nonce = new_nonce()
    token = make_token(secret_key, "feed", reader.person_id, reader.feed_nonce)
    _lead(session, reader, "feed", token)
    return token


def end_feed(session: Session, reader: Reader) -> None:
    """Make the address of a member's feed worthless."""
    reader.feed_nonce = None
    session.execute(_lead_away(reader, "feed"))


def _lead(session: Session, reader: Reader, kind: str, token: str) -> None:
    session.execute(_lead_away(reader, kind))
    session.execute(
        insert(Link).values(
            token_sha256=token_sha256(token),
            workspace_id=reader.workspace_id,
            kind=kind,
            target_id=reader.person_id,
        )
    )


def _lead_away(reader: Reader, kind: str) -> Any:
    return delete(Link).where(
        Link.workspace_id == reader.workspace_id,
        Link.kind == kind,
        Link.target_id == reader.person_id,
    )


def reader_behind(session: Session, token: str, kind: str) -> Reader | None:
    """Return whose link this is, None where it opens nothing (any more)."""
    query = (
        select(Reader)
        .join(
            Link,
            and_(Link.workspace_id == Reader.workspace_id, Link.target_id == Reader.person_id),
        )
        .where(Link.token_sha256 == token_sha256(token), Link.kind == kind)
    )
    return session.scalars(query).one_or_none()


def stop_mails(session: Session, token: str) -> None:
    """Send whoever holds this link no letter and no alert any more; twice is no error.

    Raises
    ------
    NotFoundError
        When the link is unknown.
    """
    reader = reader_behind(session, token, "digest")
    if reader is None:
        raise NotFoundError("This link opens nothing. Please copy the whole address of the mail.")
    reader.weekday, reader.alerts, reader.due_at = None, False, None


def set_webhook(
    session: Session, telling: Telling, url: str, *, with_words: bool, inside: bool
) -> None:
    """Note where a workspace's news goes, and whether customers' words may go along.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    telling : Telling
        The workspace's row.
    url : str
        An address, or nothing to end it.
    with_words : bool
        Whether mails and the webhook may quote.
    inside : bool
        Whether private addresses are allowed here.

    Raises
    ------
    FieldError
        When nothing may be sent to that address.
    """
    url = as_stored(url).strip()
    if url:
        target_of(url, inside=inside)
    if not url:
        _drop(session, telling.workspace_id)
    telling.webhook_url, telling.with_words = url or None, with_words


def _drop(session: Session, workspace_id: int) -> None:
    session.execute(
        update(Delivery)
        .where(
            Delivery.workspace_id == workspace_id,
            Delivery.way == WEBHOOK,
            Delivery.state == QUEUED,
        )
        .values(state=DROPPED, lease_id=None, lease_until=None)
    )


def store_week(
    session: Session, workspace_id: int, measured: Mapping[str, Any], now: datetime
) -> None:
    """Keep a week's news and send it on its way to the webhook; a week is told once."""
    last = date.fromisoformat(measured["last"])
    known = select(Bulletin.id).where(
        Bulletin.workspace_id == workspace_id, Bulletin.kind == WEEK, Bulletin.last_day == last
    )
    if session.scalar(known) is not None:
        return
    bulletin = Bulletin(
        workspace_id=workspace_id, id=new_id(), kind=WEEK, figures=dict(measured),
        first_day=date.fromisoformat(measured["first"]), last_day=last,
        made_at=now, changed_at=now,
    )  # fmt: skip
    session.add(bulletin)
    session.flush()
    _send_to_webhook(session, bulletin, now)


def store_rises(
    session: Session, workspace_id: int, steps: Steps, yesterday: date, now: datetime
) -> None:
    """Begin alerts, bring those that stand up to date without sending them again, end the others.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose.
    steps : Steps
        What the look made of them.
    yesterday : date
        The last day that was looked at.
    now : datetime
        The database's time.
    """
    standing = standing_rises(session, workspace_id)
    for key in steps.over & standing.keys():
        standing[key].ended_on = yesterday
    for key, moved in steps.kept.items():
        if key in standing and standing[key].figures != as_figures(moved):
            standing[key].figures = as_figures(moved)
            standing[key].last_day, standing[key].changed_at = yesterday, now
    for key, moved in steps.begun.items():
        if key not in standing and not _rang_lately(session, workspace_id, key, yesterday):
            bulletin = Bulletin(
                workspace_id=workspace_id, id=new_id(), kind=RISING, theme_id=key[0], tone=key[1],
                first_day=moved.since, last_day=yesterday, figures=as_figures(moved),
                made_at=now, changed_at=now,
            )  # fmt: skip
            session.add(bulletin)
            session.flush()
            _send_to_readers(session, bulletin, now)
            _send_to_webhook(session, bulletin, now)


def standing_rises(session: Session, workspace_id: int) -> dict[Key, Bulletin]:
    """Return the alerts that stand, by theme and tone."""
    found = session.scalars(
        select(Bulletin).where(
            Bulletin.workspace_id == workspace_id,
            Bulletin.kind == RISING,
            Bulletin.ended_on.is_(None),
        )
    )
    return {(one.theme_id or 0, one.tone or ""): one for one in found}


def _rang_lately(session: Session, workspace_id: int, key: Key, day: date) -> bool:
    lately = exists().where(
        Bulletin.workspace_id == workspace_id,
        Bulletin.theme_id == key[0],
        Bulletin.tone == key[1],
        Bulletin.ended_on > day - QUIET_AFTER_END,
    )
    return bool(session.scalar(select(lately)))


def _send_to_readers(session: Session, bulletin: Bulletin, now: datetime) -> None:
    readers = session.scalars(
        select(Reader.person_id).where(
            Reader.workspace_id == bulletin.workspace_id, Reader.alerts.is_(True)
        )
    )
    for person_id in readers.all():
        session.add(_delivery(bulletin, MAIL, person_id, now))


def _send_to_webhook(session: Session, bulletin: Bulletin, now: datetime) -> None:
    telling = session.get(Telling, bulletin.workspace_id)
    if telling is not None and telling.webhook_url:
        session.add(_delivery(bulletin, WEBHOOK, NOBODY, now))


def _delivery(bulletin: Bulletin, way: str, person_id: int, now: datetime) -> Delivery:
    return Delivery(
        workspace_id=bulletin.workspace_id, id=new_id(), bulletin_id=bulletin.id,
        way=way, person_id=person_id, state=QUEUED, made_at=now,
    )  # fmt: skip
