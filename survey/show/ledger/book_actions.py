"""The book of themes as its owner edits it; whatever changes, all answers are read anew for it."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.book import BookTheme, parse_book
from survey.errors import BookError, ConflictError, FieldError, NotFoundError, StaleError
from survey.records import Assignment, Theme, Workspace
from survey.records.base import new_id
from survey.records.ledger import Done, Step, steps_since, take_step
from survey.records.runs import lock_current_run
from survey.records.settling import examples_of, set_examples, words_of
from survey.records.text import as_stored
from survey.show.ledger.actions import Hand, ask_for_resort, clean_name

LONGEST_WORDS = 400
FEWEST_EXAMPLES, MOST_EXAMPLES = 3, 6


@dataclass(frozen=True)
class OwnTheme:
    """What an owner writes of a theme of their own."""

    name: str
    definition: str
    not_this: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class BookRow:
    """A theme of the book, as the book's page lists it."""

    id: int
    key: str
    name: str
    definition: str
    not_this: str
    examples: tuple[str, ...]
    is_own: bool
    is_away: bool
    answers: int


def book_rows(session: Session, workspace_id: int) -> tuple[BookRow, ...]:
    """Return every theme of the book, one's own first; those put away are among them."""
    current = select(Workspace.current_run_id).where(Workspace.id == workspace_id)
    counts = {
        row[0]: row[1]
        for row in session.execute(
            select(Assignment.theme_id, func.count())
            .where(
                Assignment.workspace_id == workspace_id,
                Assignment.run_id == current.scalar_subquery(),
            )
            .group_by(Assignment.theme_id)
        )
    }
    themes = session.scalars(
        select(Theme)
        .where(Theme.workspace_id == workspace_id, Theme.origin == "book", Theme.state != "merged")
        .order_by(Theme.run_id.is_not(None), Theme.created_at, Theme.name)
    )
    return tuple(
        BookRow(
            id=theme.id,
            key=theme.key or "",
            name=theme.name,
            definition=theme.definition,
            not_this=theme.not_this,
            examples=tuple(examples_of(session, workspace_id, theme.id)),
            is_own=theme.run_id is None,
            is_away=theme.state == "refused",
            answers=counts.get(theme.id, 0),
        )
        for theme in themes
    )


def add_own(session: Session, hand: Hand, written: OwnTheme) -> Done:
    """Add a theme to the book.

    Raises
    ------
    FieldError
        Naming the field that cannot be used.
    """
    lock_current_run(session, hand.workspace_id)
    told = _checked(session, hand.workspace_id, written)
    theme_id = _add(session, hand, told, _free_key(session, hand.workspace_id, told.name))
    return _changed(session, hand, added=[theme_id], told=f"added “{told.name}”")


def edit_own(session: Session, hand: Hand, theme_id: int, written: OwnTheme) -> Done:
    """Change the words of one's own theme.

    Raises
    ------
    StaleError
        When somebody changed the theme since.
    FieldError
        Naming the field that cannot be used.
    """
    lock_current_run(session, hand.workspace_id)
    since = steps_since(session, hand.workspace_id, [theme_id], hand.seen)
    if since:
        raise StaleError(since)
    theme = own_theme(session, hand.workspace_id, theme_id)
    told = _checked(session, hand.workspace_id, written, theme_id)
    before = words_of(session, theme)
    after = {**vars(told), "examples": list(told.examples)}
    changed = {name: after[name] for name in after if after[name] != before[name]}
    if not changed:
        raise FieldError("name", "Nothing was changed.")
    details = {"before": {name: before[name] for name in changed}, "after": changed}
    step = Step("words", theme_id, value=told.name, details=details)
    done = take_step(session, hand.workspace_id, step, hand.person_id, hand.now)
    ask_for_resort(session, hand.workspace_id, hand.now)
    return done


