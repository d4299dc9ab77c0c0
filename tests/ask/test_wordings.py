"""The question in several languages: offered, looked over, and never left behind unnoticed."""

import html
from datetime import date
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.ask.wordings import listed
from survey.clock import utc_now
from survey.languages import LANGUAGES, translations
from survey.records import Invitation, QuestionText, QuestionVersion
from survey.records.database import Database
from tests.ask.conftest import Asker
from tests.support.browser import Browser
from tests.support.people import make_member, signed_in
from tests.support.places import PlaceForTest
from tests.support.relay import Relay

SETTINGS = {
    "name": "Hill Street Dental",
    "question": "What would have been more helpful?",
    "delay": "0",
    "unit": "minutes",
    "time_zone": "UTC",
    "keep": "24",
}
GERMAN = "Was wäre hilfreicher gewesen?"


@pytest.fixture
def owner(app: Flask, database: Database, asking: PlaceForTest) -> Browser:
    return signed_in(app, make_member(database, asking.business, "sam@hill.example", "owner"))


def _plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def _wordings(database: Database) -> dict[str, str]:
    with database.reading() as session:
        rows = session.execute(
            select(QuestionText.language, QuestionText.wording)
            .join(QuestionVersion, QuestionVersion.id == QuestionText.question_version_id)
            .order_by(QuestionVersion.number)
        )
        return {row.language: row.wording for row in rows}


