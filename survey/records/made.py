"""What a run made of answers, and what is shown of them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from survey.records.deciding import Overruled
from survey.records.shown import Placing, SortedAnswer
from survey.records.theming import Assignment, Sorting


def seen_and_made(
    session: Session, workspace_id: int, run_id: int, ids: Collection[int]
) -> tuple[dict[int, SortedAnswer], dict[int, SortedAnswer]]:
    """Return what is shown of answers now, and what the run itself made of them, by answer.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id, run_id : int
        Whose, and in which run.
    ids : collection of int
        Some hundreds at most; those the run has not dealt with are left out.
    """
    placed: dict[int, list[Placing]] = {}
    columns = (Assignment.start, Assignment.end, Assignment.tone, Assignment.confidence)
    query = select(Assignment.answer_id, Assignment.theme_id, *columns)
    for row in session.execute(_of(Assignment, query, workspace_id, ids, run_id)):
        placed.setdefault(row.answer_id, []).append(Placing(*row[1:]))
    outcomes = select(Sorting.answer_id, Sorting.version, Sorting.outcome)
    seen = {
        row.answer_id: SortedAnswer(
            row.answer_id, row.version, row.outcome, tuple(placed.get(row.answer_id, ()))
        )
        for row in session.execute(_of(Sorting, outcomes, workspace_id, ids, run_id))
    }
    kept = select(Overruled.answer_id, Overruled.version, Overruled.outcome, Overruled.placings)
    made = {
        row.answer_id: SortedAnswer(
            row.answer_id, row.version, row.outcome, tuple(Placing(*one) for one in row.placings)
        )
        for row in session.execute(_of(Overruled, kept, workspace_id, ids, run_id))
    }
    return seen, seen | made


def _of(
    table: type[Sorting] | type[Assignment] | type[Overruled],
    query: Select[*tuple[Any, ...]],
    workspace_id: int,
    answer_ids: Collection[int],
    run_id: int | None,
) -> Select[*tuple[Any, ...]]:
    query = query.where(table.workspace_id == workspace_id, table.answer_id.in_(answer_ids))
    return query if run_id is None else query.where(table.run_id == run_id)
