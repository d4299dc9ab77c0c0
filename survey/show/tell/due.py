"""What falls due in telling: looks, letters and deliveries; claimed, ended, or put back."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from survey.records import Delivery, Reader, Telling
from survey.records.due import Claim, claim, finish, try_later
from survey.records.telling import FAILED, QUEUED, SENT
from survey.show.tell.mornings import LOOK_AT, SEND_AT, end_of_day, next_morning

LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)
AT_ONCE = 10
_HALF_A_WEEK = timedelta(days=3, hours=12)


@dataclass(frozen=True)
class Delay:
    """Why something is tried again later, and where the jitter of its next try comes from."""

    error: str
    jitter: random.Random


def claim_look(session: Session, now: datetime) -> Claim:
    """Claim one workspace whose news is due to be looked for; its key is the workspace's id."""
    return claim(
        session,
        Telling,
        Telling.look_at <= now,
        order=Telling.look_at,
        now=now,
        limit=1,
        lease=LEASE,
    )


def end_look(
    session: Session,
    workspace_id: int,
    lease_id: str,
    now: datetime,
    *,
    zone: str,
    told: date | None,
) -> bool:
    """Note that the day's look is over; False when the claim was lost and nothing may be kept."""
    here = (Telling.workspace_id == workspace_id,)
    values: dict[str, Any] = {"look_at": next_morning(now, zone, LOOK_AT)}
    if told is not None:
        values["week_told"] = told
    session.execute(
        update(Telling)
        .where(*here, Telling.lease_id == lease_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return finish(session, Telling, here, lease_id)


def put_look_back(
    session: Session, workspace_id: int, lease_id: str, now: datetime, delay: Delay
) -> None:
    """Try a look that broke again later."""
    attempts = session.scalar(select(Telling.attempts).where(Telling.workspace_id == workspace_id))
    try_later(
        session, Telling, (Telling.workspace_id == workspace_id,), lease_id,
        now=now, error=delay.error, attempts=attempts or 0, jitter=delay.jitter,
    )  # fmt: skip


def claim_letters(session: Session, now: datetime) -> Claim:
    """Claim readers whose weekly letter is due; keys are workspace and person."""
    return claim(
        session,
        Reader,
        and_(Reader.weekday.is_not(None), Reader.due_at <= now),
        order=Reader.due_at,
        now=now,
        limit=AT_ONCE,
        lease=LEASE,
    )


def end_letter(
    session: Session, key: tuple[int, int], lease_id: str, now: datetime, zone: str
) -> bool:
    """Note that a reader's letter is done with until the next week; False when it was not ours.

    However late a letter comes, the next one comes on its day, half a week after this one was due
    at the earliest, and tells again the days that both hold. One that came
    at the old hour of a workspace with a new time zone is not followed by one at the new.
    """
    here = _is_reader(key)
    weekday, due_at = session.execute(select(Reader.weekday, Reader.due_at).where(*here)).one()
    if weekday is None:
        due_at = None
    elif due_at is None or due_at <= now:  # else its reader chose another day meanwhile
        after = max(end_of_day(now, zone), (due_at or now) + _HALF_A_WEEK)
        due_at = next_morning(after, zone, SEND_AT, weekday)
    session.execute(
        update(Reader)
        .where(*here, Reader.lease_id == lease_id)
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )
    return finish(session, Reader, here, lease_id)


def put_letter_back(
    session: Session, key: tuple[int, int], lease_id: str, now: datetime, delay: Delay
) -> None:
    """Try a reader's letter again later."""
    attempts = session.scalar(select(Reader.attempts).where(*_is_reader(key))) or 0
    try_later(
        session, Reader, _is_reader(key), lease_id,
        now=now, error=delay.error, attempts=attempts, jitter=delay.jitter,
    )  # fmt: skip


def _is_reader(key: tuple[int, int]) -> tuple[ColumnElement[bool], ...]:
    return (Reader.workspace_id == key[0], Reader.person_id == key[1])


def claim_deliveries(session: Session, now: datetime, way: str) -> Claim:
    """Claim news that is to be sent one way; keys are workspace and delivery."""
    return claim(
        session,
        Delivery,
        and_(Delivery.state == QUEUED, Delivery.way == way),
        order=Delivery.made_at,
        now=now,
        limit=AT_ONCE,
        lease=LEASE,
    )


def end_delivery(
    session: Session,
    key: tuple[int, int],
    lease_id: str,
    now: datetime,
    *,
    state: str = SENT,
    error: str | None = None,
) -> bool:
    """Note what became of a delivery for good: sent, failed or dropped."""
    result: Any = session.execute(
        update(Delivery)
        .where(*_is_delivery(key), Delivery.lease_id == lease_id)
        .values(
            state=state,
            done_at=now,
            lease_id=None,
            lease_until=None,
            next_try_at=None,
            last_error=error[:1000] if error else None,
        )
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)


def put_delivery_back(
    session: Session, key: tuple[int, int], lease_id: str, now: datetime, delay: Delay
) -> None:
    """Try a delivery again later, or give it up where it is three days old."""
    row = session.execute(
        select(Delivery.attempts, Delivery.made_at).where(*_is_delivery(key))
    ).one()
    if now - row.made_at > GIVE_UP_AFTER:
        error = f"Given up after 3 days. {delay.error}"
        end_delivery(session, key, lease_id, now, state=FAILED, error=error)
        return
    try_later(
        session, Delivery, _is_delivery(key), lease_id,
        now=now, error=delay.error, attempts=row.attempts, jitter=delay.jitter,
    )  # fmt: skip


def _is_delivery(key: tuple[int, int]) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.workspace_id == key[0], Delivery.id == key[1])
