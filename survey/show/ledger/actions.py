"""What people do to themes. Each is one step of the ledger, done by whoever may sort."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from survey.errors import ConflictError, DeniedError, FieldError, NotFoundError, StaleError
from survey.records import Answer, Assignment, Run, Theme, ThemeCut, Workspace
from survey.records.answering import GIVEN
from survey.records.base import new_id
from survey.records.deciding import TONE
from survey.records.ledger import (
    Done,
    Said,
    Step,
    entries_of,
    latest_number,
    steps_since,
    take_step,
    undo_step,
)
from survey.records.runs import lock_current_run
from survey.records.text import as_stored

LONGEST_NAME = 80
MOST_AT_ONCE = 5000
OF_THE_BOOK = ("book", "words")
FLAGS = ("pin", "unpin", "hide", "show")
TONES = ("wish", "praise", "unclear")
_CHUNK = 400


@dataclass(frozen=True)
class Hand:
    """Whose hand it is, in which workspace, when, and up to where they have seen the ledger.

    Only an owner's hand (`is_owner`) undoes what was done to the book.
    """

    workspace_id: int
    person_id: int | None
    now: datetime
    seen: int
    is_owner: bool = False


def rename(session: Session, hand: Hand, theme_id: int, name: str) -> Done:
    """Give a theme another name.

    Raises
    ------
    FieldError
        For a name that is empty, too long, or another theme's.
    StaleError
        When somebody changed the theme since.
    """
    theme = _held(session, hand, theme_id)
    wanted = clean_name(session, hand.workspace_id, name, theme_id)
    if wanted == theme.name:
        raise FieldError("name", "It is called that already.")
    details = {"before": {"name": theme.name}, "after": {"name": wanted}}
    return _take(session, hand, Step("rename", theme_id, value=wanted, details=details))


def merge(session: Session, hand: Hand, theme_id: int, into_id: int) -> Done:
    """Show a theme's answers in another one, from now on and for ever."""
    if theme_id == into_id:
        raise FieldError("into", "Please choose another theme.")
    _held(session, hand, theme_id, into_id)
    return _take(session, hand, Step("merge", theme_id, into_id))


def flag(session: Session, hand: Hand, theme_id: int, kind: str) -> Done:
    """Pin or hide a theme, or take that back.

    Raises
    ------
    ConflictError
        When it is so already.
    """
    theme = _held(session, hand, theme_id)
    there = {"pin": theme.pinned, "hide": theme.state == "hidden"}
    there |= {"unpin": not there["pin"], "show": not there["hide"]}
    if there[kind]:
        raise ConflictError("This theme is so already.")
    return _take(session, hand, Step(kind, theme_id))


def split(
    session: Session, hand: Hand, theme_id: int, answer_ids: Collection[int], name: str
) -> Done:
    """Make a theme of its own out of some of a theme's answers."""
    _held(session, hand, theme_id, answers=answer_ids)
    wanted = clean_name(session, hand.workspace_id, name)
    placed = _placed(session, hand.workspace_id, theme_id, answer_ids)
    if not placed:
        raise FieldError("answers", "Please choose answers of this theme.")
    fresh = _add_theme(session, hand, wanted)
    said = tuple(
        one
        for row in placed
        for one in (
            Said(row.answer_id, row.version, theme_id, False),
            Said(row.answer_id, row.version, fresh, True, row.start, row.end, row.tone),
        )
    )
    return _take(session, hand, Step("split", theme_id, fresh, said=said, value=wanted))


def new_theme(session: Session, hand: Hand, answer_ids: Collection[int], name: str) -> Done:
    """Make a theme of some answers; they stay in their other themes, too."""
    wanted = clean_name(session, hand.workspace_id, name)
    answers = _sorted_answers(session, hand, answer_ids)
    fresh = _add_theme(session, hand, wanted)
    said = tuple(Said(row.id, row.version, fresh, True, tone=row.tone) for row in answers)
    return _take(session, hand, Step("new_theme", fresh, said=said, value=wanted))


def put_in(session: Session, hand: Hand, answer_ids: Collection[int], theme_id: int) -> Done:
    """Put answers into a theme; they stay in their other themes, too."""
    _held(session, hand, theme_id, answers=answer_ids)
    answers = _sorted_answers(session, hand, answer_ids)
    said = tuple(Said(row.id, row.version, theme_id, True, tone=row.tone) for row in answers)
    return _take(session, hand, Step("belongs", theme_id, said=said))


