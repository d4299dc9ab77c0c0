"""Due work is claimed as asked for: no more of it than that, whatever plan the database makes."""

from datetime import timedelta

from sqlalchemy import select, text, update

from survey.clock import utc_now
from survey.records import Answer
from survey.records.database import Database
from survey.records.due import claim
from survey.records.workspaces import create_workspace
from tests.support.past import LONG_AGO, give_answers


def test_no_more_is_claimed_than_asked_for(database: Database) -> None:
    with database.writing() as session:
        workspace_id = create_workspace(session, "Hill Street", LONG_AGO).id
    give_answers(database, workspace_id, ["one alone"])
    with database.writing() as session:  # the server believes that there is one answer
        session.execute(update(Answer).values(sorted_by="e1"))
        session.execute(text("ANALYZE answer"))
    give_answers(database, workspace_id, [f"parking {number}" for number in range(30)])
    with database.writing() as session:
        claimed = claim(
            session, Answer, Answer.sorted_by.is_(None),
            order=Answer.answered_on, now=utc_now(), limit=3, lease=timedelta(minutes=1),
        )  # fmt: skip
        held = session.scalars(select(Answer.id).where(Answer.lease_id == claimed.lease_id)).all()
    assert len(claimed.keys) == len(held) == 3
