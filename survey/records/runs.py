"""Runs of the engine: begun, filled in small batches, then made current by one flip, or dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from survey.records.accounts import Workspace
from survey.records.answering import GIVEN, Answer
from survey.records.base import new_id
from survey.records.sortings import forget_sortings
from survey.records.theming import Assignment, Exemplar, Run, Sorting, Theme, ThemeExample

FIRST, EMERGING, RESORT = "first", "emerging", "resort"


@dataclass(frozen=True)
class NewExemplar:
    """A clause that stands for a found theme, by its place in an answer."""

    answer_id: int
    version: int
    start: int
    end: int
    vector: bytes


@dataclass(frozen=True)
class NewTheme:
    """A theme as the book or a run brings it."""

    name: str
    origin: str
    key: str | None = None
    definition: str = ""
    not_this: str = ""
    examples: tuple[str, ...] = ()
    anchor: bytes | None = None
    model_digest: str | None = None
    exemplars: tuple[NewExemplar, ...] = ()


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that nobody sees: `has_failed` tells one that broke from one that was broken off."""

    id: int
    kind: str
    engine: str
    has_failed: bool


def lock_current_run(session: Session, workspace_id: int, *, alone: bool = False) -> int | None:
    """Return the workspace's current run, and keep it current until this transaction ends.

    Parameters
    ----------
    session : Session
        A writing session.
    workspace_id : int
        Whose.
    alone : bool
        Whether new answers wait, too, as they must while all are counted from scratch. Else, on
        PostgreSQL, no customer's press waits for a step of the ledger: what a new answer's
        foreign keys lock gets along with this lock, and whoever sorts, changes or takes back an
        answer still waits for it.
    """
    query = select(Workspace.current_run_id).where(Workspace.id == workspace_id)
    return session.scalar(query.with_for_update(key_share=not alone))


def begin_run(session: Session, workspace_id: int, kind: str, engine: str, now: datetime) -> int:
    """Begin a run that nobody sees yet.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose.
    kind : str
        ``first``, ``emerging`` or ``resort``.
    engine : str
        The engine's digest.
    now : datetime
        The present moment.

    Returns
    -------
    int
        The run's id.
    """
    run = Run(
        workspace_id=workspace_id, id=new_id(), kind=kind, engine=engine, started_at=now, summary={}
    )
    session.add(run)
    session.flush()
    return run.id


def begin_sorting(
    session: Session, workspace_id: int, book: Sequence[NewTheme], engine: str, now: datetime
) -> int:
    """Return the current run; a workspace without one gets the book's themes and its first run."""
    current = lock_current_run(session, workspace_id)
    if current is not None:
        return current
    run_id = begin_run(session, workspace_id, FIRST, engine, now)
    add_themes(session, workspace_id, run_id, book, now, state="active")
    make_current(session, workspace_id, run_id, now)
    return run_id


def add_themes(
    session: Session,
    workspace_id: int,
    run_id: int,
    themes: Sequence[NewTheme],
    now: datetime,
    *,
    state: str = "proposed",
) -> list[int]:
    """Add themes that belong to a run; proposed ones are seen once it becomes current.

    Returns
    -------
    list of int
        Their ids, in the order given.
    """
    ids = [new_id() for _ in themes]
    for theme_id, theme in zip(ids, themes, strict=True):
        session.add(
            Theme(
                workspace_id=workspace_id,
                id=theme_id,
                key=theme.key,
                name=theme.name,
                definition=theme.definition,
                not_this=theme.not_this,
                origin=theme.origin,
                state=state,
                run_id=run_id,
                created_at=now,
                model_digest=theme.model_digest,
                anchor=theme.anchor,
            )
        )
    session.flush()
    for theme_id, theme in zip(ids, themes, strict=True):
        _add_words(session, workspace_id, theme_id, theme)
    return ids


def _add_words(session: Session, workspace_id: int, theme_id: int, theme: NewTheme) -> None:
    place = {"workspace_id": workspace_id, "theme_id": theme_id}
    examples = [
        place | {"number": number, "example": example}
        for number, example in enumerate(theme.examples)
    ]
    if examples:
        session.execute(insert(ThemeExample), examples)
    exemplars: list[dict[str, Any]] = [
        place | {"number": number} | vars(exemplar)
        for number, exemplar in enumerate(theme.exemplars)
    ]
    if exemplars:
        session.execute(insert(Exemplar), exemplars)


def unfinished_run(session: Session, workspace_id: int) -> UnfinishedRun | None:
    """Return the run that was begun and not finished, if any: a killed worker leaves one."""
    row = session.execute(
        select(Run.id, Run.kind, Run.engine, Run.state)
        .where(Run.workspace_id == workspace_id, Run.state.in_(("working", "failed")))
        .order_by(Run.started_at.desc())
        .limit(1)
    ).one_or_none()
    return UnfinishedRun(row.id, row.kind, row.engine, row.state == "failed") if row else None


