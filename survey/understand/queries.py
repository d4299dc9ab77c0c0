"""What the worker asks the records: what is due, what is known, what a run made of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    Decision,
    Exemplar,
    Run,
    Sorting,
    TextVector,
    Theme,
    ThemeExample,
    Workspace,
)
from survey.records.answering import GIVEN
from survey.records.due import unclaimed
from survey.records.proposals import REFUSE
from survey.records.putting_back import ACCEPT
from survey.records.tallies import Sought, total
from survey.records.text import text_digest
from survey.records.theming import NOTHING, OTHER_LANGUAGE, THEMES, UNSORTED
from survey.understand.known import BOOK, KnownAnswer, KnownTheme

OUTCOMES = (THEMES, NOTHING, UNSORTED, OTHER_LANGUAGE)
LONGEST_UNSETTLED = timedelta(minutes=10)


@dataclass(frozen=True)
class Look:
    """What decides whether to look for themes now.

    Parameters
    ----------
    run_id : int
        The current run.
    changed_at : datetime or None
        When an answer last came in or changed.
    answers, fits_none : int
        Answers the run has dealt with, and those of them that fit no theme.
    left_last_time : int or None
        How many fitted none after the last look; None before the first.
    answers_last_time : int or None
        How many answers there were then.
    theme_count : int or None
        About how many found themes the owner wants.
    has_proposal : bool
        Whether a proposal waits for a decision.
    """

    run_id: int
    changed_at: datetime | None
    answers: int
    fits_none: int
    left_last_time: int | None
    answers_last_time: int | None
    theme_count: int | None
    has_proposal: bool


def to_sort(workspace_id: ColumnElement[int] | int) -> ColumnElement[bool]:
    """Return what makes an answer due for sorting."""
    return and_(
        Answer.workspace_id == workspace_id, Answer.sorted_by.is_(None), Answer.state == GIVEN
    )


def workspace_to_sort(session: Session, now: datetime, after: int) -> int | None:
    """Return a workspace with answers to sort: the next after `after`, so that all get turns."""
    due = exists().where(to_sort(Workspace.id.expression), unclaimed(Answer, now))
    return session.scalar(
        select(Workspace.id).where(due).order_by(Workspace.id <= after, Workspace.id).limit(1)
    )


def workspace_to_look_at(
    session: Session, now: datetime, after: int, settled: timedelta
) -> int | None:
    """Return a workspace whose answers are newer than its themes, all of them sorted.

    Parameters
    ----------
    session : Session
        Any session.
    now : datetime
        The database's time.
    after : int
        The workspace that had the last turn.
    settled : timedelta
        How long no answer should have come in, unless the last look is ten minutes past.
    """
    newer = or_(
        Workspace.themes_looked_at.is_(None),
        Workspace.answers_changed_at > Workspace.themes_looked_at,
    )
    quiet = or_(
        Workspace.answers_changed_at <= now - settled,
        func.coalesce(Workspace.themes_looked_at, Workspace.created_at) <= now - LONGEST_UNSETTLED,
    )
    still_to_sort = exists().where(to_sort(Workspace.id.expression), unclaimed(Answer, now))
    return session.scalar(
        select(Workspace.id)
        .where(
            Workspace.current_run_id.is_not(None),
            Workspace.answers_changed_at.is_not(None),
            newer,
            quiet,
            ~still_to_sort,
            unclaimed(Workspace, now),
        )
        .order_by(Workspace.id <= after, Workspace.id)
        .limit(1)
    )


def workspace_with_decision(session: Session, now: datetime) -> tuple[int, int, bool] | None:
    """Return a workspace, a proposed run of it, and whether it was accepted, if any waits."""
    row = session.execute(
        select(Run.workspace_id, Run.id, Decision.kind)
        .join(Workspace, Workspace.id == Run.workspace_id)
        .join(
            Decision,
            and_(Decision.workspace_id == Run.workspace_id, Decision.run_id == Run.id),
        )
        .where(
            Run.state == "proposed",
            Decision.kind.in_((ACCEPT, REFUSE)),
            unclaimed(Workspace, now),
        )
        .order_by(Decision.decided_at)
        .limit(1)
    ).one_or_none()
    return (row.workspace_id, row.id, row.kind == ACCEPT) if row else None


def another_workspace(session: Session, but: Collection[int]) -> int | None:
    """Return a workspace with themes that is not one of these."""
    return session.scalar(
        select(Workspace.id)
        .where(Workspace.current_run_id.is_not(None), Workspace.id.not_in(but))
        .limit(1)
    )


def was_tried(
    session: Session, workspace_id: int, engine: str, *, but_refused: bool = False
) -> bool:
    """Whether a workspace was sorted by an engine, or was offered to be, however it was taught.

    With `but_refused`, what was refused does not count.
    """
    tried = [
        Run.workspace_id == workspace_id,
        or_(Run.engine == engine, Run.engine.startswith(f"{engine}+", autoescape=True)),
    ]
    if but_refused:
        tried.append(Run.state != "refused")
    return bool(session.scalar(select(exists().where(*tried))))


def current_run(session: Session, workspace_id: int) -> int | None:
    """Return the run whose themes everybody sees."""
    return session.scalar(select(Workspace.current_run_id).where(Workspace.id == workspace_id))


def look_at(session: Session, workspace_id: int) -> Look:
    """Return what decides whether to look for themes now."""
    workspace = session.get_one(Workspace, workspace_id)
    run_id = workspace.current_run_id or 0
    summary: dict[str, int] | None = session.scalar(
        select(Run.summary).where(Run.workspace_id == workspace_id, Run.id == run_id)
    )
    outcomes = _outcomes(session, workspace_id, run_id)
    has_proposal = exists().where(Run.workspace_id == workspace_id, Run.state == "proposed")
    return Look(
        run_id=run_id,
        changed_at=workspace.answers_changed_at,
        answers=sum(outcomes.values()),
        fits_none=outcomes.get(UNSORTED, 0),
        left_last_time=(summary or {}).get("left"),
        answers_last_time=(summary or {}).get("looked_at"),
        theme_count=workspace.theme_count,
        has_proposal=bool(session.scalar(select(has_proposal))),
    )


def _outcomes(session: Session, workspace_id: int, run_id: int) -> dict[str, int]:
    """Return how many answers a run gave each outcome, from the counts."""
    return {
        outcome: total(session, Sought(workspace_id, (outcome,), run_id)) for outcome in OUTCOMES
    }


def claimed_answers(session: Session, workspace_id: int, lease_id: str) -> tuple[KnownAnswer, ...]:
    """Return the answers a lease holds, in the order of their ids."""
    return _answers(session, and_(Answer.workspace_id == workspace_id, Answer.lease_id == lease_id))


def answers_by_id(
    session: Session, workspace_id: int, ids: Collection[int]
) -> tuple[KnownAnswer, ...]:
    """Return answers, in the order of their ids."""
    return _answers(session, and_(Answer.workspace_id == workspace_id, Answer.id.in_(ids)))


def answers_without_theme(
    session: Session, workspace_id: int, run_id: int
) -> tuple[KnownAnswer, ...]:
    """Return the answers that fit no theme of a run: among them new ones are looked for.

    What an answer says beside a theme it is in is left aside: it is mostly the rest of the
    story, and themes found in it hold nothing together.
    """
    fits_none = exists().where(
        Sorting.workspace_id == Answer.workspace_id,
        Sorting.run_id == run_id,
        Sorting.answer_id == Answer.id,
        Sorting.outcome == UNSORTED,
    )
    return _answers(
        session,
        and_(Answer.workspace_id == workspace_id, Answer.state == GIVEN, fits_none),
    )


def _answers(session: Session, which: ColumnElement[bool]) -> tuple[KnownAnswer, ...]:
    rows = session.execute(
        select(Answer.id, Answer.version, AnswerText.body)
        .outerjoin(
            AnswerText,
            NEWEST_WORDS,
        )
        .where(which)
        .order_by(Answer.id)
    )
    return tuple(KnownAnswer(row.id, row.version, row.body or "") for row in rows)


def themes_of(
    session: Session, workspace_id: int, run_id: int | None = None
) -> tuple[KnownTheme, ...]:
    """Return the themes answers may be sorted into.

    Parameters
    ----------
    session : Session
        Any session.
    workspace_id : int
        Whose.
    run_id : int, optional
        A run whose proposed themes belong to them, too.

    Returns
    -------
    tuple of KnownTheme
        In the order of their making. Hidden and merged themes are among them: hiding one moves
        no answer, and a merged one goes on taking answers, which are shown in the other. One that
        a person made takes answers once its place was worked out.
    """
    kept: ColumnElement[bool] = and_(
        Theme.state.in_(("active", "hidden", "merged")),
        or_(Theme.origin == BOOK, Theme.anchor.is_not(None)),
    )
    if run_id is not None:
        kept = or_(kept, and_(Theme.run_id == run_id, Theme.state == "proposed"))
    themes = session.scalars(
        select(Theme)
        .where(Theme.workspace_id == workspace_id, kept)
        .order_by(Theme.created_at, Theme.id)
    ).all()
    return _known(session, workspace_id, themes)


def refused_themes(session: Session, workspace_id: int) -> tuple[KnownTheme, ...]:
    """Return the found themes an owner has said no to."""
    themes = session.scalars(
        select(Theme)
        .where(
            Theme.workspace_id == workspace_id,
            Theme.state == "refused",
            Theme.run_id.is_not(None),  # the others are a person's own that were undone
        )
        .order_by(Theme.id)
    ).all()
    return _known(session, workspace_id, themes)


def _known(
    session: Session, workspace_id: int, themes: Collection[Theme]
) -> tuple[KnownTheme, ...]:
    words = _examples(session, workspace_id)
    for theme_id, clauses in _exemplar_clauses(session, workspace_id).items():
        words.setdefault(theme_id, []).extend(clauses)
    return tuple(
        KnownTheme(
            id=theme.id,
            key=theme.key,
            name=theme.name,
            definition=theme.definition,
            not_this=theme.not_this,
            examples=tuple(words.get(theme.id, ())),
            origin=theme.origin,
            anchor=theme.anchor,
            model_digest=theme.model_digest,
            split_from=theme.split_from,
            rest_anchor=theme.rest_anchor,
        )
        for theme in themes
    )


def _examples(session: Session, workspace_id: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in session.execute(
        select(ThemeExample.theme_id, ThemeExample.example)
        .where(ThemeExample.workspace_id == workspace_id)
        .order_by(ThemeExample.theme_id, ThemeExample.number)
    ):
        found.setdefault(row.theme_id, []).append(row.example)
    return found


def _exemplar_clauses(session: Session, workspace_id: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in session.execute(
        select(Exemplar.theme_id, Exemplar.start, Exemplar.end, AnswerText.body)
        .join(
            AnswerText,
            and_(
                AnswerText.workspace_id == Exemplar.workspace_id,
                AnswerText.answer_id == Exemplar.answer_id,
                AnswerText.version == Exemplar.version,
            ),
        )
        .where(Exemplar.workspace_id == workspace_id)
        .order_by(Exemplar.theme_id, Exemplar.number)
    ):
        found.setdefault(row.theme_id, []).append(row.body[row.start : row.end])
    return found


def vectors_of(
    session: Session, workspace_id: int, bodies: Collection[str], model_digest: str
) -> dict[str, bytes]:
    """Return the vectors that are kept of some texts, by text."""
    by_digest = {text_digest(body): body for body in bodies}
    rows = session.execute(
        select(TextVector.text_sha256, TextVector.vector).where(
            TextVector.workspace_id == workspace_id,
            TextVector.model_digest == model_digest,
            TextVector.text_sha256.in_(by_digest),
        )
    )
    return {by_digest[row.text_sha256]: row.vector for row in rows}
