"""Relays that refuse, put off, stall, trickle, drop or are not there: no mail is lost for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from survey.ask.sending import mark_sent
from survey.ask.work import MailRound
from survey.clock import utc_now
from survey.mail import SmtpRelay
from survey.records import (
    Invitation,
)
from survey.records.database import Database
from survey.settings import SmtpSettings
from tests.ask.conftest import Asker
from tests.support.outcomes import (
    invitations,
    let_time_pass,
    states,
    times_asked,
)
from tests.support.postgres import free_port
from tests.support.relay import Relay, trickling_server


def test_an_address_the_relay_refuses_fails_for_good_and_the_others_go_out(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_recipient["gone@example.org"] = "550 no such mailbox"
    for email in ("a@example.org", "gone@example.org", "b@example.org"):
        asker.record(email)
    asker.send_all(relay)
    let_time_pass(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "b@example.org"]
    assert states(database) == ["failed", "sent", "sent"]
    errors = [row[0] for row in invitations(database, Invitation.last_error) if row[0]]
    assert errors == ["The mail server refused it: 550 no such mailbox"]
    assert times_asked(database, asker.place.id) == 2


def test_a_mail_that_is_put_off_is_tried_again_with_the_same_name_and_links(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["451 come back later"]
    asker.record("a@example.org")
    asker.record("b@example.org")
    asker.send_all(relay)
    assert states(database) == ["queued", "sent"]
    ((attempts, next_try, error),) = [
        row[1:]
        for row in invitations(
            database,
            Invitation.state,
            Invitation.attempts,
            Invitation.next_try_at,
            Invitation.last_error,
        )
        if row[0] == "queued"
    ]
    assert attempts == 1
    assert timedelta(seconds=10) < next_try - utc_now() <= timedelta(seconds=30)
    assert error == "The mail server put it off: 451 come back later"
    let_time_pass(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "b@example.org"]
    assert states(database) == ["sent", "sent"]


def test_a_relay_that_cuts_the_line_gets_the_same_mail_again(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["250 taken", "drop"]
    for number in range(3):
        asker.record(f"c{number}@example.org")
    asker.send_all(relay)
    assert states(database) == ["queued", "queued", "sent"]
    let_time_pass(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == [f"c{number}@example.org" for number in range(3)]
    assert len({message["Message-ID"] for message in relay.taken}) == 3
    assert times_asked(database, asker.place.id) == 3


def test_a_relay_that_stalls_is_left_and_nothing_is_lost(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["stall"]
    asker.record("a@example.org")
    asker.record("b@example.org")
    asker.send_all(relay, answer_within=0.3)
    assert states(database) == ["queued", "queued"]
    errors = {row[0] for row in invitations(database, Invitation.last_error)}
    assert errors == {
        f"The mail server 127.0.0.1:{relay.port} could not be reached: it did not answer in time"
    }
    let_time_pass(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "b@example.org"]


def test_a_relay_that_trickles_is_left_too(asker: Asker, database: Database) -> None:
    asker.record()
    with trickling_server() as trickling:
        mailer = SmtpRelay(trickling, "ask@hill.example", answer_within=5, done_within=0.5)
        MailRound(asker.database, asker.settings, mailer, lambda: False)()
    assert states(database) == ["queued"]


def test_a_relay_that_is_not_there_is_left_alone_for_a_while(
    asker: Asker, database: Database
) -> None:
    asker.record()
    nowhere = SmtpSettings("127.0.0.1", free_port(), None, None, "none")
    sending = MailRound(
        database, asker.settings, SmtpRelay(nowhere, "ask@hill.example"), lambda: False
    )
    assert sending() is False
    let_time_pass(database)
    assert sending() is False  # it does not even look
    ((state, error, attempts),) = invitations(
        database, Invitation.state, Invitation.last_error, Invitation.attempts
    )
    assert (state, attempts) == ("queued", 1)
    assert "could not be reached: Connection refused" in error


def test_a_relay_that_takes_no_mail_from_us_fails_nobody(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_sender = "550 who are you"
    asker.record("a@example.org")
    asker.record("b@example.org")
    asker.send_all(relay)
    assert states(database) == ["queued", "queued"]


@pytest.mark.parametrize("asked_for", [{"tls": "starttls"}, {"user": "mo", "password": "secret"}])
def test_a_relay_that_lacks_what_the_settings_ask_for_fails_nobody(
    asker: Asker, relay: Relay, database: Database, asked_for: dict[str, Any]
) -> None:
    asker.record()
    demanding = replace(relay.settings, **asked_for)
    mailer = SmtpRelay(demanding, "ask@hill.example")
    MailRound(asker.database, asker.settings, mailer, lambda: False)()
    assert states(database) == ["queued"]
    ((error,),) = invitations(database, Invitation.last_error)
    assert "lacks what the settings ask for" in error


def test_a_mail_that_went_out_is_written_down_although_the_database_was_busy(
    asker: Asker, relay: Relay, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker.record()
    busy = [OperationalError("UPDATE", {}, Exception("database is locked")) for _ in range(2)]

    def first_busy(*given: Any, **more: Any) -> bool:
        if busy:
            raise busy.pop()
        return mark_sent(*given, **more)

    monkeypatch.setattr("survey.ask.work.mark_sent", first_busy)
    monkeypatch.setattr("survey.ask.work.NOTE_PAUSE", 0.01)
    asker.send_all(relay)
    assert states(database) == ["sent"]
    assert len(relay.taken) == 1


def test_a_round_that_breaks_after_a_mail_went_out_does_not_send_it_again_at_once(
    asker: Asker, relay: Relay, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker.record()

    def broken(*_given: Any, **_more: Any) -> bool:
        raise OperationalError("UPDATE", {}, Exception("the disk is full"))

    monkeypatch.setattr("survey.ask.work.mark_sent", broken)
    monkeypatch.setattr("survey.ask.work.NOTE_PAUSE", 0.01)
    with pytest.raises(OperationalError):
        asker.send_all(relay)
    monkeypatch.undo()
    asker.send_all(relay)
    assert len(relay.taken) == 1  # until its lease ends
    let_time_pass(database)
    asker.send_all(relay)
    assert len({message["Message-ID"] for message in relay.taken}) == 1
    assert states(database) == ["sent"]


def test_a_mail_that_could_not_be_sent_for_three_days_is_given_up(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record(now=utc_now() - timedelta(days=3, minutes=1))
    relay.to_data = ["451 come back later"]
    asker.send_all(relay)
    ((state, error),) = invitations(database, Invitation.state, Invitation.last_error)
    assert state == "failed"
    assert error.startswith("Given up after 3 days.")


def test_an_address_that_the_relay_cannot_write_fails_visibly(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record("jürgen@example.org")
    asker.record("b@example.org")
    asker.send_all(relay)
    assert relay.recipients == ["b@example.org"]
    assert states(database) == ["failed", "sent"]
