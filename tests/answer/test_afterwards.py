"""The same link afterwards: change, take back, be come back to, write back, see what changed."""

import html
import re
import threading
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from survey.account.actions import create_key
from survey.clock import utc_now
from survey.records import Answer, AnswerText, ChangeNote, Message, Talk, new_id
from survey.records.database import Database
from survey.records.talks import consent_of, thread, write_letter
from survey.records.withdrawal import expire, hold_answer
from tests.support.browser import Browser
from tests.support.given import Given, give, sort_into, theme_of
from tests.support.invitations import invite
from tests.support.people import Business

FOREIGN = {"Origin": "https://evil.example"}


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def given(database: Database, business: Business) -> Given:
    return give(database, business, "Too slow.", served_by="Sam")


def _words(page: TestResponse) -> str:
    plain = re.sub(r"<[^>]+>", "", page.get_data(as_text=True))
    return " ".join(html.unescape(plain).split())


def _in_box(page: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page.get_data(as_text=True), re.S)
    assert found, _words(page)
    return html.unescape(found.group(1))


def _hidden(page: TestResponse) -> dict[str, str]:
    """The hidden fields of a page's forms, as a browser sends them along."""
    return dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.get_data(as_text=True))
    )


def _change(browser: Browser, given: Given, words: str, **more: str) -> TestResponse:
    fields = _hidden(browser.get(f"{given.link}?change"))
    return browser.post(given.link, data={**fields, "answer": words, **more})


def _kept(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AnswerText.body).order_by(AnswerText.version)))


def _reply(database: Database, business: Business, given: Given, words: str) -> None:
    with database.writing() as session:
        write_letter(session, business.workspace_id, given.id, words, utc_now(), signed="Sam")


def _letters(database: Database, business: Business, given: Given) -> list[tuple[bool, str]]:
    with database.reading() as session:
        found = thread(session, business.workspace_id, given.id)
        return [(one.from_team, one.body) for one in found]


def test_an_answer_is_changed_with_its_own_link(
    client: Browser, database: Database, given: Given
) -> None:
    assert _in_box(client.get(f"{given.link}?change")) == "Too slow."
    changed = _change(client, given, "Much too slow.")
    assert (changed.status_code, changed.location) == (303, given.link)
    words = _words(client.get(given.link))
    assert "Changed, thank you." in words
    assert re.search(
        r"You changed your answer on \w+ \d+ \w+\. This is what you say now: Much too slow\.", words
    )
    assert _kept(database) == ["", "Much too slow."]


def test_nothing_it_was_fine_has_a_way_back_and_forth(
    client: Browser, database: Database, business: Business
) -> None:
    given = give(database, business)
    assert "?change" in client.get(given.link).get_data(as_text=True)
    assert _change(client, given, "One thing after all.").status_code == 303
    assert "One thing after all." in _words(client.get(given.link))
    # The box holds what was said, so that pressing "nothing" with it is plain enough.
    assert _change(client, given, "One thing after all.", nothing="1").status_code == 303
    assert "You said that nothing more was needed." in _words(client.get(given.link))
    assert _kept(database) == ["", "", ""]


def test_new_words_with_nothing_are_asked_about(client: Browser, given: Given) -> None:
    asked = _change(client, given, "New words", nothing="1")
    assert asked.status_code == 422
    assert _in_box(asked) == "New words"
    assert _hidden(asked)["do"] == "change"


@pytest.mark.parametrize("words", ["", " \n ", "x" * 20_001])
def test_words_that_cannot_take_the_old_ones_place_come_back_whole(
    client: Browser, database: Database, given: Given, words: str
) -> None:
    again = _change(client, given, words)
    assert again.status_code == 422
    assert _in_box(again) == words
    assert _hidden(again) == {"do": "change", "seen": "1"}
    assert _kept(database) == ["Too slow."]


def test_two_windows_lose_neither_ones_words(
    client: Browser, database: Database, given: Given
) -> None:
    in_both = _hidden(client.get(f"{given.link}?change"))
    assert client.post(given.link, data={**in_both, "answer": "First window"}).status_code == 303
    second = client.post(given.link, data={**in_both, "answer": "Second window"})
    assert second.status_code == 409
    assert "First window" in _words(second)
    assert _in_box(second) == "Second window"
    assert _kept(database) == ["", "First window"]
    sent_on = client.post(given.link, data={**_hidden(second), "answer": "Second window"})
    assert sent_on.status_code == 303
    assert _kept(database) == ["", "", "Second window"]


