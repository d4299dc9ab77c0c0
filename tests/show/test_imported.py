"""The overview says which answers nobody was asked for."""

import random
import re
from datetime import date
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import text, update

from survey.clock import utc_now
from survey.records import Answer
from survey.records.counts import Counted, Measure, count
from survey.records.database import Database
from survey.records.workspaces import first_question
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.past import give_answers
from tests.support.people import Business

DAY = date(2026, 2, 3)
WAITED = Said((("waiting", "wish", "Twenty minutes past and nobody said a word."),))


@pytest.fixture
def database(app: Flask) -> Database:
    """The application's own database."""
    opened: Database = app.extensions["afterword"].database
    return opened


def _text(browser: Browser, address: str) -> str:
    page = unescape(browser.get(address).get_data(as_text=True))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_overview_says_how_many_answers_were_imported_in_the_days_in_view(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        said = [(DAY, WAITED)] * 3
        add_answers(session, business.workspace_id, said, run, random.Random(1))
    assert "imported" not in _text(owner, business.at())
    give_answers(database, business.workspace_id, [f"It was fine, number {n}." for n in range(5)])
    assert "5 of the answers were imported. Nobody was asked for them here." in _text(
        owner, business.at()
    )
    page = _text(owner, business.at("?since=2026-02-02&until=2026-02-03"))
    assert "2 of the answers were imported." in page
    with database.writing() as session:
        session.execute(
            update(Answer).where(Answer.answered_on == date(2026, 2, 2)).values(state="withdrawn")
        )
    page = _text(owner, business.at("?since=2026-02-02&until=2026-02-03"))
    assert "1 of the answers was imported. Nobody was asked for it here." in page
    assert "of the answers" not in _text(owner, business.at("?segment.branch=Hill+Street"))


def test_where_others_were_asked_it_says_that_imported_answers_are_no_part_of_them(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        question_id = first_question(session, business.workspace_id)[0]
        branch = (("branch", "Hill Street"),)
        asked = Counted(business.workspace_id, question_id, DAY, branch)
        count(session, +1, asked, [Measure("asked")])
    give_answers(database, business.workspace_id, ["It was fine.", "No parking."])
    page = _text(owner, business.at())
    assert "asked, 0 of 1 answered" in page.replace("  ", " ")
    told = "2 of the answers were imported. Nobody was asked for them here, so they are no part"
    assert told in page
    by_branch = _text(owner, business.at("?segment.branch=Hill+Street"))
    assert "Answers that were imported were never asked for here" in by_branch  # of how many: slow
    with database.reading() as session:
        if session.get_bind().dialect.name == "sqlite":
            plan = session.execute(text(
                "EXPLAIN QUERY PLAN SELECT count(*) FROM answer WHERE workspace_id = 1 "
                "AND state = 'given' AND origin = 'import' AND answered_on >= '2026-01-01'"
            )).all()  # fmt: skip
            assert "COVERING INDEX ix_answer_imported" in str(plan)
