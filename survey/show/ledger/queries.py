"""What the ledger's pages show before and after a step: counts, themes, and who did what."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from survey.errors import ConflictError, NotFoundError
from survey.records import Assignment, Decision, Person, Theme, Workspace
from survey.records.ledger import ON_ITS_WAY, STAYS_DECIDED, entries_of
from survey.records.made import seen_and_made
from survey.records.praised import praised_name
from survey.records.putting_back import (
    Decided,
    moved_by_proposals,
    shown_by,
    undone_proposals,
)
from survey.records.settled import Entry, settle
from survey.records.settling import examples_of
from survey.records.showing import answers_touched
from survey.records.shown import SortedAnswer, words_about
from survey.records.tallies import Sought, total, totals
from survey.show.ledger.actions import OF_THE_BOOK

_PAGE = 50
_CHUNK = 400


@dataclass(frozen=True)
class ThemeCard:
    """A theme as the ledger's forms name it.

    Parameters
    ----------
    id, name, definition, not_this, examples, origin
        Its words, and whether the book brought it or it was found.
    praised : str
        What it is called above praise.
    answers : int
        Answers that are in it now.
    pinned, hidden : bool
        What was decided about it.
    is_own : bool
        Whether a person made it.
    """

    id: int
    name: str
    definition: str
    not_this: str
    examples: tuple[str, ...]
    origin: str
    praised: str
    answers: int
    pinned: bool
    hidden: bool
    is_own: bool

    @property
    def is_in_own_book(self) -> bool:
        """Whether an owner wrote it into the book, so that its words are theirs to change."""
        return self.is_own and self.origin == "book"


def theme_card(session: Session, workspace_id: int, theme_id: int) -> ThemeCard:
    """Return a theme.

    Raises
    ------
    NotFoundError
        When this workspace has no such theme, or it is part of another one.
    """
    theme = session.scalar(
        select(Theme).where(
            Theme.workspace_id == workspace_id,
            Theme.id == theme_id,
            Theme.state.in_(("active", "hidden")),
        )
    )
    if theme is None:
        raise NotFoundError("There is no such theme here.")
    return ThemeCard(
        id=theme.id,
        name=theme.name,
        definition=theme.definition,
        not_this=theme.not_this,
        examples=tuple(examples_of(session, workspace_id, theme_id)),
        origin=theme.origin,
        praised=praised_name(theme.key, theme.name, own=theme.run_id is None),
        answers=answers_in(session, workspace_id, theme_id),
        pinned=theme.pinned,
        hidden=theme.state == "hidden",
        is_own=theme.run_id is None,
    )


def _current_run(workspace_id: int) -> Any:
    return select(Workspace.current_run_id).where(Workspace.id == workspace_id).scalar_subquery()


def answers_in(session: Session, workspace_id: int, theme_id: int) -> int:
    """Return how many answers are in a theme now."""
    run_id = session.scalar(select(_current_run(workspace_id)))
    if run_id is None:
        return 0
    return total(session, Sought(workspace_id, ("theme",), run_id, theme_id=theme_id))


def answers_in_both(session: Session, workspace_id: int, theme_id: int, other_id: int) -> int:
    """Return how many answers are in two themes at once."""
    run = _current_run(workspace_id)
    in_other = select(Assignment.answer_id).where(
        Assignment.workspace_id == workspace_id,
        Assignment.run_id == run,
        Assignment.theme_id == other_id,
    )
    query = select(func.count()).where(
        Assignment.workspace_id == workspace_id,
        Assignment.run_id == run,
        Assignment.theme_id == theme_id,
        Assignment.answer_id.in_(in_other),
    )
    return session.execute(query).scalar_one()


@dataclass(frozen=True)
class ThemeChoice:
    """A theme to choose from a list."""

    id: int
    name: str
    answers: int
    hidden: bool


def themes_to_choose(
    session: Session, workspace_id: int, but: Collection[int] = ()
) -> tuple[ThemeChoice, ...]:
    """Return the themes that are there, by name, with how many answers each has."""
    counts = Counter[int]()
    run_id = session.scalar(select(_current_run(workspace_id)))
    if run_id is not None:
        found_in = totals(session, Sought(workspace_id, ("theme",), run_id))
        for (_, theme_id, _), answers in found_in.items():
            counts[theme_id] += answers
    themes = session.execute(
        select(Theme.id, Theme.name, Theme.state).where(
            Theme.workspace_id == workspace_id, Theme.state.in_(("active", "hidden"))
        )
    )
    found = [
        ThemeChoice(row.id, row.name, counts[row.id], row.state == "hidden")
        for row in themes
        if row.id not in but
    ]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def part_of(session: Session, workspace_id: int, theme_id: int) -> int | None:
    """Return the theme that another one is part of now, None where it is part of none."""
    return session.scalar(
        select(Theme.merged_into).where(
            Theme.workspace_id == workspace_id, Theme.id == theme_id, Theme.state == "merged"
        )
    )


@dataclass(frozen=True)
class LedgerLine:
    """One step, as the ledger tells it.

    Parameters
    ----------
    id, number : int
        Which, and its place.
    at : datetime
        When.
    who : str
        Who, as the team knows them.
    kind : str
        As in `deciding.KINDS`.
    theme, other : str
        What the themes were called then; empty where there is none.
    answers : int
        Answers that were in other themes after it.
    details : mapping
        What else the entry keeps.
    holds, can_undo : bool
        Whether it still holds, and whether it may be undone.
    theme_id : int or None
        The theme, for a link.
    undoes : LedgerLine or None
        Of an ``undo``: the step that it took back or did again, never itself an ``undo``.
    again : bool
        Whether it did that step again, having been undone.
    """

    id: int
    number: int
    at: datetime
    who: str
    kind: str
    theme: str
    other: str
    answers: int
    details: dict[str, Any]
    holds: bool
    can_undo: bool
    theme_id: int | None
    undoes: "LedgerLine | None" = None
    again: bool = False

    @property
    def took_back(self) -> bool:
        """Whether it took a step back, so that undoing it does that step again."""
        return self.kind == "undo" and not self.again

    @property
    def is_of_the_book(self) -> bool:
        """Whether it changed the book, or undid such a change: then owners alone undo it."""
        inner = self.undoes
        return self.kind in OF_THE_BOOK or (inner is not None and inner.is_of_the_book)


@dataclass(frozen=True)
class LedgerPage:
    """Some steps, the newest first, and the number before which more begin (None at the end)."""

    lines: tuple[LedgerLine, ...]
    before: int | None


def ledger_page(
    session: Session, workspace_id: int, theme_id: int | None = None, before: int | None = None
) -> LedgerPage:
    """Return steps of a workspace's ledger, or of one theme's.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    theme_id : int, optional
        Only what concerns this theme.
    before : int, optional
        Only steps with a lower number.
    """
    query = _lines(workspace_id)
    if before is not None:
        query = query.where(Decision.number < before)
    if theme_id is not None:
        query = query.where(or_(Decision.theme_id == theme_id, Decision.other_theme_id == theme_id))
    rows = session.execute(query.order_by(Decision.number.desc()).limit(_PAGE + 1)).all()
    lines = _told(session, workspace_id, rows[:_PAGE])
    return LedgerPage(lines, lines[-1].number if len(rows) > _PAGE else None)


def lines_of(
    session: Session, workspace_id: int, decision_ids: Collection[int]
) -> tuple[LedgerLine, ...]:
    """Return some steps, the oldest first, each with what it undid or did again."""
    query = _lines(workspace_id).where(Decision.id.in_(decision_ids)).order_by(Decision.number)
    return _told(session, workspace_id, session.execute(query).all())


def _lines(workspace_id: int) -> Any:
    return (
        select(Decision, Person.name, Person.email)
        .outerjoin(Person, Person.id == Decision.person_id)
        .where(Decision.workspace_id == workspace_id)
    )


def _told(session: Session, workspace_id: int, rows: Sequence[Any]) -> tuple[LedgerLine, ...]:
    undone = {row.Decision.id for row in rows if row.Decision.undoes_id is not None}
    roots = _roots(session, workspace_id) if undone else {}
    first = {root for one in undone for root in roots[one][:1]}
    steps = {line.id: line for line in lines_of(session, workspace_id, first)} if first else {}
    lines = (_line(row) for row in rows)
    return tuple(
        replace(line, undoes=steps[roots[line.id][0]], again=roots[line.id][1])
        if line.id in roots
        else line
        for line in lines
    )


def _roots(session: Session, workspace_id: int) -> dict[int, tuple[int, bool]]:
    """Return for each undoing the step it is about in the end, and whether it did that again."""
    undoings = session.execute(
        select(Decision.id, Decision.undoes_id)
        .where(Decision.workspace_id == workspace_id, Decision.undoes_id.is_not(None))
        .order_by(Decision.number)
    )
    found: dict[int, tuple[int, bool]] = {}
    for row in undoings:
        root, again = found.get(row.undoes_id, (row.undoes_id, True))
        found[row.id] = (root, not again)
    return found


def _line(row: Any) -> LedgerLine:
    made: Decision = row.Decision
    names = made.details.get("names", {})
    entry = Entry(made.id, made.number, made.kind, made.theme_id, details=made.details)
    return LedgerLine(
        id=made.id,
        number=made.number,
        at=made.decided_at,
        who=row.name or row.email or "The service",
        kind=made.kind,
        theme=names.get(str(made.theme_id), ""),
        other=names.get(str(made.other_theme_id), ""),
        answers=made.answers,
        details=made.details,
        holds=made.holds,
        can_undo=made.holds and entry.can_be_undone and not entry.is_on_its_way,
        theme_id=made.theme_id,
    )


def moved_by_undoing(session: Session, workspace_id: int, decision_id: int) -> int:
    """Return how many answers would be in other themes if a step were undone.

    Raises
    ------
    NotFoundError
        When this ledger has no such step.
    ConflictError
        When it cannot be undone.
    """
    entries = entries_of(session, workspace_id)
    undone = next((entry for entry in entries if entry.id == decision_id), None)
    if undone is None:
        raise NotFoundError("There is no such step here.")
    if not undone.can_be_undone:
        raise ConflictError(STAYS_DECIDED)
    before = settle(entries)
    if undone.id not in before.holding:
        raise ConflictError("Somebody has undone this already.")
    if undone.is_on_its_way:
        raise ConflictError(ON_ITS_WAY)
    after = settle((*entries, Entry(0, entries[-1].number + 1, "undo", undoes_id=decision_id)))
    spoken_of = {theme_id for entry in entries for theme_id in entry.themes()}
    moving = {one for one in spoken_of if before.final(one) != after.final(one)}
    toggled = (before.holding ^ after.holding) - {0}
    touched = sorted(
        answers_touched(session, workspace_id, moving, toggled)
        | moved_by_proposals(session, workspace_id, toggled)
    )
    run_id = session.scalar(select(Workspace.current_run_id).where(Workspace.id == workspace_id))
    finals = {one: final for one in spoken_of if (final := after.final(one)) != one}
    without = undone_proposals(session, workspace_id, after.holding)
    moved = 0
    for start in range(0, len(touched), _CHUNK):
        ids = touched[start : start + _CHUNK]
        seen, made = seen_and_made(session, workspace_id, run_id or 0, ids)
        words = words_about(session, workspace_id, ids, after.holding)
        shown = shown_by(session, made, run_id or 0, Decided(words, finals, without))
        moved += sum(_themes(one) != _themes(seen[key]) for key, one in shown.items())
    return moved


def _themes(one: SortedAnswer) -> set[int]:
    return {placing.theme_id for placing in one.placings}


def theme_name_of(session: Session, workspace_id: int, theme_id: int) -> str:
    """Return what a theme is called, whatever became of it.

    Raises
    ------
    NotFoundError
        When this workspace never had it.
    """
    name = session.scalar(
        select(Theme.name).where(Theme.workspace_id == workspace_id, Theme.id == theme_id)
    )
    if name is None:
        raise NotFoundError("There is no such theme here.")
    return name
