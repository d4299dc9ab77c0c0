"""A mail that goes out late has a link that works as long as any other's."""

from datetime import timedelta

from sqlalchemy import select, update

from survey.ask.actions import try_failed_again
from survey.clock import utc_now
from survey.records import Invitation, Workspace
from survey.records.database import Database
from tests.ask.conftest import Asker
from tests.support.relay import Relay


def test_a_mail_that_is_tried_again_after_its_link_would_have_ended_has_a_link_that_works(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record(now=utc_now() - timedelta(days=200))
    with database.writing() as session:
        session.execute(update(Invitation).values(state="failed", last_error="Given up."))
        session.execute(update(Workspace).values(link_days=30))
        assert try_failed_again(session, asker.place.id, utc_now()) == 1
    asker.send_all(relay)
    assert len(relay.taken) == 1
    with database.reading() as session:
        expires_at = session.scalars(select(Invitation.expires_at)).one()
    left = expires_at - utc_now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
