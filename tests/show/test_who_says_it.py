"""A theme's page: who says it, to which scale, who has no row; and what it begins with."""

import random
import re
from datetime import date
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import delete, update

from survey.clock import utc_now
from survey.records import Answer, AnswerSegment, Assignment, Link, Question
from survey.records.counts import rebuild
from survey.records.database import Database
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.people import Business

DAY = date(2026, 3, 31)
WAITED = Said((("waiting", "wish", "Twenty minutes past and nobody said a word."),))
KIND = Said((("warmth", "praise", "She rang me the day after just to ask."),))
Shop = tuple[Database, Business, str, list[int]]


@pytest.fixture
def shop(app: Flask, business: Business) -> Shop:
    """Thirty answers, every other one in a theme; the theme's address, and their ids."""
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        said = [(DAY, one) for one in (WAITED, KIND) * 15]
        ids = add_answers(session, business.workspace_id, said, run, random.Random(1))
    return database, business, business.at(f"themes/{run[1]['waiting']}"), ids


def _without_branch(shop: Shop, ids: list[int]) -> None:
    database, business, _, _ = shop
    with database.writing() as session:
        named = AnswerSegment.name == "Branch"
        session.execute(delete(AnswerSegment).where(AnswerSegment.answer_id.in_(ids), named))
        rebuild(session, business.workspace_id)


def _anonymous(shop: Shop, ids: list[int]) -> None:
    """Let answers be anonymous, as they are once let in: with no segment, and with a receipt."""
    database, business, _, _ = shop
    with database.writing() as session:
        session.execute(delete(AnswerSegment).where(AnswerSegment.answer_id.in_(ids)))
        session.execute(update(Answer).where(Answer.id.in_(ids)).values(anonymous=True))
        inside = business.workspace_id
        session.add_all(
            Link(token_sha256=one.to_bytes(32), workspace_id=inside, kind="receipt", target_id=one)
            for one in ids
        )
        rebuild(session, inside)


def _page(browser: Browser, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def _rows(
    browser: Browser, shop: Shop, segment: str, query: str = ""
) -> dict[str, tuple[int, int]]:
    """Return the rows of a segment's table: count, of how many."""
    table = _page(browser, shop[2] + query).split(f">By {segment}<")[1].split("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', table)
    plain = [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in rows]
    return {name: (int(told.split()[0]), int(told.split()[2])) for name, told in plain}


def test_the_bars_of_a_segment_stand_between_marks_for_nothing_and_for_their_largest(
    owner: Browser, shop: Shop
) -> None:
    table = _page(owner, shop[2]).split(">By Branch<")[1].split("</table>")[0]
    bars = table.count('class="whisker"')
    assert bars == 3
    assert table.count('<line x1="2%"') == table.count('<line x1="98%"') == bars
    ends = re.search(r"<tfoot>.*<span>0 %</span><span>(\d+) %</span>", table)
    assert ends is not None
    highest = max(int(one) for one in re.findall(r"–(\d+) %", table))
    assert int(ends[1]) >= highest
    drawn = _page(owner, shop[2].replace("themes/", "charts/themes/") + "/segments.svg")
    assert ">0 %<" in drawn
    assert f">{ends[1]} %<" in drawn


def test_answers_without_a_segment_have_the_last_row_and_rows_add_up(
    owner: Browser, shop: Shop
) -> None:
    assert "not given" not in _rows(owner, shop, "Branch")
    _without_branch(shop, shop[3][:7])  # four of them waited
    rows = _rows(owner, shop, "Branch")
    assert list(rows)[-1] == "not given"
    assert rows["not given"] == (4, 7)
    assert sum(of for _, of in rows.values()) == 30
    assert "not given" not in _rows(owner, shop, "Service")
    drawn = _page(owner, shop[2].replace("themes/", "charts/themes/") + "/segments.svg")
    assert "not given" in drawn


@pytest.mark.parametrize("tone", ["wish", "praise", "unclear"])
def test_in_a_view_of_one_tone_each_row_leads_to_as_many_answers(
    owner: Browser, shop: Shop, tone: str
) -> None:
    database, business, address, ids = shop
    with database.writing() as session:
        praised = update(Assignment).where(Assignment.answer_id.in_(ids[:10])).values(tone="praise")
        session.execute(praised)
        rebuild(session, business.workspace_id)
    _without_branch(shop, ids[:3])
    rows = _rows(owner, shop, "Branch", f"?tone={tone}")
    page = _page(owner, f"{address}?tone={tone}").split(">By Branch<")[1].split("</table>")[0]
    links = re.findall(r'href="([^"]+segment\.Branch=[^"]+)"', page)
    assert len(links) == len(rows) - 1, "all but what was not given"
    for link, (count, _) in zip(links, rows.values(), strict=False):
        assert _page(owner, unescape(link)).count('<li class="answer"') == count
    total = {"wish": 10, "praise": 5, "unclear": 0}[tone]
    assert sum(count for count, _ in rows.values()) == total


def test_anonymous_answers_are_counted_out_of_what_was_not_given_and_it_is_said(
    owner: Browser, shop: Shop
) -> None:
    _without_branch(shop, shop[3][:7])
    _anonymous(shop, shop[3][20:26])  # three of them waited
    rows = _rows(owner, shop, "Branch")
    assert rows["not given"] == (4, 7)
    assert sum(of for _, of in rows.values()) == 24
    told = "6 anonymous answers have no row: what is said anonymously is in no cut by segment."
    assert told in _page(owner, shop[2])


def test_where_a_value_is_kept_back_nothing_is_left_over_to_reckon_with(
    owner: Browser, shop: Shop
) -> None:
    database, business, _, ids = shop
    _without_branch(shop, ids[:7])
    _rare(database, business, ids[8])
    assert "Faraway" in _rows(owner, shop, "Branch")
    with database.writing() as session:
        session.execute(update(Question).values(anonymous=True))
    page = _page(owner, shop[2])
    assert "1 with so few answers that people might be recognised are kept back." in page
    assert "not given" not in _rows(owner, shop, "Branch")


def _rare(database: Database, business: Business, answer_id: int) -> None:
    with database.writing() as session:
        here = update(AnswerSegment).where(AnswerSegment.answer_id == answer_id)
        session.execute(here.where(AnswerSegment.name == "Branch").values(value="Faraway"))
        rebuild(session, business.workspace_id)


def test_a_themes_page_begins_with_eight_answers_and_leads_to_all_the_others(
    owner: Browser, shop: Shop
) -> None:
    page = _page(owner, f"{shop[2]}?order=newest")
    assert page.count('<li class="answer">') == 8
    more = re.search(r'<a rel="next" href="([^"]+)">More answers</a>', page)
    assert more is not None
    following = _page(owner, unescape(more[1]))
    assert following.count('<li class="answer">') == 7
    assert "More answers" not in following.replace('aria-label="More answers"', "")
    like = re.compile(r"answers/(\d+)/tone")
    assert len({*like.findall(page), *like.findall(following)}) == 15


def test_of_what_stands_beside_the_point_only_the_first_segment_is_open(
    owner: Browser, shop: Shop
) -> None:
    parts = re.findall(
        r'<details class="part"( open)?><summary><h2>([^<]+)</h2>', _page(owner, shop[2])
    )
    assert parts == [(" open", "By Branch"), ("", "By Service")]
