"""The themes as they were on any day: the run of that day plus the decisions that held then.

Answers that were taken back since are gone, and with them their place in the past; words that a
customer changed since are read as they are now. Everything else is as it was.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from survey.records.answering import GIVEN, Answer
from survey.records.deciding import DecidedAnswer, Overruled
from survey.records.ledger import entries_of
from survey.records.made import seen_and_made
from survey.records.putting_back import (
    Accepted,
    Decided,
    moved_by_proposals,
    shown_by,
    undone_proposals,
)
from survey.records.settled import Settled, settle
from survey.records.shown import SortedAnswer, words_about
from survey.records.theming import Assignment, Run, Theme

_CHUNK = 400


@dataclass(frozen=True)
class ThemeThen:
    """A theme as it was.

    Parameters
    ----------
    id, name : int, str
        Which, and what it was called.
    answers : int
        How many were in it.
    holds : tuple of str
        Names of the themes that were merged into it.
    pinned, hidden : bool
        What was decided about it.
    """

    id: int
    name: str
    answers: int
    holds: tuple[str, ...]
    pinned: bool
    hidden: bool


@dataclass(frozen=True)
class _Then:
    """A moment of the past: the run that was current, its last day, and what held."""

    workspace_id: int
    run_id: int
    moment: datetime
    day: date
    settled: Settled
    finals: Mapping[int, int | None]
    undone: Sequence[Accepted]


def themes_at(
    session: Session, workspace_id: int, moment: datetime, day: date
) -> tuple[ThemeThen, ...]:
    """Return a workspace's themes as they were, most answers first.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    moment : datetime
        When; decisions up to it count.
    day : date
        The workspace's own day then; answers up to it count.
    """
    then = _then(session, workspace_id, moment, day)
    if then is None:
        return ()
    counts: Counter[int] = Counter(_counted(session, then))
    for seen, was in _otherwise(session, then):
        counts.subtract(one.theme_id for one in seen.placings)
        counts.update(one.theme_id for one in was.placings)
    return tuple(
        sorted(
            _themes(session, then, counts),
            key=lambda one: (-one.answers, one.name.casefold(), one.id),
        )
    )


def members_at(
    session: Session, workspace_id: int, theme_id: int, moment: datetime, day: date
) -> frozenset[int]:
    """Return the answers that were in a theme, by id.

    Parameters
    ----------
    session, workspace_id, moment, day
        As in `themes_at`.
    theme_id : int
        Which theme.
    """
    then = _then(session, workspace_id, moment, day)
    if then is None:
        return frozenset()
    query = select(Assignment.answer_id).where(Assignment.theme_id == theme_id)
    found = set(session.scalars(_of_run(query, then)))
    for seen, was in _otherwise(session, then):
        found.discard(seen.answer_id)
        if any(one.theme_id == theme_id for one in was.placings):
            found.add(was.answer_id)
    return frozenset(found)


def _then(session: Session, workspace_id: int, moment: datetime, day: date) -> _Then | None:
    """Find the run that was current; none before the first."""
    run_id = session.scalar(
        select(Run.id)
        .where(
            Run.workspace_id == workspace_id,
            Run.state.in_(("current", "replaced")),
            Run.finished_at <= moment,
        )
        .order_by(Run.finished_at.desc(), Run.state)
        .limit(1)
    )
    if run_id is None:
        return None
    entries = entries_of(session, workspace_id, moment)
    settled = settle(entries)
    spoken_of = {theme_id for entry in entries for theme_id in entry.themes()}
    finals = {one: final for one in spoken_of if (final := settled.final(one)) != one}
    undone = undone_proposals(
        session, workspace_id, settled.holding, among={entry.id for entry in entries}
    )
    return _Then(workspace_id, run_id, moment, day, settled, finals, undone)


def _of_run(query: Select[*tuple[int, ...]], then: _Then) -> Select[*tuple[int, ...]]:
    return query.join(
        Answer,
        and_(Answer.workspace_id == Assignment.workspace_id, Answer.id == Assignment.answer_id),
    ).where(
        Assignment.workspace_id == then.workspace_id,
        Assignment.run_id == then.run_id,
        *_there(then),
    )


def _there(then: _Then) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `Answer` that it was there by then, and still is."""
    return (
        Answer.workspace_id == then.workspace_id,
        Answer.state == GIVEN,
        Answer.answered_on <= then.day,
        or_(Answer.answered_at.is_(None), Answer.answered_at <= then.moment),
    )


def _counted(session: Session, then: _Then) -> dict[int, int]:
    query = select(Assignment.theme_id, func.count()).group_by(Assignment.theme_id)
    return {row[0]: row[1] for row in session.execute(_of_run(query, then))}


def _otherwise(session: Session, then: _Then) -> Iterator[tuple[SortedAnswer, SortedAnswer]]:
    """Yield what is shown now and what was shown then, of answers where the two may differ."""
    ids = sorted(_maybe_otherwise(session, then))
    for start in range(0, len(ids), _CHUNK):
        query = select(Answer.id).where(*_there(then), Answer.id.in_(ids[start : start + _CHUNK]))
        some = session.scalars(query).all()
        seen, made = seen_and_made(session, then.workspace_id, then.run_id, some)
        words = words_about(session, then.workspace_id, some, then.settled.holding)
        decided = Decided(words, then.finals, then.undone)
        for answer_id, was in shown_by(session, made, then.run_id, decided).items():
            yield seen[answer_id], was


def _maybe_otherwise(session: Session, then: _Then) -> set[int]:
    """Return answers that a decision shows otherwise now, or showed otherwise then."""
    here = then.workspace_id
    queries = [
        select(Overruled.answer_id).where(
            Overruled.workspace_id == here, Overruled.run_id == then.run_id
        ),
        select(DecidedAnswer.answer_id).where(DecidedAnswer.workspace_id == here),
        select(Assignment.answer_id).where(
            Assignment.workspace_id == here,
            Assignment.run_id == then.run_id,
            Assignment.theme_id.in_(then.finals),
        ),
    ]
    by_hand = {answer_id for query in queries for answer_id in session.scalars(query)}
    return by_hand | moved_by_proposals(session, here)


def _themes(session: Session, then: _Then, counts: Counter[int]) -> Iterable[ThemeThen]:
    rows = session.scalars(
        select(Theme).where(
            Theme.workspace_id == then.workspace_id, Theme.created_at <= then.moment
        )
    ).all()
    known = _runs_known(session, then)
    names = {row.id: _name_then(row, then.settled) for row in rows}
    parts: dict[int, list[str]] = {}
    for theme_id, final in then.finals.items():
        if final is not None and theme_id not in then.settled.gone:
            parts.setdefault(final, []).append(names.get(theme_id, ""))
    for row in rows:
        was_there = row.run_id is None or row.run_id in known
        if was_there and then.finals.get(row.id, row.id) == row.id:
            yield ThemeThen(
                row.id,
                names[row.id],
                counts[row.id],
                tuple(sorted(filter(None, parts.get(row.id, ())))),
                row.id in then.settled.pinned,
                row.id in then.settled.hidden,
            )


def _runs_known(session: Session, then: _Then) -> Collection[int]:
    """Return the runs whose themes had been seen by then."""
    return session.scalars(
        select(Run.id).where(
            Run.workspace_id == then.workspace_id,
            Run.state.in_(("current", "replaced")),
            Run.finished_at <= then.moment,
        )
    ).all()


def _name_then(theme: Theme, settled: Settled) -> str:
    first = theme.first_words or {"name": theme.name}
    return str({**first, **settled.words.get(theme.id, {})}["name"])
