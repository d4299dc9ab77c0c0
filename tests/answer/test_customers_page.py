"""The customer's page: what it shows, what it keeps, and what it gives back."""

import html
import re
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Request
from sqlalchemy import select
from werkzeug.test import EnvironBuilder, TestResponse

from survey.answer.forms import LONGEST_BODY, read_typed
from survey.clock import utc_now
from survey.records import Answer, AnswerSegment, AnswerText, Invitation
from survey.records.counts import counts_now
from survey.records.database import Database
from survey.web.limits import UNKNOWN_LINKS, UNKNOWN_LINKS_OVERALL
from tests.support.browser import Browser
from tests.support.invitations import Invited, invite
from tests.support.people import Business


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def invited(database: Database, business: Business) -> Invited:
    return invite(
        database,
        business,
        served_by="Sam",
        about="your visit",
        occurred_at=datetime(2026, 11, 17, 23, 30, tzinfo=UTC),
        channel="visit",
        reference="V-17",
        segments={"branch": "Hill Street", "service": "check-up"},
    )


def _kept(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AnswerText.body)))


def _words(page: TestResponse) -> str:
    plain = re.sub(r"<[^>]+>", "", page.get_data(as_text=True))
    return " ".join(html.unescape(plain).split())


def _in_box(page: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*)</textarea>", page.get_data(as_text=True), re.S)
    assert found
    return html.unescape(found.group(1))


def test_the_page_says_who_asks_about_what_and_who_reads_it(
    client: Browser, invited: Invited
) -> None:
    words = _words(client.get(invited.link))
    assert "Sam from Hill Street Dental" in words
    assert "about your visit, on Tuesday 17 November" in words
    assert "What would have been more helpful?" in words
    assert "Hill Street Dental reads this and can see that it is from you." in words
    assert "It is kept for 24 months; then your words and your name are erased." in words
    assert "With this same link you can change it or take it back." in words


def test_nobody_is_told_off_before_they_began(client: Browser, invited: Invited) -> None:
    opened = client.get(invited.link)
    assert opened.status_code == 200
    assert _in_box(opened) == ""
    assert "alert" not in opened.get_data(as_text=True)
    assert "aria-invalid" not in opened.get_data(as_text=True)
    assert "write a few words first" not in _words(opened)


