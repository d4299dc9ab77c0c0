"""A worker is killed outright in the middle of its work: nothing is lost, nothing piles up."""

import re
import signal
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from survey.clock import utc_now
from survey.records import Invitation
from survey.records.database import Database
from survey.settings import Settings
from tests.ask.conftest import Asker
from tests.support.processes import our_environment, running, wait_until
from tests.support.relay import Relay

pytestmark = pytest.mark.long

EMAILS = [f"c{number}@example.org" for number in range(5)]


def _states(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.scalars(select(Invitation.state)))


def _end_leases(database: Database) -> None:
    with database.writing() as session:
        session.execute(
            update(Invitation)
            .where(Invitation.lease_id.is_not(None))
            .values(lease_until=utc_now() - timedelta(seconds=1))
        )


def _environment(settings: Settings, relay: Relay) -> dict[str, str]:
    return our_environment(
        settings,
        SURVEY_SMTP_URL=f"smtp://127.0.0.1:{relay.port}?tls=none",
        SURVEY_MAIL_FROM="ask@hill.example",
    )


def test_a_kill_after_the_relay_took_a_mail_doubles_at_most_that_one(
    asker: Asker, relay: Relay, database: Database, settings: Settings
) -> None:
    relay.to_data = ["250 taken", "250 taken", "250 taken, then hold"]
    for email in EMAILS:
        asker.record(email)
    with running("worker", env=_environment(settings, relay)) as worker:
        assert relay.holding.wait(60), "no third mail came"
        worker.kill()  # the relay has it, the worker has not heard so
        worker.wait()
    relay.hold.set()
    assert _states(database) == ["sending"] * 3 + ["sent"] * 2

    asker.send_all(relay)
    assert len(relay.taken) == 3  # the dead worker's lease still holds
    _end_leases(database)
    asker.send_all(relay)

    assert _states(database) == ["sent"] * 5
    assert set(relay.recipients) == set(EMAILS)
    twice = [email for email, times in Counter(relay.recipients).items() if times > 1]
    assert len(relay.recipients) == 6
    assert len(twice) == 1
    doubled = [mail for mail in relay.taken if twice[0] in str(mail["To"])]
    assert doubled[0]["Message-ID"] == doubled[1]["Message-ID"]
    links = [re.findall(r"http\S+", str(mail.get_body(("plain",)))) for mail in doubled]
    assert links[0] == links[1] != []


def test_a_kill_before_the_relay_took_a_mail_loses_and_doubles_nothing(
    asker: Asker, relay: Relay, database: Database, settings: Settings
) -> None:
    relay.to_data = ["250 taken", "stall"]
    for email in EMAILS:
        asker.record(email)
    with running("worker", env=_environment(settings, relay)) as worker:
        wait_until(lambda: not relay.to_data, "the second mail")
        worker.kill()
        worker.wait()
    _end_leases(database)
    asker.send_all(relay)
    assert _states(database) == ["sent"] * 5
    assert sorted(relay.recipients) == EMAILS


def test_a_worker_that_is_told_to_stop_goes_at_once_and_cleanly(
    asker: Asker, relay: Relay, database: Database, settings: Settings
) -> None:
    for email in EMAILS:
        asker.record(email)
    with running("worker", env=_environment(settings, relay)) as worker:
        wait_until(lambda: len(relay.taken) == 5, "five mails")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert _states(database) == ["sent"] * 5
