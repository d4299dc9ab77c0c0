"""What the first pages say while answers are read, and after some were taken back."""

import random
import re
from datetime import date
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from survey.clock import utc_now
from survey.records import Run, WorkerBeat, Workspace
from survey.records.database import Database
from survey.records.withdrawal import hold_answer, withdraw
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.people import Business

DAY = date(2026, 3, 31)
KIND = Said((("warmth", "praise", "She rang me the day after just to ask."),))
WAITED = Said((("waiting", "praise", "In at nine, seen at nine."),))
NEW = Said((("", "", "Just in."),), "waiting")


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _say(database: Database, business: Business, *said: Said, beats: bool = True) -> list[int]:
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        if beats:
            session.add(WorkerBeat(name="w", beat_at=utc_now(), doing=""))
        days = [(DAY, one) for one in said]
        return add_answers(session, business.workspace_id, days, run, random.Random(1))


def _is_sample(database: Database, business: Business) -> None:
    with database.writing() as session:
        here = update(Workspace).where(Workspace.id == business.workspace_id)
        session.execute(here.values(is_sample=True, answers_changed_at=utc_now()))


def _text(browser: Browser, address: str) -> str:
    page = unescape(browser.get(address).get_data(as_text=True))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_while_many_answers_wait_the_overview_says_how_many_are_read(
    owner: Browser, business: Business, database: Database
) -> None:
    _say(database, business, *[KIND] * 12, *[NEW] * 30)
    page = _text(owner, business.at())
    assert "Still looking for themes: 12 of 42 answers read. The figures grow as you" in page
    _is_sample(database, business)
    page = _text(owner, business.at())
    assert "12 of 42 answers read. This page looks again by itself." in page
    assert "Refresh" in owner.get(business.at()).headers


def test_before_any_answer_is_read_the_overview_says_so_too(
    owner: Browser, business: Business, database: Database
) -> None:
    _say(database, business, *[NEW] * 30)
    with database.writing() as session:
        session.execute(update(Workspace).values(current_run_id=None))
    assert "Still looking for themes: 0 of 30 answers read." in _text(owner, business.at())


def test_few_new_answers_among_many_are_no_long_wait(
    owner: Browser, business: Business, database: Database
) -> None:
    _say(database, business, *[KIND] * 480, *[NEW] * 20)
    assert "20 answers are being sorted now" in _text(owner, business.at())


def test_the_samples_page_moves_on_until_it_was_searched_for_themes(
    owner: Browser, business: Business, database: Database
) -> None:
    _say(database, business, KIND, WAITED)
    _is_sample(database, business)
    assert "are now searched for themes of their own" in _text(owner, business.at())
    assert "Refresh" in owner.get(business.at()).headers
    with database.writing() as session:
        session.execute(update(Workspace).values(themes_looked_at=utc_now()))
    assert "searched for themes" not in _text(owner, business.at())
    assert "Refresh" not in owner.get(business.at()).headers


@pytest.mark.parametrize("gone", [True, False])
def test_a_page_does_not_move_on_where_nobody_works_or_the_search_failed(
    owner: Browser, business: Business, database: Database, gone: bool
) -> None:
    _say(database, business, KIND, WAITED, beats=not gone)
    _is_sample(database, business)
    if not gone:
        with database.writing() as session:
            session.execute(update(Run).values(state="failed", error="No room."))
    assert ("Sorting did not go through: No room." in _text(owner, business.at())) is not gone
    assert "Refresh" not in owner.get(business.at()).headers


def test_what_was_taken_back_is_told_beside_what_is_left(
    owner: Browser, business: Business, database: Database
) -> None:
    answers = _say(database, business, KIND, WAITED)
    assert "taken back" not in _text(owner, business.at())
    for told, left in (("1 taken back since", "1"), ("2 taken back since", "0")):
        with database.writing() as session:
            answer = hold_answer(session, business.workspace_id, answers.pop())
            assert answer is not None
            withdraw(session, answer, utc_now())
        page = _text(owner, business.at())
        assert re.search(rf"answers, {told} ?{left}\b", page)
        if left == "1":
            printed = _text(owner, business.at("print?since=2026-01-01"))
            assert "1 answer was taken back since." in printed
    assert "No answer is left" in page


def test_praise_on_the_overview_leads_to_the_praising_answers(
    owner: Browser, business: Business, database: Database
) -> None:
    _say(database, business, KIND, WAITED)
    page = owner.get(business.at()).get_data(as_text=True)
    links = re.findall(r'class="theme-name"><a href="([^"]+)"', page.split('id="h-praise"')[1])
    assert links
    assert all(link.endswith("?tone=praise") for link in links)
    assert not re.search(r'class="theme-name"><a href="[^"]+tone', page.split('id="h-praise"')[0])


def test_the_box_for_words_leads_to_the_search_by_meaning_with_words_and_filters(
    owner: Browser, business: Business, database: Database
) -> None:
    _say(database, business, KIND)
    page = owner.get(business.at("answers?q=rang+me&tone=praise")).get_data(as_text=True)
    found = re.search(r'<a href="([^"]+)">Search by meaning for “rang me”</a>', page)
    assert found
    link = unescape(found[1])
    assert link.startswith(business.at("search?"))
    assert "q=rang+me" in link.replace("%20", "+")
    assert "tone=praise" in link
    assert 'value="rang me"' in owner.get(link).get_data(as_text=True)
