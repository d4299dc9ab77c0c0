"""Answers that speak of danger wait for somebody; the owner says how the guard is set."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from survey.clock import utc_now
from survey.mail import SmtpRelay
from survey.records import Answer, Flag, Workspace
from survey.records.arrivals import take_in
from survey.records.database import Database
from survey.records.guarding import open_flags
from survey.records.withdrawal import hold_answer, reword
from survey.respond.urgent.work import UrgentRound
from survey.settings import Settings
from tests.support.browser import Browser
from tests.support.invitations import invite
from tests.support.people import Business, make_member
from tests.support.relay import Relay, running_relay

SAID = "Call 020 7946 0958. I don't want to live any more, and I smell gas in here."


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def answer_id(client: Browser, database: Database, business: Business) -> int:
    with database.writing() as session:
        session.execute(
            update(Workspace)
            .where(Workspace.id == business.workspace_id)
            .values(time_zone="Europe/London")
        )
    client.post(invite(database, business, about="your boiler").link, data={"answer": SAID})
    with database.writing() as session:
        take_in(session, utc_now(), limit=50)
        return session.scalars(select(Answer.id)).one()


def _words(page: TestResponse) -> str:
    plain = re.sub(r"<[^>]+>", "", page.get_data(as_text=True))
    return " ".join(html.unescape(plain).split())


def _open(database: Database, business: Business) -> int:
    with database.reading() as session:
        return open_flags(session, business.workspace_id)


def test_an_urgent_answer_shows_its_words_and_waits_in_the_header(
    teammate: Browser, business: Business, answer_id: int
) -> None:
    opened = teammate.get(business.at("urgent"))
    page = opened.get_data(as_text=True)
    assert "<mark>don&#39;t want to live any more</mark>" in page
    assert "<mark>I smell gas</mark>" in page
    assert (
        "May be about harm to oneself and an emergency or a dangerous thing · Mo · your boiler"
        in _words(opened)
    )
    assert "1 waits for somebody" in _words(opened)
    assert "Urgent 1 waiting for you" in _words(teammate.get(business.at("answers")))


def test_without_any_the_header_says_nothing_of_it(owner: Browser, business: Business) -> None:
    assert "Urgent" not in _words(owner.get(business.at("answers")))
    assert "No answer waits." in _words(owner.get(business.at("urgent")))


def test_somebody_looks_after_it_and_says_what_it_was(
    owner: Browser, database: Database, business: Business, answer_id: int
) -> None:
    address, here = business.at(f"urgent/{answer_id}"), business.at("urgent")
    assert owner.send(here, address, said="no-danger").status_code == 303
    assert _open(database, business) == 0
    page = _words(owner.get(business.at("urgent")))
    assert "1 in all; 1 of them was no danger." in page
    assert "looked after it" in page
    owner.send(here, address, said="wait")
    assert _open(database, business) == 1
    assert owner.send(here, address, said="whatever").status_code == 404
    assert owner.send(here, business.at(f"urgent/{2**64}"), said="danger").status_code == 404


def test_another_workspace_sees_and_settles_none_of_it(
    outsider: Browser, elsewhere: Business, database: Database, business: Business, answer_id: int
) -> None:
    assert "No answer waits." in _words(outsider.get(elsewhere.at("urgent")))
    sent = outsider.send(
        elsewhere.at("settings/care"), elsewhere.at(f"urgent/{answer_id}"), said="danger"
    )
    assert sent.status_code == 404
    assert outsider.get(elsewhere.at(f"answers/{answer_id}/as-typed")).status_code == 404
    assert _open(database, business) == 1


def test_an_owner_may_open_what_was_sealed(
    owner: Browser, business: Business, answer_id: int
) -> None:
    assert "020 7946 0958" not in _words(owner.get(business.at("urgent")))
    address = business.at(f"answers/{answer_id}/as-typed")
    assert SAID in _words(owner.get(address))
    assert owner.get(business.at(f"answers/{answer_id + 1}/as-typed")).status_code == 404


def test_the_owner_chooses_what_happens_to_personal_data_and_where_to_turn(
    owner: Browser, client: Browser, database: Database, business: Business, answer_id: int
) -> None:
    address = business.at("settings/care")
    assert "Please call 999 now." in _words(owner.get(address))
    sent = owner.send(
        address, personal_data="drop", country="AT", sentences="at: Ring us on 01 234."
    )
    assert sent.status_code == 303
    page = owner.get(address).get_data(as_text=True)
    assert "AT: Ring us on 01 234." in page
    invited = invite(database, business)
    client.post(invited.link, data={"answer": SAID})
    assert "Ring us on 01 234." in _words(client.get(invited.link))
    assert "Nobody has kept it." in _words(client.get(invited.link))


@pytest.mark.parametrize(
    "wrong",
    [
        {"personal_data": "sell"},
        {"country": "Atlantis"},
        {"sentences": "Austria: 142"},
        {"sentences": "no colon"},
        {"sentences": "AT: " + "x" * 501},
    ],
)
def test_what_cannot_be_kept_is_named_and_nothing_is_lost(
    owner: Browser, database: Database, business: Business, wrong: dict[str, str]
) -> None:
    typed = {"personal_data": "drop", "country": "GB", "sentences": "GB: Ring 999."} | wrong
    sent = owner.send(business.at("settings/care"), **typed)
    assert sent.status_code == 422
    assert 'class="wrong"' in sent.get_data(as_text=True)
    assert typed["sentences"] in html.unescape(sent.get_data(as_text=True))
    with database.reading() as session:
        assert session.scalar(select(Workspace.personal_data)) == "keep"


def _round(database: Database, settings: Settings, relay: Relay | None) -> UrgentRound:
    mailer = SmtpRelay(relay.settings, "ask@hill.example") if relay else None
    return UrgentRound(database, replace(settings, mail_from="ask@hill.example"), mailer)


def test_owners_are_told_once_by_a_mail_that_leaves_the_words_out(
    app: Flask, database: Database, settings: Settings, business: Business, answer_id: int
) -> None:
    make_member(database, business, "owner@example.org", "owner")
    make_member(database, business, "mate@example.org", "teammate")
    with running_relay() as relay:
        telling = _round(database, settings, relay)
        assert telling() is False
        assert telling() is False
        (mail,) = relay.taken
    assert mail["To"] == "owner@example.org"
    assert mail["Subject"] == "An answer to Hill Street Dental may be about danger"
    assert f"http://localhost{business.at('urgent')}" in str(mail)
    assert "live" not in str(mail)
    assert "gas" not in str(mail)


def _said(client: Browser, link: str, words: str, **fields: str) -> None:
    shown = client.get(f"{link}?change").get_data(as_text=True)
    seen = re.search(r'name="seen" value="(\d+)"', shown)
    assert seen
    posted = {"do": "change", "seen": seen.group(1), "answer": words, **fields}
    assert client.post(link, data=posted).status_code == 303


def test_who_changes_words_of_danger_over_and_over_makes_one_mail(
    client: Browser, database: Database, settings: Settings, business: Business, owner: Browser
) -> None:
    link = invite(database, business).link
    client.post(link, data={"answer": SAID})
    with database.writing() as session:
        take_in(session, utc_now(), limit=50)
        answer_id = session.scalars(select(Answer.id)).one()
    with running_relay() as relay:
        telling = _round(database, settings, relay)
        telling()
        for words in ("I smell gas!", "It was fine.", SAID, "He will kill her.", "Fine."):
            _said(client, link, words)
            telling()
        client.post(link, data={"do": "write", "seen": "0", "answer": SAID})
        telling()
        assert len(relay.taken) == 1
        page = _words(owner.get(business.at("urgent")))
        assert "Fine." in page  # what it says now, and that it said something else
        assert "The words that raised this were changed since" in page
        address = business.at(f"urgent/{answer_id}")
        assert owner.send(business.at("urgent"), address, said="danger").status_code == 303
        _said(client, link, "I want to die today.")  # after somebody looked after it
        telling()
        assert len(relay.taken) == 2
        with database.writing() as session:  # a day later, and nobody has looked after it
            session.execute(update(Flag).values(told_at=utc_now() - timedelta(days=2)))
        _said(client, link, "I want to die tonight.")
        telling()
        assert len(relay.taken) == 3


def test_words_of_danger_on_another_day_are_a_mail_of_another_name_and_a_retry_is_not(
    client: Browser,
    database: Database,
    settings: Settings,
    business: Business,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_member(database, business, "owner@example.org", "owner")
    days = {"now": utc_now().replace(hour=9)}
    monkeypatch.setattr("survey.respond.urgent.work.database_now", lambda _: days["now"])
    link = invite(database, business).link
    client.post(link, data={"answer": SAID})
    with database.writing() as session:
        take_in(session, utc_now(), limit=50)
    with running_relay() as relay:
        telling = _round(database, settings, relay)
        telling()
        with database.writing() as session:  # it went out, and we were killed before noting that
            session.execute(update(Flag).values(told_at=None))
        days["now"] += timedelta(hours=16)  # and midnight passed
        telling()
        with database.writing() as session:
            session.execute(update(Flag).values(told_at=utc_now() - timedelta(days=2)))
        days["now"] += timedelta(days=1)
        _said(client, link, "I smell gas, and I want to die.")
        telling()
        first, again, next_day = (mail["Message-ID"] for mail in relay.taken)
    assert first == again
    assert next_day != first


def test_who_changes_it_while_the_mail_goes_out_makes_one_mail(
    database: Database, business: Business, answer_id: int
) -> None:
    with database.writing() as session:
        held = {"lease_id": "l" * 32, "lease_until": utc_now() + timedelta(minutes=5)}
        session.execute(update(Flag).values(**held))
    with database.writing() as session:
        answer = hold_answer(session, business.workspace_id, answer_id)
        assert answer is not None
        reword(session, answer, "I don't want to live.", utc_now())
        leases = session.scalars(select(Flag.lease_id)).all()
    assert leases == ["l" * 32, "l" * 32]


def test_a_relay_in_trouble_is_tried_again_and_nothing_is_lost(
    database: Database, settings: Settings, business: Business, answer_id: int
) -> None:
    make_member(database, business, "owner@example.org", "owner")
    with running_relay() as relay:
        away = relay.settings
    with running_relay() as relay:
        gone = UrgentRound(database, settings, SmtpRelay(away, "ask@hill.example"))
        gone()
        with database.writing() as session:
            flags = session.scalars(select(Flag)).all()
            assert all(flag.told_at is None and flag.next_try_at for flag in flags)
            assert all(flag.last_error for flag in flags)
            session.execute(update(Flag).values(next_try_at=None))
        _round(database, settings, relay)()
        assert len(relay.taken) == 1


def test_without_a_relay_the_page_tells_alone_and_no_mail_waits(
    database: Database, settings: Settings, business: Business, answer_id: int
) -> None:
    make_member(database, business, "owner@example.org", "owner")
    assert _round(database, settings, None)() is False
    with database.reading() as session:
        assert all(flag.told_at for flag in session.scalars(select(Flag)))
    assert _open(database, business) == 1
