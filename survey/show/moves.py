"""Which answers a proposal or a step by hand would move, and from where to where."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, exists, select, union
from sqlalchemy.orm import Session

from survey.errors import NotFoundError
from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    Assignment,
    Run,
    Sorting,
    Theme,
    Workspace,
)
from survey.records.putting_back import only_in

PAGE = 30


@dataclass(frozen=True)
class Stands:
    """Where an answer stands, or would: its themes, or the pile that it lies in.

    Parameters
    ----------
    themes : tuple of (int, str)
        Ids and names, by name; none where it is in no theme.
    outcome : str
        As of a sorting; ``waiting`` where there is none.
    """

    themes: tuple[tuple[int, str], ...]
    outcome: str


@dataclass(frozen=True)
class StandingAnswer:
    """An answer and where it stands.

    Parameters
    ----------
    id, day, text : int, date, str
        Which, when it was given, and what it says; empty where nothing was typed.
    anonymous : bool
        Whether its day is that of its week.
    now : Stands
        Where it stands.
    """

    id: int
    day: date
    text: str
    anonymous: bool
    now: Stands


@dataclass(frozen=True)
class MovedAnswer(StandingAnswer):
    """An answer that would move, and where it would stand `then`."""

    then: Stands


@dataclass(frozen=True)
class Moves:
    """Some answers that would move.

    Parameters
    ----------
    answers : tuple of MovedAnswer
        In the order of their ids.
    after : int or None
        Behind which the next page begins; None at the end.
    theme : str or None
        The theme that alone is looked at.
    """

    answers: tuple[MovedAnswer, ...]
    after: int | None
    theme: str | None


def moves(
    session: Session, workspace_id: int, run_id: int, *, theme_id: int | None = None, after: int = 0
) -> Moves:
    """Return answers that a proposed run would move.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id, run_id : int
        Whose, and which run.
    theme_id : int, optional
        Only what would come into this theme or go out of it.
    after : int
        The last answer of the page before.

    Raises
    ------
    NotFoundError
        When this workspace has no such proposal, or it was decided.
    """
    current = session.scalar(
        select(Workspace.current_run_id)
        .join(Run, Run.workspace_id == Workspace.id)
        .where(Workspace.id == workspace_id, Run.id == run_id, Run.state == "proposed")
    )
    if current is None:
        raise NotFoundError("This proposal is not open any more.")
    # What came in since is sorted the proposal's way only once it is accepted: not moved yet.
    dealt_with = exists().where(
        Sorting.workspace_id == workspace_id,
        Sorting.run_id == run_id,
        Sorting.answer_id == Assignment.answer_id,
    )
    moved = union(
        only_in(workspace_id, current, run_id, theme_id).where(dealt_with),
        only_in(workspace_id, run_id, current, theme_id),
    ).subquery()
    ids = session.scalars(
        select(moved.c.answer_id)
        .where(moved.c.answer_id > after)
        .order_by(moved.c.answer_id)
        .limit(PAGE + 1)
    ).all()
    shown = ids[:PAGE]
    here = standing_answers(session, workspace_id, current, shown)
    then = _standing(session, workspace_id, run_id, shown)
    return Moves(
        tuple(MovedAnswer(**vars(one), then=then[one.id]) for one in here),
        shown[-1] if len(ids) > PAGE else None,
        _name(session, workspace_id, theme_id),
    )


def standing_answers(
    session: Session, workspace_id: int, run_id: int | None, ids: Collection[int]
) -> tuple[StandingAnswer, ...]:
    """Return given answers in this order, with where they stand.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose; other workspaces' answers are left out.
    run_id : int or None
        Under which run they stand there; None before the first.
    ids : collection of int
        Some dozens at most.
    """
    rows = session.execute(
        select(Answer.id, Answer.answered_on, Answer.anonymous, AnswerText.body)
        .outerjoin(AnswerText, NEWEST_WORDS)
        .where(Answer.workspace_id == workspace_id, Answer.id.in_(ids))
    )
    now = _standing(session, workspace_id, run_id or 0, ids)
    found = {
        row.id: StandingAnswer(row.id, row.answered_on, row.body or "", row.anonymous, now[row.id])
        for row in rows
    }
    return tuple(found[one] for one in ids if one in found)


def _standing(
    session: Session, workspace_id: int, run_id: int, ids: Collection[int]
) -> dict[int, Stands]:
    themes: dict[int, list[tuple[int, str]]] = {one: [] for one in ids}
    placed = (
        select(Assignment.answer_id, Theme.id, Theme.name)
        .join(
            Theme,
            and_(Theme.workspace_id == Assignment.workspace_id, Theme.id == Assignment.theme_id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.answer_id.in_(ids),
        )
        .order_by(Theme.name, Theme.id)
    )
    for row in session.execute(placed):
        themes[row.answer_id].append((row.id, row.name))
    outcomes = session.execute(
        select(Sorting.answer_id, Sorting.outcome).where(
            Sorting.workspace_id == workspace_id,
            Sorting.run_id == run_id,
            Sorting.answer_id.in_(ids),
        )
    )
    told = {row.answer_id: row.outcome for row in outcomes}
    return {one: Stands(tuple(themes[one]), told.get(one, "waiting")) for one in ids}


def _name(session: Session, workspace_id: int, theme_id: int | None) -> str | None:
    if theme_id is None:
        return None
    query = select(Theme.name).where(Theme.workspace_id == workspace_id, Theme.id == theme_id)
    return session.scalar(query)