def test_a_first_answer_from_a_second_window_can_take_the_first_ones_place(
    client: Browser, database: Database, given: Given
) -> None:
    second = client.post(given.link, data={"answer": "From the second window"})
    assert second.status_code == 409
    assert "Too slow." in _words(second)
    assert _kept(database) == ["Too slow."]
    fields = {**_hidden(second), "answer": _in_box(second)}
    assert client.post(given.link, data=fields).status_code == 303
    assert _kept(database) == ["", "From the second window"]


def test_the_same_words_again_change_nothing(
    client: Browser, database: Database, given: Given
) -> None:
    for _ in range(2):
        assert _change(client, given, "Too slow.").status_code == 303
    assert _kept(database) == ["Too slow."]


def test_an_answer_is_taken_back_in_two_presses_and_stays_so(
    client: Browser, database: Database, given: Given
) -> None:
    asked = client.get(f"{given.link}?take-back")
    assert "Too slow." in _words(asked)
    assert 'name="do" value="withdraw"' in asked.get_data(as_text=True)
    for _ in range(2):
        assert client.post(given.link, data={"do": "withdraw"}).status_code == 303
        words = _words(client.get(given.link))
        assert "You took your answer back" in words
        assert "Too slow." not in words
        assert "Hill Street Dental can still see that you were asked" in words
        assert "Your name is erased 24 months after you answered." in words
    assert _kept(database) == [""]
    for query in ("?change", "?take-back"):
        assert "You took your answer back" in _words(client.get(given.link + query))


@pytest.mark.parametrize("doing", ["", "change", "write"])
def test_words_that_come_after_taking_back_are_given_back(
    client: Browser, database: Database, given: Given, doing: str
) -> None:
    client.post(given.link, data={"do": "withdraw"})
    late = client.post(given.link, data={"do": doing, "seen": "1", "answer": "Late words"})
    assert late.status_code == 409
    assert "You took your answer back" in _words(late)
    assert "Late words" in _words(late)
    assert _kept(database) == [""]


def test_nothing_can_be_ticked_on_an_answer_that_was_taken_back(
    client: Browser, database: Database, given: Given
) -> None:
    client.post(given.link, data={"do": "withdraw"})
    ticked = client.post(
        given.link, data={"do": "come-back", "may": "1", "how": "phone", "detail": "020 7946 0018"}
    )
    assert ticked.status_code == 303
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Talk)) == 0


def test_one_may_come_back_by_mail_or_phone_until_it_is_unticked(
    client: Browser, database: Database, business: Business, given: Given
) -> None:
    def keep(**fields: str) -> tuple[bool, str, str | None]:
        sent = client.post(given.link, data={"do": "come-back", **fields})
        assert sent.status_code == 303, _words(sent)
        with database.reading() as session:
            consent = consent_of(session, business.workspace_id, given.id)
        return consent.given, consent.how, consent.detail

    assert keep(may="1", how="mail", detail="") == (True, "mail", None)
    assert keep(may="1", how="mail", detail=" mo@work.example ")[2] == "mo@work.example"
    assert keep(may="1", how="phone", detail="+44 20 7946 0018")[1:] == (
        "phone",
        "+44 20 7946 0018",
    )
    assert "+44 20 7946 0018" in client.get(given.link).get_data(as_text=True)
    assert keep(how="phone", detail="+44 20 7946 0018") == (False, "mail", None)


@pytest.mark.parametrize(
    ("how", "detail"),
    [("phone", ""), ("phone", "call me"), ("mail", "mo@"), ("mail", "x" * 300 + "@example.org")],
)
def test_a_number_or_address_that_leads_nowhere_comes_back_with_a_word(
    client: Browser, database: Database, given: Given, how: str, detail: str
) -> None:
    sent = client.post(
        given.link, data={"do": "come-back", "may": "1", "how": how, "detail": detail}
    )
    assert sent.status_code == 422
    page = sent.get_data(as_text=True)
    assert f'name="detail" dir="auto" maxlength="254" autocomplete="off" value="{detail}"' in page
    assert re.search(rf'value="{how}" checked', page)
    assert "alert" in page
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Talk)) == 0