def answers_without(
    session: Session, workspace_id: int, run_id: int, *, after: int = 0, limit: int = 200
) -> list[int]:
    """Return sorted answers that a run has not dealt with yet, in the order of their ids."""
    dealt_with = exists().where(
        Sorting.workspace_id == Answer.workspace_id,
        Sorting.run_id == run_id,
        Sorting.answer_id == Answer.id,
    )
    query = (
        select(Answer.id)
        .where(
            Answer.workspace_id == workspace_id,
            Answer.state == GIVEN,
            Answer.sorted_by.is_not(None),
            Answer.id > after,
            ~dealt_with,
        )
        .order_by(Answer.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def make_current(session: Session, workspace_id: int, run_id: int, now: datetime) -> None:
    """Flip the workspace's pointer: from here on everybody sees this run and its themes."""
    before = lock_current_run(session, workspace_id)
    if before is not None and before != run_id:
        _set_state(session, workspace_id, before, state="replaced")
    _set_state(session, workspace_id, run_id, state="current", finished_at=now)
    session.execute(
        update(Theme)
        .where(
            Theme.workspace_id == workspace_id, Theme.run_id == run_id, Theme.state == "proposed"
        )
        .values(state="active")
    )
    session.execute(
        update(Workspace).where(Workspace.id == workspace_id).values(current_run_id=run_id)
    )


def propose_run(
    session: Session, workspace_id: int, run_id: int, summary: dict[str, Any], now: datetime
) -> None:
    """Lay a finished run before the owner."""
    _set_state(session, workspace_id, run_id, state="proposed", finished_at=now, summary=summary)


def fail_run(session: Session, workspace_id: int, run_id: int, error: str, now: datetime) -> None:
    """Note that a run will not be finished, and why."""
    _set_state(session, workspace_id, run_id, state="failed", finished_at=now, error=error[:1000])


def note_look(session: Session, workspace_id: int, run_id: int, left: int, answers: int) -> None:
    """Note on a run how many answers there were at the last look, and how many fitted none."""
    run = session.get_one(Run, (workspace_id, run_id))
    noted = {**run.summary, "left": left, "looked_at": answers}
    _set_state(session, workspace_id, run_id, summary=noted)


def clear_run(session: Session, workspace_id: int, run_id: int, *, limit: int) -> bool:
    """Take back a part of what a run wrote; True while there is more."""
    ids = list(
        session.scalars(
            select(Sorting.answer_id)
            .where(Sorting.workspace_id == workspace_id, Sorting.run_id == run_id)
            .limit(limit)
        )
    )
    forget_sortings(session, workspace_id, ids, run_id)
    return len(ids) == limit


def refuse_run(session: Session, workspace_id: int, run_id: int, now: datetime) -> None:
    """Set a proposed run aside; its new themes are remembered as refused."""
    _set_state(session, workspace_id, run_id, state="refused", finished_at=now)
    session.execute(
        update(Theme)
        .where(
            Theme.workspace_id == workspace_id, Theme.run_id == run_id, Theme.state == "proposed"
        )
        .values(state="refused")
    )


def refused_moves(session: Session, workspace_id: int) -> frozenset[str]:
    """Return what would have moved in the sortings anew that were refused, as their digests."""
    query = select(Run.summary).where(
        Run.workspace_id == workspace_id, Run.kind == RESORT, Run.state == "refused"
    )
    return frozenset(summary["moves"] for summary in session.scalars(query) if "moves" in summary)


def delete_run(session: Session, workspace_id: int, run_id: int) -> None:
    """Remove a run that nobody ever saw, with its themes; clear it first."""
    for table in (Assignment, Sorting):
        session.execute(
            delete(table).where(table.workspace_id == workspace_id, table.run_id == run_id)
        )
    session.execute(
        delete(Theme).where(
            Theme.workspace_id == workspace_id, Theme.run_id == run_id, Theme.state == "proposed"
        )
    )
    session.execute(delete(Run).where(Run.workspace_id == workspace_id, Run.id == run_id))


def members(session: Session, workspace_id: int, run_id: int) -> dict[str, set[str]]:
    """Return which answers a run put into which theme, both by id as text."""
    found: dict[str, set[str]] = {}
    for row in session.execute(
        select(Assignment.theme_id, Assignment.answer_id).where(
            Assignment.workspace_id == workspace_id, Assignment.run_id == run_id
        )
    ):
        found.setdefault(str(row.theme_id), set()).add(str(row.answer_id))
    return found


def _set_state(session: Session, workspace_id: int, run_id: int, **values: object) -> None:
    session.execute(
        update(Run).where(Run.workspace_id == workspace_id, Run.id == run_id).values(**values)
    )
