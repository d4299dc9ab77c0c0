"""What a person made is not said to be found: not after a split, nor of picked answers."""

import pytest
from sqlalchemy import select, update

from survey.records import Run, Theme
from tests.show.test_ledger_pages import Scene, fields, scene, text
from tests.support.browser import Browser

__all__ = ["scene"]
FOUND = "Found in your answers: they say alike things, and no theme of the book covers them."


@pytest.fixture
def found(scene: Scene) -> Scene:
    """The same, where “Waiting” was found by a run."""
    with scene.database.writing() as session:
        run_id = session.scalars(select(Run.id)).one()
        where = update(Theme).where(Theme.id == scene.themes["waiting"])
        session.execute(where.values(origin="found", definition="", run_id=run_id, key=None))
    return scene


def split(browser: Browser, scene: Scene, name: str, answer: int) -> int:
    """Split an answer off “Waiting” by hand; return the new theme."""
    waiting = scene.themes["waiting"]
    plan = scene.business.at(f"pick/plan?theme={waiting}&do=split&name={name}&answer={answer}")
    browser.post(scene.business.at("pick"), data=fields(browser, plan) | {"name": name})
    with scene.database.reading() as session:
        return session.scalars(select(Theme.id).where(Theme.name == name)).one()


def test_a_found_theme_and_what_a_person_split_off_it_say_so(
    teammate: Browser, found: Scene
) -> None:
    assert FOUND in text(teammate, found.at("waiting"))
    queues = split(teammate, found, "Queues", found.answers[0])
    page = found.business.at(f"themes/{queues}")
    assert "Split off Waiting by hand on " in text(teammate, page)
    assert "Found in your answers" not in text(teammate, page)
    rest = text(teammate, found.at("waiting"))
    assert FOUND not in rest
    assert "Queues was split off it by hand on " in rest
    late = split(teammate, found, "Late", found.answers[1])
    assert "Queues and Late were split off it by hand, last on" in text(
        teammate, found.at("waiting")
    )
    assert f'href="{found.business.at(f"themes/{late}")}"><bdi>Late</bdi></a>' in teammate.get(
        found.at("waiting")
    ).get_data(as_text=True)


def test_a_found_theme_does_not_quote_what_may_have_left_it(
    teammate: Browser, found: Scene
) -> None:
    quoting = "Answers like “Twenty minutes past and nobody said a word.”"
    with found.database.writing() as session:
        where = update(Theme).where(Theme.id == found.themes["waiting"])
        session.execute(where.values(definition=quoting))
    assert "Answers like “Twenty" in text(teammate, found.at("waiting"))
    split(teammate, found, "Queues", found.answers[0])
    rest = text(teammate, found.at("waiting"))
    assert "Found in your answers, which said alike things" in rest
    assert "Answers like “Twenty" not in rest


def test_a_split_that_was_undone_is_not_told(teammate: Browser, found: Scene) -> None:
    split(teammate, found, "Queues", found.answers[0])
    teammate.send(found.business.at(f"ledger/{found.last_step()}/undo"))
    assert FOUND in text(teammate, found.at("waiting"))


def test_a_theme_of_the_book_keeps_its_sentence_and_tells_of_the_split(
    teammate: Browser, scene: Scene
) -> None:
    with scene.database.writing() as session:
        where = update(Theme).where(Theme.id == scene.themes["waiting"])
        session.execute(where.values(definition="Being kept waiting."))
    split(teammate, scene, "Queues", scene.answers[0])
    told = text(teammate, scene.at("waiting"))
    assert "Being kept waiting. Queues was split off it by hand" in told


def test_a_theme_of_picked_answers_is_made_by_hand_wherever_it_stands(
    teammate: Browser, scene: Scene
) -> None:
    plan = scene.business.at(f"pick/plan?do=new&name=Parking&answer={scene.answers[4]}")
    teammate.post(scene.business.at("pick"), data=fields(teammate, plan) | {"name": "Parking"})
    with scene.database.reading() as session:
        made = session.scalars(select(Theme.id).where(Theme.name == "Parking")).one()
    page = text(teammate, scene.business.at(f"themes/{made}"))
    assert "Made by hand on " in page
    assert "Found in your answers" not in page
    for where in ("", "print"):
        told = text(teammate, scene.business.at(where))
        assert "Parking made by hand" in told
        assert "found in your answers" not in told.lower()
