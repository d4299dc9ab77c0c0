"""Due invitations become mails: each once, and what became of it is written down at once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

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
from survey.tokens import token_sha256
from tests.ask.conftest import Asker
from tests.support.outcomes import (
    invitations,
    let_time_pass,
    states,
    text_of,
    times_asked,
    tokens_of,
)
from tests.support.relay import Relay


def test_a_due_invitation_becomes_one_mail(asker: Asker, relay: Relay, database: Database) -> None:
    asker.record(segments={"branch": "North"})
    asker.send_all(relay)
    assert relay.recipients == ["mo@example.org"]
    ((state, sent_at, asked_on, lease),) = invitations(
        database, Invitation.state, Invitation.sent_at, Invitation.asked_on, Invitation.lease_id
    )
    assert (state, lease) == ("sent", None)
    assert asked_on == sent_at.date()
    with database.reading() as session:
        cells = counts_now(session, asker.place.id)
    segments = {(cell[6], cell[7]): n for cell, n in cells.items() if cell[2] == "asked"}
    assert segments == {
        ("", ""): 1,
        ("branch", "North"): 1,
        ("@language", "en"): 1,
        ("@served_by", "Sam"): 1,
    }


def test_a_mail_leads_to_its_own_two_doors_and_the_database_holds_no_token(
    asker: Asker, relay: Relay, database: Database
) -> None:
    recorded = asker.record()
    asker.send_all(relay)
    (answer,), (unsubscribe,) = tokens_of(relay.taken[0], "a"), tokens_of(relay.taken[0], "u")
    assert answer != unsubscribe
    with database.reading() as session:
        links = {
            row.kind: row.token_sha256
            for row in session.execute(
                select(Link.kind, Link.token_sha256).where(Link.target_id == recorded.invitation_id)
            )
        }
    assert links.pop("reply") not in (token_sha256(answer), token_sha256(unsubscribe))
    assert links == {"answer": token_sha256(answer), "unsubscribe": token_sha256(unsubscribe)}


def test_a_mail_can_be_unsubscribed_by_one_click_of_a_mail_program(
    asker: Asker, relay: Relay
) -> None:
    asker.record()
    asker.send_all(relay)
    (message,) = relay.taken
    (token,) = tokens_of(message, "u")
    assert message["List-Unsubscribe"] == f"<http://localhost/u/{token}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_invitation_that_is_not_due_stays(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record(occurred_at=(utc_now() + timedelta(hours=1)).isoformat())
    asker.send_all(relay)
    assert relay.taken == []
    assert states(database) == ["queued"]


def test_without_a_relay_mails_are_kept_and_a_relay_that_appears_does_not_send_them_again(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record()
    asker.send_all(None)
    asker.send_all(relay)
    assert relay.taken == []
    assert states(database) == ["sent"]
    assert times_asked(database, asker.place.id) == 1
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


def test_a_worker_that_lost_its_lease_writes_nothing(asker: Asker, database: Database) -> None:
    asker.record()
    with database.writing() as session:
        first = claim_due_invitations(session, database_now(session))
    (key,) = first.keys
    with database.writing() as session:  # held: nobody else gets it
        assert claim_due_invitations(session, database_now(session)).keys == ()
    let_time_pass(database)
    with database.writing() as session:
        second = claim_due_invitations(session, database_now(session))
        assert second.keys == first.keys
    with database.writing() as session:
        assert not mark_sent(session, (key[0], key[1]), first.lease_id, database_now(session))
        release(session, first.lease_id)
    assert states(database) == ["sending"]
    assert times_asked(database, asker.place.id) == 0
    with database.writing() as session:
        assert mark_sent(session, (key[0], key[1]), second.lease_id, database_now(session))
    assert states(database) == ["sent"]
    assert times_asked(database, asker.place.id) == 1


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
    assert times_asked(asker.database, asker.place.id) == 50


def test_a_worker_that_stops_gives_back_what_it_has_not_sent(
    asker: Asker, relay: Relay, database: Database
) -> None:
    for number in range(3):
        asker.record(f"c{number}@example.org")
    mailer = SmtpRelay(relay.settings, "ask@hill.example")
    sending = MailRound(database, asker.settings, mailer, lambda: len(relay.taken) >= 1)
    sending()
    assert states(database) == ["queued", "queued", "sent"]
    asker.send_all(relay)  # at once, without waiting for a lease
    assert states(database) == ["sent", "sent", "sent"]


def test_an_answer_that_comes_before_its_sender_wrote_it_down_counts_as_asked_once(
    asker: Asker, relay: Relay, database: Database
) -> None:
    asker.record()
    with database.writing() as session:
        claimed = claim_due_invitations(session, database_now(session))
    with database.writing() as session:  # the customer answers; the sender dies
        session.execute(update(Invitation).values(state="answered"))
    assert settle(database) is False  # its lease holds, the sender may still come
    let_time_pass(database)
    assert settle(database) is True
    assert settle(database) is False
    (key,) = claimed.keys
    with database.writing() as session:
        mark_sent(session, (key[0], key[1]), claimed.lease_id, database_now(session))
    asker.send_all(relay)
    assert relay.taken == []
    assert states(database) == ["answered"]
    assert times_asked(database, asker.place.id) == 1


def test_a_mail_that_is_answered_at_once_stays_answered(asker: Asker, database: Database) -> None:
    asker.record()
    with database.writing() as session:
        claimed = claim_due_invitations(session, database_now(session))
    with database.writing() as session:
        session.execute(update(Invitation).values(state="answered"))
    (key,) = claimed.keys
    with database.writing() as session:
        assert mark_sent(session, (key[0], key[1]), claimed.lease_id, database_now(session))
    assert states(database) == ["answered"]
    assert times_asked(database, asker.place.id) == 1


def test_a_retry_asks_what_the_first_try_asked(
    asker: Asker, relay: Relay, database: Database
) -> None:
    relay.to_data = ["451 later"]
    asker.record("a@example.org")
    asker.send_all(relay)
    with database.writing() as session:
        question = session.scalars(select(Question)).one()
        add_question_version(session, question, 2, {"en": "What could we do better?"}, utc_now())
    let_time_pass(database)
    asker.record("b@example.org")
    asker.send_all(relay)
    asked = {message["To"]: text_of(message) for message in relay.taken}
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
    texts = {message["To"]: text_of(message) for message in relay.taken}
    assert "Was hätte mehr geholfen?" in texts["de-AT@example.org"]
    assert "What?" in texts["fr@example.org"]
    assert "What?" in texts["None@example.org"]
    languages = sorted(row[0] for row in invitations(database, Invitation.language))
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
    ((sent_at, asked_on),) = invitations(database, Invitation.sent_at, Invitation.asked_on)
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
    assert 'Hello Dr. "Mo" <x@y>, Ünsal مريم 🌱 Bcc: x,' in text_of(message)
    assert "<x@y>" not in text_of(message, "html")


def test_nothing_counts_as_asked_twice(asker: Asker, relay: Relay, database: Database) -> None:
    for number in range(5):
        asker.record(f"c{number}@example.org")
    asker.send_all(relay)
    with database.reading() as session:
        sent = session.execute(select(func.count()).where(Invitation.state == "sent")).scalar_one()
    assert times_asked(database, asker.place.id) == sent == 5
