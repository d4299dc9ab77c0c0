"""The pages of asking, as people use them: without JavaScript, and with mistakes."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from survey.app import create_app
from survey.clock import utc_now
from survey.records import (
    Interaction,
    Invitation,
    OutgoingMail,
    Unsubscribed,
    Workspace,
    new_id,
)
from survey.records.database import Database
from survey.records.heartbeat import beat
from survey.settings import Settings
from tests.ask.conftest import Asker
from tests.support.browser import Browser
from tests.support.people import make_member, signed_in
from tests.support.places import PlaceForTest, make_place
from tests.support.relay import Relay


def _browser(app: Flask, database: Database, place: PlaceForTest, role: str) -> Browser:
    email = f"{role}@example.org"
    return signed_in(app, make_member(database, place.business, email, role))


@pytest.fixture
def owner(app: Flask, database: Database, asking: PlaceForTest) -> Browser:
    return _browser(app, database, asking, "owner")


@pytest.fixture
def teammate(app: Flask, database: Database, asking: PlaceForTest) -> Browser:
    return _browser(app, database, asking, "teammate")


def _count(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(Interaction)).scalar_one()


def _token(asker: Asker, relay: Relay, door: str) -> str:
    asker.record()
    asker.send_all(relay)
    body = relay.taken[-1].get_body(("plain",))
    assert body is not None
    found = re.search(rf"/{door}/([\w-]+)", body.get_content())
    assert found
    return found.group(1)


def test_a_teammate_asks_a_customer_by_hand(
    teammate: Browser, asking: PlaceForTest, database: Database
) -> None:
    answer = teammate.send(
        asking.business.at("ask"),
        email=" mo@example.org ",
        name="Mo",
        about="your boiler",
        occurred_at="2026-11-17T14:30",
        segments="branch: North\n\nservice : Boilers",
        note="third visit",
        once="page 1",
    )
    assert answer.status_code == 303
    with database.reading() as session:
        kept = session.scalars(select(Interaction)).one()
        assert (kept.customer_email, kept.about) == ("mo@example.org", "your boiler")
        assert kept.occurred_at is not None
        assert kept.occurred_at.isoformat() == "2026-11-17T14:30:00+00:00"
    assert "Kept. The mail to mo@example.org is written now" in teammate.get(
        answer.location
    ).get_data(as_text=True)


def test_a_double_click_asks_once_and_a_change_asks_again(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    page = asking.business.at("ask")
    for _ in range(2):
        owner.send(page, email="mo@example.org", once="page 1")
    assert _count(database) == 1
    owner.send(page, email="jo@example.org", once="page 1")
    owner.send(page, email="mo@example.org", once="page 2")
    assert _count(database) == 3


MISTAKES: list[tuple[dict[str, str], str]] = [
    ({"email": "nobody"}, "Please give the customer’s e-mail address"),
    ({"email": "mo@example.org", "name": "x" * 121}, "at most 120 characters"),
    ({"email": "mo@example.org", "occurred_at": "tomorrow"}, "Please give a date and time"),
    ({"email": "mo@example.org", "segments": "North"}, "Please write each line like"),
    ({"email": "mo@example.org", "segments": "a: b\na: c"}, "“a” is there twice."),
]


def test_a_mistake_is_told_next_to_its_field_and_every_word_is_kept(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    for typed, told in MISTAKES:
        answer = owner.send(asking.business.at("ask"), about="the <b>roof</b>", note="hm", **typed)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, told in page) == (422, True), typed
        assert 'class="wrong"' in page
        assert "<title>Please check: Ask" in page  # read out first, without JavaScript
        assert page.count(" autofocus ") == 1
        assert "the &lt;b&gt;roof&lt;/b&gt;" in page
        assert all(value.split("\n")[0] in page for value in typed.values())
    assert _count(database) == 0


def test_a_post_without_its_forms_secret_is_refused(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    answer = owner.post(asking.business.at("ask"), data={"email": "mo@example.org"})
    assert answer.status_code == 400
    assert _count(database) == 0


def test_the_unsubscribe_link_asks_first_and_changes_nothing_by_itself(
    asker: Asker, relay: Relay, client: Browser, database: Database
) -> None:
    token = _token(asker, relay, "u")
    page = client.get(f"/u/{token}")
    assert page.status_code == 200
    assert client.head(f"/u/{token}").status_code == 200
    assert client.get(f"/u/{token}.").status_code == 200
    assert "No more questions from <bdi>Hill Street Dental</bdi>?" in page.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalars(select(Unsubscribed)).all() == []


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_unsubscribing_by_button_or_one_click_is_honoured_before_the_next_send(
    asker: Asker, relay: Relay, client: Browser, database: Database, body: dict[str, str]
) -> None:
    token = _token(asker, relay, "u")
    asker.record("MO@example.org")  # queued before, sent after
    for _ in range(2):  # twice is no fault
        answer = client.post(f"/u/{token}", data=body)
        assert answer.status_code == 200  # RFC 8058: no redirect
    assert "will not send questions" in answer.get_data(as_text=True)
    asker.record("other@example.org")
    asker.send_all(relay)
    assert relay.recipients == ["mo@example.org", "other@example.org"]
    later = asker.record("mo@example.org")
    assert (later.state, later.skipped_because) == ("skipped", "unsubscribed")
    with database.reading() as session:
        query = select(Invitation.skipped_because).where(Invitation.state == "skipped")
        assert session.scalars(query).all() == ["unsubscribed", "unsubscribed"]
        (kept,) = session.scalars(select(Unsubscribed.address_hmac))
        assert len(kept) == 32
        assert b"mo@" not in kept
    assert "No more questions</h1>" in client.get(f"/u/{token}").get_data(as_text=True)


def test_another_business_may_still_ask_who_unsubscribed_here(
    asker: Asker, relay: Relay, client: Browser, database: Database
) -> None:
    client.post(f"/u/{_token(asker, relay, 'u')}")
    asker.place = make_place(database, "Elsewhere")
    assert asker.record().state == "queued"


@pytest.mark.parametrize("made", ["unknown", "answer"])
def test_a_token_of_another_door_unsubscribes_nobody(
    asker: Asker, relay: Relay, client: Browser, database: Database, made: str
) -> None:
    answer_token = _token(asker, relay, "a")
    token = answer_token if made == "answer" else "A" * 22
    for answer in (client.get(f"/u/{token}"), client.post(f"/u/{token}")):
        assert answer.status_code == 404
        assert "Hill Street" not in answer.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalars(select(Unsubscribed)).all() == []


def test_guessing_unsubscribe_links_ends_soon_and_a_known_one_still_works(
    asker: Asker, relay: Relay, client: Browser
) -> None:
    token = _token(asker, relay, "u")
    statuses = [client.get(f"/u/guess{number}").status_code for number in range(62)]
    assert statuses == [404] * 60 + [429] * 2
    assert client.get(f"/u/{token}").status_code == 200


def test_the_outbox_shows_kept_mails_with_their_links_live(
    asker: Asker, owner: Browser, client: Browser, asking: PlaceForTest
) -> None:
    asker.record(about="your <boiler>")
    asker.send_all(None)
    page = owner.get(asking.business.at("outbox")).get_data(as_text=True)
    assert "One question about your &lt;boiler&gt;" in page
    (answer,) = re.findall(r'href="http://localhost(/a/[\w-]+)"', page)
    (unsubscribe,) = re.findall(r'href="http://localhost(/u/[\w-]+)"', page)
    assert client.get(answer).status_code == 200
    assert client.get(unsubscribe).status_code == 200


def test_the_outbox_tells_an_answered_question_from_a_letter_of_ones_own(
    asker: Asker, owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    asker.record()
    asker.send_all(None)
    with database.writing() as session:
        session.execute(update(Invitation).values(state="answered"))
        sent = session.execute(select(OutgoingMail.__table__)).mappings().one()
        letter = dict(sent) | {"id": new_id(), "subject": "Thank you"}
        session.execute(insert(OutgoingMail), [letter])
    page = re.sub(r"\s+", " ", owner.get(asking.business.at("outbox")).get_data(as_text=True))
    assert page.count("· answered</p>") == page.count("· your letter</p>") == 1
    assert re.search(r"your letter</p>.*?<summary>Thank you", page)


def test_the_outbox_has_pages_that_skip_nothing(
    asker: Asker, owner: Browser, asking: PlaceForTest
) -> None:
    for number in range(45):
        asker.record(f"c{number}@example.org")
    asker.send_all(None)
    address, seen = asking.business.at("outbox"), []
    while address:
        page = owner.get(address).get_data(as_text=True)
        seen += re.findall(r"c\d+@example.org", page)
        older = re.search(r'href="([^"]+)">Older mails', page)
        address = older.group(1) if older else ""
    assert sorted(seen) == sorted(f"c{number}@example.org" for number in range(45))


def test_a_made_up_page_of_the_outbox_begins_at_the_newest(
    owner: Browser, asking: PlaceForTest
) -> None:
    for before in ("x", "1e999-1", "nan-1", "-", "1-99999999999999999999999"):
        assert owner.get(asking.business.at(f"outbox?before={before}")).status_code == 200


def test_the_outbox_says_what_waits_why_and_until_when(
    asker: Asker, relay: Relay, owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    relay.to_data = ["drop"]
    relay.to_recipient["gone@example.org"] = "550 no such mailbox"
    asker.record("a@example.org")
    asker.send_all(relay)
    asker.record("gone@example.org")
    asker.send_all(relay)
    asker.record("c@example.org", occurred_at=(utc_now() + timedelta(days=1)).isoformat())
    page = owner.get(asking.business.at("outbox")).get_data(as_text=True)
    assert "1 mail waits and nothing is lost; the next try is at" in page
    assert "could not be reached" in page
    assert "1 mail is due later, on " in page
    assert "gone@example.org" in page
    assert "550 no such mailbox" in page
    relay.to_recipient.clear()
    for which in ("waiting", "failed"):
        address = asking.business.at("outbox/try-again")
        again = owner.send(asking.business.at("outbox"), to=address, which=which)
        assert "1 mail is tried again now." in owner.get(again.location).get_data(as_text=True)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["a@example.org", "gone@example.org"]


def test_the_outbox_looks_again_while_a_worker_writes_and_not_in_vain(
    owner: Browser, asking: PlaceForTest, asker: Asker, database: Database
) -> None:
    asker.record()
    address = asking.business.at("outbox")
    assert "Refresh" not in owner.get(address).headers  # nobody would write it
    with database.writing() as session:
        beat(session, "worker", "sending", utc_now())
    assert owner.get(address).headers["Refresh"] == "5"
    assert "Refresh" not in owner.get(f"{address}?before=1-1").headers
    with database.writing() as session:
        session.execute(update(Invitation).values(state="sent"))
    assert "Refresh" not in owner.get(address).headers


def test_the_outbox_says_that_a_mail_goes_out_only_where_it_does(
    asker: Asker,
    relay: Relay,
    owner: Browser,
    asking: PlaceForTest,
    database: Database,
    settings: Settings,
) -> None:
    asker.record()
    page = owner.get(asking.business.at("outbox")).get_data(as_text=True)
    assert "1 mail is being written; it appears below within seconds." in page
    assert "out now" not in page
    assert "Nothing is here yet" not in page
    app = create_app(replace(settings, smtp=relay.settings, mail_from="ask@hill.example"))
    app.test_client_class = Browser
    sender = signed_in(app, make_member(database, asking.business, "jo@example.org", "owner"))
    assert "1 mail goes out now." in sender.get(asking.business.at("outbox")).get_data(as_text=True)
    app.extensions["afterword"].database.close()


def test_another_workspaces_mails_are_not_there(
    asker: Asker, owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    asker.place = make_place(database, "Elsewhere")
    asker.record("secret@example.org")
    asker.send_all(None)
    page = owner.get(asking.business.at("outbox")).get_data(as_text=True)
    assert "secret@example.org" not in page
    assert "Nothing is here yet" in page


SETTINGS = {
    "name": "Hill Street Dental",
    "question": "What would have been more helpful?",
    "delay": "0",
    "unit": "minutes",
    "time_zone": "UTC",
    "keep": "24",
}


def test_an_owner_changes_how_the_workspace_asks(
    owner: Browser, asking: PlaceForTest, database: Database, asker: Asker, relay: Relay
) -> None:
    changed = SETTINGS | {
        "name": "Hill Street Dental & Sons",
        "question": "What could have gone better?",
        "others": "de: Was hätte mehr geholfen?",
        "delay": "2",
        "unit": "days",
        "time_zone": "Europe/Dublin",
        "keep": " 36 ",
    }
    answer = owner.send(asking.business.at("settings"), **changed)
    assert answer.status_code == 303
    page = owner.get(answer.location).get_data(as_text=True)
    assert "Saved. Mails from now on carry the new wording." in page
    assert 'value="What could have gone better?"' in page
    assert "de: Was hätte mehr geholfen?" in page
    assert "What would have been more helpful?" in page  # under earlier wordings
    with database.reading() as session:
        now = session.execute(
            select(
                Workspace.name, Workspace.delay_minutes, Workspace.time_zone, Workspace.keep_months
            )
        ).one()
    assert tuple(now) == ("Hill Street Dental & Sons", 2880, "Europe/Dublin", 36)
    assert asker.record().due_at - utc_now() > timedelta(days=1, hours=23)
    with database.writing() as session:
        session.execute(update(Invitation).values(due_at=utc_now()))
    asker.send_all(relay)
    assert "What could have gone better?" in str(relay.taken[0].get_body(("plain",)))


def test_saving_without_a_change_makes_no_new_version(owner: Browser, asking: PlaceForTest) -> None:
    owner.send(asking.business.at("settings"), **SETTINGS)
    page = owner.get(asking.business.at("settings")).get_data(as_text=True)
    assert "Earlier wordings" not in page


def test_answers_are_kept_until_they_are_removed_where_no_months_are_given(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    assert 'name="keep" type="number" value="24"' in owner.get(
        asking.business.at("settings")
    ).get_data(as_text=True)
    assert owner.send(asking.business.at("settings"), **SETTINGS | {"keep": ""}).status_code == 303
    with database.reading() as session:
        assert session.scalar(select(Workspace.keep_months)) is None


def test_settings_sent_without_a_field_about_keeping_leave_it_as_it_was(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    sent = {name: value for name, value in SETTINGS.items() if name != "keep"}
    answer = owner.send(asking.business.at("settings"), **sent | {"name": "New name"})
    assert answer.status_code == 303
    with database.reading() as session:
        kept = session.execute(select(Workspace.name, Workspace.keep_months)).one()
    assert tuple(kept) == ("New name", 24)


def test_time_zones_are_places_and_one_that_was_set_before_stays(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    page = owner.get(asking.business.at("settings")).get_data(as_text=True)
    zones = re.findall(r'<option(?: selected)? value="([^"]+)">', page.split('id="time_zone"')[1])
    assert zones[0] == "UTC"
    assert {"Europe/Dublin", "America/Argentina/Ushuaia", "Pacific/Auckland"} <= set(zones)
    odd = re.compile(r"Factory|localtime|posix|right|Etc|SystemV|US/|GMT|^[A-Z]{3}$")
    assert [zone for zone in zones if odd.search(zone)] == ["UTC"]
    with database.writing() as session:
        session.execute(update(Workspace).values(time_zone="US/Eastern"))
    page = owner.get(asking.business.at("settings")).get_data(as_text=True)
    assert page.count('<option selected value="US/Eastern">') == 1
    sent = SETTINGS | {"time_zone": "US/Eastern"}
    refused = owner.send(asking.business.at("settings"), **sent | {"time_zone": "US/Pacific"})
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert "US/Pacific" not in page
    assert page.count('<option selected value="US/Eastern">') == 1
    assert owner.send(asking.business.at("settings"), **sent).status_code == 303


@pytest.mark.parametrize(
    ("browser", "likely"),
    [
        ("", ["UTC"]),
        ("de-AT,de;q=0.9", ["UTC", "Europe/Vienna", "Europe/Berlin"]),
        ("en-GB", ["UTC", "Europe/London"]),
        ("uk", ["UTC", "Europe/Kyiv"]),
        ("x-y-,;q=,12-zz", ["UTC"]),
    ],
)
def test_the_zones_of_the_browsers_countries_come_first_and_all_by_country(
    owner: Browser, asking: PlaceForTest, browser: str, likely: list[str]
) -> None:
    page = owner.get(asking.business.at("settings"), headers={"Accept-Language": browser})
    field = page.get_data(as_text=True).split('id="time_zone"')[1].split("</select>")[0]
    groups = {
        name: re.findall(r'value="([^"]+)">([^<]+)<', choices)
        for name, choices in re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', field)
    }
    first = [zone for zone, _name in groups["Most likely"]]
    assert [zone for zone in first if zone in likely] == likely
    assert len(first) <= len(likely) + 1  # and this machine's own
    by_country = groups["By country"]
    assert ("Europe/Dublin", "Ireland: Dublin") in by_country
    assert ("America/Indiana/Knox", "United States: Knox, Indiana") in by_country
    assert ("America/Argentina/Ushuaia", "Argentina: Ushuaia") in by_country
    assert field.count(" selected ") == 1


def test_no_zone_stands_in_the_list_under_a_name_that_was_given_up(
    owner: Browser, asking: PlaceForTest
) -> None:
    page = owner.get(asking.business.at("settings")).get_data(as_text=True)
    zones = re.findall(r'value="([^"]+)">', page.split('id="time_zone"')[1].split("</select>")[0])
    given_up = {"Asia/Calcutta", "Europe/Kiev", "Australia/ACT", "Europe/Belfast", "America/Virgin"}
    assert not given_up & set(zones)
    assert {"Asia/Kolkata", "Europe/Kyiv", "Australia/Sydney", "Europe/London"} <= set(zones)
    names = re.findall(r'">([^<]+)</option>', page.split('"By country"')[1].split("</select>")[0])
    assert len(names) == len(set(names))
    assert names[0].startswith("Afghanistan")
    assert names.index("Åland Islands: Mariehamn") < names.index("Albania: Tirane") < len(names) - 1


UNUSABLE: list[tuple[dict[str, str], str]] = [
    ({"name": " "}, "Please give 1 to 120 characters here."),
    ({"question": ""}, "Please give 1 to 300 characters here."),
    ({"question": "x" * 301}, "Please give 1 to 300 characters here."),
    ({"delay": "two"}, "Please give a whole number, like 2."),
    ({"delay": "61", "unit": "days"}, "Please choose a delay of at most 60 days."),
    ({"delay": "-1"}, "Please give a whole number, like 2."),
    ({"time_zone": "Mars/Base"}, "Please choose one of the time zones offered."),
    ({"time_zone": "Factory"}, "Please choose one of the time zones offered."),
    ({"keep": "0"}, "Please give 1 to 1,200 months, or leave it empty."),
    ({"keep": "1201"}, "Please give 1 to 1,200 months, or leave it empty."),
    ({"keep": "two years"}, "Please give a whole number of months, or leave it empty."),
    ({"others": "German is missing"}, "Please write each line like"),
    ({"others": "1: Was?"}, "Please give a language tag"),
]


def test_settings_that_cannot_be_used_change_nothing_and_keep_what_was_typed(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    for change, told in UNUSABLE:
        typed = SETTINGS | {"name": "New name"} | change
        answer = owner.send(asking.business.at("settings"), **typed)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, told in page) == (422, True), change
        assert "name" in change or 'value="New name"' in page
    with database.reading() as session:
        assert session.scalars(select(Workspace.name)).all() == ["Hill Street Dental"]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("250 OK", "The mail server took the test mail to owner@example.org."),
        ("550 who are you", "The test mail did not go out. The mail server 127.0.0.1:"),
    ],
)
def test_a_test_mail_goes_through_the_relay_and_tells_what_it_said(
    database: Database,
    asking: PlaceForTest,
    settings: Settings,
    relay: Relay,
    reply: str,
    told: str,
) -> None:
    relay.to_sender = reply
    app = create_app(replace(settings, smtp=relay.settings, mail_from="ask@hill.example"))
    app.test_client_class = Browser
    owner = _browser(app, database, asking, "owner")
    page = asking.business.at("settings")
    answer = owner.send(page, to=asking.business.at("settings/test-mail"))
    assert told in owner.get(answer.location).get_data(as_text=True)
    assert relay.recipients == (["owner@example.org"] if reply == "250 OK" else [])
    app.extensions["afterword"].database.close()


def test_a_teammate_has_neither_outbox_nor_settings(
    teammate: Browser, asking: PlaceForTest
) -> None:
    for page in ("outbox", "settings"):
        assert teammate.get(asking.business.at(page)).status_code == 403