def own_theme(session: Session, workspace_id: int, theme_id: int) -> Theme:
    """Return a theme that people of this workspace wrote.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    theme = session.get(Theme, (workspace_id, theme_id))
    if theme is None or theme.origin != "book" or theme.run_id is not None:
        raise NotFoundError("There is no such theme of your own here.")
    return theme


def add_file(session: Session, hand: Hand, name: str, raw: bytes) -> Done:
    """Add the themes of a YAML book; one with the key of one's own theme takes its place.

    Raises
    ------
    FieldError
        Saying which line cannot be used, and why; then nothing is added.
    """
    lock_current_run(session, hand.workspace_id)
    try:
        book = parse_book(raw.decode("utf-8-sig"), name[:80] or "The file")
    except UnicodeDecodeError as error:
        raise FieldError("file", "The file is not UTF-8 text: save it as UTF-8.") from error
    except BookError as error:
        raise FieldError("file", str(error)) from error
    there = {
        theme.key: theme
        for theme in session.scalars(
            select(Theme).where(
                Theme.workspace_id == hand.workspace_id,
                Theme.origin == "book",
                Theme.state != "refused",
            )
        )
    }
    added, words = [], {}
    for one in book.themes:
        known = there.get(one.key)
        if known is not None and known.run_id is not None:
            raise FieldError("file", f"The shipped book has the key {one.key!r}: choose another.")
        told = _from_file(session, hand.workspace_id, one, known.id if known else None)
        if known is None:
            added.append(_add(session, hand, told, one.key[:60]))
        else:
            words[str(known.id)] = {**vars(told), "examples": list(told.examples)}
    names = ", ".join(f"“{one.name}”" for one in book.themes[:5])
    more = f" and {len(book.themes) - 5} more" if len(book.themes) > 5 else ""
    return _changed(session, hand, added=added, words=words, told=f"read {names}{more} from a file")


def put_away(session: Session, hand: Hand, theme_ids: Collection[int], *, back: bool) -> Done:
    """Put themes of the book away, or take them back.

    Raises
    ------
    ConflictError
        When there is none to put away or take back.
    """
    lock_current_run(session, hand.workspace_id)
    since = steps_since(session, hand.workspace_id, theme_ids, hand.seen)
    if since:
        raise StaleError(since)
    themes = session.scalars(
        select(Theme)
        .where(
            Theme.workspace_id == hand.workspace_id,
            Theme.origin == "book",
            Theme.id.in_(theme_ids),
            Theme.state == "refused" if back else Theme.state != "refused",
        )
        .order_by(Theme.name)
    ).all()
    if not themes:
        raise ConflictError("The book is so already.")
    what = f"“{themes[0].name}”" if len(themes) == 1 else f"{len(themes)} themes"
    told = f"took {what} back" if back else f"put {what} away"
    ids = [theme.id for theme in themes]
    return _changed(session, hand, **{"on" if back else "off": ids}, told=told)


def _changed(session: Session, hand: Hand, **details: Any) -> Done:
    step = Step("book", details=details)
    done = take_step(session, hand.workspace_id, step, hand.person_id, hand.now)
    ask_for_resort(session, hand.workspace_id, hand.now)
    return done


def _add(session: Session, hand: Hand, told: OwnTheme, key: str) -> int:
    theme = Theme(
        workspace_id=hand.workspace_id,
        id=new_id(),
        key=key,
        name=told.name,
        definition=told.definition,
        not_this=told.not_this,
        origin="book",
        created_at=hand.now,
    )
    session.add(theme)
    session.flush()
    set_examples(session, hand.workspace_id, theme.id, told.examples)
    return theme.id


def _from_file(
    session: Session, workspace_id: int, one: BookTheme, theme_id: int | None
) -> OwnTheme:
    try:
        name = clean_name(session, workspace_id, one.name, theme_id)
    except FieldError as error:
        raise FieldError("file", f"{one.key}: {error}") from error
    return OwnTheme(name, one.definition, one.not_, one.examples)


def _checked(
    session: Session, workspace_id: int, written: OwnTheme, theme_id: int | None = None
) -> OwnTheme:
    name = clean_name(session, workspace_id, written.name, theme_id)
    definition, not_this = (
        " ".join(as_stored(one).split()) for one in (written.definition, written.not_this)
    )
    if not 0 < len(definition) <= LONGEST_WORDS:
        raise FieldError(
            "definition", f"Please say in one sentence what it is, 1 to {LONGEST_WORDS} characters."
        )
    if len(not_this) > LONGEST_WORDS:
        raise FieldError("not_this", f"Please say it in at most {LONGEST_WORDS} characters.")
    return OwnTheme(name, definition, not_this, _examples(written.examples))


def _examples(typed: Sequence[str]) -> tuple[str, ...]:
    found = [" ".join(as_stored(one).split()) for one in typed]
    told = tuple(one for one in found if any(sign.isalnum() for sign in one))
    if not FEWEST_EXAMPLES <= len(told) <= MOST_EXAMPLES:
        raise FieldError(
            "examples",
            f"Please write three to six examples, one a line; you wrote {len(told)}.",
        )
    if any(len(one) > LONGEST_WORDS for one in told):
        raise FieldError("examples", f"Please keep each example under {LONGEST_WORDS} characters.")
    return told


def _free_key(session: Session, workspace_id: int, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "own"
    taken = set(session.scalars(select(Theme.key).where(Theme.workspace_id == workspace_id)))
    number, key = 1, f"own_{base}"
    while key in taken:
        number += 1
        key = f"own_{base}_{number}"
    return key
