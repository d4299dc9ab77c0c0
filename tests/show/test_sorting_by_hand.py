"""Answers picked from a list: any theme may take them, and one comes back to that list."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from survey.records import Assignment, Theme
from tests.show.test_ledger_pages import Scene, fields, plain, scene, text
from tests.support.browser import Browser

__all__ = ["scene"]


def chosen(scene: Scene, do: str, to: str = "", **more: str) -> str:
    """Return the plan that the picking form would lead to, of answers without a theme."""
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    to_id = scene.themes[to] if to else ""
    view = more.pop("theme", "unsorted")
    return scene.business.at(f"pick/plan?theme={view}&do={do}&to={to_id}{rest}")


def test_answers_that_fit_no_theme_may_go_to_every_theme_or_a_new_one(
    teammate: Browser, scene: Scene
) -> None:
    page = teammate.get(scene.business.at("pick?theme=unsorted")).get_data(as_text=True)
    offered = set(re.findall(r'<option value="(\d+)"', page))
    with scene.database.reading() as session:
        assert offered == {str(one) for one in session.scalars(select(Theme.id))}
    assert "A theme that is there" in page
    assert '<button name="do" value="only">Move there</button>' in page
    assert "Make a theme of them" in page
    assert "Put in there, too" not in page  # they are in no theme where they could stay
    mixed = teammate.get(scene.business.at("pick")).get_data(as_text=True)
    assert '<button name="do" value="only">Move there</button>' in mixed
    assert "Put in there, too" in mixed


@pytest.mark.parametrize("view", ["theme=unsorted", "q=maze&theme=unsorted", "days=36500"])
def test_what_is_done_by_hand_leads_back_to_the_list_says_what_and_offers_to_undo(
    teammate: Browser, scene: Scene, view: str
) -> None:
    lost, warmth = scene.answers[4], scene.themes["warmth"]
    lists = scene.business.at(f"pick?{view}")
    plan = scene.business.at(f"pick/plan?{view}&do=only&to={warmth}&answer={lost}")
    told = teammate.get(plan).get_data(as_text=True)
    assert "1 answer would come into “Warmth”. Every later sorting keeps it there." in plain(told)
    again = re.search(r'<a href="([^"]+)">Pick again</a>', told)
    assert again is not None
    done = teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
    assert done.location == unescape(again[1]) == lists
    after = teammate.get(lists).get_data(as_text=True)
    undo = f'<a href="{scene.business.at(f"ledger/{scene.last_step()}/undo")}">Undo it</a>'
    assert f"Done: 1 answer moved to “Warmth”. {undo}" in after
    assert lost in scene.members(warmth)
    assert scene.counts_agree()
    teammate.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))
    assert lost not in scene.members(warmth)


def test_a_new_theme_of_them_is_named_in_what_was_done(teammate: Browser, scene: Scene) -> None:
    plan = chosen(scene, "new", name="Parking", answer=str(scene.answers[4]))
    done = teammate.post(
        scene.business.at("pick"), data=fields(teammate, plan) | {"name": " Car   park "}
    )
    assert "Done: 1 answer moved to “Car park”." in text(teammate, done.location)


def test_moving_takes_answers_out_of_their_other_themes_in_one_step(
    teammate: Browser, scene: Scene
) -> None:
    waiting, warmth = scene.themes["waiting"], scene.themes["warmth"]
    before = {one: scene.members(one) for one in (waiting, warmth)}
    waited, _, both, _, lost = scene.answers
    picked = f"answer={waited}&answer={both}&answer={lost}"
    plan = scene.business.at(f"pick/plan?do=only&to={warmth}&{picked}")
    told = text(teammate, plan)
    assert "2 answers would come into “Warmth”; 1 is there already." in told
    assert "2 of them would leave other themes." in told
    assert told.split("Which answers")[1].count("· now: ") == 3
    teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
    assert scene.members(waiting) == before[waiting] - {waited, both}
    assert scene.members(warmth) == before[warmth] | {waited, lost}
    assert scene.counts_agree()
    with scene.database.reading() as session:  # who was there keeps the clause that said so
        kept = session.scalars(select(Assignment).where(Assignment.answer_id == both)).one()
        assert (kept.start is None, kept.tone) == (False, "praise")
    ledger = text(teammate, scene.business.at("ledger"))
    assert "put 3 answers into “Warmth” and took 2 out of other themes" in ledger
    teammate.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))
    assert {one: scene.members(one) for one in (waiting, warmth)} == before
    assert scene.counts_agree()


def test_a_step_without_its_theme_keeps_list_and_ticks(teammate: Browser, scene: Scene) -> None:
    lost = scene.answers[4]
    sent = teammate.get(chosen(scene, "only", answer=str(lost)))
    assert sent.location == scene.business.at(f"pick?theme=unsorted&answer={lost}")
    page = teammate.get(sent.location).get_data(as_text=True)
    assert "Please choose the theme they are to go to." in page
    assert f'value="{lost}" checked>' in page
    assert page.count(" checked>") == 1


def test_a_page_that_is_empty_by_now_shows_the_first(teammate: Browser, scene: Scene) -> None:
    for after in ("2020-01-01.1", "nonsense"):
        page = text(teammate, scene.business.at(f"pick?after={after}"))
        assert "The car park is a maze." in page
        assert "Back to the first answers" not in page


def test_a_plan_that_is_shown_again_still_knows_the_list(teammate: Browser, scene: Scene) -> None:
    plan = chosen(scene, "new", name="Warmth", answer=str(scene.answers[4]))
    refused = teammate.post(scene.business.at("pick"), data=fields(teammate, plan) | {"name": ""})
    assert refused.status_code == 422
    back = unescape(refused.get_data(as_text=True))
    assert f'href="{scene.business.at("pick?theme=unsorted")}">Pick again' in back
    elsewhere = fields(teammate, plan) | {"name": "", "back": "https://example.org/"}
    refused = teammate.post(scene.business.at("pick"), data=elsewhere)
    assert 'example.org/"' not in refused.get_data(as_text=True)


def test_the_picking_page_leads_back_to_the_list_it_picks_from(
    teammate: Browser, scene: Scene
) -> None:
    page = unescape(
        teammate.get(scene.business.at("pick?q=maze&theme=unsorted")).get_data(as_text=True)
    )
    assert "1 answer from “Fits no theme yet”." in plain(page)
    there = scene.business.at("answers?q=maze&theme=unsorted")
    assert f'<a href="{there}">Back to the list</a>' in page
