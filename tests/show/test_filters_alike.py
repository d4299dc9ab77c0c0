"""A filter means the same on the pages, in the export and in the API."""

import csv
import io
import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.account.actions import create_key
from survey.clock import utc_now
from survey.records import Answer, AnswerSegment, Question
from survey.records.counts import fold, rebuild
from survey.records.database import Database
from survey.records.withdrawal import hold_answer, withdraw
from tests.support.answers import fill
from tests.support.browser import Browser
from tests.support.past import give_answers
from tests.support.people import Business

pytestmark = pytest.mark.long

_LISTED = re.compile(r'class="lead">([\d,]+) answer')


@pytest.fixture
def themes(database: Database, business: Business) -> dict[str, int]:
    """Two hundred answers over a hundred days; the ids of their themes."""
    with database.writing() as session:
        _, made = fill(session, business.workspace_id, 200, utc_now().date(), days=100, seed=11)
        return made


def test_every_filter_counts_the_same_everywhere(
    app: Flask, owner: Browser, business: Business, database: Database, themes: dict[str, int]
) -> None:
    with database.writing() as session:
        question = session.scalars(select(Question.id)).one()
        key = create_key(session, business.workspace_id, "test", utc_now())
    waiting, warmth = themes["waiting"], themes["warmth"]
    bearer = {"Authorization": f"Bearer {key}"}
    seen = set()
    for query in (
        "", "days=40", f"question={question}", "question=5", "segment.Branch=Riverside",
        "channel=phone", "served_by=Sam", "language=cy", f"theme={waiting}", "theme=unsorted",
        "tone=praise", f"theme={waiting}&with={warmth}", "q=nobody", "served_by=Jo&tone=wish",
        f"with={warmth}&segment.Service=Hygienist&days=60", "theme=sorted&channel=visit",
    ):  # fmt: skip
        page = owner.get(business.at(f"answers?{query}")).get_data(as_text=True)
        counted = _LISTED.search(page)
        assert counted, query
        listed = int(counted.group(1))
        file = owner.get(business.at(f"export.csv?{query}")).get_data(as_text=True)
        rows = {row["id"] for row in csv.DictReader(io.StringIO(file.lstrip("\ufeff")))}
        told = app.test_client().get(f"/api/v1/answers?{query}&limit=200", headers=bearer)
        assert told.json is not None
        assert (len(rows), len(told.json["items"])) == (listed, listed), query
        assert owner.get(business.at(f"?{query}")).status_code == 200
        assert owner.get(business.at(f"themes/{warmth}?{query}")).status_code == 200
        seen.add(listed)
    assert len(seen) > 8


@pytest.mark.parametrize(
    "query",
    [
        "since=9999-12-31", "until=9999-12-31", "since=0001-01-01", "until=0001-01-02",
        "since=0001-01-01&until=9999-12-31", "days=36500", "since=9999-12-31&until=0001-01-01",
        "served_by=Nobody&channel=never&language=xx", "question=9223372036854775807",
    ],
)  # fmt: skip
def test_no_view_is_too_odd_for_any_page(
    app: Flask, owner: Browser, business: Business, database: Database, themes: dict[str, int],
    query: str,
) -> None:  # fmt: skip
    with database.writing() as session:  # some tool's "never", imported
        odd = session.scalars(select(Answer.id).limit(1)).one()
        session.execute(update(Answer).where(Answer.id == odd).values(answered_on=date.max))
        rebuild(session, business.workspace_id)
    for path in ("", "answers", f"themes/{themes['waiting']}", "search"):
        assert owner.get(business.at(f"{path}?{query}")).status_code == 200, path
    assert owner.get(business.at(f"export?{query}")).status_code in (200, 422)


def test_a_segment_is_not_offered_once_its_last_answer_was_taken_back(
    owner: Browser, business: Business, database: Database
) -> None:
    give_answers(database, business.workspace_id, ["Ring back.", "Sit down."])  # a branch each
    with database.writing() as session:
        fold(session)
    page = owner.get(business.at("answers")).get_data(as_text=True)
    assert all(f'<option value="{one}"' in page for one in ("Hill Street", "Mill Lane"))
    with database.writing() as session:
        there = select(AnswerSegment.answer_id).where(AnswerSegment.value == "Mill Lane")
        answer = hold_answer(session, business.workspace_id, session.scalars(there).one())
        assert answer is not None
        withdraw(session, answer, utc_now())
        fold(session)
    page = owner.get(business.at("answers")).get_data(as_text=True)
    assert '<option value="Hill Street"' in page
    assert "Mill Lane" not in page
