"""Twenty answers, drawn by lot and read by a person: the figure is honest, dated, and expires."""

import random
import re
from collections import Counter
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.clock import utc_now
from survey.records import Answer, Assignment, Review, ReviewAnswer, Run, Theme
from survey.records.database import Database
from survey.show.exact import share_right
from survey.show.ledger.review import SAMPLE, drawn
from tests.show.test_ledger_pages import Scene, fields, plain, text
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.people import Business

DAY = date(2026, 3, 31)


@pytest.fixture
def scene(app: Flask, business: Business) -> Scene:
    """Thirty answers that waited."""
    database: Database = app.extensions["afterword"].database
    said = [(DAY, Said((("waiting", "wish", f"We waited {n} minutes."),))) for n in range(30)]
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        answers = add_answers(session, business.workspace_id, said, run, random.Random(1))
    return Scene(database, business, run[1], answers)


def check(browser: Browser, scene: Scene, wrong: int = 2, unknown: int = 0) -> str:
    """Check the theme and return what its page then says; the reading itself the short way."""
    begun = browser.send(scene.at("waiting", "/check"))
    assert begun.location is not None
    with scene.database.writing() as session:
        for number in range(SAMPLE):
            verdict = "no" if number < wrong else "unknown" if number < wrong + unknown else "yes"
            session.execute(
                update(ReviewAnswer).where(ReviewAnswer.place == number).values(verdict=verdict)
            )
    return keep(browser, scene, begun.location)


def keep(browser: Browser, scene: Scene, review: str) -> str:
    kept = browser.post(f"{review}/keep", data=fields(browser, review))
    assert kept.location == scene.at("waiting")
    return text(browser, kept.location)


def test_a_theme_with_one_answer_is_checked_in_the_singular(
    teammate: Browser, scene: Scene
) -> None:
    with scene.database.writing() as session:
        run = make_run(session, scene.business.workspace_id, utc_now())
        one = [(DAY, Said((("honesty", "wish", "Just say so."),)))]
        add_answers(session, scene.business.workspace_id, one, run, random.Random(2))
    honesty = scene.business.at(f"themes/{run[1]['honesty']}/check")
    said = text(teammate, honesty)
    assert "You read its one answer, and say whether it belongs here. Then" in said
    assert "Draw 1 answer" in said


def test_a_check_of_twenty_stands_beside_the_theme(teammate: Browser, scene: Scene) -> None:
    begun = teammate.send(scene.at("waiting", "/check")).location
    assert begun
    for number in range(SAMPLE):
        assert f"{number + 1} of 20" in text(teammate, begun)
        sent = fields(teammate, begun) | {"verdict": "no" if number < 2 else "yes"}
        assert teammate.post(begun, data=sent).status_code == 303
    assert "18 of 20 right" in text(teammate, begun)
    page = keep(teammate, scene, begun)
    low, high = share_right(18, 20, 30)
    assert f"18 of 20 right ({round(100 * low)}–{round(100 * high)} %), checked" in page
    assert len(scene.members(scene.themes["waiting"])) == 28  # the wrong ones left
    assert scene.counts_agree()
    assert "checked “Waiting”: 18 of 20 right, 2 answers moved" in text(
        teammate, scene.business.at("ledger")
    )


def test_what_could_not_be_told_is_left_out_of_the_figure(teammate: Browser, scene: Scene) -> None:
    page = check(teammate, scene, wrong=1, unknown=3)
    assert "16 of 17 right" in page
    assert "3 could not be told" in page
    assert len(scene.members(scene.themes["waiting"])) == 29


def test_a_check_expires_with_the_engine_and_with_a_merge(teammate: Browser, scene: Scene) -> None:
    check(teammate, scene)
    with scene.database.writing() as session:
        session.execute(update(Run).values(engine="f" * 64))
    assert "before the answers were sorted anew: check again" in text(teammate, scene.at("waiting"))
    with scene.database.writing() as session:
        session.execute(update(Run).values(engine="e" * 64))
    assert "check again" not in text(teammate, scene.at("waiting"))
    one = scene.answers[0]
    plan = scene.business.at(
        f"pick/plan?theme={scene.themes['waiting']}&do=split&name=Long&answer={one}"
    )
    if one in scene.members(scene.themes["waiting"]):
        teammate.post(scene.business.at("pick"), data=fields(teammate, plan) | {"name": "Long"})
        assert "before the theme was merged or split: check again" in text(
            teammate, scene.at("waiting")
        )


def test_a_check_expires_when_many_answers_were_moved_by_hand(
    teammate: Browser, scene: Scene
) -> None:
    check(teammate, scene)
    theme = scene.themes["waiting"]
    for times, expired in ((1, False), (2, False), (3, True)):  # of thirty
        one = min(scene.members(theme))
        plan = scene.business.at(f"pick/plan?theme={theme}&do=out&answer={one}")
        sent = teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
        assert sent.status_code == 303, times
        page = text(teammate, scene.at("waiting"))
        assert ("Many of its answers were moved by hand since: check again" in page) == expired


