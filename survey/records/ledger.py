"""The ledger of themes: each step is written down, shown at once, and can be undone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError, NotFoundError
from survey.records.base import new_id
from survey.records.deciding import DecidedAnswer, Decision
from survey.records.putting_back import moved_by_proposals
from survey.records.runs import lock_current_run
from survey.records.settled import Entry, settle
from survey.records.settling import settle_themes
from survey.records.showing import answers_touched, show_touched
from survey.records.theming import Theme

FOR_THEMES = ("rename", "words", "merge", "split", "pin", "unpin", "hide", "show", "book", "undo")
"""Steps that change what a theme is: a form made before one of them is stale."""
STAYS_DECIDED = (
    "A refused proposal stays decided, and so does one that changed nothing or was accepted before"
    " proposals could be undone. Move answers by hand, or ask in the ledger for all to be read"
    " anew."
)
ON_ITS_WAY = (
    "The worker is still putting this proposal in place. Please undo it when it is there, in a"
    " moment."
)
_OF_AN_ENTRY = (
    Decision.id,
    Decision.number,
    Decision.kind,
    Decision.theme_id,
    Decision.other_theme_id,
    Decision.undoes_id,
    Decision.details,
)
_MOST_IN_A_QUERY = 400


@dataclass(frozen=True)
class Said:
    """One answer of a step: it belongs in a theme, or it does not; with the clause that says so."""

    answer_id: int
    version: int
    theme_id: int
    belongs: bool
    start: int | None = None
    end: int | None = None
    tone: str = "unclear"


@dataclass(frozen=True)
class Step:
    """What a person wants done in one step.

    Parameters
    ----------
    kind : str
        As in `deciding.KINDS`.
    theme_id, other_theme_id, undoes_id : int or None
        As in `settled.Entry`.
    said : tuple of Said
        Answers put in or taken out.
    run_id : int or None
        The proposed run it is about.
    value : str or None
        The name that a person gave.
    details : mapping
        What else is to be kept; the themes' names at the time are added.
    """

    kind: str
    theme_id: int | None = None
    other_theme_id: int | None = None
    said: tuple[Said, ...] = ()
    undoes_id: int | None = None
    run_id: int | None = None
    value: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A step that was done: its decision, and how many answers are in other themes now.

    `later` answers of a large step follow in a moment: the worker shows them, some at a time, so
    that no customer who answers meanwhile waits for it.
    """

    decision_id: int
    number: int
    moved: int
    later: int = 0


def latest_number(session: Session, workspace_id: int) -> int:
    """Return how far a workspace's ledger goes: the number that a form carries."""
    query = select(func.max(Decision.number)).where(Decision.workspace_id == workspace_id)
    return session.scalar(query) or 0


def entries_of(
    session: Session, workspace_id: int, until: datetime | None = None
) -> tuple[Entry, ...]:
    """Return a workspace's decisions in their order, up to a moment if one is given."""
    query = (
        select(*_OF_AN_ENTRY).where(Decision.workspace_id == workspace_id).order_by(Decision.number)
    )
    if until is not None:
        query = query.where(Decision.decided_at <= until)
    return tuple(Entry(*row) for row in session.execute(query))


def take_step(
    session: Session, workspace_id: int, step: Step, person_id: int | None, now: datetime
) -> Done:
    """Write a step into the ledger and show at once what it changes.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose ledger.
    step : Step
        What is to be done; that it may be done was checked by the caller, who holds the workspace.
    person_id : int or None
        Who does it.
    now : datetime
        The present moment.

    Returns
    -------
    Done
        With the number of answers that are in other themes now.
    """
    lock_current_run(session, workspace_id)
    entries = entries_of(session, workspace_id)
    step = replace(step, details={**step.details, "names": _names(session, workspace_id, step)})
    number = entries[-1].number + 1 if entries else 1
    decision = _written(step, workspace_id, number, person_id=person_id, now=now)
    session.add(decision)
    session.flush()
    _write_said(session, decision, step.said)
    added = _entry_of(decision)
    before, after = settle(entries), settle((*entries, added))
    toggled = (before.holding ^ after.holding) | {decision.id}
    _change(session, workspace_id, toggled, holds=Decision.id.in_(after.holding & toggled))
    moving = settle_themes(session, workspace_id, (*entries, added), before, after)
    touched = sorted(
        answers_touched(session, workspace_id, moving, toggled)
        | moved_by_proposals(session, workspace_id, toggled)
    )
    moved, later = show_touched(session, decision, touched)
    _change(session, workspace_id, {decision.id}, answers=moved)
    return Done(decision.id, decision.number, moved, later)


