"""An open link takes one answer a page, from anybody, and gives each a link of their own."""

import re
import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.answer.unnamed import OPEN_LINK, sums_for
from survey.ask.places import add_place, ask_anonymously, link_of_place, place_of, read_place
from survey.clock import utc_now
from survey.records import Answer, AnswerSegment, AnswerText, HeldAnswer, Question
from survey.records.counts import counts_now, fold, rebuild
from survey.records.database import Database
from survey.settings import Settings
from tests.support.browser import Browser
from tests.support.people import Business

SITE = "https://shop.example"


def _database(app: Flask) -> Database:
    found: Database = app.extensions["afterword"].database
    return found


def make_place(
    app: Flask, settings: Settings, business: Business, *, sites: str = "", anonymous: bool = False
) -> str:
    """Make a place; the path of its open link."""
    new = read_place("Counter", "Sam", "your visit", {"branch": "North"}, sites)
    with _database(app).writing() as session:
        if anonymous:
            for question_id in session.scalars(
                select(Question.id).where(Question.workspace_id == business.workspace_id)
            ):
                ask_anonymously(session, business.workspace_id, question_id, anonymous=True)
        place_id = add_place(
            session, business.workspace_id, new, secret_key=settings.secret_key, now=utc_now()
        )
        session.flush()
        place = place_of(session, business.workspace_id, place_id)
    return link_of_place(settings, place).removeprefix(settings.base_url)


@pytest.fixture
def link(app: Flask, settings: Settings, business: Business) -> str:
    return make_place(app, settings, business)


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def _open(client: Browser, link: str) -> dict[str, str]:
    opened = client.get(link)
    assert opened.status_code == 200
    return fields_of(opened.get_data(as_text=True))


def _texts(app: Flask) -> list[str]:
    with _database(app).reading() as session:
        return sorted(session.scalars(select(AnswerText.body)))


def test_anybody_may_answer_and_gets_a_link_of_their_own(
    app: Flask, client: Browser, business: Business, link: str
) -> None:
    sent = client.post(link, data={**_open(client, link), "answer": "Less waiting."})
    page = sent.get_data(as_text=True)
    assert sent.status_code == 200
    assert "Less waiting." in page
    own = re.search(r"http://localhost(/a/[\w-]{22})", page)
    assert own
    kept = client.get(own.group(1)).get_data(as_text=True)
    assert "Less waiting." in kept
    assert "can see that it is from you" not in kept
    client.post(own.group(1), data={"do": "withdraw"})
    assert _texts(app) == [""]


def test_an_answer_carries_what_its_place_is_known_by_and_counts_as_asked_by_nobody(
    app: Flask, client: Browser, business: Business, link: str
) -> None:
    client.post(link, data={**_open(client, link), "answer": "Less waiting."})
    with _database(app).writing() as session:
        answer = session.scalars(select(Answer)).one()
        assert (answer.served_by, answer.channel) == ("Sam", OPEN_LINK)
        assert session.scalars(select(AnswerSegment.value)).all() == ["North"]
        fold(session)
        session.flush()
        before = counts_now(session, business.workspace_id)
        assert "asked" not in {measure for cell in before for measure in cell if measure == "asked"}
        rebuild(session, business.workspace_id)
        assert counts_now(session, business.workspace_id) == before


def test_the_same_page_sent_again_makes_no_second_answer(
    app: Flask, client: Browser, link: str
) -> None:
    page = {**_open(client, link), "answer": "Less waiting."}
    pages = [client.post(link, data=page).get_data(as_text=True) for _ in range(3)]
    assert len(set(pages)) == 1
    assert _texts(app) == ["Less waiting."]


