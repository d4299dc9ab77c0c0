"""Due invitations become mails: each once, and what became of it is written down at once."""

import re
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from survey.ask.sending import claim_due_invitations, mark_sent, release
from survey.ask.work import MailRound, settle
from survey.clock import utc_now
from survey.mail import SmtpRelay
from survey.records import (
    Invitation,
    Link,
    OutgoingMail,
    Question,
    QuestionVersion,
    Workspace,
)
from survey.records.counts import counts_now
from survey.records.database import Database, database_now
from survey.records.workspaces import add_question_version
from survey.settings import SmtpSettings
from survey.tokens import token_sha256
from tests.ask.conftest import Asker
from tests.support.postgres import free_port
from tests.support.relay import Relay, trickling_server


def _invitations(database: Database, *columns: Any) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.execute(select(*columns).order_by(Invitation.due_at, Invitation.id))
        return [tuple(row) for row in rows]


def _states(database: Database) -> list[str]:
    return sorted(row[0] for row in _invitations(database, Invitation.state))


def _asked(asker: Asker) -> int:
    with asker.database.reading() as session:
        counts = counts_now(session, asker.place.id)
    return sum(n for cell, n in counts.items() if cell[2] == "asked" and cell[6] == "")


def _make_due(database: Database) -> None:
    """Let time pass: leases end, and what waits for its next try is due."""
    past = utc_now() - timedelta(hours=1)
    with database.writing() as session:
        session.execute(
            update(Invitation).where(Invitation.lease_id.is_not(None)).values(lease_until=past)
        )
        session.execute(update(Invitation).values(next_try_at=None))


def _text(message: Any, kind: str = "plain") -> str:
    body: str = message.get_body((kind,)).get_content()
    return body


def _tokens(message: Any, door: str) -> set[str]:
    return set(re.findall(rf"http://localhost/{door}/([\w-]+)", _text(message)))


def test_a_due_invitation_becomes_one_mail(asker: Asker, relay: Relay, database: Database) -> None:
    asker.record(segments={"branch": "North"})
    asker.send_all(relay)
    assert relay.recipients == ["mo@example.org"]
    ((state, sent_at, asked_on, lease),) = _invitations(
        database, Invitation.state, Invitation.sent_at, Invitation.asked_on, Invitation.lease_id
    )
    assert (state, lease) == ("sent", None)
    assert asked_on == sent_at.date()
    with database.reading() as session:
        cells = counts_now(session, asker.place.id)
    segments = {(cell[6], cell[7]): n for cell, n in cells.items() if cell[2] == "asked"}
    assert segments == {("", ""): 1, ("branch", "North"): 1}


def test_a_mail_leads_to_its_own_two_doors_and_the_database_holds_no_token(
    asker: Asker, relay: Relay, database: Database
) -> None:
    recorded = asker.record()
    asker.send_all(relay)
    (answer,), (unsubscribe,) = _tokens(relay.taken[0], "a"), _tokens(relay.taken[0], "u")
    assert answer != unsubscribe
    with database.reading() as session:
        links = {
            row.kind: row.token_sha256
            for row in session.execute(
                select(Link.kind, Link.token_sha256).where(Link.target_id == recorded.invitation_id)
            )
        }
    assert links == {"answer": token_sha256(answer), "unsubscribe": token_sha256(unsubscribe)}


def test_a_mail_can_be_unsubscribed_by_one_click_of_a_mail_program(
    asker: Asker, relay: Relay
) -> None:
    asker.record()
    asker.send_all(relay)
    (message,) = relay.taken
    (token,) = _tokens(message, "u")
    assert message["List-Unsubscribe"] == f"<http://localhost/u/{token}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_invitation_that_is_not_due_stays(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record(occurred_at=(utc_now() + timedelta(hours=1)).isoformat())
    asker.send_all(relay)
    assert relay.taken == []
    assert _states(database) == ["queued"]


