"""Answers that leave: taken back by their customer, or gone with age; and words that change."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, exists, null, or_, select, update
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.records.accounts import Workspace
from survey.records.answering import GIVEN, WITHDRAWN, Answer, AnswerText, Locked
from survey.records.asking import Interaction, Invitation, OutgoingMail
from survey.records.askings import counted_asking
from survey.records.base import table_of
from survey.records.care import Original, keep_sealed_straight
from survey.records.counts import Measure, count, count_straight
from survey.records.erasure import forget_letters, forget_words
from survey.records.flagging import Spoken, flag_dangers
from survey.records.search import index_answer
from survey.records.sortings import counted_answers, forget_sortings
from survey.records.straight import Prepared, inserting, straight_of

# Past answers that were imported, and samples, were promised nothing; their owner removes them.
_NOT_PROMISED = ("import", "sample")


def hold_answer(session: Session, workspace_id: int, answer_id: int) -> Locked | None:
    """Return an answer that stays as it is until this transaction ends.

    Notes
    -----
    The workspace's row is locked first, as whoever stores what the engine made does, so that
    the two never wait for each other. Foreign keys' own locks get along with these.
    """
    straight, of = straight_of(session), {"workspace": workspace_id, "answer": answer_id}
    straight.rows(_LOCK, of)
    rows = straight.rows(_HOLD, of)
    return Locked(*rows[0]) if rows else None


def reword(
    session: Session,
    answer: Locked,
    text: str,
    now: datetime,
    *,
    nothing: bool = False,
    original: Original | None = None,
) -> None:
    """Put new words in place of an answer's; only when it changed is kept of the old ones.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    answer : Locked
        Held (see `hold_answer`), and given.
    text : str
        As readers may see it (see `cared_for`); empty with `nothing`.
    now : datetime
        The present moment.
    nothing : bool
        Whether the customer now says that nothing more was needed.
    original : Original, optional
        What was typed, where personal data was masked and is kept.
    """
    workspace_id, answer_id, version = answer.workspace_id, answer.id, answer.version + 1
    forget_words(session, workspace_id, answer_id)  # what they named is found by the sortings
    forget_sortings(session, workspace_id, [answer_id])
    straight = straight_of(session)
    straight.run(
        _NEW_TEXT,
        {
            "workspace_id": workspace_id,
            "answer_id": answer_id,
            "version": version,
            "body": text,
            "written_at": None if answer.anonymous else now,
        },
    )
    if text:
        index_answer(session, workspace_id, answer_id, text)
    keep_sealed_straight(straight, workspace_id, answer_id, version, original)
    spoken = Spoken(answer_id, version, text, answer.answered_on)
    flag_dangers(session, workspace_id, [spoken], now)
    of = {"workspace": workspace_id, "answer": answer_id}
    straight.run(_REWORDED, {**of, "version": version, "nothing": nothing})
    straight.run(_CHANGED, {**of, "now": now})


def withdraw(session: Session, answer: Locked, now: datetime) -> None:
    """Take an answer back: its words are erased, that there was one stays counted.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    answer : Locked
        Held (see `hold_answer`), and given.
    now : datetime
        The present moment.
    """
    _leave(session, answer, now, None)


def expire(session: Session, answer: Locked, now: datetime, today: date) -> None:
    """Let an answer go whose time of keeping is over, with who gave it; nothing stays counted.

    Of one that was taken back, only who gave it is left to go.

    Parameters
    ----------
    session, now
        As in `withdraw`.
    answer : Locked
        Held (see `hold_answer`).
    today : date
        The workspace's own day.
    """
    if answer.state == GIVEN:
        _leave(session, answer, now, today)
    invitation = session.scalar(
        select(Invitation).where(
            Invitation.workspace_id == answer.workspace_id, Invitation.id == answer.invitation_id
        )
    )
    if invitation is not None:
        _forget_customer(session, invitation)


def _leave(session: Session, answer: Locked, now: datetime, expired_on: date | None) -> None:
    workspace_id, answer_id = answer.workspace_id, answer.id
    counted = counted_answers(session, workspace_id, [answer_id])[answer_id]
    forget_words(session, workspace_id, answer_id)  # what they named is found by the sortings
    forget_sortings(session, workspace_id, [answer_id])
    forget_letters(session, workspace_id, answer_id)
    straight = straight_of(session)
    count_straight(straight, -1, counted, "answered")
    if expired_on is None:  # counted as it is now: who served is erased, too
        unserved = replace(counted, served_by=None, channel=None)
        count_straight(straight, +1, unserved, "withdrawn")
    of = {"workspace": workspace_id, "answer": answer_id, "invitation": answer.invitation_id}
    straight.run(_EXPIRED if expired_on else _WITHDRAWN, {**of, "expired_on": expired_on})
    if answer.invitation_id is not None:
        straight.run(_ENDED, of)
    straight.run(_CHANGED, {**of, "now": now})


def _forget_customer(session: Session, invitation: Invitation) -> None:
    _count_asking(session, invitation, -1)
    session.execute(
        update(Interaction)
        .where(
            Interaction.workspace_id == invitation.workspace_id,
            Interaction.id == invitation.interaction_id,
        )
        .values(customer_email="", customer_name=None, note=None, served_by=None, reference=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(OutgoingMail).where(
            OutgoingMail.workspace_id == invitation.workspace_id,
            OutgoingMail.invitation_id == invitation.id,
        )
    )
    _count_asking(session, invitation, +1)


def _count_asking(session: Session, invitation: Invitation, change: int) -> None:
    """Count an asking that was answered, by what is known of it now."""
    if invitation.asked_on is not None:
        counted = counted_asking(session, invitation, invitation.asked_on)
        count(session, change, counted, [Measure("asked"), Measure("replied")])


_answer, _invitation, _workspace = (
    table_of(record).c for record in (Answer, Invitation, Workspace)
)
_THIS = (_answer.workspace_id == bindparam("workspace"), _answer.id == bindparam("answer"))
_TO_SORT = {
    "sorted_by": null(),
    "lease_id": null(),
    "lease_until": null(),
    "next_try_at": null(),
    "last_error": null(),
    "attempts": 0,
}
_LEAVING = update(table_of(Answer)).where(*_THIS).values(state=WITHDRAWN, said_nothing=False)
_WITHDRAWN = Prepared(_LEAVING.values(**_TO_SORT))
_EXPIRED = Prepared(_LEAVING.values(**_TO_SORT, expired_on=bindparam("expired_on")))
_REWORDED = Prepared(
    update(table_of(Answer))
    .where(*_THIS)
    .values(version=bindparam("version"), said_nothing=bindparam("nothing"), **_TO_SORT)
)
_NEW_TEXT = Prepared(
    inserting(AnswerText, "workspace_id", "answer_id", "version", "body", "written_at")
)
_ENDED = Prepared(
    update(table_of(Invitation))
    .where(
        _invitation.workspace_id == bindparam("workspace"),
        _invitation.id == bindparam("invitation"),
    )
    .values(state="withdrawn")
)
_CHANGED = Prepared(
    update(table_of(Workspace))
    .where(_workspace.id == bindparam("workspace"))
    .values(answers_changed_at=bindparam("now"))
)
_HOLD = Prepared(
    select(
        _answer.workspace_id,  # in the order of Locked's fields
        _answer.id,
        _answer.state,
        _answer.version,
        _answer.said_nothing,
        _answer.anonymous,
        _answer.answered_on,
        _answer.invitation_id,
    )
    .where(*_THIS)
    .with_for_update(key_share=True)
)
_LOCK = Prepared(
    select(_workspace.id)
    .where(_workspace.id == bindparam("workspace"))
    .with_for_update(key_share=True)
)


@dataclass(frozen=True)
class Overdue:
    """Answers of one workspace that were kept long enough."""

    workspace_id: int
    answer_ids: tuple[int, ...]
    today: date


def overdue(session: Session, now: datetime, limit: int) -> Overdue | None:
    """Return some answers whose time of keeping is over, of one workspace; None without any.

    Parameters
    ----------
    session : Session
        Any session.
    now : datetime
        The database's time.
    limit : int
        At most so many answers.
    """
    keeping = session.execute(
        select(Workspace.id, Workspace.keep_months, Workspace.time_zone)
        .where(Workspace.keep_months.is_not(None))
        .order_by(Workspace.id)
    ).all()
    for row in keeping:
        today = day_in(now, row.time_zone)
        ids = session.scalars(
            select(Answer.id)
            .where(
                Answer.workspace_id == row.id,
                Answer.answered_on <= months_before(today, row.keep_months),
                or_(Answer.state == GIVEN, _is_customer_known()),
                Answer.origin.not_in(_NOT_PROMISED),
            )
            .order_by(Answer.answered_on)
            .limit(limit)
        ).all()
        if ids:
            return Overdue(row.id, tuple(ids), today)
    return None


def _is_customer_known() -> ColumnElement[bool]:
    """Whether it is still known who gave an answer: who took it back was promised that, too."""
    return exists().where(
        Invitation.workspace_id == Answer.workspace_id,
        Invitation.id == Answer.invitation_id,
        Interaction.workspace_id == Invitation.workspace_id,
        Interaction.id == Invitation.interaction_id,
        or_(Interaction.customer_email != "", Interaction.customer_name.is_not(None)),
    )


def months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier, or the month's last where it is shorter.

    Parameters
    ----------
    day : date
        From year 1 on.
    months : int
        0 or more, at most some hundred years.
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
