"""Answers that could be quoted for the themes of a view, the surest of each theme first.

Of a few answers all are ranked at once; of many, each theme's surest are walked until there are
enough, all themes in one statement.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, and_, func, literal_column, select, true
from sqlalchemy.orm import Session, aliased

from survey.records import Answer, AnswerText, Assignment, Theme
from survey.records.filters import AnswerFilter, Tone, answers_in_view
from survey.show.quotes import Candidate

WALKED = 12  # answers of a theme
FEW = 3000  # answers in view, up to which ranking all costs less than walking

Candidates = dict[int, list[Candidate]]
"""By theme, the surest first."""


@dataclass(frozen=True)
class Asked:
    """For which themes answers are to be quoted, in which tones."""

    tones: tuple[Tone, ...]
    themes: tuple[int, ...]


def candidates(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    wanted: AnswerFilter,
    asked: Sequence[Asked],
    *,
    few: bool,
) -> list[Candidates]:
    """Return answers to quote.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run.
    wanted : AnswerFilter
        Which answers.
    asked : sequence of Asked
        For what; no tone stands in two of them, and praise is with no other.
    few : bool
        Whether few answers are in view; it only decides by which way they are found.

    Returns
    -------
    list of dict
        For each of `asked`, at most a dozen a theme.
    """
    found: list[Candidates] = [{} for _ in asked]
    if run_id is None:
        return found
    place = {tone: number for number, one in enumerate(asked) for tone in one.tones}
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    for query in _queries(workspace_id, run_id, wanted, tuple(asked), few=few, on_sqlite=on_sqlite):
        for theme_id, tone, answer_id, body, start, end in session.execute(query):
            kept = found[place[tone]].setdefault(theme_id, [])
            kept.append(Candidate(answer_id, body, start, end))
    return found


@lru_cache(maxsize=32)  # making one costs as much as running it
def _queries(
    workspace_id: int,
    run_id: int,
    wanted: AnswerFilter,
    asked: tuple[Asked, ...],
    *,
    few: bool,
    on_sqlite: bool,
) -> tuple[Any, ...]:
    asked = tuple(one for one in asked if one.themes and one.tones)
    if few and asked:
        tones = tuple(tone for one in asked for tone in one.tones)
        themes = {theme_id for one in asked for theme_id in one.themes}
        view = _quotable(workspace_id, run_id, wanted, tones, one_by_one=False)
        return (_ranked(view, themes),)
    walked = _walked_on_sqlite if on_sqlite else _walked
    return tuple(
        walked(
            _quotable(workspace_id, run_id, wanted, one.tones, one_by_one=True),
            workspace_id,
            one.themes,
        )
        for one in asked
    )


def _quotable(
    workspace_id: int,
    run_id: int,
    wanted: AnswerFilter,
    tones: tuple[Tone, ...],
    *,
    one_by_one: bool,
) -> Any:
    """Select the placings in view, without columns."""
    view = replace(wanted, since=None, until=None)
    # The days are hidden from the planner of one by one: it would gather everything said in them
    # first, where walking a theme's surest answers finds a dozen soon.
    day = (
        func.coalesce(Answer.answered_on, Answer.answered_on) if one_by_one else Answer.answered_on
    )
    return (
        select()
        .select_from(Assignment)
        .join(
            Answer,
            and_(Answer.workspace_id == Assignment.workspace_id, Answer.id == Assignment.answer_id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.version == Answer.version,  # words since changed are not quoted
            Assignment.tone.in_(tones),
            *answers_in_view(workspace_id, run_id, view, one_by_one=one_by_one),
            *([day >= wanted.since] if wanted.since else []),
            *([day <= wanted.until] if wanted.until else []),
        )
    )


def _said(placed: Any) -> Any:
    """Join the words of a placing that was made of the newest version."""
    return and_(
        AnswerText.workspace_id == placed.workspace_id,
        AnswerText.answer_id == placed.answer_id,
        AnswerText.version == placed.version,
    )


def _columns(placed: Any) -> tuple[Any, ...]:
    words = (AnswerText.body, placed.start, placed.end)
    return (placed.theme_id, placed.tone, placed.answer_id, *words)


_KEPT = (
    Assignment.workspace_id,
    Assignment.theme_id,
    Assignment.answer_id,
    Assignment.version,
    Assignment.tone,
    Assignment.start,
    Assignment.end,
    Assignment.confidence,
)


def _ranked(view: Any, themes: Collection[int]) -> Any:
    place = func.row_number().over(
        partition_by=(Assignment.theme_id, Assignment.tone == "praise"),
        order_by=(Assignment.confidence.desc(), Assignment.answer_id.desc()),
    )
    ranked = (
        view.add_columns(*_KEPT, place.label("place"))
        .where(Assignment.theme_id.in_(themes))
        .subquery()
    )
    return (
        select(*_columns(ranked.c))
        .join(AnswerText, _said(ranked.c))
        .where(ranked.c.place <= WALKED)
        .order_by(ranked.c.theme_id, ranked.c.place)
    )


def _walked(view: Any, workspace_id: int, themes: Collection[int]) -> Any:
    surest = (
        view.add_columns(*_KEPT)
        .where(Assignment.theme_id == Theme.id)
        .correlate(Theme)
        .order_by(Assignment.confidence.desc())
        .limit(WALKED)
        .lateral("surest")
    )
    return (
        select(*_columns(surest.c))
        .select_from(Theme)
        .join(surest, true())
        .join(AnswerText, _said(surest.c))
        .where(Theme.workspace_id == workspace_id, Theme.id.in_(themes))
        .order_by(surest.c.theme_id, surest.c.confidence.desc())
    )


def _walked_on_sqlite(view: Any, workspace_id: int, themes: Collection[int]) -> Any:
    """As `_walked`, for want of lateral joins by the rows' own numbers."""
    row_id = literal_column("assignment.rowid", BigInteger)
    surest = (
        view.add_columns(row_id)
        .where(Assignment.theme_id == Theme.id)
        .correlate(Theme)
        .order_by(Assignment.confidence.desc())
        .limit(WALKED)
    )
    placed = aliased(Assignment, name="placed")
    return (
        select(*_columns(placed))
        .select_from(Theme)
        .join(placed, literal_column("placed.rowid", BigInteger).in_(surest))
        .join(AnswerText, _said(placed))
        .where(Theme.workspace_id == workspace_id, Theme.id.in_(themes))
        .order_by(placed.theme_id, placed.confidence.desc())
    )
