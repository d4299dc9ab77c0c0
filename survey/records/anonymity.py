"""Anonymous answers: held until enough have come, then let in together, in no order.

The rule, in one place. What is asked anonymously never becomes a row that could be joined to a
person: the invitation only changes its state, and the words go into `HeldAnswer`, which knows
nothing but the question. Once as many wait as the workspace's smallest group, the worker lets them
in as answers, all at once, in the order of their random ids, dated with the week's first day. They
carry no invitation, moment, person, channel, reference, language or segment. So no filter can cut
them by segment: they drop out of every such view as a whole, and there is nothing to subtract.

An answer is held in the transaction that uses up its link: else a link could answer twice, or not
at all. But PostgreSQL writes that transaction's number (``xmin``) to each row and keeps rows in the
order in which they came. So those that wait are written anew together, in the order of their random
ids, as soon as there are two, and their receipts with them; the receipts once more as they are let
in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Delete, ForeignKey, and_, delete, func, insert, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from survey.clock import day_in
from survey.records.accounts import Link, Workspace
from survey.records.answering import GIVEN, WITHDRAWN, Answer, AnswerText
from survey.records.base import CLUSTERED, Record, owned_by, row_id, table_of
from survey.records.counts import Counted, Measure, count_many
from survey.records.flagging import Spoken, flag_dangers
from survey.records.withdrawal import months_before

FEWEST_TOGETHER = 2  # whatever the workspace says: one alone is never let in
AT_ONCE = 50  # a write transaction should stay short


class HeldAnswer(Record):
    """An anonymous answer that waits for company: no person, no moment, no order of arrival.

    ``since`` is the Monday of its week, so that it goes with age where no company ever comes.
    """

    __tablename__ = "held_answer"
    __table_args__ = (owned_by("question_id", table="question"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()  # the answer's own, later
    question_id: Mapped[int]
    said_nothing: Mapped[bool] = mapped_column(default=False)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str]
    since: Mapped[date | None]


@dataclass(frozen=True)
class Waiting:
    """How many anonymous answers to a question wait for company, and how many it takes."""

    question_id: int
    answers: int
    smallest_group: int


def held_answers(session: Session, workspace_id: int) -> tuple[Waiting, ...]:
    """Return how many anonymous answers of a workspace wait, question by question."""
    rows = session.execute(
        select(HeldAnswer.question_id, func.count().label("answers"), Workspace.smallest_group)
        .join(Workspace, Workspace.id == HeldAnswer.workspace_id)
        .where(HeldAnswer.workspace_id == workspace_id, HeldAnswer.withdrawn.is_(False))
        .group_by(HeldAnswer.question_id, Workspace.smallest_group)
        .order_by(HeldAnswer.question_id)
    )
    return tuple(
        Waiting(row.question_id, row.answers, max(FEWEST_TOGETHER, row.smallest_group))
        for row in rows
    )


def smallest_company(session: Session, workspace_id: int) -> int:
    """Return how many anonymous answers have to have come before any is shown."""
    smallest = session.scalars(
        select(Workspace.smallest_group).where(Workspace.id == workspace_id)
    ).one()
    return max(FEWEST_TOGETHER, smallest)


def ready_to_be_let_in(session: Session) -> tuple[int, int] | None:
    """Return a workspace and a question of which enough anonymous answers wait, if any."""
    row = session.execute(
        select(HeldAnswer.workspace_id, HeldAnswer.question_id)
        .join(Workspace, Workspace.id == HeldAnswer.workspace_id)
        .where(HeldAnswer.withdrawn.is_(False))
        .group_by(HeldAnswer.workspace_id, HeldAnswer.question_id, Workspace.smallest_group)
        .having(func.count() >= Workspace.smallest_group, func.count() >= FEWEST_TOGETHER)
        .limit(1)
    ).one_or_none()
    return (row.workspace_id, row.question_id) if row else None


def let_in(session: Session, workspace_id: int, question_id: int, now: datetime) -> int:
    """Let anonymous answers in together, where enough of them wait.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, question_id : int
        Whose, and to which question.
    now : datetime
        The database's time.

    Returns
    -------
    int
        How many were let in; 0 where too few wait.
    """
    workspace = session.scalars(
        select(Workspace).where(Workspace.id == workspace_id).with_for_update()
    ).one()
    held = session.scalars(
        select(HeldAnswer)
        .where(HeldAnswer.workspace_id == workspace_id, HeldAnswer.question_id == question_id)
        # Those taken back come last, else many of them would keep the others out for ever.
        .order_by(HeldAnswer.withdrawn, HeldAnswer.id)
        .limit(max(AT_ONCE, 2 * workspace.smallest_group))
        .with_for_update()
    ).all()
    if sum(not one.withdrawn for one in held) < max(FEWEST_TOGETHER, workspace.smallest_group):
        return 0
    day = week_of(day_in(now, workspace.time_zone))
    _insert(session, held, day, now)
    session.execute(
        delete(HeldAnswer)
        .where(HeldAnswer.workspace_id == workspace_id, HeldAnswer.id.in_([one.id for one in held]))
        .execution_options(synchronize_session=False)
    )
    _shuffle_receipts(session, workspace_id, [one.id for one in held])
    workspace.answers_changed_at = now
    return len(held)


def shuffle_held(session: Session) -> bool:
    """Write anonymous answers anew that wait for the same company; False where none need it.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    """
    if session.get_bind().dialect.name != "postgresql":
        return False  # SQLite keeps no such marks, and these rows in the order of their ids
    found = session.execute(_MARKED_APART).first()
    if found is None:
        return False
    workspace_id, question_id = found
    session.execute(
        select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    )
    held = table_of(HeldAnswer)
    here = and_(held.c.workspace_id == workspace_id, held.c.question_id == question_id)
    ids = _write_anew(session, delete(held).where(here), HeldAnswer.id)
    _shuffle_receipts(session, workspace_id, ids)
    return True


def _shuffle_receipts(session: Session, workspace_id: int, answer_ids: Sequence[int]) -> None:
    """Write the receipts of anonymous answers anew, in the order of what they hash to."""
    if session.get_bind().dialect.name != "postgresql":
        return
    link = table_of(Link)
    these = (
        link.c.workspace_id == workspace_id,
        link.c.kind == "receipt",
        link.c.target_id.in_(answer_ids),
    )
    _write_anew(session, delete(link).where(*these), Link.token_sha256)


def _write_anew(session: Session, going: Delete, order: InstrumentedAttribute[Any]) -> list[Any]:
    """Delete rows and insert the same again, in the order of a column; return what it holds."""
    rows = [dict(row._mapping) for row in session.execute(going.returning(*going.table.c))]
    rows.sort(key=itemgetter(order.key))
    if rows:
        session.execute(insert(going.table), rows)
    return [row[order.key] for row in rows]


_MARKED_APART = (
    select(HeldAnswer.workspace_id, HeldAnswer.question_id)
    .group_by(HeldAnswer.workspace_id, HeldAnswer.question_id)
    .having(func.count(literal_column("held_answer.xmin::text").distinct()) > 1)
    .limit(1)
)


def let_go(session: Session, now: datetime, *, limit: int) -> int:
    """Erase anonymous answers that waited for company as long as answers are kept.

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
        How many were erased, with their receipts.
    """
    gone = 0
    keeping = session.execute(
        select(Workspace.id, Workspace.keep_months, Workspace.time_zone).where(
            Workspace.keep_months.is_not(None)
        )
    ).all()
    for row in keeping:
        last = months_before(day_in(now, row.time_zone), row.keep_months)
        old = and_(HeldAnswer.workspace_id == row.id, HeldAnswer.since <= last)
        ids = session.scalars(select(HeldAnswer.id).where(old).limit(limit - gone)).all()
        _erase(session, row.id, ids)
        gone += len(ids)
    return gone


def _erase(session: Session, workspace_id: int, ids: Sequence[int]) -> None:
    for table, which in ((HeldAnswer, HeldAnswer.id), (Link, Link.target_id)):
        kind = [Link.kind == "receipt"] if table is Link else []
        session.execute(
            delete(table)
            .where(table.workspace_id == workspace_id, which.in_(ids), *kind)
            .execution_options(synchronize_session=False)
        )


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _insert(session: Session, held: Sequence[HeldAnswer], day: date, now: datetime) -> None:
    keys = [{"workspace_id": one.workspace_id, "answer_id": one.id} for one in held]
    session.execute(insert(Answer), [_answer_row(one, day) for one in held])
    session.execute(
        insert(AnswerText),
        [
            {**key, "version": 1, "body": one.body, "written_at": None}
            for key, one in zip(keys, held, strict=True)
        ],
    )
    flag_dangers(
        session,
        held[0].workspace_id,
        [Spoken(one.id, 1, one.body, day) for one in held if one.body and not one.withdrawn],
        now,
    )
    count_many(
        session,
        1,
        [
            (
                Counted(one.workspace_id, one.question_id, day),
                (Measure("withdrawn" if one.withdrawn else "answered"),),
            )
            for one in held
        ],
    )


def _answer_row(held: HeldAnswer, day: date) -> dict[str, object]:
    return {
        "workspace_id": held.workspace_id,
        "id": held.id,
        "question_id": held.question_id,
        "anonymous": True,
        "origin": "link",
        "state": WITHDRAWN if held.withdrawn else GIVEN,
        "said_nothing": held.said_nothing,
        "version": 1,
        "answered_on": day,
        "taken_in": False,
    }
