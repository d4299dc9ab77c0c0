"""Counts that wait: a workspace as it stands before the worker has folded anything."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from survey.records import Answer, CountDelta, DayCount, WeekCount
from survey.records.counts import Measure, count_many
from survey.records.sortings import counted_answers, measures_made


def unfold(session: Session, workspace_id: int) -> None:
    """Turn all counts of a workspace's answers into changes that wait."""
    for table in (CountDelta, DayCount, WeekCount):
        session.execute(delete(table).where(table.workspace_id == workspace_id))
    ids = session.scalars(select(Answer.id).where(Answer.workspace_id == workspace_id)).all()
    counted = counted_answers(session, workspace_id, ids)
    count_many(session, 1, ((one, (Measure("answered"),)) for one in counted.values()))
    for made in measures_made(session, workspace_id, ids).values():
        count_many(session, 1, ((counted[key], measures) for key, measures in made.items()))
