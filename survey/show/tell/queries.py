"""What telling reads: the news of a workspace, who is told, and what stands in a letter."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.records import Answer, Bulletin, Delivery, Person, Reader, Telling, Workspace
from survey.records.answering import GIVEN
from survey.records.due import unclaimed
from survey.records.filters import AnswerFilter
from survey.records.telling import FAILED, MAIL, QUEUED, RISING, WEBHOOK
from survey.show.figures import figures_in_view
from survey.show.queries import theme_names
from survey.show.tell.actions import standing_rises
from survey.show.tell.mornings import last_sunday
from survey.show.tell.news import (
    News,
    Quotes,
    Risen,
    Week,
    measured_week,
    named,
    named_rise,
    named_week,
    names_now,
    quotes_of,
)
from survey.show.tell.rising import BACK, Steps, changes_of, days_compared, next_steps

SHOWN = 50


@dataclass(frozen=True)
class Looked:
    """What a look found: steps of the alerts, and a week that was not told yet."""

    zone: str
    yesterday: date
    steps: Steps
    week: dict[str, Any] | None
    told: date | None


@dataclass(frozen=True)
class Addressed:
    """To whom a letter goes, from which workspace, and by which nonce it can be ended."""

    workspace_id: int
    workspace: str
    slug: str
    zone: str
    person_id: int
    email: str
    name: str
    nonce: bytes
    with_words: bool
    run_id: int | None
    has_sample: bool


@dataclass(frozen=True)
class Posted:
    """News on its way to a webhook."""

    workspace_id: int
    workspace: str
    slug: str
    url: str
    nonce: bytes
    news: News
    has_sample: bool


@dataclass(frozen=True)
class Hooked:
    """How a workspace's webhook stands, for its owners."""

    url: str | None
    nonce: bytes
    with_words: bool
    last_sent: datetime | None
    last_error: str | None


def is_anything_due(session: Session, now: datetime) -> bool:
    """Whether a worker would find anything to tell; it then takes no write lock for nothing."""
    unknown = select(Workspace.id).where(~exists().where(Telling.workspace_id == Workspace.id))
    look = select(Telling.workspace_id).where(Telling.look_at <= now, unclaimed(Telling, now))
    letter = select(Reader.person_id).where(Reader.due_at <= now, unclaimed(Reader, now))
    alert = _deliveries_due(MAIL, now)
    return any(session.scalar(one.limit(1)) is not None for one in (unknown, look, letter, alert))


def is_post_due(session: Session, now: datetime) -> bool:
    """Whether a worker would find anything to post to a webhook."""
    return session.scalar(_deliveries_due(WEBHOOK, now).limit(1)) is not None


def _deliveries_due(way: str, now: datetime) -> Select[int]:
    return select(Delivery.id).where(
        Delivery.state == QUEUED, Delivery.way == way, unclaimed(Delivery, now)
    )


def looked_at(session: Session, workspace_id: int, now: datetime) -> Looked:
    """Look for news in a workspace: themes that rise, and the week that is over.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Where.
    now : datetime
        The present moment; whole days before it are looked at.
    """
    workspace = session.get_one(Workspace, workspace_id)
    zone, run_id = workspace.time_zone, workspace.current_run_id
    today = day_in(now, zone)
    yesterday = today - timedelta(days=1)
    told = session.scalar(select(Telling.week_told).where(Telling.workspace_id == workspace_id))
    sunday = last_sunday(today)
    week = None
    if told is None or told < sunday:
        week = measured_week(session, workspace_id, run_id, sunday)
    return Looked(
        zone=zone,
        yesterday=yesterday,
        steps=_steps(session, workspace_id, run_id, yesterday),
        week=week if week and (week["asked"] or week["answered"]) else None,
        told=sunday if week else None,
    )


def _steps(session: Session, workspace_id: int, run_id: int | None, yesterday: date) -> Steps:
    standing = standing_rises(session, workspace_id)
    since = yesterday - timedelta(days=BACK - 1)
    oldest = session.scalar(
        select(func.min(Answer.answered_on)).where(
            Answer.workspace_id == workspace_id,
            Answer.state == GIVEN,
            Answer.answered_on >= since,
            Answer.answered_on <= yesterday,
        )
    )
    span = days_compared(yesterday, oldest)
    if span is None or run_id is None:
        return Steps({}, {}, frozenset(standing))
    wanted = AnswerFilter(since=span.first, until=span.last)
    figures = figures_in_view(session, workspace_id, run_id, wanted, span)
    ids = {name.id for name in theme_names(session, workspace_id, ())}
    return next_steps(changes_of(figures, ids), standing.keys())


def news_of(session: Session, workspace_id: int, limit: int = SHOWN) -> tuple[News, ...]:
    """Return a workspace's news, the newest first, with the names its themes have now."""
    names = names_now(session, workspace_id)
    rows = session.scalars(
        select(Bulletin)
        .where(Bulletin.workspace_id == workspace_id)
        .order_by(Bulletin.made_at.desc(), Bulletin.id)
        .limit(limit)
    )
    return tuple(one for row in rows if (one := named(row, names)) is not None)


def rises_now(session: Session, workspace_id: int, quotes: Quotes | None = None) -> list[Risen]:
    """Return the themes that rise, the plainest rise first."""
    names = names_now(session, workspace_id)
    standing = standing_rises(session, workspace_id).values()
    found = [one for row in standing if (one := named_rise(row, names, quotes)) is not None]
    return sorted(found, key=lambda one: (-one.count, one.name))


