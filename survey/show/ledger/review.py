"""Twenty answers of a theme, drawn by lot and read by a person; `trust` tells what that says."""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError, NotFoundError
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    Review,
    ReviewAnswer,
    Run,
    Workspace,
)
from survey.records.answering import GIVEN
from survey.records.base import new_id
from survey.records.ledger import Done, Said, Step, latest_number, take_step
from survey.records.runs import lock_current_run
from survey.show.ledger.actions import Hand, theme_of
from survey.show.marks import Piece, pieces

Verdict = Literal["yes", "no", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("yes", "no", "unknown")
SAMPLE = 20


def begin_review(session: Session, hand: Hand, theme_id: int) -> int:
    """Draw answers of a theme by lot, each as likely as any other, and keep the lot's seed.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    hand : Hand
        Who reads.
    theme_id : int
        Which theme.

    Returns
    -------
    int
        The review's id.

    Raises
    ------
    ConflictError
        When the theme has no answer.
    """
    lock_current_run(session, hand.workspace_id)
    theme_of(session, hand.workspace_id, theme_id)
    run = _current_run(session, hand.workspace_id)
    there = _present(session, hand.workspace_id, run.id, theme_id) if run else []
    if run is None or not there:  # an owner may write themes before the first answer
        raise ConflictError("This theme has no answers yet: there is nothing to check.")
    review = Review(
        workspace_id=hand.workspace_id,
        id=new_id(),
        theme_id=theme_id,
        run_id=run.id,
        engine=run.engine,
        seed=secrets.randbits(62),
        population=len(there),
        number=latest_number(session, hand.workspace_id),
        person_id=hand.person_id,
        begun_at=hand.now,
    )
    session.add(review)
    session.flush()
    _keep_drawn(session, review, there)
    return review.id


def _current_run(session: Session, workspace_id: int) -> Run | None:
    return session.scalars(
        select(Run)
        .join(Workspace, Workspace.current_run_id == Run.id)
        .where(Workspace.id == workspace_id, Run.workspace_id == workspace_id)
    ).one_or_none()


def _keep_drawn(session: Session, review: Review, there: Sequence[tuple[int, int]]) -> None:
    session.add_all(
        ReviewAnswer(
            workspace_id=review.workspace_id,
            review_id=review.id,
            place=number,
            answer_id=answer_id,
            version=version,
        )
        for number, (answer_id, version) in enumerate(drawn(there, review.seed))
    )
    session.flush()


def drawn(there: Sequence[tuple[int, int]], seed: int) -> list[tuple[int, int]]:
    """Draw by lot, each answer as likely as any other, in an order that is drawn, too.

    Parameters
    ----------
    there : sequence of (int, int)
        Every answer of the theme and its version, in the order of their ids.
    seed : int
        The same seed and answers draw the same.
    """
    return random.Random(seed).sample(list(there), min(SAMPLE, len(there)))  # noqa: S311  a lot


def _present(
    session: Session, workspace_id: int, run_id: int, theme_id: int
) -> list[tuple[int, int]]:
    query = (
        select(Answer.id, Answer.version)
        .join(
            Assignment,
            and_(Assignment.workspace_id == Answer.workspace_id, Assignment.answer_id == Answer.id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.theme_id == theme_id,
            Answer.state == GIVEN,
        )
        .order_by(Answer.id)
    )
    return [(row.id, row.version) for row in session.execute(query)]


@dataclass(frozen=True)
class ToRead:
    """One answer of a review: its place among the others, its words, and what was said of it."""

    place: int
    pieces: tuple[Piece, ...]
    said_nothing: bool
    verdict: Verdict | None


@dataclass(frozen=True)
class ReviewPage:
    """A review as it stands.

    Parameters
    ----------
    id, theme_id : int
        Which, and of what.
    begun_at : datetime
        When the answers were drawn.
    answers : int
        How many were drawn and are still there.
    yes, no, unknown : int
        What was said so far.
    now : ToRead or None
        The one to read now; None when all were read.
    before : int or None
        The place of the one that was read before it.
    is_finished : bool
        Whether it was kept.
    """

    id: int
    theme_id: int
    begun_at: datetime
    answers: int
    yes: int
    no: int
    unknown: int
    now: ToRead | None
    before: int | None
    is_finished: bool

    @property
    def said(self) -> int:
        """How many were read."""
        return self.yes + self.no + self.unknown


def review_page(
    session: Session, workspace_id: int, review_id: int, place: int | None = None
) -> ReviewPage:
    """Return a review at the first answer not yet read, or at a given place.

    Raises
    ------
    NotFoundError
        When this workspace has no such review.
    """
    review = _review(session, workspace_id, review_id)
    rows = _still_there(session, review)
    verdicts = [row.verdict for row in rows]
    at = next(
        (
            number
            for number, row in enumerate(rows)
            if (row.place == place if place is not None else row.verdict is None)
        ),
        None,
    )
    return ReviewPage(
        id=review.id,
        theme_id=review.theme_id,
        begun_at=review.begun_at,
        answers=len(rows),
        yes=verdicts.count("yes"),
        no=verdicts.count("no"),
        unknown=verdicts.count("unknown"),
        now=None if at is None else _to_read(session, review, rows[at]),
        before=rows[at - 1].place if at else (rows[-1].place if at is None and rows else None),
        is_finished=review.finished_at is not None,
    )


def _review(session: Session, workspace_id: int, review_id: int) -> Review:
    review = session.get(Review, (workspace_id, review_id))
    if review is None:
        raise NotFoundError("There is no such check here.")
    return review


def _still_there(session: Session, review: Review) -> Sequence[Any]:
    """Return the drawn answers that were neither taken back nor changed since."""
    query = (
        select(ReviewAnswer.place, ReviewAnswer.answer_id, ReviewAnswer.version,
               ReviewAnswer.verdict, Answer.said_nothing, AnswerText.body)
        .join(
            Answer,
            and_(
                Answer.workspace_id == ReviewAnswer.workspace_id,
                Answer.id == ReviewAnswer.answer_id,
                Answer.version == ReviewAnswer.version,
            ),
        )
        .outerjoin(
            AnswerText,
            and_(
                AnswerText.workspace_id == ReviewAnswer.workspace_id,
                AnswerText.answer_id == ReviewAnswer.answer_id,
                AnswerText.version == ReviewAnswer.version,
            ),
        )
        .where(
            ReviewAnswer.workspace_id == review.workspace_id,
            ReviewAnswer.review_id == review.id,
            Answer.state == GIVEN,
        )
        .order_by(ReviewAnswer.place)
    )  # fmt: skip
    return session.execute(query).all()


def _to_read(session: Session, review: Review, row: Any) -> ToRead:
    marks = session.execute(
        select(Assignment.start, Assignment.end).where(
            Assignment.workspace_id == review.workspace_id,
            Assignment.run_id == review.run_id,
            Assignment.theme_id == review.theme_id,
            Assignment.answer_id == row.answer_id,
            Assignment.version == row.version,
            Assignment.start.is_not(None),
        )
    ).all()
    body = row.body or ""
    return ToRead(
        place=row.place,
        pieces=pieces(body, [(one.start, one.end) for one in marks]),
        said_nothing=row.said_nothing and not body.strip(),
        verdict=row.verdict,
    )


def say(session: Session, workspace_id: int, review_id: int, place: int, verdict: Verdict) -> None:
    """Keep what a person said of one answer; until the review is kept it may be said again.

    Raises
    ------
    NotFoundError
        When this workspace has no such review, or it has no such place.
    ConflictError
        When the review was kept already.
    """
    lock_current_run(session, workspace_id)
    review = _review(session, workspace_id, review_id)
    if review.finished_at is not None:
        raise ConflictError("This check was kept already. Begin a new one.")
    result: Any = session.execute(
        update(ReviewAnswer)
        .where(
            ReviewAnswer.workspace_id == workspace_id,
            ReviewAnswer.review_id == review_id,
            ReviewAnswer.place == place,
        )
        .values(verdict=verdict)
    )
    if not result.rowcount:
        raise NotFoundError("There is no such answer in this check.")


def keep_review(session: Session, hand: Hand, review_id: int) -> Done:
    """Keep a review: its yes and no become one step of the ledger.

    Raises
    ------
    ConflictError
        When not all answers were read yet, or it was kept already.
    """
    lock_current_run(session, hand.workspace_id)
    review = _review(session, hand.workspace_id, review_id)
    if review.finished_at is not None:
        raise ConflictError("This check was kept already.")
    rows = _still_there(session, review)
    if any(row.verdict is None for row in rows):
        raise ConflictError("Some answers were not read yet. Please read them all first.")
    theme_of(session, hand.workspace_id, review.theme_id)
    said = tuple(
        Said(row.answer_id, row.version, review.theme_id, row.verdict == "yes")
        for row in rows
        if row.verdict != "unknown"
    )
    verdicts = [row.verdict for row in rows]
    details: dict[str, int] = {name: verdicts.count(name) for name in VERDICTS}
    step = Step("review", review.theme_id, said=said, details=details)
    done = take_step(session, hand.workspace_id, step, hand.person_id, hand.now)
    review.finished_at = hand.now
    review.decision_id = done.decision_id
    return done


def review_under_way(session: Session, workspace_id: int, theme_id: int) -> int | None:
    """Return the newest check of a theme that was begun and not kept, None without any."""
    return session.scalar(
        select(Review.id)
        .where(
            Review.workspace_id == workspace_id,
            Review.theme_id == theme_id,
            Review.finished_at.is_(None),
        )
        .order_by(Review.begun_at.desc())
        .limit(1)
    )