def test_the_tick_on_the_first_page_goes_along_with_the_answer(
    client: Browser, database: Database, business: Business
) -> None:
    invited = invite(database, business)
    blank = client.post(invited.link, data={"answer": "", "may": "1"})
    assert 'name="may" value="1" checked' in blank.get_data(as_text=True)
    assert client.post(invited.link, data={"answer": "Slow.", "may": "1"}).status_code == 303
    with database.reading() as session:
        talk = session.scalars(select(Talk)).one()
        assert (talk.may_come_back, talk.how, talk.detail) == (True, "mail", None)
    assert 'name="may" value="1" checked' in client.get(invited.link).get_data(as_text=True)


def test_a_reply_is_read_and_written_back_to(
    client: Browser, database: Database, business: Business, given: Given
) -> None:
    assert "Write back" not in _words(client.get(given.link))
    _reply(database, business, given, "We now ring when we run late. <Sam>")
    words = _words(client.get(given.link))
    assert "Sam wrote back" in words
    assert "We now ring when we run late. <Sam>" in words
    fields = {**_hidden(client.get(given.link)), "answer": "Thank you, Sam."}
    assert client.post(given.link, data=fields).status_code == 303
    assert "Your letter is on its way to Hill Street Dental." in _words(client.get(given.link))
    assert _letters(database, business, given)[1:] == [(False, "Thank you, Sam.")]


def test_a_letter_sent_twice_is_one_letter_and_the_same_words_later_another(
    client: Browser, database: Database, business: Business, given: Given
) -> None:
    _reply(database, business, given, "Sorry.")
    fields = {**_hidden(client.get(given.link)), "answer": "Thank you."}
    for _ in range(2):
        assert client.post(given.link, data=fields).status_code == 303
    assert len(_letters(database, business, given)) == 2
    _reply(database, business, given, "Anything else?")
    assert client.post(given.link, data=fields).status_code == 303  # a replay of the first
    assert len(_letters(database, business, given)) == 3
    again = {**_hidden(client.get(given.link)), "answer": "Thank you."}
    assert client.post(given.link, data=again).status_code == 303
    assert len(_letters(database, business, given)) == 4


@pytest.mark.parametrize("words", ["", "y" * 20_001])
def test_a_letter_that_cannot_be_sent_comes_back_whole(
    client: Browser, database: Database, business: Business, given: Given, words: str
) -> None:
    _reply(database, business, given, "Sorry.")
    sent = client.post(given.link, data={"do": "write", "seen": "1", "answer": words})
    assert sent.status_code == 422
    assert _in_box(sent) == words
    assert len(_letters(database, business, given)) == 1


def test_what_changed_is_told_to_those_who_are_in_it_and_only_since_they_spoke(
    client: Browser, database: Database, business: Business, elsewhere: Business, given: Given
) -> None:
    theme = theme_of(database, business, "Waiting")
    other = give(database, business, "Dear.")
    foreign = give(database, elsewhere, "Slow, too.")
    sort_into(database, business, theme, given)
    today = utc_now().date()
    with database.writing() as session:
        for words, on, about in (
            ("A second chair on Mondays.", today, {"theme_id": theme}),
            ("An old change.", today - timedelta(days=9), {"theme_id": theme}),
            ("Your crown is free.", today, {"answer_id": given.id}),
        ):
            session.add(_note(business, words, on, about))
    words = _words(client.get(given.link))
    assert "What has changed since" in words
    assert "A second chair on Mondays." in words
    assert "Your crown is free." in words
    assert "An old change." not in words
    for link in (other.link, foreign.link):
        assert "changed since" not in _words(client.get(link))


def _note(business: Business, words: str, on: date, about: dict[str, int]) -> ChangeNote:
    return ChangeNote(
        workspace_id=business.workspace_id, id=new_id(), body=words, signed="Sam",
        noted_at=utc_now(), noted_on=on, **about,
    )  # fmt: skip


def test_an_answer_that_went_with_age_says_so(
    client: Browser, database: Database, business: Business, given: Given
) -> None:
    with database.writing() as session:
        answer = hold_answer(session, business.workspace_id, given.id)
        assert answer is not None
        expire(session, answer, utc_now(), utc_now().date())
    words = _words(client.get(given.link))
    assert "Your answer is no longer kept" in words
    assert "Mo" not in words
    assert client.post(given.link, data={"answer": "Late words"}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"answer": ""}, {"answer": " ", "do": "change"}, {"x": "1"}])
def test_a_scanner_that_posts_an_empty_form_changes_nothing(
    client: Browser, database: Database, business: Business, given: Given, body: dict[str, str]
) -> None:
    _reply(database, business, given, "Sorry.")
    before = _everything(database)
    client.post(given.link, data=body)
    client.post(given.link, data={**_hidden(client.get(given.link)), **body})
    assert _everything(database) == before