def test_without_a_relay_mails_are_kept_and_a_relay_that_appears_does_not_send_them_again(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record()
    asker.send_all(None)
    asker.send_all(relay)
    assert relay.taken == []
    assert _states(database) == ["sent"]
    assert _asked(asker) == 1
    with database.reading() as session:
        kept = session.scalars(select(OutgoingMail)).one()
        assert "What would have been more helpful?" in kept.text_body
        assert "http://localhost" not in kept.text_body + kept.html_body + str(kept.headers)


def test_a_batch_goes_over_one_connection(asker: Asker, relay: Relay) -> None:
    for number in range(7):
        asker.record(f"c{number}@example.org")
    asker.send_all(relay)
    assert len(relay.taken) == 7
    assert relay.connections == 1


def test_an_address_the_relay_refuses_fails_for_good_and_the_others_go_out(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_recipient["gone@example.org"] = "550 no such mailbox"
    for email in ("a@example.org", "gone@example.org", "b@example.org"):
        asker.record(email)
    asker.send_all(relay)
    _make_due(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "b@example.org"]
    assert _states(database) == ["failed", "sent", "sent"]
    errors = [row[0] for row in _invitations(database, Invitation.last_error) if row[0]]
    assert errors == ["The mail server refused it: 550 no such mailbox"]
    assert _asked(asker) == 2


def test_a_mail_that_is_put_off_is_tried_again_with_the_same_name_and_links(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["451 come back later"]
    asker.record("a@example.org")
    asker.record("b@example.org")
    asker.send_all(relay)
    assert _states(database) == ["queued", "sent"]
    ((attempts, next_try, error),) = [
        row[1:]
        for row in _invitations(
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
    _make_due(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "b@example.org"]
    assert _states(database) == ["sent", "sent"]


def test_a_relay_that_cuts_the_line_gets_the_same_mail_again(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["250 taken", "drop"]
    for number in range(3):
        asker.record(f"c{number}@example.org")
    asker.send_all(relay)
    assert _states(database) == ["queued", "queued", "sent"]
    _make_due(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == [f"c{number}@example.org" for number in range(3)]
    assert len({message["Message-ID"] for message in relay.taken}) == 3
    assert _asked(asker) == 3


def test_a_relay_that_stalls_is_left_and_nothing_is_lost(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["stall"]
    asker.record("a@example.org")
    asker.record("b@example.org")
    asker.send_all(relay, answer_within=0.3)
    assert _states(database) == ["queued", "queued"]
    errors = {row[0] for row in _invitations(database, Invitation.last_error)}
    assert errors == {
        f"The mail server 127.0.0.1:{relay.port} could not be reached: it did not answer in time"
    }
    _make_due(database)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "b@example.org"]


def test_a_relay_that_trickles_is_left_too(asker: Asker, database: Database) -> None:
    asker.record()
    with trickling_server() as trickling:
        mailer = SmtpRelay(trickling, "ask@hill.example", answer_within=5, done_within=0.5)
        MailRound(asker.database, asker.settings, mailer, lambda: False)()
    assert _states(database) == ["queued"]


def test_a_relay_that_is_not_there_is_left_alone_for_a_while(
    asker: Asker, database: Database
) -> None:
    asker.record()
    nowhere = SmtpSettings("127.0.0.1", free_port(), None, None, "none")
    sending = MailRound(
        database, asker.settings, SmtpRelay(nowhere, "ask@hill.example"), lambda: False
    )
    assert sending() is False
    _make_due(database)
    assert sending() is False  # it does not even look
    ((state, error, attempts),) = _invitations(
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
    assert _states(database) == ["queued", "queued"]


@pytest.mark.parametrize("asked_for", [{"tls": "starttls"}, {"user": "mo", "password": "secret"}])
def test_a_relay_that_lacks_what_the_settings_ask_for_fails_nobody(
    asker: Asker, relay: Relay, database: Database, asked_for: dict[str, Any]
) -> None:
    asker.record()
    demanding = replace(relay.settings, **asked_for)
    mailer = SmtpRelay(demanding, "ask@hill.example")
    MailRound(asker.database, asker.settings, mailer, lambda: False)()
    assert _states(database) == ["queued"]
    ((error,),) = _invitations(database, Invitation.last_error)
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
    assert _states(database) == ["sent"]
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
    _make_due(database)
    asker.send_all(relay)
    assert len({message["Message-ID"] for message in relay.taken}) == 1
    assert _states(database) == ["sent"]


def test_a_mail_that_could_not_be_sent_for_three_days_is_given_up(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record(now=utc_now() - timedelta(days=3, minutes=1))
    relay.to_data = ["451 come back later"]
    asker.send_all(relay)
    ((state, error),) = _invitations(database, Invitation.state, Invitation.last_error)
    assert state == "failed"
    assert error.startswith("Given up after 3 days.")


def test_a_worker_that_lost_its_lease_writes_nothing(asker: Asker, database: Database) -> None:
    asker.record()
    with database.writing() as session:
        first = claim_due_invitations(session, database_now(session))
    (key,) = first.keys
    with database.writing() as session:  # held: nobody else gets it
        assert claim_due_invitations(session, database_now(session)).keys == ()
    _make_due(database)
    with database.writing() as session:
        second = claim_due_invitations(session, database_now(session))
        assert second.keys == first.keys
    with database.writing() as session:
        assert not mark_sent(session, (key[0], key[1]), first.lease_id, database_now(session))
        release(session, first.lease_id)
    assert _states(database) == ["sending"]
    assert _asked(asker) == 0
    with database.writing() as session:
        assert mark_sent(session, (key[0], key[1]), second.lease_id, database_now(session))
    assert _states(database) == ["sent"]
    assert _asked(asker) == 1


def test_two_workers_at_once_send_every_mail_once(
    asker: Asker, relay: Relay, database_url: str
) -> None:
    emails = [f"c{number}@example.org" for number in range(50)]
    for email in emails:
        asker.record(email)
    workers = [replace(asker, database=Database(database_url)) for _ in range(2)]
    threads = [threading.Thread(target=worker.send_all, args=(relay,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for worker in workers:
        worker.database.close()
    asker.send_all(relay)
    assert sorted(relay.recipients) == sorted(emails)
    assert _asked(asker) == 50


def test_a_worker_that_stops_gives_back_what_it_has_not_sent(
    asker: Asker, relay: Relay, database: Database
) -> None:
    for number in range(3):
        asker.record(f"c{number}@example.org")
    mailer = SmtpRelay(relay.settings, "ask@hill.example")
    sending = MailRound(database, asker.settings, mailer, lambda: len(relay.taken) >= 1)
    sending()
    assert _states(database) == ["queued", "queued", "sent"]
    asker.send_all(relay)  # at once, without waiting for a lease
    assert _states(database) == ["sent", "sent", "sent"]


def test_an_answer_that_comes_before_its_sender_wrote_it_down_counts_as_asked_once(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record()
    with database.writing() as session:
        claimed = claim_due_invitations(session, database_now(session))
    with database.writing() as session:  # the customer answers; the sender dies
        session.execute(update(Invitation).values(state="answered"))
    assert settle(database) is False  # its lease holds, the sender may still come
    _make_due(database)
    assert settle(database) is True
    assert settle(database) is False
    (key,) = claimed.keys
    with database.writing() as session:
        mark_sent(session, (key[0], key[1]), claimed.lease_id, database_now(session))
    asker.send_all(relay)
    assert relay.taken == []
    assert _states(database) == ["answered"]
    assert _asked(asker) == 1


def test_a_mail_that_is_answered_at_once_stays_answered(asker: Asker, database: Database) -> None:
    asker.record()
    with database.writing() as session:
        claimed = claim_due_invitations(session, database_now(session))
    with database.writing() as session:
        session.execute(update(Invitation).values(state="answered"))
    (key,) = claimed.keys
    with database.writing() as session:
        assert mark_sent(session, (key[0], key[1]), claimed.lease_id, database_now(session))
    assert _states(database) == ["answered"]
    assert _asked(asker) == 1


def test_a_retry_asks_what_the_first_try_asked(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["451 later"]
    asker.record("a@example.org")
    asker.send_all(relay)
    with database.writing() as session:
        question = session.scalars(select(Question)).one()
        add_question_version(session, question, 2, {"en": "What could we do better?"}, utc_now())
    _make_due(database)
    asker.record("b@example.org")
    asker.send_all(relay)
    asked = {message["To"]: _text(message) for message in relay.taken}
    assert "What would have been more helpful?" in asked["Mo <a@example.org>"]
    assert "What could we do better?" in asked["Mo <b@example.org>"]
    with database.reading() as session:
        pinned = session.execute(
            select(QuestionVersion.number)
            .join(Invitation, Invitation.question_version_id == QuestionVersion.id)
            .order_by(QuestionVersion.number)
        )
        assert [row.number for row in pinned] == [1, 2]


def test_a_question_goes_out_in_the_customers_language_where_it_has_one(
    asker: Asker, relay: Relay, database: Database
) -> None:
    with database.writing() as session:
        question = session.scalars(select(Question)).one()
        wordings = {"en": "What?", "de": "Was hätte mehr geholfen?"}
        add_question_version(session, question, 2, wordings, utc_now())
    for language in ("de-AT", "fr", None):
        asker.record(f"{language}@example.org", customer={"language": language})
    asker.send_all(relay)
    texts = {message["To"]: _text(message) for message in relay.taken}
    assert "Was hätte mehr geholfen?" in texts["de-AT@example.org"]
    assert "What?" in texts["fr@example.org"]
    assert "What?" in texts["None@example.org"]
    languages = sorted(row[0] for row in _invitations(database, Invitation.language))
    assert languages == ["de", "en", "en"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_day_of_asking_is_the_workspaces_own(
    asker: Asker, relay: Relay, database: Database, zone: str
) -> None:
    from zoneinfo import ZoneInfo

    with database.writing() as session:
        session.execute(update(Workspace).values(time_zone=zone))
    asker.record()
    asker.send_all(relay)
    ((sent_at, asked_on),) = _invitations(database, Invitation.sent_at, Invitation.asked_on)
    assert asked_on == sent_at.astimezone(ZoneInfo(zone)).date()


def test_a_name_with_any_signs_reaches_the_mail_as_it_is(asker: Asker, relay: Relay) -> None:
    name = 'Dr. "Mo" <x@y>, Ünsal مريم 🌱\r\nBcc: x'
    asker.record("mo@bücher.example", customer={"name": name})
    asker.send_all(relay)
    (message,) = relay.taken
    assert relay.recipients == ["mo@xn--bcher-kva.example"]
    assert message["Bcc"] is None
    (address,) = message["To"].addresses
    assert address.display_name == 'Dr. "Mo" <x@y>, Ünsal مريم 🌱 Bcc: x'
    assert 'Hello Dr. "Mo" <x@y>, Ünsal مريم 🌱 Bcc: x,' in _text(message)
    assert "<x@y>" not in _text(message, "html")


def test_an_address_that_the_relay_cannot_write_fails_visibly(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record("jürgen@example.org")
    asker.record("b@example.org")
    asker.send_all(relay)
    assert relay.recipients == ["b@example.org"]
    assert _states(database) == ["failed", "sent"]


def test_nothing_counts_as_asked_twice(asker: Asker, relay: Relay, database: Database) -> None:
    for number in range(5):
        asker.record(f"c{number}@example.org")
    asker.send_all(relay)
    with database.reading() as session:
        sent = session.execute(select(func.count()).where(Invitation.state == "sent")).scalar_one()
    assert _asked(asker) == sent == 5
