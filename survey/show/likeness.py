"""Answers by likeness of meaning: what the worker finds, as pages show it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.records import Answer, Assignment, Theme
from survey.records.filters import AnswerFilter, answers_in_view
from survey.show.answer_queries import answers_by_id
from survey.show.answers_shown import AnswerShown

FOUND_AT_ONCE = 25
_NEIGHBOURS = 12  # sorted answers that are asked where an unsorted one might belong
_LEAST_LIKE = 0.25  # below, two answers have nothing to do with each other
_AGREEING = 3  # neighbours in one theme, from which it is suggested

State = Literal["found", "getting ready", "away"]


@dataclass(frozen=True)
class Alike:
    """Answers by likeness, the most alike first, and whether there was anybody to ask."""

    state: State
    answers: tuple[AnswerShown, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """A theme in which the answers nearest to an unsorted one are."""

    theme_id: int
    name: str


def question_of(
    workspace_id: int,
    wanted: AnswerFilter,
    *,
    sentence: str | None = None,
    like: Sequence[int] = (),
) -> dict[str, object]:
    """Return what to ask the worker.

    Parameters
    ----------
    workspace_id : int
        Whose answers.
    wanted : AnswerFilter
        Which of them.
    sentence : str, optional
        What answers should be like; or
    like : sequence of int
        the answers that others should be like.
    """
    about = {"sentence": sentence} if sentence else {"like": [str(one) for one in like]}
    return {
        "workspace": workspace_id,
        "filter": wanted.plain(),
        "most": 4 * FOUND_AT_ONCE,
        **about,
    }


def answers_alike(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    wanted: AnswerFilter,
    told: dict[str, object] | None,
) -> Alike:
    """Return the answers that the worker found, those still in view.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    run_id : int or None
        The current run.
    wanted : AnswerFilter
        As it was asked with; an answer withdrawn since is left out.
    told : dict or None
        What the worker said; None where nobody did.
    """
    if told is None:
        return Alike("away")
    if not told.get("ready"):
        return Alike("getting ready")
    ids = _ids(told, 0)
    conditions = answers_in_view(workspace_id, run_id, wanted, one_by_one=True)
    inside = set(session.scalars(select(Answer.id).where(Answer.id.in_(ids), *conditions)))
    shown = [one for one in ids if one in inside][:FOUND_AT_ONCE]
    return Alike("found", answers_by_id(session, workspace_id, run_id, shown))


def suggestions(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    unsorted: Sequence[int],
    told: dict[str, object] | None,
) -> dict[int, Suggestion]:
    """Return where unsorted answers might belong, going by the sorted ones nearest to them.

    Parameters
    ----------
    session, workspace_id, run_id
        As in `answers_alike`.
    unsorted : sequence of int
        The answers, in the order in which they were asked about.
    told : dict or None
        What the worker said.
    """
    if told is None or not told.get("ready") or run_id is None:
        return {}
    near = {answer_id: _ids(told, place)[:_NEIGHBOURS] for place, answer_id in enumerate(unsorted)}
    rows = session.execute(
        select(Assignment.answer_id, Theme.id, Theme.name)
        .join(
            Theme,
            (Theme.workspace_id == Assignment.workspace_id) & (Theme.id == Assignment.theme_id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.answer_id.in_({one for ids in near.values() for one in ids}),
            Theme.state == "active",
        )
    ).all()
    themes: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        themes.setdefault(row.answer_id, []).append((row.id, row.name))
    found = {}
    for answer_id, ids in near.items():
        votes = Counter(theme for one in ids for theme in themes.get(one, ()))
        if votes and (most := votes.most_common(1)[0])[1] >= _AGREEING:
            found[answer_id] = Suggestion(*most[0])
    return found


def _ids(told: dict[str, object], place: int) -> list[int]:
    found = told.get("found")
    if not isinstance(found, list) or place >= len(found):
        return []
    return [int(answer_id) for answer_id, likeness in found[place] if likeness >= _LEAST_LIKE]
