"""A reply as a mail: signed by a person, with the customer's own link, once, never unwelcome."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey.address import address_hmac
from survey.clock import utc_now
from survey.mail import SmtpRelay
from survey.records import Message, OutgoingMail, Unsubscribed
from survey.records.database import Database, database_now
from survey.records.talks import Consent, set_consent
from survey.respond.actions import Writing, reply
from survey.respond.letter import ReplyLetter, compose_reply
from survey.respond.sending import claim_due_replies
from survey.respond.work import ReplyRound
from survey.settings import Settings, SmtpSettings
from tests.support.given import Given, give
from tests.support.invitations import SECRET_KEY
from tests.support.outcomes import text_of, tokens_of
from tests.support.people import Business, make_business
from tests.support.postgres import free_port
from tests.support.relay import Relay, running_relay

BODY = "You are right, <b>Mo</b>.\nThe price stands on the card now."


@pytest.fixture
def business(database: Database) -> Business:
    return make_business(database, "Hill Street Dental")


@pytest.fixture
def relay() -> Iterator[Relay]:
    with running_relay() as running:
        yield running


def _replied(database: Database, business: Business, **about: str) -> Given:
    given = give(database, business, "Nobody told me the price.", about="a crown", **about)
    with database.writing() as session:
        set_consent(session, business.workspace_id, given.id, Consent(True), utc_now())
        _reply(session, business, given)
    return given


def _reply(session: Session, business: Business, given: Given) -> bool:
    return reply(
        session, business.workspace_id, given.id, Writing(BODY, "Sam", None), utc_now(),
        secret_key=SECRET_KEY, seen=0,
    )  # fmt: skip


def _send(database: Database, settings: Settings, smtp: SmtpSettings | None) -> None:
    mailer = SmtpRelay(smtp, "ask@hill.example") if smtp else None
    settings = replace(settings, mail_from="ask@hill.example")
    sending = ReplyRound(database, settings, mailer, lambda: False)
    while sending():
        pass


def _mails(database: Database) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        rows = session.execute(select(Message.mail, Message.last_error).order_by(Message.mail))
        return [(row.mail, row.last_error) for row in rows]


def _let_time_pass(database: Database) -> None:
    past = utc_now() - timedelta(hours=1)
    with database.writing() as session:
        session.execute(
            update(Message).where(Message.lease_id.is_not(None)).values(lease_until=past)
        )
        session.execute(update(Message).values(next_try_at=None))


def test_a_reply_goes_out_once_signed_and_with_the_customers_own_link(
    database: Database, settings: Settings, business: Business, relay: Relay
) -> None:
    given = _replied(database, business)
    for _ in range(2):
        _send(database, settings, relay.settings)
    (mail,) = relay.taken
    assert mail["To"] == "Mo <mo@example.org>"
    assert mail["From"] == '"Sam, Hill Street Dental" <ask@hill.example>'
    assert mail["Subject"] == "Sam from Hill Street Dental wrote back about a crown"
    assert mail["In-Reply-To"].startswith(f"<question.{given.invited.reply_token}@")
    assert tokens_of(mail, "a") == {given.invited.token}
    assert BODY in text_of(mail).replace("\r\n", "\n")
    assert "&lt;b&gt;Mo&lt;/b&gt;" in text_of(mail, "html")
    assert _mails(database) == [("sent", None)]


def test_without_a_relay_it_is_kept_for_the_outbox_beside_the_question(
    database: Database, settings: Settings, business: Business
) -> None:
    given = _replied(database, business)
    _send(database, settings, None)
    with database.reading() as session:
        kept = session.scalars(select(OutgoingMail)).one()
        assert kept.invitation_id == given.invited.invitation_id
        assert given.invited.token not in kept.text_body
        assert "\x1aanswer\x1a" in kept.text_body
    assert _mails(database) == [("sent", None)]


def test_a_relay_that_is_away_loses_no_reply(
    database: Database, settings: Settings, business: Business, relay: Relay
) -> None:
    for _ in range(2):
        _replied(database, business)
    away = replace(relay.settings, port=free_port())
    _send(database, settings, away)
    assert [mail for mail, _ in _mails(database)] == ["queued", "queued"]
    assert all("could not be reached" in (error or "") for _, error in _mails(database))
    _let_time_pass(database)
    _send(database, settings, relay.settings)
    assert len(relay.taken) == 2
    assert _mails(database) == [("sent", None)] * 2


def test_an_address_that_is_refused_fails_alone_and_one_put_off_is_tried_again(
    database: Database, settings: Settings, business: Business, relay: Relay
) -> None:
    relay.to_recipient = {"gone@example.org": "550 no such", "later@example.org": "451 later"}
    for email in ("gone@example.org", "later@example.org", "mo@example.org"):
        _replied(database, business, customer_email=email)
    _send(database, settings, relay.settings)
    assert [mail for mail, _ in _mails(database)] == ["failed", "queued", "sent"]
    relay.to_recipient = {}
    _let_time_pass(database)
    _send(database, settings, relay.settings)
    assert [mail for mail, _ in _mails(database)] == ["failed", "sent", "sent"]
    assert relay.recipients == ["mo@example.org", "later@example.org"]


def test_what_a_killed_worker_held_is_mailed_when_its_lease_ends(
    database: Database, settings: Settings, business: Business, relay: Relay
) -> None:
    _replied(database, business)
    with database.writing() as session:
        assert claim_due_replies(session, database_now(session)).keys
    _send(database, settings, relay.settings)
    assert relay.taken == []
    _let_time_pass(database)
    _send(database, settings, relay.settings)
    assert len(relay.taken) == 1


def test_leave_taken_back_before_the_mail_went_out_stops_it(
    database: Database, settings: Settings, business: Business, relay: Relay
) -> None:
    given = _replied(database, business)
    with database.writing() as session:
        set_consent(session, business.workspace_id, given.id, Consent(False), utc_now())
    _send(database, settings, relay.settings)
    assert relay.taken == []
    assert _mails(database) == [("none", None)]


@pytest.mark.parametrize(("days", "mailed"), [(-1, True), (1, False)])
def test_the_later_word_counts_between_no_more_mail_and_you_may_write(
    database: Database, business: Business, days: int, mailed: bool
) -> None:
    given = give(database, business, "Slow.")
    with database.writing() as session:
        set_consent(session, business.workspace_id, given.id, Consent(True), utc_now())
        session.add(
            Unsubscribed(
                workspace_id=business.workspace_id,
                address_hmac=address_hmac(SECRET_KEY, business.workspace_id, "mo@example.org"),
                created_at=utc_now() + timedelta(days=days),
            )
        )
        session.flush()
        assert _reply(session, business, given) is mailed
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_another_address_is_written_to_where_it_was_named(
    database: Database, settings: Settings, business: Business, relay: Relay
) -> None:
    given = give(database, business, "Slow.")
    elsewhere = Consent(True, "mail", "mo@wörk.example")
    with database.writing() as session:
        set_consent(session, business.workspace_id, given.id, elsewhere, utc_now())
        _reply(session, business, given)
    _send(database, settings, relay.settings)
    assert relay.recipients == ["mo@xn--wrk-sna.example"]


def test_nobody_places_a_link_in_a_reply_by_our_marks() -> None:
    letter = ReplyLetter(
        to_email="mo@example.org", to_name=None, workspace="Hill\x1aanswer\x1a", signed="Sam",
        body="\x1aanswer\x1a", about=None, language="en", message_id="<r@x>",
        in_reply_to="<q@x>",
    )  # fmt: skip
    assert compose_reply(letter).text.count("\x1aanswer\x1a") == 1


@pytest.mark.parametrize("language", ["en", "de", "ar", "pt-BR", "xx"])
def test_a_reply_is_framed_in_the_customers_language(language: str) -> None:
    letter = ReplyLetter(
        to_email="mo@example.org", to_name="Mo", workspace="Hill Street", signed="Sam",
        body="Danke.", about="a crown", language=language, message_id="<r@x>", in_reply_to="<q@x>",
    )  # fmt: skip
    mail = compose_reply(letter)
    assert "\n" not in mail.subject
    assert "Danke." in mail.text
    assert "Danke." in mail.html
