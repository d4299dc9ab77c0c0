"""For a meeting: a page to print and every chart as an SVG that stands by itself."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import update

from survey.records import Theme
from survey.records.database import Database
from tests.show.test_map import Laid, lay_out
from tests.support.answers import fill
from tests.support.browser import Browser
from tests.support.people import Business

TODAY = datetime(2026, 11, 16, tzinfo=UTC).date()
SHAPES = {"svg", "title", "rect", "text", "g", "path", "polygon", "polyline", "circle"}
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'Waiting <script>alert(1)</script> & "so on" \x0b ]]>' + "x" * 10_000


@pytest.fixture
def laid(app: Flask, business: Business) -> Laid:
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        run_id, themes = fill(session, business.workspace_id, 300, TODAY)
        where = update(Theme).where(Theme.id == themes["waiting"])
        session.execute(where.values(name=HOSTILE))
    lay_out(database, business, run_id, themes)
    return Laid(database, business, themes)


def _drawn(browser: Browser, laid: Laid, path: str) -> ET.Element:
    answer = browser.get(laid.business.at(path))
    assert answer.status_code == 200, path
    assert answer.content_type.startswith("image/svg+xml")
    body = answer.get_data(as_text=True)
    sheet = ET.fromstring(body)
    assert {one.tag.removeprefix(SVG) for one in sheet.iter()} <= SHAPES
    names = {name for one in sheet.iter() for name in one.attrib}
    assert not any(name.startswith("on") or name in ("style", "href") for name in names)
    assert "nan" not in body
    return sheet


def test_a_trend_of_praise_alone_has_the_name_above_praise(owner: Browser, laid: Laid) -> None:
    theme_id = laid.themes["waiting"]
    with laid.database.writing() as session:
        where = update(Theme).where(Theme.id == theme_id)
        session.execute(where.values(name="Being kept waiting"))
    for asked, name in (("?tone=praise", "Being seen on time"), ("", "Being kept waiting")):
        drawn = _drawn(owner, laid, f"charts/themes/{theme_id}/trend.svg{asked}")
        assert name in [one.text for one in drawn.iter(SVG + "text")]


def test_every_chart_is_a_file_of_its_own_whatever_a_theme_is_called(
    owner: Browser, outsider: Browser, laid: Laid
) -> None:
    theme = f"charts/themes/{laid.themes['waiting']}"
    bars = _drawn(owner, laid, "charts/themes.svg")
    assert any("Waiting <script>" in (one.text or "") for one in bars.iter(SVG + "text"))
    assert len(list(bars.iter(SVG + "rect"))) > 5
    trend = _drawn(owner, laid, f"{theme}/trend.svg")
    assert len(list(trend.iter(SVG + "circle"))) > 5
    segments = _drawn(owner, laid, f"{theme}/segments.svg")
    assert any(one.text == "Riverside" for one in segments.iter(SVG + "text"))
    dots = _drawn(owner, laid, "charts/map.svg")
    assert sum((one.get("d") or "").count("M") for one in dots.iter(SVG + "path")) > 250
    _drawn(owner, laid, "charts/themes.svg?segment.Branch=Riverside&days=90")
    for path in ("charts/themes.svg", "charts/map.svg", f"{theme}/trend.svg"):
        assert outsider.get(laid.business.at(path)).status_code == 404


def test_what_there_is_nothing_to_draw_of_is_said_in_words(
    owner: Browser, outsider: Browser, elsewhere: Business, laid: Laid
) -> None:
    for path in ("charts/themes.svg", "charts/map.svg"):
        answer = owner.get(laid.business.at(f"{path}?since=9999-01-01"))
        assert answer.status_code == 404
        assert outsider.get(elsewhere.at(path)).status_code == 404
    assert owner.get(laid.business.at("charts/themes/7/trend.svg")).status_code == 404
    assert outsider.get(elsewhere.at("print")).status_code == 200


def test_the_page_to_print_says_what_the_overview_says(owner: Browser, laid: Laid) -> None:
    page = owner.get(laid.business.at("print")).get_data(as_text=True)
    assert "300 answers" in page
    assert "What would have been more helpful" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    (said,) = re.findall(r"300 answers\. (Of the [^<]+?\.) *</p>", page)
    saying, placed, unplaced, *others = map(int, re.findall(r"\d+(?!\xa0%)\b", said))
    assert placed + unplaced == saying
    assert saying + sum(others) == 300
    overview = owner.get(laid.business.at()).get_data(as_text=True)
    assert said in re.sub(r"<[^>]+>", "", overview)
    shares = re.findall(r'<td class="number paper-share">(\d+) of 300, <strong>(.+?) %<', page)
    assert shares
    assert all(round(100 * int(count) / 300) == int(said) for count, said in shares)
    narrowed = owner.get(laid.business.at("print?segment.Branch=Riverside"))
    assert "Branch: Riverside" in narrowed.get_data(as_text=True)
    nothing = owner.get(laid.business.at("print?since=9999-01-01")).get_data(as_text=True)
    assert "No answers in this view" in nothing


def test_a_new_workspace_is_told_that_there_is_nothing_to_print_yet(
    owner: Browser, business: Business
) -> None:
    page = owner.get(business.at("print")).get_data(as_text=True)
    assert "No answers yet" in page
    assert f'href="{business.at("ask")}"' in page
    assert "See everything" not in page