def test_an_answer_is_kept_with_all_it_makes_due(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    sent = client.post(invited.link, data={"answer": "Less waiting.\r\nThat is all."})
    assert (sent.status_code, sent.location) == (303, invited.link)
    with database.reading() as session:
        answer = session.scalars(select(Answer)).one()
        assert answer.invitation_id == invited.invitation_id
        assert (answer.served_by, answer.channel, answer.reference) == ("Sam", "visit", "V-17")
        assert answer.sorted_by is None
        assert answer.question_version_id is not None
        assert session.scalars(select(AnswerText.body)).one() == "Less waiting.\nThat is all."
        assert {row.name: row.value for row in session.scalars(select(AnswerSegment))} == {
            "branch": "Hill Street",
            "service": "check-up",
        }
        assert session.scalar(select(Invitation.state)) == "answered"
        assert not answer.taken_in
        assert set(counts_now(session, business.workspace_id).values()) == {1}


def test_the_same_link_then_shows_what_was_said(client: Browser, invited: Invited) -> None:
    client.post(invited.link, data={"answer": "Less <b>waiting</b>."})
    words = _words(client.get(invited.link))
    assert "Thank you, Mo." in words
    assert "Less <b>waiting</b>." in words
    assert "You were asked “What would have been more helpful?”" in words


def test_nothing_is_said_in_one_press(
    client: Browser, database: Database, invited: Invited
) -> None:
    assert client.post(invited.link, data={"answer": "", "nothing": "1"}).status_code == 303
    assert "You said that nothing more was needed." in _words(client.get(invited.link))
    with database.reading() as session:
        assert session.scalar(select(Answer.said_nothing)) is True
    assert _kept(database) == [""]


def test_words_with_nothing_are_neither_sent_nor_dropped_unasked(
    client: Browser, database: Database, invited: Invited
) -> None:
    asked = client.post(invited.link, data={"answer": "Too slow.", "nothing": "1"})
    assert asked.status_code == 422
    assert _in_box(asked) == "Too slow."
    assert _kept(database) == []
    client.post(invited.link, data={"answer": "Too slow.", "nothing": "only"})
    assert _kept(database) == [""]


@pytest.mark.parametrize("blank", ["", "   \r\n\t", "\u200b\u200f\ufeff\u00a0", "\0", "\0\ud800 "])
def test_a_blank_answer_is_sent_back_with_a_word(
    client: Browser, database: Database, invited: Invited, blank: str
) -> None:
    body = f"answer={quote(blank, errors='surrogatepass')}"
    sent = client.post(invited.link, data=body, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 422
    assert "write a few words first" in _words(sent)
    assert _kept(database) == []


@pytest.mark.parametrize("length", [20_001, 1_000_000])
def test_a_long_answer_comes_back_whole(
    client: Browser, database: Database, invited: Invited, length: int
) -> None:
    text = ("Longer words <&> " * (length // 17 + 1))[:length]
    sent = client.post(invited.link, data={"answer": text})
    assert sent.status_code == 422
    assert f"{length:,} characters" in _words(sent)
    assert _in_box(sent) == text
    assert _kept(database) == []


def test_twenty_thousand_of_the_longest_signs_are_taken(
    client: Browser, database: Database, invited: Invited
) -> None:
    assert client.post(invited.link, data={"answer": "🦷" * 20_000}).status_code == 303
    assert _kept(database) == ["🦷" * 20_000]


ODD = {
    "emoji with joiners": ("👩🏽‍⚕️ was kind", "👩🏽‍⚕️ was kind"),
    "right to left": ("الانتظار طويل جدا", "الانتظار طويل جدا"),
    "mixed directions": ("\u202eevil\u202c שלום", "\u202eevil\u202c שלום"),
    "NUL": ("a\0b", "a�b"),
    "a lone surrogate": ("a\ud83d b", "a� b"),
    "carriage returns": ("a\r\nb\rc\nd", "a\nb\nc\nd"),
    "leading and trailing lines": ("\n\nfirst\n", "\n\nfirst\n"),
    "percent signs and plus": ("100 % + 5%20", "100 % + 5%20"),
    "markup": ("</textarea><script>alert(1)</script>", "</textarea><script>alert(1)</script>"),
    "template code": ("{{ 7*7 }} {% raw %}", "{{ 7*7 }} {% raw %}"),
    "combining marks": ("Z" + "\u0301" * 500, "Z" + "\u0301" * 500),
    "unpaired quotes": ("'; DROP TABLE answer; --", "'; DROP TABLE answer; --"),
    "search syntax": ('NEAR("a" OR *) AND -x', 'NEAR("a" OR *) AND -x'),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_text_is_kept_as_typed(
    client: Browser, database: Database, invited: Invited, name: str
) -> None:
    typed, stored = ODD[name]
    body = f"answer={quote(typed, errors='surrogatepass')}"
    sent = client.post(invited.link, data=body, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 303
    assert _kept(database) == [stored]
    shown = client.get(invited.link).get_data(as_text=True)
    assert html.escape(stored).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in shown


def test_bytes_that_are_no_utf_8_still_make_an_answer(
    client: Browser, database: Database, invited: Invited
) -> None:
    sent = client.post(
        invited.link, data=b"answer=caf%E9+\xe9", content_type="application/x-www-form-urlencoded"
    )
    assert sent.status_code == 303
    assert _kept(database) == ["caf� �"]


def test_a_multipart_form_serves_as_well(
    client: Browser, database: Database, invited: Invited
) -> None:
    sent = client.post(
        invited.link, data={"answer": "Less waiting."}, content_type="multipart/form-data"
    )
    assert sent.status_code == 303
    assert _kept(database) == ["Less waiting."]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"answer": "hello"}'),
        ("text/plain", b"answer=hello"),
        ("multipart/form-data; boundary=x", b"--y broken"),
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"other=1"),
    ],
)
def test_what_holds_no_answer_changes_nothing(
    client: Browser, database: Database, invited: Invited, content_type: str, body: bytes
) -> None:
    sent = client.post(invited.link, data=body, content_type=content_type)
    assert sent.status_code == 422
    assert _kept(database) == []


def test_a_body_of_countless_fields_is_refused(client: Browser, invited: Invited) -> None:
    sent = client.post(
        invited.link, data=b"a=1&" * 5000, content_type="application/x-www-form-urlencoded"
    )
    assert sent.status_code == 400


def _posted(body: bytes) -> Request:
    kind = "application/x-www-form-urlencoded"
    return Request(EnvironBuilder(method="POST", data=body, content_type=kind).get_environ())


def test_reading_a_body_takes_little_more_memory_than_the_body() -> None:
    body = b"answer=" + b"%41" * 1_000_000
    request = _posted(body)
    tracemalloc.start()
    typed = read_typed(request)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert typed.text == "A" * 1_000_000
    assert most < 10 * len(body)


@pytest.mark.parametrize("before", range(4))
def test_escapes_are_read_wherever_they_fall_in_a_long_body(before: int) -> None:
    body = b"answer=" + b"x" * before + "ä%z+".encode().replace(b"\xc3\xa4", b"%c3%A4") * 40_000
    assert read_typed(_posted(body)).text == "x" * before + "ä%z " * 40_000


def test_a_megabyte_comes_back_even_when_every_byte_of_it_is_escaped(
    client: Browser, invited: Invited
) -> None:
    text = "ä" * (512 * 1024)
    assert _in_box(client.post(invited.link, data={"answer": text})) == text


def test_who_guesses_links_is_refused_before_anything_is_read(client: Browser) -> None:
    for number in range(int(UNKNOWN_LINKS.partition("/")[0])):
        client.get(f"/a/guess{number}")
    too_much = b"answer=" + b"x" * (LONGEST_BODY + 1)
    sent = client.post("/a/x", data=too_much, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 429


@pytest.mark.parametrize("body", [b"a&" * 1001, b"a=" + b"x" * 300_000])
def test_a_sign_in_takes_no_more_than_a_form_can_hold(client: Browser, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded"
    assert client.post("/sign-in", data=body, content_type=kind).status_code == 413


def test_a_body_beyond_all_measure_is_refused(client: Browser, invited: Invited) -> None:
    sent = client.post(invited.link, data={"answer": "x" * LONGEST_BODY})
    assert sent.status_code == 413


def _unknown_links(database: Database, business: Business, elsewhere: Business) -> list[str]:
    skipped = invite(database, business, state="skipped")
    known = invite(database, business)
    return [
        skipped.link,
        known.link[:-1],
        known.link + "x",
        f"/a/{known.token.swapcase()}",
        known.link + "/x",
        "/a/",
        "/a/" + "A" * 22,
        "/a/%00",
        "/a/../a/x",
        "/a/" + "x" * 3000,
        "/a/%F0%9F%A6%B7",
        "/a/%ED%A0%80",
    ]


def test_links_that_open_nothing_all_look_the_same(
    client: Browser, database: Database, business: Business, elsewhere: Business
) -> None:
    pages = [client.get(link) for link in _unknown_links(database, business, elsewhere)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.get_data() for page in pages}) == 1
    assert business.name not in _words(pages[0])


def test_words_sent_to_a_link_that_opens_nothing_are_given_back(
    client: Browser, database: Database, business: Business
) -> None:
    skipped = invite(database, business, state="skipped")
    for link in (skipped.link, "/a/nobody"):
        sent = client.post(link, data={"answer": "Less waiting."})
        assert sent.status_code == 404
        assert "What you wrote was not sent." in _words(sent)
        assert "Less waiting." in _words(sent)
    assert _kept(database) == []


def test_a_link_whose_time_is_over_says_so_and_gives_words_back(
    client: Browser, database: Database, business: Business
) -> None:
    late = invite(database, business, expires_at=utc_now() - timedelta(seconds=1))
    opened = client.get(late.link)
    assert opened.status_code == 410
    assert "This question is closed" in _words(opened)
    assert business.name in _words(opened)
    sent = client.post(late.link, data={"answer": "Less waiting."})
    assert sent.status_code == 410
    assert "Less waiting." in _words(sent)
    assert _kept(database) == []


@pytest.mark.parametrize("tail", [".", ")", ">", "”", ").", "!?"])
def test_a_link_with_the_sentences_last_sign_still_opens(
    client: Browser, invited: Invited, tail: str
) -> None:
    assert client.get(invited.link + quote(tail)).status_code == 200


def test_unknown_links_are_limited_by_address_and_known_ones_never(
    client: Browser, invited: Invited
) -> None:
    for number in range(int(UNKNOWN_LINKS.partition("/")[0])):
        assert client.get(f"/a/guess{number}").status_code == 404
    assert client.get("/a/guess").status_code == 429
    assert client.get(invited.link).status_code == 200
    assert client.post(invited.link, data={"answer": "Good."}).status_code == 303
    elsewhere: Any = {"REMOTE_ADDR": "198.51.100.7"}
    assert client.get("/a/guess", environ_overrides=elsewhere).status_code == 404


def test_many_addresses_that_guess_together_are_limited_and_known_links_still_open(
    app: Flask, client: Browser, invited: Invited
) -> None:
    limits = app.extensions["afterword"].limits
    for _ in range(int(UNKNOWN_LINKS_OVERALL.partition("/")[0])):
        limits.count(UNKNOWN_LINKS_OVERALL, "link")
    assert client.get("/a/guess").status_code == 429
    assert client.post("/a/guess", data={"answer": "Good."}).status_code == 429
    assert client.get(invited.link).status_code == 200
    assert client.post(invited.link, data={"answer": "Good."}).status_code == 303
    assert client.post(invited.link, data={"do": "withdraw"}).status_code == 303
    assert client.get(invited.link).status_code == 200


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed"])
def test_a_link_works_whatever_became_of_its_mail(
    client: Browser, database: Database, business: Business, state: str
) -> None:
    invited = invite(database, business, state=state)
    assert "What would have been more helpful?" in _words(client.get(invited.link))
    assert client.post(invited.link, data={"answer": "Less waiting."}).status_code == 303
    with database.reading() as session:
        answer = session.scalars(select(Answer)).one()
        assert answer.question_version_id is not None
        assert answer.language == "en"


def test_pressing_twice_is_no_fault(client: Browser, database: Database, invited: Invited) -> None:
    for _ in range(2):
        assert client.post(invited.link, data={"answer": "Less waiting."}).status_code == 303
    assert _kept(database) == ["Less waiting."]


def test_a_second_answer_is_given_back_and_the_first_stays(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": "First words."})
    second = client.post(invited.link, data={"answer": "Second thoughts."})
    assert second.status_code == 409
    assert "Second thoughts." in _words(second)
    assert "First words." in _words(second)
    assert _kept(database) == ["First words."]


def test_a_used_link_shows_what_was_said_even_when_old(
    client: Browser, database: Database, business: Business
) -> None:
    invited = invite(database, business, expires_at=utc_now() + timedelta(hours=1))
    client.post(invited.link, data={"answer": "Less waiting."})
    with database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        invitation.expires_at = utc_now() - timedelta(days=1)
    assert "Less waiting." in _words(client.get(invited.link))


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 303),
        ("http://localhost", 303),
        ("http://LocalHost:80", 303),
        ("http://[", 403),
        ("https://localhost", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost:81", 403),
    ],
)
def test_a_post_from_another_site_is_refused(
    client: Browser, database: Database, invited: Invited, origin: str | None, status: int
) -> None:
    headers = {"Origin": origin} if origin else {}
    sent = client.post(invited.link, data={"answer": "Less waiting."}, headers=headers)
    assert sent.status_code == status
    assert len(_kept(database)) == (status == 303)


def test_the_page_needs_no_script_no_cookie_and_no_third_party(
    client: Browser, invited: Invited
) -> None:
    opened = client.get(invited.link)
    _is_light_and_alone(client, opened)
    client.post(invited.link, data={"answer": "Less waiting.", "may": "1"})
    for address in ("", "?change", "?take-back"):
        _is_light_and_alone(client, client.get(invited.link + address))
    client.post(invited.link, data={"do": "withdraw"})
    for address in (invited.link, "/a/unknown"):
        _is_light_and_alone(client, client.get(address))


def test_the_tick_stands_before_the_buttons_whatever_was_sent(
    client: Browser, invited: Invited
) -> None:
    again = client.post(invited.link, data={"answer": "Fine.", "nothing": "1", "may": "1"})
    for opened in (client.get(invited.link), again):
        page = opened.get_data(as_text=True)
        assert page.index("</textarea>") < page.index('name="may"') < page.index("<button")
    assert 'name="may" value="1" checked' in again.get_data(as_text=True)


def _is_light_and_alone(client: Browser, opened: TestResponse) -> None:
    page = opened.get_data(as_text=True)
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    weight = len(opened.data) + sum(_weight(client, sheet) for sheet in sheets)
    assert weight <= 15_000
    assert "<script" not in page
    assert "Set-Cookie" not in opened.headers
    assert all(address.startswith("/static/") for address in sheets)
    assert not re.search(r"https?://", page)


def _weight(client: Browser, address: str) -> int:
    with client.get(address) as opened:
        return len(opened.data)