def test_the_same_page_sent_at_once_makes_one_answer(
    app: Flask, client: Browser, link: str
) -> None:
    page, codes = {**_open(client, link), "answer": "Less waiting."}, []
    threads = [
        threading.Thread(
            target=lambda: codes.append(app.test_client().post(link, data=page).status_code)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 4
    assert _texts(app) == ["Less waiting."]


def test_other_words_from_the_same_page_are_not_lost(
    app: Flask, client: Browser, link: str
) -> None:
    page = _open(client, link)
    client.post(link, data={**page, "answer": "Less waiting."})
    again = client.post(link, data={**page, "answer": "And parking."})
    told = again.get_data(as_text=True)
    assert again.status_code == 422
    assert "And parking." in told
    fresh = fields_of(told)
    assert fresh["own"] != page["own"]
    client.post(link, data={**fresh, "answer": "And parking."})
    assert _texts(app) == ["And parking.", "Less waiting."]


@pytest.mark.parametrize("own", ["", "short", "x" * 200, "<script>alert(1)</script>", "é" * 22])
def test_a_page_that_we_did_not_hand_out_is_given_back(
    app: Flask, client: Browser, link: str, own: str
) -> None:
    sent = client.post(link, data={"own": own, "answer": "Less waiting."})
    assert sent.status_code == 422
    assert "Less waiting." in sent.get_data(as_text=True)
    assert _texts(app) == []


def test_a_token_of_somebody_elses_cannot_be_taken_over(
    app: Flask, client: Browser, link: str
) -> None:
    theirs = _open(client, link)
    client.post(link, data={**theirs, "answer": "Theirs."})
    client.post(link, data={"own": theirs["own"], "answer": "Mine now."})
    assert _texts(app) == ["Theirs."]


def test_nothing_more_was_needed_is_one_press(app: Flask, client: Browser, link: str) -> None:
    sent = client.post(link, data={**_open(client, link), "answer": "", "nothing": "1"})
    assert "nothing more was needed" in sent.get_data(as_text=True)
    with _database(app).reading() as session:
        assert session.scalars(select(Answer.said_nothing)).all() == [True]


def test_a_closed_or_unknown_link_opens_nothing_and_gives_words_back(
    app: Flask, client: Browser, owner: Browser, business: Business, link: str
) -> None:
    page = owner.get(business.at("places")).get_data(as_text=True)
    found = re.search(r'href="(/w/[^"]+/places/\d+)"', page)
    assert found
    owner.send(found.group(1), to=f"{found.group(1)}/close")
    for gone in (link, "/o/unknown", "/o/" + "x" * 22, "/o/"):
        answer = client.post(gone, data={"answer": "My words."})
        assert (answer.status_code, "My words." in answer.get_data(as_text=True)) == (404, True)
        assert client.get(gone).status_code == 404


def test_who_comes_often_is_asked_to_add_two_numbers_and_loses_no_word(
    app: Flask, client: Browser, settings: Settings, link: str
) -> None:
    for n in range(5):
        client.post(link, data={**_open(client, link), "answer": f"Number {n}."})
    page = {**_open(client, link), "answer": "I am a person."}
    refused = client.post(link, data=page)
    told = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "I am a person." in told
    first, second = sums_for(settings.secret_key, page["own"])
    assert f"What do {first} and {second} make together?" in told
    assert client.post(link, data={**page, "sum": "5"}).status_code == 422
    assert client.post(link, data={**page, "sum": str(first + second)}).status_code == 200
    assert len(_texts(app)) == 6


def test_far_too_many_from_one_address_have_to_wait(
    app: Flask, client: Browser, settings: Settings, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.answer.open_pages.FAR_TOO_OFTEN", "2/10minutes")
    for n in range(2):
        client.post(link, data={**_open(client, link), "answer": f"Number {n}."})
    refused = client.post(link, data={**_open(client, link), "answer": "Not lost."})
    assert (refused.status_code, "Not lost." in refused.get_data(as_text=True)) == (422, True)


def test_only_the_named_sites_may_frame_the_page(
    app: Flask, client: Browser, settings: Settings, business: Business
) -> None:
    framed = make_place(app, settings, business, sites=f"{SITE}/page\nhttps://münchen.example")
    for answer in (client.get(framed), client.post(framed, data={"answer": "x"})):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.endswith(f"frame-ancestors 'self' {SITE} https://xn--mnchen-3ya.example")
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers.getlist("Content-Security-Policy") == [policy]
    for other in ("/o/unknown", "/sign-in"):
        answer = client.get(other)
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "site",
    [
        "javascript:alert(1)", "https://a.example; script-src *", "*", "https://*", "ftp://a.example",
        "https://a.example 'unsafe-inline'", "https://a.example\r\nX: y", "https://[::zz]", "http://",
    ],
)  # fmt: skip
def test_no_line_of_sites_reaches_into_the_header(
    owner: Browser, business: Business, site: str
) -> None:
    answer = owner.send(business.at("places"), name="Door", sites=site)
    assert answer.status_code == 422
    assert "like “https://shop.example”" in answer.get_data(as_text=True)


def test_a_foreign_site_cannot_send_an_answer(client: Browser, app: Flask, link: str) -> None:
    page = {**_open(client, link), "answer": "My words."}
    refused = client.post(link, data=page, headers={"Origin": "https://evil.example"})
    told = refused.get_data(as_text=True)
    assert (refused.status_code, "My words." in told) == (403, True)
    assert _texts(app) == []
    assert client.post(link, data={**fields_of(told), "answer": "My words."}).status_code == 200
    assert _texts(app) == ["My words."]


def test_an_anonymous_place_holds_the_answer_under_a_receipt(
    app: Flask, client: Browser, settings: Settings, business: Business
) -> None:
    link = make_place(app, settings, business, anonymous=True)
    page = client.get(link).get_data(as_text=True)
    assert "is not told from whom it is" in page
    sent = client.post(link, data={**fields_of(page), "answer": "Too loud."})
    found = re.search(r"http://localhost(/r/[\w-]{22})", sent.get_data(as_text=True))
    assert found
    assert "Too loud." in client.get(found.group(1)).get_data(as_text=True)
    with _database(app).reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 0
        assert session.scalars(select(HeldAnswer.body)).all() == ["Too loud."]


def test_personal_data_is_masked_before_it_is_kept(
    app: Flask, client: Browser, settings: Settings, business: Business, link: str
) -> None:
    words = "Call me at mo@example.org please."
    client.post(link, data={**_open(client, link), "answer": words})
    assert "mo@example.org" not in _texts(app)[0]


def test_the_page_and_its_style_weigh_little_and_the_snippet_less(
    client: Browser, link: str
) -> None:
    page = client.get(link).get_data()
    with client.get("/static/tokens.css") as style, client.get("/static/embed.js") as snippet:
        assert b"<script" not in page
        assert len(page) + len(style.get_data()) < 15_000
        assert len(snippet.get_data()) < 3_000
