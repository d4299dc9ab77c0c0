"""The words of the mail: what is known is said, what is not known is left out."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.ask.interaction import read_interaction
from survey.ask.letter import Letter, compose_letter, unsubscribe_headers
from survey.languages import LANGUAGES
from survey.letters import ANSWER_LINK, UNSUBSCRIBE_LINK, Links, as_message, fill_links

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
LINKS = Links("https://ask.example/a/AAAA", "https://ask.example/u/UUUU")
FULL = Letter(
    to_email="mo@example.org",
    to_name="Mo",
    workspace="Hill Street Dental",
    served_by="Sam",
    about="your boiler",
    occurred_at=datetime(2026, 11, 17, 23, 30, tzinfo=UTC),
    time_zone="Europe/London",
    question="What would have been more helpful?",
    language="en",
    message_id="<question.1@hill.example>",
)
WHOLE_TEXT = """\
Hello Mo,

On Tuesday 17 November you were in touch with Sam from Hill Street Dental about your boiler. \
May we ask you one question?

What would have been more helpful?

You can answer here; a sentence is plenty:
https://ask.example/a/AAAA

Thank you,
Hill Street Dental

--
If you would rather not get questions like this from us:
https://ask.example/u/UUUU
"""


def _message(letter: Letter) -> EmailMessage:
    mail = fill_links(compose_letter(letter, NOW), LINKS)
    headers = unsubscribe_headers(LINKS.unsubscribe)
    sent = as_message(mail, mail_from="ask@hill.example", headers=headers, now=NOW).as_bytes()
    return email.message_from_bytes(sent, policy=email.policy.default)


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    body: str = found.get_content()
    return body


def test_the_whole_mail_reads_like_this() -> None:
    message = _message(FULL)
    assert _part(message, "plain").rstrip("\n") == WHOLE_TEXT.rstrip("\n")
    assert message["Subject"] == "One question about your boiler"
    assert str(message["From"]) == "Hill Street Dental <ask@hill.example>"
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"to_name": None}, "Hello,"),
        ({"served_by": None}, "in touch with Hill Street Dental about your boiler."),
        ({"about": None}, "in touch with Sam from Hill Street Dental. May we"),
        ({"occurred_at": None}, "You were recently in touch with Sam"),
        ({"time_zone": "Asia/Tokyo"}, "On Wednesday 18 November you were"),
    ],
)
def test_what_is_not_known_is_left_out(known: dict[str, Any], said: str) -> None:
    message = _message(replace(FULL, **known))
    assert said in _part(message, "plain")
    page = re.sub("</?bdi>", "", _part(message, "html"))
    assert said.replace("Hello,", "<p>Hello,</p>") in page


def test_without_a_matter_the_subject_says_who_writes() -> None:
    subject = _message(replace(FULL, about=None))["Subject"]
    assert subject == "One question from Hill Street Dental"


def test_the_mail_loads_nothing_and_leads_to_two_places_only() -> None:
    page = _part(_message(FULL), "html")
    for tracking in ("<img", "<link", "<script", "src=", "url("):
        assert tracking not in page
    assert page.count("href=") == 2
    assert page.count(LINKS.answer) == page.count(LINKS.unsubscribe) == 1


def test_a_composed_mail_holds_marks_in_place_of_links() -> None:
    mail = compose_letter(FULL, NOW)
    for body in (mail.text, mail.html):
        assert body.count(ANSWER_LINK) == body.count(UNSUBSCRIBE_LINK) == 1


def test_a_question_in_a_language_we_do_not_speak_is_framed_in_english() -> None:
    czech = replace(FULL, language="cs", wished="cs", question="Co by více pomohlo?")
    text = _part(_message(czech), "plain")
    assert "On Tuesday 17 November" in text
    assert "Co by více pomohlo?" in text


def test_nobody_who_fills_in_a_form_places_links() -> None:
    mail = compose_letter(replace(FULL, about=ANSWER_LINK, question=UNSUBSCRIBE_LINK), NOW)
    for body in (mail.text, mail.html):
        assert body.count(ANSWER_LINK) == body.count(UNSUBSCRIBE_LINK) == 1


typed = st.text(max_size=120)


@settings(deadline=None)  # the machine may be busy
@given(name=typed, served_by=typed, about=typed, question=typed)
def test_whatever_is_typed_the_mail_is_whole_and_says_it(
    name: str, served_by: str, about: str, question: str
) -> None:
    body = {
        "customer": {"email": "mo@example.org", "name": name},
        "served_by": served_by,
        "about": about,
    }
    new = read_interaction(body, zone=ZoneInfo("UTC"), now=NOW)
    letter = replace(
        FULL,
        to_name=new.name,
        served_by=new.served_by,
        about=new.about,
        question=" ".join(question.encode("utf-8", "replace").decode().split()) or "?",
    )
    message = _message(letter)
    text = _part(message, "plain")
    for words in (new.name, new.served_by, new.about):
        assert not words or words in text
    assert text.count(LINKS.answer) == text.count(LINKS.unsubscribe) == 1
    assert str(message["From"]) == "Hill Street Dental <ask@hill.example>"
    assert [address.addr_spec for address in message["To"].addresses] == ["mo@example.org"]
    assert message["List-Unsubscribe"] == f"<{LINKS.unsubscribe}>"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_the_mail_speaks_the_customers_language_around_the_question(language: str) -> None:
    letter = replace(FULL, language=language, wished=language, question="¿?", about="«7»")
    message = _message(letter)
    for kind in ("plain", "html"):
        text = re.sub(r"<head>.*</head>|<[^>]+>", " ", _part(message, kind), flags=re.S)
        for words in ("Mo", "Sam", "Hill Street Dental", "«7»", "¿?"):
            assert words in text
        assert not re.search(r"\b(you|the|answer|Tuesday|like)\b", text), text
    assert "«7»" in message["Subject"]
    page = _part(message, "html")
    assert f'<html lang="{language}"' in page
    assert ('dir="rtl"' in page.split("\n")[1]) == (language == "ar")
    assert page.count("href=") == 2


def test_a_question_in_another_language_than_the_letter_says_so() -> None:
    page = _part(_message(replace(FULL, wished="de-AT")), "html")
    assert '<html lang="de">' in page
    assert '<strong lang="en" dir="auto">What would have been' in page
