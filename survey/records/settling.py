"""What the ledger's decisions make of the rows of themes: their state, their place, their words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from survey.records.settled import Entry, Settled
from survey.records.theming import Theme, ThemeExample

WORDS = ("name", "definition", "not_this", "examples")


def settle_themes(
    session: Session,
    workspace_id: int,
    entries: Sequence[Entry],
    before: Settled,
    after: Settled,
) -> set[int]:
    """Bring the theme rows to what holds after a ledger's decisions.

    Returns
    -------
    set of int
        The themes whose answers are shown elsewhere than before.
    """
    spoken_of = {theme_id for entry in entries for theme_id in entry.themes()}
    moving = {one for one in spoken_of if before.final(one) != after.final(one)}
    themes = session.scalars(
        select(Theme).where(Theme.workspace_id == workspace_id, Theme.id.in_(spoken_of))
    ).all()
    for theme in themes:
        final = after.final(theme.id)
        theme.state = _state(theme, final, after)
        theme.merged_into = final if final not in (None, theme.id) else None
        theme.split_from = after.parents.get(theme.id)
        theme.pinned = theme.id in after.pinned
        _set_words(session, theme, after.words.get(theme.id, {}))
    session.flush()
    return moving


def _state(theme: Theme, final: int | None, after: Settled) -> str:
    if final is None:
        return "refused"
    if final != theme.id:
        return "merged"
    if theme.state == "proposed":
        return "proposed"
    return "hidden" if theme.id in after.hidden else "active"


def _set_words(session: Session, theme: Theme, words: Mapping[str, Any]) -> None:
    """Give a theme its words: the first ones, but where somebody changed them since."""
    if theme.first_words is None:
        if not words:
            return
        theme.first_words = words_of(session, theme)
    now = {**theme.first_words, **words}
    theme.name, theme.definition, theme.not_this = (now[one] for one in WORDS[:3])
    if now["examples"] != examples_of(session, theme.workspace_id, theme.id):
        set_examples(session, theme.workspace_id, theme.id, now["examples"])


def words_of(session: Session, theme: Theme) -> dict[str, Any]:
    """Return a theme's words as the ledger keeps them."""
    examples = examples_of(session, theme.workspace_id, theme.id)
    return dict(zip(WORDS, (theme.name, theme.definition, theme.not_this, examples), strict=True))


def examples_of(session: Session, workspace_id: int, theme_id: int) -> list[str]:
    """Return the examples of a theme, in their order."""
    query = select(ThemeExample.example).where(
        ThemeExample.workspace_id == workspace_id, ThemeExample.theme_id == theme_id
    )
    return list(session.scalars(query.order_by(ThemeExample.number)))


def set_examples(
    session: Session, workspace_id: int, theme_id: int, examples: Iterable[str]
) -> None:
    """Give a theme other examples."""
    session.execute(
        delete(ThemeExample).where(
            ThemeExample.workspace_id == workspace_id, ThemeExample.theme_id == theme_id
        )
    )
    session.add_all(
        ThemeExample(workspace_id=workspace_id, theme_id=theme_id, number=number, example=example)
        for number, example in enumerate(examples)
    )
    session.flush()
