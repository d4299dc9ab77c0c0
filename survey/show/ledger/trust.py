"""How right a theme's sorting is, by the last check of it, and whether that check still says so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from survey.records import DecidedAnswer, Decision, Review, Run, Workspace
from survey.show.exact import share_right

_CHANGES_A_THEME = ("merge", "split", "undo")
_BY_HAND = ("move", "belongs", "does_not_belong")
_MANY = 10  # a tenth of a theme's answers moved by hand, and the figure is of another theme


@dataclass(frozen=True)
class Trust:
    """What the last check of a theme found.

    Parameters
    ----------
    right, checked : int
        How many were right, of how many that could be told.
    unknown : int
        How many could not be told.
    low, high : float
        Where the share of right ones lies among all answers that the theme had, 95 times in 100.
    at : datetime
        When.
    expired : str or None
        Why it no longer says how right the theme is: ``engine`` (sorted anew), ``theme``
        (merged, split or undone since), ``moved`` (many of its answers moved by hand since) or
        None.
    """

    right: int
    checked: int
    unknown: int
    low: float
    high: float
    at: datetime
    expired: Literal["engine", "theme", "moved"] | None


def trust_in(session: Session, workspace_id: int, theme_id: int) -> Trust | None:
    """Return what the last check of a theme found, None where nobody checked it."""
    row = session.execute(
        select(Review, Decision.details, Decision.holds)
        .join(
            Decision,
            and_(Decision.workspace_id == Review.workspace_id, Decision.id == Review.decision_id),
        )
        .where(
            Review.workspace_id == workspace_id,
            Review.theme_id == theme_id,
            Review.finished_at.is_not(None),
            Decision.holds.is_(True),
        )
        .order_by(Review.finished_at.desc(), Review.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    review: Review = row.Review
    right, wrong = row.details["yes"], row.details["no"]
    low, high = share_right(right, right + wrong, max(review.population, right + wrong, 1))
    return Trust(
        right=right,
        checked=right + wrong,
        unknown=row.details["unknown"],
        low=low,
        high=high,
        at=review.finished_at or review.begun_at,
        expired=_why_expired(session, review),
    )


def _why_expired(session: Session, review: Review) -> Literal["engine", "theme", "moved"] | None:
    engine = session.scalar(
        select(Run.engine)
        .join(Workspace, Workspace.current_run_id == Run.id)
        .where(Workspace.id == review.workspace_id, Run.workspace_id == review.workspace_id)
    )
    if engine != review.engine:
        return "engine"
    since = select(func.count()).where(
        Decision.workspace_id == review.workspace_id,
        Decision.number > review.number,
        Decision.kind.in_(_CHANGES_A_THEME),
        Decision.answers > 0,
        (Decision.theme_id == review.theme_id) | (Decision.other_theme_id == review.theme_id),
    )
    if session.execute(since).scalar_one() or _proposals_turned(session, review):
        return "theme"
    moved = _moved_by_hand(session, review)
    return "moved" if moved > 1 and moved * _MANY >= review.population else None


def _proposals_turned(session: Session, review: Review) -> bool:
    """Whether a proposal that changed a theme was undone, or done again, since it was checked."""
    undoings = session.scalars(
        select(Decision.details).where(
            Decision.workspace_id == review.workspace_id,
            Decision.number > review.number,
            Decision.kind == "undo",
            Decision.answers > 0,
            Decision.theme_id.is_(None),
        )
    )
    return any(review.theme_id in details.get("themes", ()) for details in undoings)


def _moved_by_hand(session: Session, review: Review) -> int:
    """Count the answers that people put into a theme, or took out of it, since it was checked."""
    query = (
        select(func.count(func.distinct(DecidedAnswer.answer_id)))
        .join(
            Decision,
            and_(
                Decision.workspace_id == DecidedAnswer.workspace_id,
                Decision.id == DecidedAnswer.decision_id,
            ),
        )
        .where(
            DecidedAnswer.workspace_id == review.workspace_id,
            DecidedAnswer.theme_id == review.theme_id,
            Decision.number > review.number,
            Decision.kind.in_(_BY_HAND),
            Decision.holds.is_(True),
        )
    )
    return session.execute(query).scalar_one()
