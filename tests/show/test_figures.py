"""The counts say what a scan says, whatever is in view."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from survey.records import Answer, Question
from survey.records.database import Database
from survey.records.filters import PILES, AnswerFilter, Pile, answers_in_view
from survey.show.answer_queries import ORDERS, Order, answer_page, answers_counted
from survey.show.figures import (
    Figures,
    counted,
    figures_in_view,
    first_and_last_day,
    gathered,
    is_counted,
)
from survey.show.scan import scanned
from survey.show.span import span_of
from tests.support.answers import BRANCHES, CHANNELS, LANGUAGES, SERVICES, STAFF, fill
from tests.support.counts import unfold
from tests.support.people import Business, make_business

TODAY = date(2026, 3, 31)


@pytest.fixture
def filled(database: Database) -> tuple[Business, int, dict[str, int]]:
    """A workspace with 240 answers over 120 days."""
    business = make_business(database, "Hill Street Dental")
    with database.writing() as session:
        run_id, themes = fill(session, business.workspace_id, 240, TODAY, days=120, seed=7)
    return business, run_id, themes


def _views(themes: dict[str, int], question_id: int) -> list[AnswerFilter]:
    """Every filter by itself and many together, over days that begin and end anywhere."""
    dice = random.Random(3)
    choices: dict[str, Sequence[Any]] = {
        "segments": [(("Branch", one),) for one in BRANCHES] + [(("Service", SERVICES[0]),)],
        "served_by": STAFF[:3],
        "channel": CHANNELS[:2],
        "language": LANGUAGES,
        "theme_id": list(themes.values()),
        "tones": [("wish",), ("praise",), ("unclear",)],
        "pile": PILES,
        "question_id": [question_id, 5],
    }
    views = [AnswerFilter(), AnswerFilter(segments=(("Branch", "Nowhere"),))]
    views += [AnswerFilter(pile=pile) for pile in PILES]
    for number in range(40):
        asked = [dice.choice(list(choices))] if number < 24 else dice.sample(list(choices), 2)
        since = TODAY - timedelta(days=dice.randrange(130))
        until = since + timedelta(days=dice.choice((0, 5, 12, 21, 22, 40, 130)))
        limits: dict[str, Any] = dice.choice(
            ({}, {"since": since}, {"until": until}, {"since": since, "until": until})
        )
        picked = {name: dice.choice(choices[name]) for name in asked}
        views.append(AnswerFilter(**limits, **picked))
    return views


@pytest.mark.parametrize("folded", [True, False])
def test_the_counts_equal_a_scan_in_every_view(
    database: Database, filled: tuple[Business, int, dict[str, int]], folded: bool
) -> None:
    business, run_id, themes = filled
    with database.writing() as session:
        question_id = session.scalars(select(Question.id)).one()
        if not folded:
            unfold(session, business.workspace_id)
    compared = 0
    with database.reading() as session:
        for wanted in _views(themes, question_id):
            days = first_and_last_day(session, business.workspace_id, run_id, wanted)
            if days is None:
                conditions = answers_in_view(business.workspace_id, run_id, wanted)
                assert session.scalars(select(Answer.id).where(*conditions)).all() == []
                continue
            here = (session, business.workspace_id, run_id, wanted, span_of(*days))
            by_scan = gathered(scanned(*here), here[4])
            if is_counted(wanted):
                compared += 1
                assert _without_zeros(gathered(counted(*here), here[4])) == _without_zeros(by_scan)
            conditions = answers_in_view(business.workspace_id, run_id, wanted)
            listed = session.scalar(select(func.count(Answer.id)).where(*conditions))
            assert by_scan.answered.total == listed
            assert answers_counted(session, business.workspace_id, run_id, wanted) == listed
    assert compared > 20


def _without_zeros(figures: Figures) -> Figures:
    heard = {key: series for key, series in figures.by_theme.items() if any(series.steps)}
    return replace(figures, by_theme=heard)


def test_a_view_of_two_segments_is_scanned_and_smaller_than_either(
    database: Database, filled: tuple[Business, int, dict[str, int]]
) -> None:
    business, run_id, _ = filled
    both = (("Branch", BRANCHES[0]), ("Service", SERVICES[0]))
    span = span_of(TODAY - timedelta(days=119), TODAY)
    with database.reading() as session:
        one, other, together = (
            figures_in_view(
                session, business.workspace_id, run_id, AnswerFilter(segments=segments), span
            ).answered.total
            for segments in (both[:1], both[1:], both)
        )
    assert 0 < together < min(one, other)


def test_every_count_is_the_number_of_answers_listed(
    database: Database, filled: tuple[Business, int, dict[str, int]]
) -> None:
    business, run_id, themes = filled
    views = [*(AnswerFilter(pile=pile) for pile in PILES), AnswerFilter(tones=("praise",))]
    for key in ("waiting", "warmth", "parking", "pressure"):
        views.append(AnswerFilter(theme_id=themes[key]))
        views.append(AnswerFilter(theme_id=themes[key], tones=("wish", "unclear")))
        views.append(AnswerFilter(theme_id=themes[key], segments=(("Branch", BRANCHES[1]),)))
    with database.reading() as session:
        for wanted in views:
            conditions = answers_in_view(business.workspace_id, run_id, wanted)
            scanned = session.execute(select(func.count(Answer.id)).where(*conditions)).scalar_one()
            assert answers_counted(session, business.workspace_id, run_id, wanted) == scanned


@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_answers_show_each_answer_once(
    database: Database, filled: tuple[Business, int, dict[str, int]], order: Order
) -> None:
    business, run_id, themes = filled
    wanted = AnswerFilter(theme_id=themes["waiting"])
    seen: list[int] = []
    after: str | None = None
    with database.reading() as session:
        total = answers_counted(session, business.workspace_id, run_id, wanted)
        for _ in range(20):
            page = answer_page(
                session,
                business.workspace_id,
                run_id,
                wanted,
                order=order,
                after=after,
            )
            seen += [answer.id for answer in page.answers]
            after = page.after
            if after is None:
                break
    assert len(seen) == len(set(seen)) == total > 25


def test_the_most_typical_answer_comes_first_and_the_least_certain_too(
    database: Database, filled: tuple[Business, int, dict[str, int]]
) -> None:
    business, run_id, themes = filled
    wanted = AnswerFilter(theme_id=themes["waiting"])
    with database.reading() as session:
        here = (session, business.workspace_id, run_id, wanted)
        typical = answer_page(*here, order="typical").answers
        unsure = answer_page(*here, order="unsure").answers

    def sureness(answers: tuple[object, ...]) -> list[float]:
        return [
            next(one.confidence for one in answer.mentions if one.theme_id == themes["waiting"])  # type: ignore[attr-defined]
            for answer in answers
        ]

    assert sureness(typical) == sorted(sureness(typical), reverse=True)
    assert sureness(unsure) == sorted(sureness(unsure))
    assert sureness(unsure)[0] < sureness(typical)[0]


def test_another_workspace_counts_nothing_of_it(
    database: Database, filled: tuple[Business, int, dict[str, int]]
) -> None:
    elsewhere = make_business(database, "Valley Boilers")
    with database.reading() as session:
        assert first_and_last_day(session, elsewhere.workspace_id, None, AnswerFilter()) is None
        assert answers_counted(session, elsewhere.workspace_id, filled[1], AnswerFilter()) == 0
        page = answer_page(session, elsewhere.workspace_id, filled[1], AnswerFilter())
    assert page.answers == ()


def test_nothing_is_counted_before_the_first_run_but_everything_waits(
    database: Database, filled: tuple[Business, int, dict[str, int]]
) -> None:
    business = filled[0]
    waiting: Pile = "waiting"
    with database.reading() as session:
        here = (session, business.workspace_id, None)
        assert answers_counted(*here, AnswerFilter(pile="sorted")) == 0
        assert answers_counted(*here, AnswerFilter(pile=waiting)) == 240
        span = span_of(TODAY, TODAY)
        assert figures_in_view(*here, AnswerFilter(), span).by_theme == {}
