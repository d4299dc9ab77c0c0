"""Accepting a proposal in part: some themes of a new run keep what the run before made of them."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.records.deciding import Overruled
from survey.records.made import seen_and_made
from survey.records.shown import SortedAnswer
from survey.records.sortings import write_sortings
from survey.records.theming import THEMES, UNSORTED, Assignment

Runs = tuple[int, int]
"""The run before, and the one that takes over."""


def answers_to_graft(
    session: Session, workspace_id: int, runs: Runs, themes: Collection[int]
) -> list[int]:
    """Return the answers that either run put into some themes, in the order of their ids."""
    if not themes:
        return []
    found = set(
        session.scalars(
            select(Assignment.answer_id).where(
                Assignment.workspace_id == workspace_id,
                Assignment.run_id.in_(runs),
                Assignment.theme_id.in_(themes),
            )
        )
    )
    overruled = session.execute(
        select(Overruled.answer_id, Overruled.placings).where(
            Overruled.workspace_id == workspace_id, Overruled.run_id.in_(runs)
        )
    )
    found.update(row.answer_id for row in overruled if any(one[0] in themes for one in row[1]))
    return sorted(found)


def graft(
    session: Session,
    workspace_id: int,
    runs: Runs,
    themes: Collection[int],
    answer_ids: Collection[int],
) -> None:
    """Let the new run say of some themes what the one before said; doing it twice does no harm.

    Parameters
    ----------
    session : Session
        A writing session that holds the workspace; the edge commits.
    workspace_id : int
        Whose.
    runs : tuple of (int, int)
        The run before, and the new one, which nobody sees yet.
    themes : collection of int
        The themes that keep their answers.
    answer_ids : collection of int
        Some dozens at most, so that the transaction stays short.
    """
    before, after = (seen_and_made(session, workspace_id, run_id, answer_ids)[1] for run_id in runs)
    write_sortings(
        session,
        workspace_id,
        runs[1],
        [
            _grafted(before[answer_id], made, themes)
            for answer_id, made in after.items()
            if answer_id in before and before[answer_id].version == made.version
        ],
    )


def _grafted(old: SortedAnswer, new: SortedAnswer, themes: Collection[int]) -> SortedAnswer:
    placings = (
        *(one for one in new.placings if one.theme_id not in themes),
        *(one for one in old.placings if one.theme_id in themes),
    )
    outcome = new.outcome
    if placings:
        outcome = THEMES
    elif outcome == THEMES:
        outcome = UNSORTED if old.outcome == THEMES else old.outcome
    return replace(new, outcome=outcome, placings=placings)
