"""The map shows the answers of a view, no other, and says the same as a table."""

import json
import random
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from survey.records import Answer, AnswerSegment, MapLayout, MapPlace, Theme
from survey.records.database import Database
from survey.records.mapping import SIDE
from survey.records.withdrawal import hold_answer, withdraw
from survey.show.map_names import placed_names
from survey.show.map_queries import Points
from tests.support.answers import fill
from tests.support.browser import Browser
from tests.support.people import Business

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@dataclass
class Read:
    """Points as the page's script reads them."""

    head: dict[str, Any]
    ids: list[int]
    xs: list[int]
    ys: list[int]
    themes: list[int]
    tones: list[int]


def read(body: bytes) -> Read:
    length = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + length])
    at, n, found = 4 + length, head["points"], []
    assert at % 8 == 0
    for kind in "QHHHB":
        part = array(kind)
        part.frombytes(body[at : at + n * part.itemsize])
        at += n * part.itemsize
        found.append(list(part))
    assert at == len(body)
    return Read(head, *found)


def lay_out(database: Database, business: Business, run_id: int, themes: dict[str, int]) -> None:
    """Put every answer of a workspace somewhere, as the worker would."""
    dice = random.Random(3)
    with database.writing() as session:
        session.add(
            MapLayout(
                workspace_id=business.workspace_id, id=5, state="current", model_digest="m",
                run_id=run_id, fitted_on=1, begun_at=NOW, shape=b"",
                centres={str(key): [n * 999, 7] for n, key in enumerate(themes.values())},
            )
        )  # fmt: skip
        session.flush()
        ids = session.scalars(
            select(Answer.id).where(Answer.workspace_id == business.workspace_id)
        ).all()
        session.execute(
            insert(MapPlace),
            [
                {
                    "workspace_id": business.workspace_id, "layout_id": 5, "answer_id": one,
                    "spot": dice.randrange(SIDE) * SIDE + dice.randrange(SIDE),
                }
                for one in ids
            ],
        )  # fmt: skip


@dataclass
class Laid:
    """A business with a map."""

    database: Database
    business: Business
    themes: dict[str, int]

    def points(self, browser: Browser, query: str = "") -> Read:
        answer = browser.get(self.business.at(f"map/points{query}"))
        assert answer.status_code == 200
        return read(answer.get_data())

    def page(self, browser: Browser, query: str = "") -> str:
        return browser.get(self.business.at(f"map{query}")).get_data(as_text=True)


@pytest.fixture
def laid(app: Flask, business: Business) -> Laid:
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        run_id, themes = fill(session, business.workspace_id, 120, NOW.date())
    lay_out(database, business, run_id, themes)
    return Laid(database, business, themes)


def test_the_points_are_the_answers_in_view(owner: Browser, laid: Laid) -> None:
    everything = laid.points(owner)
    assert everything.head["points"] == len(set(everything.ids)) == 120
    assert max(everything.tones) <= 3
    with laid.database.writing() as session:
        found = select(AnswerSegment.answer_id).where(AnswerSegment.value == "Riverside")
        here = set(session.scalars(found))
        lost = min(here)
        session.execute(update(Answer).where(Answer.id == lost).values(state="withdrawn"))
    riverside = laid.points(owner, "?segment.Branch=Riverside")
    assert set(riverside.ids) == here - {lost}
    waiting = laid.points(owner, f"?theme={laid.themes['waiting']}")
    assert {waiting.head["themes"][n][1] for n in waiting.themes} == {"Waiting"}
    assert laid.points(owner, "?since=9999-01-01").ids == []


def test_points_are_asked_for_again_only_when_something_has_changed(
    owner: Browser, laid: Laid
) -> None:
    address = laid.business.at("map/points")
    first = owner.get(address)
    etag = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert owner.get(address).get_data() == first.get_data()
    again = owner.get(address, headers=etag)
    assert (again.status_code, again.get_data()) == (304, b"")
    assert owner.get(f"{address}?days=7", headers=etag).status_code == 200
    lost = read(first.get_data()).ids[0]
    with laid.database.writing() as session:
        answer = hold_answer(session, laid.business.workspace_id, lost)
        assert answer is not None
        withdraw(session, answer, NOW)
    withdrawn = owner.get(address, headers=etag)
    assert lost not in read(withdrawn.get_data()).ids
    etag["If-None-Match"] = withdrawn.headers["ETag"]
    rename = laid.business.at(f"themes/{laid.themes['waiting']}/rename")
    assert owner.send(rename, name="The waiting room").status_code == 303
    renamed = read(owner.get(address, headers=etag).get_data())
    assert "The waiting room" in dict(renamed.head["themes"]).values()