def _everything(database: Database) -> list[Any]:
    with database.reading() as session:
        return [
            sorted(repr(tuple(row)) for row in session.execute(select(record.__table__)))
            for record in (Answer, AnswerText, Message, Talk)
        ]


AGENTS = ("", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "Googlebot/2.1", "curl/8")


def test_scanners_and_previews_read_the_same_pages_and_change_nothing(
    client: Browser, database: Database, business: Business, given: Given
) -> None:
    _reply(database, business, given, "Sorry.")
    asked = invite(database, business, served_by="Sam")
    before = _everything(database)
    for address in (asked.link, given.link, f"{given.link}?change", f"{given.link}?take-back"):
        seen = {client.get(address, headers={"User-Agent": agent}).get_data() for agent in AGENTS}
        assert len(seen) == 1
        assert client.head(address).status_code == 200
        assert client.open(address, method="OPTIONS").status_code == 200
    assert _everything(database) == before


def test_what_was_taken_back_leaves_files_pages_and_programs(
    client: Browser, owner: Browser, database: Database, business: Business, given: Given
) -> None:
    key = _key(database, business)
    places = (business.at("answers"), business.at("export.csv"), business.at(""))
    assert all("Too slow." in owner.get(place).get_data(as_text=True) for place in places[:2])
    assert "Too slow." in client.get("/api/v1/answers", headers=key).get_data(as_text=True)
    client.post(given.link, data={"do": "withdraw"})
    assert not any("Too slow." in owner.get(place).get_data(as_text=True) for place in places)
    assert "Too slow." not in client.get("/api/v1/answers", headers=key).get_data(as_text=True)


def _key(database: Database, business: Business) -> dict[str, str]:
    with database.writing() as session:
        key = create_key(session, business.workspace_id, "till", utc_now())
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.parametrize("doing", ["", "change", "write", "come-back", "withdraw"])
def test_what_another_site_sends_is_not_done_and_nothing_of_it_is_lost(
    client: Browser, database: Database, business: Business, given: Given, doing: str, origin: str
) -> None:
    before = _everything(database)
    fields = {"do": doing, "seen": "1", "answer": "My words", "may": "1", "detail": "mo@x.example"}
    sent = client.post(given.link, data=fields, headers={"Origin": origin})
    assert sent.status_code == 403
    assert _everything(database) == before
    page = sent.get_data(as_text=True)
    if doing not in ("come-back", "withdraw"):
        assert _in_box(sent) == "My words"
    kept = _hidden(sent)
    assert kept.get("do", "") == doing
    assert (kept["may"], kept["detail"]) == ("1", "mo@x.example")
    assert "<button" in page


def test_another_sites_post_to_an_unknown_link_learns_nothing(client: Browser) -> None:
    sent = client.post("/a/nobody", data={"answer": "My words"}, headers=FOREIGN)
    assert sent.status_code == 403
    assert _in_box(sent) == "My words"
    countless = b"a=1&" * 5000
    kind = "application/x-www-form-urlencoded"
    again = client.post("/a/x", data=countless, content_type=kind, headers=FOREIGN)
    assert again.status_code == 403


def test_double_presses_at_the_same_moment_do_each_thing_once(
    app: Flask, database: Database, business: Business
) -> None:
    answers = [give(database, business, f"Words {n}") for n in range(6)]
    for one in answers:
        _reply(database, business, one, "Sorry.")
    statuses: list[int] = []
    ready = threading.Barrier(4)

    def press() -> None:
        browser = app.test_client()
        for number, one in enumerate(answers):
            fields = (
                {"do": "write", "seen": "1", "answer": "Thanks."},
                {"do": "change", "seen": "1", "answer": "Better words"},
                {"do": "withdraw"},
            )[number % 3]
            ready.wait()
            statuses.append(browser.post(one.link, data=fields).status_code)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread_ in threads:
        thread_.start()
    for thread_ in threads:
        thread_.join()
    assert statuses == [303] * 24
    with database.reading() as session:
        mine = [len(thread(session, business.workspace_id, one.id)) for one in answers]
        versions = [
            session.get_one(Answer, (business.workspace_id, one.id)).version for one in answers
        ]
        states = [session.get_one(Answer, (business.workspace_id, one.id)).state for one in answers]
    assert mine == [2, 1, 0, 2, 1, 0]
    assert versions == [1, 2, 1, 1, 2, 1]
    assert states == ["given", "given", "withdrawn"] * 2
