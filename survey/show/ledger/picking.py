"""Answers picked from a list or a search, and what a step would do with them."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import Answer, Assignment, Workspace
from survey.records.answering import GIVEN
from survey.records.filters import AnswerFilter, answers_in_view
from survey.show.ledger.actions import MOST_AT_ONCE, TONES

DEEDS = ("out", "move", "put", "only", "split", "new", *TONES)
"""A tone says which one the answers have in the theme they are picked from; ``only`` puts them into
a theme and takes them out of every other one."""
_CHUNK = 400


@dataclass(frozen=True)
class Picked:
    """Some answers, before anything is done with them.

    Parameters
    ----------
    days : mapping of int to date
        The answers, at most 5,000, with the days on which they were given.
    tones : mapping of int to str
        Those that are in the theme they are picked from, with the tone they have there.
    there : frozenset of int
        Those that are in the theme they would go to.
    elsewhere : frozenset of int
        Those that are in any other theme than the one they would go to.
    waiting : int
        How many no sorting has read yet.
    """

    days: Mapping[int, date]
    tones: Mapping[int, str]
    there: frozenset[int]
    elsewhere: frozenset[int]
    waiting: int

    @property
    def ids(self) -> tuple[int, ...]:
        """The answers."""
        return tuple(sorted(self.days))

    @property
    def in_from(self) -> int:
        """How many are in the theme they are picked from."""
        return len(self.tones)

    @property
    def in_to(self) -> int:
        """How many are in the theme they would go to."""
        return len(self.there)

    @property
    def by_tone(self) -> Counter[str]:
        """How many have which tone in the theme they are picked from."""
        return Counter(self.tones.values())

    def moved_by(self, deed: str) -> tuple[int, ...]:
        """Return the answers that a deed would move or count otherwise, the newest first."""
        if deed in TONES:
            moved = {one for one, tone in self.tones.items() if tone != deed}
        elif deed in ("out", "move", "split"):
            moved = set(self.tones)
        elif deed == "only":
            moved = (set(self.days) - self.there) | self.elsewhere
        else:
            moved = set(self.days) - self.there
        return tuple(sorted(moved, key=lambda one: (self.days[one], one), reverse=True))


def answers_picked(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> tuple[int, ...]:
    """Return every answer in view, the newest first, one more than may be picked at most."""
    query = (
        select(Answer.id)
        .where(*answers_in_view(workspace_id, run_id, wanted))
        .order_by(Answer.answered_on.desc(), Answer.id.desc())
        .limit(MOST_AT_ONCE + 1)
    )
    return tuple(session.scalars(query))


def picked(
    session: Session,
    workspace_id: int,
    ids: Collection[int],
    from_id: int | None,
    to_id: int | None,
) -> Picked:
    """Return what a step with some answers would find; other workspaces' answers are left out."""
    days: dict[int, date] = {}
    for some in _in_parts(ids):
        query = select(Answer.id, Answer.answered_on).where(
            Answer.workspace_id == workspace_id, Answer.state == GIVEN, Answer.id.in_(some)
        )
        days |= {row.id: row.answered_on for row in session.execute(query)}
    return Picked(
        days=days,
        tones=_tones_in(session, workspace_id, days, from_id),
        there=frozenset(_tones_in(session, workspace_id, days, to_id)),
        elsewhere=_elsewhere(session, workspace_id, days, to_id),
        waiting=_waiting(session, workspace_id, days),
    )


def _tones_in(
    session: Session, workspace_id: int, ids: Collection[int], theme_id: int | None
) -> dict[int, str]:
    """Return those of some answers that are in a theme, with the tone they have there."""
    found: dict[int, str] = {}
    if theme_id is None:
        return found
    query = (
        select(Assignment.answer_id, Assignment.tone)
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id == theme_id,
        )
    )
    for some in _in_parts(ids):
        rows = session.execute(query.where(Assignment.answer_id.in_(some)))
        found |= {row.answer_id: row.tone for row in rows}
    return found


def _elsewhere(
    session: Session, workspace_id: int, ids: Collection[int], theme_id: int | None
) -> frozenset[int]:
    """Return those of some answers that are in a theme, but for a given one."""
    query = (
        select(Assignment.answer_id)
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id != (theme_id or 0),
        )
        .distinct()
    )
    return frozenset(
        one
        for some in _in_parts(ids)
        for one in session.scalars(query.where(Assignment.answer_id.in_(some)))
    )


def _waiting(session: Session, workspace_id: int, ids: Collection[int]) -> int:
    query = select(func.count()).where(
        Answer.workspace_id == workspace_id, Answer.sorted_by.is_(None)
    )
    return sum(
        session.execute(query.where(Answer.id.in_(some))).scalar_one() for some in _in_parts(ids)
    )


def _in_parts(ids: Collection[int]) -> list[list[int]]:
    listed = sorted(ids)
    return [listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK)]