def week_to(
    session: Session, workspace_id: int, run_id: int | None, last: date, *, with_words: bool
) -> Week:
    """Return the seven days up to `last`, quoted where that is allowed."""
    measured = measured_week(session, workspace_id, run_id, last)
    names = names_now(session, workspace_id)
    week = named_week(measured, names)
    if not with_words:
        return week
    quotes = quotes_of(session, workspace_id, run_id, week.first, week.last)
    return named_week(measured, names, quotes)


def addressed(session: Session, workspace_id: int, person_id: int) -> Addressed | None:
    """Return to whom a letter goes, None where they belong here no longer."""
    row = session.execute(
        select(
            Workspace.name.label("workspace"),
            Workspace.slug,
            Workspace.time_zone,
            Workspace.current_run_id,
            Workspace.is_sample,
            Person.email,
            Person.name,
            Reader.nonce,
            Telling.with_words,
        )
        .select_from(Reader)
        .join(Workspace, Workspace.id == Reader.workspace_id)
        .join(Person, Person.id == Reader.person_id)
        .outerjoin(Telling, Telling.workspace_id == Reader.workspace_id)
        .where(Reader.workspace_id == workspace_id, Reader.person_id == person_id)
    ).one_or_none()
    if row is None:
        return None
    return Addressed(
        workspace_id=workspace_id,
        workspace=row.workspace,
        slug=row.slug,
        zone=row.time_zone,
        person_id=person_id,
        email=row.email,
        name=row.name,
        nonce=row.nonce,
        with_words=bool(row.with_words),
        run_id=row.current_run_id,
        has_sample=row.is_sample,
    )


def letter_due_at(session: Session, key: tuple[int, int], lease_id: str) -> datetime | None:
    """Return since when a letter is due, None where nobody wants it or the claim is not ours."""
    query = select(Reader.due_at).where(
        Reader.workspace_id == key[0],
        Reader.person_id == key[1],
        Reader.lease_id == lease_id,
        Reader.weekday.is_not(None),
    )
    return session.scalar(query)


def alert_to(
    session: Session, key: tuple[int, int], lease_id: str
) -> tuple[Addressed, Risen] | None:
    """Return an alert on its way by mail, None where nobody wants it any more.

    Parameters
    ----------
    session : Session
        An open session.
    key : tuple of int
        Workspace and delivery.
    lease_id : str
        The claim on it.
    """
    row = session.execute(
        select(Bulletin, Delivery.person_id)
        .join(
            Delivery,
            and_(
                Delivery.workspace_id == Bulletin.workspace_id,
                Delivery.bulletin_id == Bulletin.id,
            ),
        )
        .join(
            Reader,
            and_(
                Reader.workspace_id == Delivery.workspace_id,
                Reader.person_id == Delivery.person_id,
                Reader.alerts.is_(True),
            ),
        )
        .where(
            Delivery.workspace_id == key[0],
            Delivery.id == key[1],
            Delivery.lease_id == lease_id,
            Bulletin.kind == RISING,
            Bulletin.ended_on.is_(None),
        )
    ).one_or_none()
    to = addressed(session, key[0], row.person_id) if row else None
    if row is None or to is None:
        return None
    quotes = _quotes(session, row.Bulletin, to.run_id) if to.with_words else None
    risen = named_rise(row.Bulletin, names_now(session, key[0]), quotes)
    return (to, risen) if risen else None


def posted(session: Session, key: tuple[int, int], lease_id: str) -> Posted | None:
    """Return news on its way to a webhook, None where there is nothing to send any more."""
    row = session.execute(
        select(Bulletin, Telling, Workspace)
        .join(
            Delivery,
            and_(
                Delivery.workspace_id == Bulletin.workspace_id,
                Delivery.bulletin_id == Bulletin.id,
            ),
        )
        .join(Telling, Telling.workspace_id == Delivery.workspace_id)
        .join(Workspace, Workspace.id == Delivery.workspace_id)
        .where(
            Delivery.workspace_id == key[0], Delivery.id == key[1], Delivery.lease_id == lease_id
        )
    ).one_or_none()
    if row is None or not row.Telling.webhook_url:
        return None
    run_id = row.Workspace.current_run_id
    quotes = _quotes(session, row.Bulletin, run_id) if row.Telling.with_words else None
    news = named(row.Bulletin, names_now(session, key[0]), quotes)
    if news is None:
        return None
    place = row.Workspace
    to = (row.Telling.webhook_url, row.Telling.nonce)
    return Posted(key[0], place.name, place.slug, *to, news, place.is_sample)


def _quotes(session: Session, bulletin: Bulletin, run_id: int | None) -> Quotes:
    return quotes_of(session, bulletin.workspace_id, run_id, bulletin.first_day, bulletin.last_day)


def hooked(session: Session, workspace_id: int) -> Hooked | None:
    """Return how a workspace's webhook stands, None where nobody has set anything yet."""
    telling = session.get(Telling, workspace_id)
    if telling is None:
        return None
    here = (Delivery.workspace_id == workspace_id, Delivery.way == WEBHOOK)
    sent = session.scalar(select(func.max(Delivery.done_at)).where(*here, Delivery.state == "sent"))
    error = session.scalar(
        select(Delivery.last_error)
        .where(
            *here,
            or_(Delivery.state == FAILED, Delivery.state == QUEUED),
            Delivery.last_error.is_not(None),
        )
        .order_by(Delivery.made_at.desc())
        .limit(1)
    )
    return Hooked(telling.webhook_url, telling.nonce, telling.with_words, sent, error)
