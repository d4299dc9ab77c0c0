"""A found theme is called by words that somebody typed; when they take them back, the name goes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, null, or_, select, true, update
from sqlalchemy.orm import Session

from survey.records.answering import GIVEN, NEWEST_WORDS, Answer, AnswerText
from survey.records.base import table_of
from survey.records.deciding import Decision, Overruled, ThemeCut
from survey.records.straight import Prepared, straight_of
from survey.records.theming import Assignment, Exemplar, Run, Theme, ThemeExample

NAMELESS = "A theme without a name yet"


@dataclass(frozen=True)
class _Saying:
    """Where the words of one answer may have gone."""

    workspace_id: int
    answer_id: int
    words: str  # of all versions, without letter case

    def holds(self, typed: str) -> bool:
        """Whether these words were typed there."""
        wanted = typed.strip().casefold()
        return bool(wanted) and wanted in self.words


def forget_names(
    session: Session, workspace_id: int, answer_id: int, bodies: Collection[str]
) -> None:
    """Take back names, definitions and examples of found themes that only this answer's words say.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer, its exemplars and assignments still there.
    bodies : collection of str
        What it says or said.

    Notes
    -----
    A phrase that another answer of the theme says too is nobody's alone and stays. So does a
    name that a person gave, and everything that the book brings.
    """
    _forget_cuts(session, workspace_id)
    saying = _Saying(workspace_id, answer_id, "\n".join(bodies).casefold())
    for theme in _themes_it_may_have_named(session, saying):
        gone = frozenset(
            phrase
            for phrase in _phrases(session, theme)
            if saying.holds(phrase) and not _others_say(session, saying, theme, phrase)
        )
        if gone:
            _forget_phrases(session, theme, gone)


def _forget_cuts(session: Session, workspace_id: int) -> None:
    """A suggested cut bears names out of answers: it can be asked for again, and one that is being
    worked out is begun anew.
    """
    straight, of = straight_of(session), {"workspace": workspace_id}
    straight.run(_MADE_CUTS, of)
    straight.run(_CUTS_TO_MAKE, of)
    session.expire_all()  # whoever looks at one again meets what holds now


_cut = table_of(ThemeCut).c
_MADE_CUTS = Prepared(
    delete(table_of(ThemeCut)).where(
        _cut.workspace_id == bindparam("workspace"), _cut.made_at.is_not(None)
    )
)
_CUTS_TO_MAKE = Prepared(
    update(table_of(ThemeCut))
    .where(_cut.workspace_id == bindparam("workspace"))
    .values(lease_id=null(), lease_until=null())
)


def _themes_it_may_have_named(session: Session, saying: _Saying) -> list[Theme]:
    """Return the found themes it is in, or was before somebody moved it, and those of runs that
    keep no members, or not yet.
    """
    straight = straight_of(session)
    of = {"workspace": saying.workspace_id, "answer": saying.answer_id}
    ids = {row[0] for row in straight.rows(_NAMED, of)}
    for (placings,) in straight.rows(_OVERRULED, of):
        ids.update(placing[0] for placing in placings)
    query = select(Theme).where(
        Theme.workspace_id == saying.workspace_id, Theme.origin == "found", Theme.id.in_(ids)
    )
    return list(session.scalars(query)) if ids else []


_theme, _overruled, _run = (table_of(record).c for record in (Theme, Overruled, Run))
_WITHOUT_MEMBERS = select(_run.id).where(
    _run.workspace_id == bindparam("workspace"),
    or_(*(_run.state == state for state in ("working", "failed", "refused"))),
)
_NAMED = Prepared(
    select(_theme.id).where(
        _theme.workspace_id == bindparam("workspace"),
        _theme.origin == "found",
        or_(
            *(
                _theme.id.in_(
                    select(of.theme_id).where(
                        of.workspace_id == bindparam("workspace"),
                        of.answer_id == bindparam("answer"),
                    )
                )
                for of in (table_of(Assignment).c, table_of(Exemplar).c)
            ),
            _theme.run_id.in_(_WITHOUT_MEMBERS),
            _theme.state == "refused",
        ),
    )
)

_OVERRULED = Prepared(
    select(_overruled.placings).where(
        _overruled.workspace_id == bindparam("workspace"),
        _overruled.answer_id == bindparam("answer"),
    )
)


def _phrases(session: Session, theme: Theme) -> set[str]:
    """Return the words by which a theme is or was called, but for a name that a person chose."""
    first = theme.first_words or {}
    examples = session.scalars(
        select(ThemeExample.example).where(
            ThemeExample.workspace_id == theme.workspace_id, ThemeExample.theme_id == theme.id
        )
    )
    chosen = session.scalars(
        select(Decision.value).where(
            Decision.workspace_id == theme.workspace_id, Decision.theme_id == theme.id
        )
    )
    said = {
        theme.name,
        _quoted(theme.definition),
        str(first.get("name", "")),
        _quoted(str(first.get("definition", ""))),
        *first.get("examples", ()),
        *examples,
    }
    return said - set(chosen) - {""}


def _others_say(session: Session, saying: _Saying, theme: Theme, phrase: str) -> bool:
    members = select(Assignment.answer_id).where(
        Assignment.workspace_id == saying.workspace_id, Assignment.theme_id == theme.id
    )
    # Who is in a theme of a run that is being filled, or was refused, is not written anywhere.
    without = session.execute(_WITHOUT_MEMBERS, {"workspace": saying.workspace_id}).scalars()
    any_answer = theme.state == "refused" or theme.run_id in set(without)
    query = (
        select(AnswerText.answer_id)
        .join(
            Answer,
            NEWEST_WORDS,
        )
        .where(
            AnswerText.workspace_id == saying.workspace_id,
            AnswerText.answer_id != saying.answer_id,
            true() if any_answer else AnswerText.answer_id.in_(members),
            Answer.state == GIVEN,
            func.lower(AnswerText.body).contains(phrase.strip().lower(), autoescape=True),
        )
    )
    return session.scalar(query.limit(1)) is not None


def _quoted(definition: str) -> str:
    """Return what a found theme's definition quotes: “Answers like “…””."""
    return definition.partition("“")[2].rpartition("”")[0]