def _entry_of(decision: Any) -> Entry:
    """Return a decision, or a row that has its columns, as an entry of the ledger."""
    return Entry(
        decision.id,
        decision.number,
        decision.kind,
        decision.theme_id,
        decision.other_theme_id,
        decision.undoes_id,
        decision.details,
    )


def _change(session: Session, workspace_id: int, ids: Collection[int], **values: Any) -> None:
    """Set columns of some decisions."""
    session.execute(
        update(Decision)
        .where(Decision.workspace_id == workspace_id, Decision.id.in_(ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _names(session: Session, workspace_id: int, step: Step) -> dict[str, str]:
    """Return what the themes of a step are called, by id as text."""
    themes = Entry(0, 0, step.kind, step.theme_id, step.other_theme_id, details=step.details)
    query = select(Theme.id, Theme.name).where(
        Theme.workspace_id == workspace_id, Theme.id.in_(themes.themes())
    )
    return {str(row.id): row.name for row in session.execute(query)}


def _written(
    step: Step, workspace_id: int, number: int, *, person_id: int | None, now: datetime
) -> Decision:
    return Decision(
        workspace_id=workspace_id,
        id=new_id(),
        number=number,
        kind=step.kind,
        theme_id=step.theme_id,
        other_theme_id=step.other_theme_id,
        undoes_id=step.undoes_id,
        run_id=step.run_id,
        value=step.value,
        person_id=person_id,
        decided_at=now,
        details=dict(step.details),
    )


def _write_said(session: Session, decision: Decision, said: Iterable[Said]) -> None:
    place = {"workspace_id": decision.workspace_id, "decision_id": decision.id}
    rows = [place | vars(one) for one in said]
    if rows:
        session.execute(insert(DecidedAnswer), rows)


def undo_step(
    session: Session, workspace_id: int, decision_id: int, person_id: int | None, now: datetime
) -> Done:
    """Undo a step, or redo one that was undone, by a step of its own.

    Raises
    ------
    NotFoundError
        When this ledger has no such step.
    ConflictError
        When it was undone already, or is one that cannot be undone.
    """
    lock_current_run(session, workspace_id)
    decision = session.get(Decision, (workspace_id, decision_id), populate_existing=True)
    if decision is None:
        raise NotFoundError("There is no such step here.")
    if not _entry_of(decision).can_be_undone:
        raise ConflictError(STAYS_DECIDED)
    if not decision.holds:
        raise ConflictError("Somebody has undone this already.")
    if _entry_of(decision).is_on_its_way:
        raise ConflictError(ON_ITS_WAY)
    undone = Entry(decision.id, decision.number, decision.kind, details=decision.details)
    step = Step(
        "undo",
        theme_id=decision.theme_id,
        other_theme_id=decision.other_theme_id,
        undoes_id=decision_id,
        details={"themes": sorted(undone.themes())},
    )
    return take_step(session, workspace_id, step, person_id, now)


def steps_since(
    session: Session,
    workspace_id: int,
    themes: Collection[int],
    seen: int,
    answers: Collection[int] = (),
) -> tuple[int, ...]:
    """Return what others did since a form was made that it would overwrite, oldest first.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose ledger.
    themes : collection of int
        The themes the form is about.
    seen : int
        The number the form carries.
    answers : collection of int
        The answers it is about.

    Returns
    -------
    tuple of int
        Decisions, by id.
    """
    later = (Decision.workspace_id == workspace_id, Decision.number > seen)
    found = _steps_on_themes(session, later, set(themes))
    listed = list(answers)
    for start in range(0, len(listed), _MOST_IN_A_QUERY):
        found |= _steps_on_answers(session, later, listed[start : start + _MOST_IN_A_QUERY])
    return tuple(found[number] for number in sorted(found))


def _steps_on_themes(
    session: Session, later: Sequence[ColumnElement[bool]], themes: set[int]
) -> dict[int, int]:
    """Return the ids of steps that change what some themes are, by number."""
    rows = session.execute(select(*_OF_AN_ENTRY).where(*later, Decision.kind.in_(FOR_THEMES)))
    return {row.number: row.id for row in rows if _entry_of(row).themes() & themes}


def _steps_on_answers(
    session: Session, later: Sequence[ColumnElement[bool]], answers: Sequence[int]
) -> dict[int, int]:
    """Return the ids of steps that say something of some answers, by number."""
    rows = session.execute(
        select(Decision.number, Decision.id)
        .join(
            DecidedAnswer,
            (DecidedAnswer.workspace_id == Decision.workspace_id)
            & (DecidedAnswer.decision_id == Decision.id),
        )
        .where(*later, DecidedAnswer.answer_id.in_(answers))
    )
    return {row.number: row.id for row in rows}