def test_undoing_a_check_takes_its_figure_away(teammate: Browser, scene: Scene) -> None:
    check(teammate, scene)
    teammate.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))
    assert "18 of 20" not in text(teammate, scene.at("waiting")).partition("What was done")[0]
    assert len(scene.members(scene.themes["waiting"])) == 30


def test_a_check_may_be_left_and_gone_on_with_and_a_word_taken_back(
    teammate: Browser, scene: Scene
) -> None:
    begun = teammate.send(scene.at("waiting", "/check")).location
    assert begun
    teammate.post(begun, data=fields(teammate, begun) | {"verdict": "no"})
    assert "Go on with the check" in text(teammate, scene.at("waiting", "/check"))
    assert "2 of 20" in text(teammate, begun)
    again = f"{begun}?place=0"
    teammate.post(begun, data=fields(teammate, again) | {"verdict": "yes"})
    with scene.database.reading() as session:
        said = session.scalars(select(ReviewAnswer.verdict).where(ReviewAnswer.place == 0)).one()
    assert said == "yes"
    early = teammate.post(f"{begun}/keep", data=fields(teammate, begun))
    assert early.status_code == 409
    assert "Some answers were not read yet." in plain(early.get_data(as_text=True))


def test_an_answer_taken_back_meanwhile_leaves_the_check(teammate: Browser, scene: Scene) -> None:
    begun = teammate.send(scene.at("waiting", "/check")).location
    assert begun
    with scene.database.writing() as session:
        first = session.scalars(select(ReviewAnswer.answer_id).where(ReviewAnswer.place == 0)).one()
        session.execute(update(Answer).where(Answer.id == first).values(state="withdrawn"))
    page = text(teammate, begun)
    assert "1 of 19" in page


def test_every_answer_is_as_likely_to_be_drawn_as_any_other() -> None:
    there = [(number, 1) for number in range(60)]
    times = Counter(one for seed in range(3000) for one, _ in drawn(there, seed))
    expected = 3000 * SAMPLE / 60
    chi_squared = sum((times[one] - expected) ** 2 / expected for one, _ in there)
    assert chi_squared / (1 - SAMPLE / 60) < 92  # 59 degrees of freedom, p = .004
    first = Counter(drawn(there, seed)[0][0] for seed in range(3000))
    assert max(first.values()) < 90  # 50 expected
    assert drawn(there, 7) == drawn(there, 7)
    assert len(drawn(there[:5], 7)) == 5


def test_the_lot_is_kept_with_the_check(teammate: Browser, scene: Scene) -> None:
    teammate.send(scene.at("waiting", "/check"))
    with scene.database.reading() as session:
        review = session.scalars(select(Review)).one()
        there = session.execute(
            select(Answer.id, Answer.version)
            .join(Assignment, Assignment.answer_id == Answer.id)
            .where(Assignment.theme_id == review.theme_id)
            .order_by(Answer.id)
        ).all()
        kept = session.scalars(select(ReviewAnswer.answer_id).order_by(ReviewAnswer.place)).all()
        lot = drawn([(row.id, row.version) for row in there], review.seed)
    assert [one for one, _ in lot] == list(kept)


@pytest.mark.parametrize(
    ("right", "checked", "of", "told"),
    [
        (18, 20, 10**6, (70, 97)),
        (18, 20, 1000, (70, 97)),
        (20, 20, 20, (100, 100)),
        (5, 7, 7, (71, 71)),
        (0, 0, 9, (0, 100)),
    ],
)
def test_the_interval_is_exact(right: int, checked: int, of: int, told: tuple[int, int]) -> None:
    low, high = share_right(right, checked, of)
    assert (round(100 * low), round(100 * high)) == told


def test_the_interval_holds_what_it_says_over_all_shares() -> None:
    dice = random.Random(5)
    held = 0
    for _ in range(4000):
        of = 60
        right_ones = dice.randrange(of + 1)  # every share equally likely
        right = sum(one < right_ones for one in dice.sample(range(of), 20))
        low, high = share_right(right, 20, of)
        held += low <= right_ones / of <= high
    assert 0.945 <= held / 4000 <= 0.985


def test_another_workspaces_check_is_not_found(
    teammate: Browser, outsider: Browser, elsewhere: Business, scene: Scene
) -> None:
    begun = teammate.send(scene.at("waiting", "/check")).location
    assert begun
    number = re.search(r"\d+$", begun)
    assert number
    text(outsider, elsewhere.at(f"checks/{number[0]}"), 404)
    sent = fields(outsider, "/account") | {"place": "0", "verdict": "yes"}
    assert outsider.post(elsewhere.at(f"checks/{number[0]}"), data=sent).status_code == 404


def test_a_theme_written_before_the_first_answer_has_nothing_to_check(
    owner: Browser, business: Business, database: Database
) -> None:
    book = business.at("book")
    owner.post(book, data=fields(owner, book) | {
        "name": "Parking", "definition": "Nowhere to park.", "examples": "No space.\nFull.\nFar.",
    })  # fmt: skip
    with database.reading() as session:
        theme_id = session.scalars(select(Theme.id).where(Theme.name == "Parking")).one()
    sent = owner.send(business.at(f"themes/{theme_id}/check"))
    assert sent.status_code == 409
    assert "nothing to check" in plain(sent.get_data(as_text=True))