def _forget_phrases(session: Session, theme: Theme, gone: frozenset[str]) -> None:
    """Take phrases out of a theme, and out of everything that keeps what it was called."""
    here = (Theme.workspace_id == theme.workspace_id, Theme.id == theme.id)
    session.execute(
        update(Theme)
        .where(*here)
        .values(
            name=without(theme.name, gone),
            definition=without(theme.definition, gone),
            first_words=without(theme.first_words, gone),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ThemeExample).where(
            ThemeExample.workspace_id == theme.workspace_id,
            ThemeExample.theme_id == theme.id,
            ThemeExample.example.in_(gone),
        )
    )
    _clean(session, theme.workspace_id, Run, "summary", gone)
    _clean(session, theme.workspace_id, Decision, "details", gone)
    _clean(session, theme.workspace_id, ThemeCut, "parts", gone)


def _clean(
    session: Session,
    workspace_id: int,
    record: type[Run | Decision | ThemeCut],
    column: str,
    gone: frozenset[str],
) -> None:
    for row in session.scalars(select(record).where(record.workspace_id == workspace_id)):
        before = getattr(row, column)
        after = without(before, gone)
        if after != before:
            setattr(row, column, after)
    session.flush()


def without(kept: Any, gone: frozenset[str]) -> Any:
    """Return what is kept as JSON without some phrases.

    Parameters
    ----------
    kept : JSON
        Anything.
    gone : frozenset of str
        A string that is one of them becomes `NAMELESS`, in a list it is left out; a definition
        that quotes one becomes empty.
    """
    if isinstance(kept, str):
        if kept in gone:
            return NAMELESS
        return "" if _quoted(kept) in gone else kept
    if isinstance(kept, list):
        return [without(one, gone) for one in kept if not (isinstance(one, str) and one in gone)]
    if isinstance(kept, dict):
        return {key: without(value, gone) for key, value in kept.items()}
    return kept