def put_only_in(session: Session, hand: Hand, answer_ids: Collection[int], theme_id: int) -> Done:
    """Put answers into a theme and take them out of every other one, as one step."""
    _held(session, hand, theme_id, answers=answer_ids)
    where = (session, hand.workspace_id, theme_id, answer_ids)
    # Who is there already keeps the clause that says so, and its tone.
    there = {row.answer_id: row for row in _placed(*where)}
    others = _placed(*where, elsewhere=True)
    said = [Said(row.answer_id, row.version, row.theme_id, False) for row in others]
    for row in _sorted_answers(session, hand, answer_ids):
        one = there.get(row.id)
        clause = (one.start, one.end, one.tone) if one else (None, None, row.tone)
        said.append(Said(row.id, row.version, theme_id, True, *clause))
    details = {"out_of_others": len({row.answer_id for row in others})}
    return _take(session, hand, Step("belongs", theme_id, said=tuple(said), details=details))


def take_out(session: Session, hand: Hand, answer_ids: Collection[int], theme_id: int) -> Done:
    """Say of answers that a theme is not theirs."""
    _held(session, hand, theme_id, answers=answer_ids)
    placed = _placed(session, hand.workspace_id, theme_id, answer_ids)
    if not placed:
        raise FieldError("answers", "None of these answers is in this theme.")
    said = tuple(Said(row.answer_id, row.version, theme_id, False) for row in placed)
    return _take(session, hand, Step("does_not_belong", theme_id, said=said))


def move(
    session: Session, hand: Hand, answer_ids: Collection[int], from_id: int, to_id: int
) -> Done:
    """Take answers out of one theme and put them into another."""
    if from_id == to_id:
        raise FieldError("to", "Please choose another theme.")
    _held(session, hand, from_id, to_id, answers=answer_ids)
    placed = _placed(session, hand.workspace_id, from_id, answer_ids)
    if not placed:
        raise FieldError("answers", "None of these answers is in this theme.")
    said = tuple(
        one
        for row in placed
        for one in (
            Said(row.answer_id, row.version, from_id, False),
            Said(row.answer_id, row.version, to_id, True, row.start, row.end, row.tone),
        )
    )
    return _take(session, hand, Step("move", from_id, to_id, said=said))


def say_tone(
    session: Session, hand: Hand, answer_ids: Collection[int], theme_id: int, tone: str
) -> Done:
    """Say of a theme's answers that they praise, that they wish, or that it cannot be told.

    Raises
    ------
    FieldError
        When none of them is in the theme, or all have that tone already.
    NotFoundError
        When there is no such tone, or no such theme.
    """
    if tone not in TONES:
        raise NotFoundError("There is no such tone.")
    _held(session, hand, theme_id, answers=answer_ids)
    placed = _placed(session, hand.workspace_id, theme_id, answer_ids)
    if not placed:
        raise FieldError("answers", "None of these answers is in this theme.")
    said = tuple(
        Said(row.answer_id, row.version, theme_id, True, row.start, row.end, tone)
        for row in placed
        if row.tone != tone
    )
    if not said:
        raise FieldError("answers", "They are taken for that already.")
    details = {"tone": tone, "said": len(said)}
    return _take(session, hand, Step(TONE, theme_id, said=said, details=details))


def undo(session: Session, hand: Hand, decision_id: int) -> Done:
    """Undo a step, or redo one that was undone; after a change of the book all is read anew.

    Raises
    ------
    DeniedError
        When it is a change of the book and the hand is not an owner's.
    """
    of_the_book = refuse_the_book(session, hand, decision_id)
    done = undo_step(session, hand.workspace_id, decision_id, hand.person_id, hand.now)
    if of_the_book:
        ask_for_resort(session, hand.workspace_id, hand.now)
    return done


def refuse_the_book(session: Session, hand: Hand, decision_id: int) -> bool:
    """Whether a step changed the book, undid such a change, or did it again.

    Raises
    ------
    DeniedError
        When it did and the hand is not an owner's.
    """
    entries = {entry.id: entry for entry in entries_of(session, hand.workspace_id)}
    at = entries.get(decision_id)
    while at is not None and at.undoes_id is not None:
        at = entries.get(at.undoes_id)
    is_one = at is not None and at.kind in OF_THE_BOOK
    if is_one and not hand.is_owner:
        raise DeniedError("Only an owner changes the book. Please ask one to undo this step.")
    return is_one


