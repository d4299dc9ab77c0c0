"""The customer's page speaks the language of the invitation, then that of the browser."""

import html
import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey.clock import utc_now
from survey.languages import LANGUAGES
from survey.records import Answer, QuestionText, QuestionVersion
from survey.records.database import Database
from tests.support.browser import Browser
from tests.support.invitations import invite
from tests.support.people import Business

FRENCH = {"Accept-Language": "fr-CH, fr;q=0.9, en;q=0.5"}
GERMAN_QUESTION = "Was hätte mehr geholfen?"
FRENCH_QUESTION = "Qu’est-ce qui aurait aidé davantage ?"


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def in_three_languages(database: Database, business: Business) -> None:
    with database.writing() as session:
        version = session.scalars(select(QuestionVersion)).one()
        session.add_all(
            QuestionText(
                workspace_id=version.workspace_id,
                question_version_id=version.id,
                language=language,
                wording=wording,
            )
            for language, wording in (("de", GERMAN_QUESTION), ("fr", FRENCH_QUESTION))
        )


def _text(page: TestResponse) -> str:
    return html.unescape(page.get_data(as_text=True))


def _lang(page: TestResponse) -> str:
    found = re.search(r"<html([^>]*)>", page.get_data(as_text=True))
    assert found
    return found[1].strip()


def test_a_german_invitation_is_german_in_a_french_browser(
    client: Browser, database: Database, business: Business, in_three_languages: None
) -> None:
    invited = invite(database, business, customer_language="de-AT", state="queued")
    page = client.get(invited.link, headers=FRENCH)
    assert _lang(page) == 'lang="de"'
    assert GERMAN_QUESTION in _text(page)
    assert "Senden" in _text(page)
    client.post(invited.link, data={"answer": "Weniger warten."}, headers=FRENCH)
    assert "Danke, <bdi>Mo</bdi>." in _text(client.get(invited.link, headers=FRENCH))
    with database.reading() as session:
        assert session.scalar(select(Answer.language)) == "de"


def test_where_the_invitation_is_silent_the_browser_decides(
    client: Browser, database: Database, business: Business, in_three_languages: None
) -> None:
    invited = invite(database, business)
    page = client.get(invited.link, headers=FRENCH)
    assert _lang(page) == 'lang="fr"'
    assert FRENCH_QUESTION in _text(page)
    shown = re.search(r'name="in" value="(\w+)"', _text(page))
    assert shown
    client.post(invited.link, data={"answer": "Moins d’attente.", "in": shown[1]}, headers=FRENCH)
    with database.reading() as session:
        assert session.scalar(select(Answer.language)) == "fr"
    assert "Set-Cookie" not in page.headers


def test_a_question_without_a_translation_says_its_own_language(
    client: Browser, database: Database, business: Business
) -> None:
    invited = invite(database, business, customer_language="pl")
    page = client.get(invited.link)
    assert _lang(page) == 'lang="pl"'
    assert '<label for="answer" dir="auto" lang="en">What would have been' in _text(page)


def test_arabic_is_written_from_right_to_left(
    client: Browser, database: Database, business: Business
) -> None:
    invited = invite(database, business, customer_language="ar", served_by="Sam")
    page = client.get(invited.link, headers=FRENCH)
    assert _lang(page) == 'lang="ar" dir="rtl"'
    assert "<bdi>Sam</bdi> من <bdi>Hill Street Dental</bdi>" in _text(page)


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_no_english_is_left_on_the_page_and_after_it(
    client: Browser, database: Database, business: Business, language: str
) -> None:
    invited = invite(
        database, business, customer_language=language, served_by="Sam", occurred_at=utc_now()
    )
    pages = [client.get(invited.link), client.post(invited.link, data={"answer": " "})]
    assert pages[1].status_code == 422
    client.post(invited.link, data={"answer": "—"})
    pages += [client.get(invited.link + ask) for ask in ("", "?change", "?take-back")]
    pages.append(client.get(f"/u/{language}", headers={"Accept-Language": language}))
    pages.append(client.get(f"/a/{language}", headers={"Accept-Language": language}))
    with client.get("/static/tokens.css") as opened:
        sheet = len(opened.data)
    for page in pages:
        assert len(page.data) + sheet <= 15_000
        text = re.sub(r'<(\w+)[^>]* lang="en".*?</\1>|<title>.*?</title>|<[^>]+>', " ", _text(page))
        left = text.replace("Hill Street Dental", "").replace("Sam", "").replace("Mo", "")
        assert not re.search(r"\b(the|you|your|and|this|with)\b", left), left


def test_owners_pages_stay_english(owner: Browser, business: Business) -> None:
    page = owner.get(business.at("settings"), headers=FRENCH)
    assert _lang(page) == 'lang="en"'
    assert _lang(owner.get("/nowhere", headers=FRENCH)) == 'lang="en"'


@pytest.mark.parametrize(
    "told", ["x" * 5000, "../../etc", "<script>", "en\0", "*", ";q=", "ar;q=1e9"]
)
def test_whatever_a_browser_says_of_its_language_the_page_opens(
    client: Browser, database: Database, business: Business, told: str
) -> None:
    invited = invite(database, business)
    headers = {"Accept-Language": told.replace("\0", "")}
    assert client.get(invited.link, headers=headers).status_code == 200
    client.post(invited.link, data={"answer": "Fine.", "in": told})
    with database.reading() as session:
        assert session.scalar(select(Answer.language)) == "en"


def test_of_endless_wishes_the_beginning_is_read(
    client: Browser, database: Database, business: Business
) -> None:
    link = invite(database, business).link
    for told, spoken in (("de," + "a," * 3000, "de"), ("a," * 3000 + "de", "en")):
        page = client.get(link, headers={"Accept-Language": told})
        assert _lang(page) == f'lang="{spoken}"'