def test_our_translations_are_offered_and_saved_only_by_the_owner(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    address = asking.business.at("settings")
    offered = owner.send(address, **SETTINGS, others=f"de: {GERMAN}", offer="1")
    page = html.unescape(offered.get_data(as_text=True))
    assert "Not saved yet" in page
    lines = page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    typed = dict(line.split(": ", 1) for line in lines.strip().splitlines())
    assert set(typed) == set(LANGUAGES) - {"en"}
    assert typed["de"] == GERMAN
    assert len(set(typed.values())) == 13
    assert set(_wordings(database)) == {"en"}
    assert owner.send(address, **SETTINGS, others=lines).status_code == 303
    assert set(_wordings(database)) == set(LANGUAGES)
    assert "Put in our translations" not in owner.get(address).get_data(as_text=True)


def test_a_question_of_ones_own_is_not_translated_by_us(
    owner: Browser, asking: PlaceForTest
) -> None:
    address = asking.business.at("settings")
    mine = SETTINGS | {"question": "How was the tea?"}
    offered = owner.send(address, **mine, offer="1").get_data(as_text=True)
    assert "de:" not in offered.partition("<textarea")[2].partition("</textarea>")[0]


LINES = f"de: {GERMAN}\nfr: Quoi ?"
NEW = SETTINGS | {"question": "How was the tea?", "others": f"de: {GERMAN}\nfr: Et le thé ?"}


def _told(owner: Browser, address: str) -> str:
    page = html.unescape(owner.get(address).get_data(as_text=True))
    return page.partition("<main")[2].partition("<h1>")[0]


@pytest.mark.parametrize("said", [{}, {"left": "keep"}])
def test_a_new_question_is_saved_at_once_and_the_page_says_who_is_asked_the_earlier_one(
    owner: Browser, asking: PlaceForTest, database: Database, said: dict[str, str]
) -> None:
    address = asking.business.at("settings")
    owner.send(address, **SETTINGS, others=LINES)
    assert "Keep asking the earlier question" in owner.get(address).get_data(as_text=True)
    assert owner.send(address, **NEW, **said).status_code == 303
    assert _wordings(database) == {"en": "How was the tea?", "de": GERMAN, "fr": "Et le thé ?"}
    told = _told(owner, address)
    assert "Mails from now on carry the new wording." in told
    assert "Still asked the earlier question" in told
    assert "customers who read Deutsch. Change these lines" in told


def test_lines_left_as_they_were_are_taken_out_with_the_same_save_where_the_owner_says_so(
    owner: Browser, asking: PlaceForTest, database: Database
) -> None:
    address = asking.business.at("settings")
    owner.send(address, **SETTINGS, others=LINES)
    assert owner.send(address, **NEW, left="take_out").status_code == 303
    with database.reading() as session:
        newest = select(QuestionVersion.id).order_by(QuestionVersion.number.desc()).limit(1)
        asked = select(QuestionText.language, QuestionText.wording).where(
            QuestionText.question_version_id == newest.scalar_subquery()
        )
        now = {row.language: row.wording for row in session.execute(asked)}
    assert now == {"en": "How was the tea?", "fr": "Et le thé ?"}
    told = _told(owner, address)
    assert "Taken out, since they still said the earlier question: Deutsch." in told
    assert GERMAN in owner.get(address).get_data(as_text=True).partition("Earlier wordings")[2]


def test_nothing_is_said_of_other_languages_where_the_question_stays(
    owner: Browser, asking: PlaceForTest
) -> None:
    address = asking.business.at("settings")
    owner.send(address, **SETTINGS, others=LINES)
    _told(owner, address)
    same = SETTINGS | {"question": f" {SETTINGS['question']} "}
    owner.send(address, **same, others=f"{LINES}\nit: Cosa?", left="take_out")
    told = _told(owner, address)
    assert "Saved." in told
    assert "earlier question" not in told


def test_a_question_that_is_asked_again_has_its_own_lines_again(
    owner: Browser, asking: PlaceForTest
) -> None:
    address = asking.business.at("settings")
    usual = translations("pl").gettext(SETTINGS["question"])
    lines = f"de: {GERMAN}\npl: {usual}"
    owner.send(address, **SETTINGS, others=lines)
    owner.send(address, **(SETTINGS | {"question": "How was the tea?"}), others=lines)
    assert "Deutsch and polski. Change" in _told(owner, address)
    owner.send(address, **SETTINGS, others=lines, left="take_out")
    told = _told(owner, address)
    assert "Mails from now on carry the new wording." in told
    assert "earlier question" not in told


def test_a_long_list_of_languages_is_cut() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c", "d"]) == "a, b, c and d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_an_example_is_shown_in_any_of_the_languages(owner: Browser, asking: PlaceForTest) -> None:
    address = asking.business.at("settings")
    owner.send(address, **SETTINGS, others=f"de: {GERMAN}")
    german = html.unescape(owner.get(f"{address}?in=de").get_data(as_text=True))
    assert GERMAN in german.partition('class="mail-text"')[2]
    assert "Guten Tag Mo," in german
    polish = html.unescape(owner.get(f"{address}?in=pl").get_data(as_text=True))
    assert SETTINGS["question"] in polish.partition('class="mail-text"')[2]
    assert "Dzień dobry, Mo," in polish
    assert "Hello Mo," in owner.get(f"{address}?in=nonsense").get_data(as_text=True)


def test_who_asks_hears_that_the_question_goes_out_in_english_and_where_to_mend_it(
    owner: Browser, asking: PlaceForTest
) -> None:
    ask, change = asking.business.at("ask"), asking.business.at("settings")
    only = "The question is in English for everybody so far"
    assert only in owner.get(ask).get_data(as_text=True)
    owner.send(change, **SETTINGS, others=f"de: {GERMAN}\nsv: Vad?")
    page = owner.get(ask).get_data(as_text=True)
    assert '<option value="de">Deutsch</option>' in page
    assert '<option value="sv">sv</option>' in page
    assert '<option value="pl">polski: the question in English</option>' in page
    assert "The question is worded in Deutsch, English, sv, and is in English for" in page
    assert f'<a href="{change}#others">put in other wordings</a>' in page
    said = "The mail and the page are in polski, the question in English: it has no wording yet."
    for language, is_said in (("pl", True), ("de", False), ("", False)):
        sent = owner.send(ask, email=f"mo{language}@example.org", language=language)
        assert (said in owner.get(sent.location).get_data(as_text=True)) is is_said
    wrong = owner.send(ask, email="mo@example.org", language="1")
    assert wrong.status_code == 422
    assert "Please give a language tag" in wrong.get_data(as_text=True)


def test_nothing_is_said_of_english_where_every_language_has_its_wording(
    owner: Browser, asking: PlaceForTest
) -> None:
    others = "\n".join(f"{tag}: Was?" for tag in LANGUAGES if tag != "en")
    owner.send(asking.business.at("settings"), **SETTINGS, others=others)
    page = owner.get(asking.business.at("ask")).get_data(as_text=True)
    assert "The mail and the page are in it, and so is the question." in page
    assert "in English" not in page


def test_the_settings_name_the_languages_asked_of_late_that_have_no_wording(
    owner: Browser, asking: PlaceForTest, asker: Asker, relay: Relay, database: Database
) -> None:
    address = asking.business.at("settings")
    assert "unworded" not in owner.get(address).get_data(as_text=True)
    owner.send(address, **SETTINGS, others=f"de: {GERMAN}")
    for number, language in enumerate(("de-CH", "pl", "it", "pl-PL")):
        asker.record(f"{number}@example.org", customer={"name": "Mo", "language": language})
    counted = "<bdi>polski</bdi> (asked 2 times), <bdi>italiano</bdi> (asked once)"
    named = f"{counted}: there is no wording for them yet"
    assert named in owner.get(address).get_data(as_text=True)
    asker.send_all(relay)
    assert named in owner.get(address).get_data(as_text=True)
    with database.writing() as session:
        session.execute(update(Invitation).values(asked_on=date(2020, 1, 1)))
    assert "unworded" not in owner.get(address).get_data(as_text=True)


def test_a_mail_pins_the_customers_wording_and_speaks_their_language(
    owner: Browser, asking: PlaceForTest, asker: Asker, relay: Relay, database: Database
) -> None:
    owner.send(asking.business.at("settings"), **SETTINGS, others=f"de: {GERMAN}")
    for language, email in (("de-CH", "a@example.org"), ("pl", "b@example.org")):
        asker.record(email, customer={"name": "Mo", "language": language})
    with database.writing() as session:
        session.execute(update(Invitation).values(due_at=utc_now()))
    asker.send_all(relay)
    texts = {str(mail["To"]): _plain(mail) for mail in relay.taken}
    german, polish = texts["Mo <a@example.org>"], texts["Mo <b@example.org>"]
    assert GERMAN in german
    assert "Guten Tag Mo," in german
    assert SETTINGS["question"] in polish
    assert "Dzień dobry, Mo," in polish
    with database.reading() as session:
        assert sorted(map(str, session.scalars(select(Invitation.language)))) == ["de", "en"]