def test_anonymous_answers_are_on_no_map_of_a_segment(owner: Browser, laid: Laid) -> None:
    with laid.database.writing() as session:
        found = select(AnswerSegment.answer_id).where(AnswerSegment.value == "Riverside")
        one = min(session.scalars(found))
        session.execute(update(Answer).where(Answer.id == one).values(anonymous=True))
    assert one in laid.points(owner).ids
    assert one not in laid.points(owner, "?segment.Branch=Riverside").ids
    read_here = owner.get(laid.business.at(f"map/answers?segment.Branch=Riverside&ids={one}"))
    assert "<li" not in read_here.get_data(as_text=True)


def test_nobody_elses_answers_can_be_read_by_their_ids(
    owner: Browser, outsider: Browser, elsewhere: Business, laid: Laid
) -> None:
    one = laid.points(owner).ids[0]
    mine = owner.get(laid.business.at(f"map/answers?ids={one}")).get_data(as_text=True)
    theirs = outsider.get(elsewhere.at(f"map/answers?ids={one}")).get_data(as_text=True)
    assert mine.count("<li") == 1
    assert "<li" not in theirs
    assert outsider.get(laid.business.at("map/points")).status_code == 404
    assert read(outsider.get(elsewhere.at("map/points")).get_data()).ids == []


@pytest.mark.parametrize("ids", ["", "x", "-1", "1e3", "9" * 30, "1," * 5000, "٣", "%00", "1;drop"])
def test_ids_that_are_none_give_no_answer_and_no_error(
    owner: Browser, laid: Laid, ids: str
) -> None:
    answer = owner.get(laid.business.at(f"map/answers?ids={ids}"))
    assert answer.status_code == 200
    assert "<li" not in answer.get_data(as_text=True)


def test_the_table_says_what_the_map_says(owner: Browser, laid: Laid) -> None:
    with laid.database.writing() as session:
        name = "<img src=x onerror=alert(1)> & Waiting"
        where = Theme.id == laid.themes["waiting"]
        session.execute(update(Theme).where(where).values(name=name))
    page = laid.page(owner)
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; Waiting" in page
    assert "<img src=x" not in page
    assert f'data-theme="{laid.themes["waiting"]}"' in page
    assert "Lies near" in page
    assert "needs JavaScript" in page
    assert "No answers in this view" in laid.page(owner, "?since=9999-01-01")


def test_before_there_is_a_map_the_table_is_there(owner: Browser, laid: Laid) -> None:
    with laid.database.writing() as session:
        session.execute(update(MapLayout).values(state="filling"))
    page = laid.page(owner)
    assert "being drawn for the first time" in page
    assert "map-table" in page
    assert laid.points(owner).ids == []


def test_an_empty_workspace_has_an_empty_map(outsider: Browser, elsewhere: Business) -> None:
    page = outsider.get(elsewhere.at("map")).get_data(as_text=True)
    assert "The map grows as answers come in" in page


def test_the_largest_themes_are_named_on_a_drawn_map_and_no_name_covers_another() -> None:
    dice = random.Random(4)
    clouds = [(dice.randrange(SIDE), dice.randrange(SIDE), 60 - 2 * n) for n in range(25)]
    dots = [
        (
            min(SIDE - 1, max(0, int(dice.gauss(x, 3000)))),
            min(SIDE - 1, max(0, int(dice.gauss(y, 3000)))),
            n,
        )
        for n, (x, y, many) in enumerate(clouds)
        for _ in range(many)
    ]
    xs, ys, themes = (array("H", column) for column in zip(*dots, strict=True))
    names = tuple((str(n), f"Theme {n} " + "with a long name " * (n % 9)) for n in range(25))
    points = Points(
        array("Q", range(len(dots))), xs, ys, themes, array("B", bytes(len(dots))), names
    )
    labels = placed_names(points, 900, 594)
    assert [one.words.split()[1] for one in labels[:12]] == [str(n) for n in range(12)]
    for number, one in enumerate(labels):
        assert one.wide <= one.x <= 900 - one.wide
        assert one.high <= one.y <= 594 - one.high
        for other in labels[:number]:
            beside = abs(one.x - other.x) >= one.wide + other.wide
            assert beside or abs(one.y - other.y) >= one.high + other.high