def ask_for_cut(session: Session, workspace_id: int, theme_id: int, now: datetime) -> None:
    """Let the worker look for a cut through a theme, in place of an earlier one."""
    lock_current_run(session, workspace_id)
    there = session.get(ThemeCut, (workspace_id, theme_id))
    if there is not None:
        session.delete(there)
        session.flush()
    number = latest_number(session, workspace_id)
    session.add(ThemeCut(workspace_id=workspace_id, theme_id=theme_id, asked_at=now, number=number))


def ask_for_resort(session: Session, workspace_id: int, now: datetime) -> None:
    """Let the worker sort all answers anew with what it was taught; it comes as a proposal."""
    workspace = session.get_one(Workspace, workspace_id)
    workspace.resort_asked_at = now


def clean_name(session: Session, workspace_id: int, name: str, theme_id: int | None = None) -> str:
    """Return a theme's name as it is kept.

    Raises
    ------
    FieldError
        For a name that is empty, too long, or another theme's.
    """
    wanted = " ".join(as_stored(name).split())
    if not 0 < len(wanted) <= LONGEST_NAME:
        raise FieldError("name", f"Please give a name of 1 to {LONGEST_NAME} characters.")
    others = select(Theme.name).where(
        Theme.workspace_id == workspace_id,
        Theme.state.in_(("active", "hidden")),
        Theme.id != (theme_id or 0),
    )
    # Compared here: SQLite's lower() knows the letters A to Z alone.
    if wanted.casefold() in {one.casefold() for one in session.scalars(others)}:
        raise FieldError(
            "name", "There is a theme of this name already; please choose another, or merge them."
        )
    return wanted


def _held(session: Session, hand: Hand, *theme_ids: int, answers: Collection[int] = ()) -> Theme:
    """Hold the workspace; return the first theme, unless somebody changed one of them since."""
    lock_current_run(session, hand.workspace_id)
    since = steps_since(session, hand.workspace_id, theme_ids, hand.seen, answers)
    if since:
        raise StaleError(since)
    found = [theme_of(session, hand.workspace_id, theme_id) for theme_id in theme_ids]
    return found[0]


def theme_of(session: Session, workspace_id: int, theme_id: int) -> Theme:
    """Return a theme that is there.

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
    return theme


def _take(session: Session, hand: Hand, step: Step) -> Done:
    return take_step(session, hand.workspace_id, step, hand.person_id, hand.now)


def _add_theme(session: Session, hand: Hand, name: str) -> int:
    theme = Theme(
        workspace_id=hand.workspace_id,
        id=new_id(),
        name=name,
        origin="found",
        created_at=hand.now,
    )
    session.add(theme)
    session.flush()
    return theme.id


def _placed(
    session: Session,
    workspace_id: int,
    theme_id: int,
    answer_ids: Collection[int],
    *,
    elsewhere: bool = False,
) -> list[Any]:
    """Return the placings of some answers in a theme, or in all others, as they are shown now."""
    in_it = Assignment.theme_id == theme_id
    query = (
        select(
            Assignment.answer_id,
            Assignment.version,
            Assignment.theme_id,
            Assignment.start,
            Assignment.end,
            Assignment.tone,
        )
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            ~in_it if elsewhere else in_it,
        )
        .order_by(Assignment.answer_id, Assignment.theme_id)
    )
    return [
        row
        for some in _some_of(answer_ids)
        for row in session.execute(query.where(Assignment.answer_id.in_(some)))
    ]


def _sorted_answers(session: Session, hand: Hand, answer_ids: Collection[int]) -> list[Any]:
    """Return answers with their version, and the tone that their surest theme has."""
    lock_current_run(session, hand.workspace_id)
    tone = (
        select(Assignment.tone)
        .join(Run, and_(Run.workspace_id == Assignment.workspace_id, Run.id == Assignment.run_id))
        .where(
            Run.state == "current",
            Assignment.workspace_id == hand.workspace_id,
            Assignment.answer_id == Answer.id,
        )
        .order_by(Assignment.confidence.desc(), Assignment.theme_id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Answer.id, Answer.version, func.coalesce(tone, "unclear").label("tone"))
        .where(Answer.workspace_id == hand.workspace_id, Answer.state == GIVEN)
        .order_by(Answer.id)
    )
    found = [
        row
        for some in _some_of(answer_ids)
        for row in session.execute(query.where(Answer.id.in_(some)))
    ]
    if not found:
        raise FieldError("answers", "Please choose at least one answer.")
    return found


def _some_of(answer_ids: Collection[int]) -> list[Sequence[int]]:
    listed = sorted(set(answer_ids))
    if len(listed) > MOST_AT_ONCE:
        raise FieldError("answers", f"Please choose at most {MOST_AT_ONCE:,} answers at once.")
    return [listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK)]
