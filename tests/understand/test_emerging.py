"""What has come up of late is noticed, and chance is not taken for news."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from survey.records.database import Database
from survey.records.workspaces import create_workspace
from survey.understand import emerging
from survey.understand.arrivals import LATE, arrivals_of
from survey.understand.blocks import unit
from survey.understand.discover import find_groups
from survey.understand.emerging import Around, around, crowds
from survey.understand.engine import Engine
from survey.understand.known import NO_ARRIVALS, Arrivals, KnownAnswer
from survey.understand.newcomers import newcomers, said_in
from survey.understand.queries import current_run
from survey.understand.recognise import Recognised, Recognition
from survey.understand.refit import fresh_themes
from survey.understand.when import MORE, is_time_to_compare
from survey.understand.work import Understanding
from tests.support.past import LONG_AGO, give_answers
from tests.understand.clouds import cloud
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

OLD, NEW = 300, 60


def settled() -> tuple[NDArray[np.float16], Around, NDArray[np.int64]]:
    vectors, _ = cloud(10, (OLD + NEW) // 10, spread=0.9)
    answers = np.arange(len(vectors))
    return vectors, around(vectors, answers), answers


def test_shuffled_answers_hold_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emerging, "SHUFFLES", 99)
    _, beside, answers = settled()
    news = 0
    for seed in range(10):
        recent = np.zeros(len(answers), dtype=bool)
        recent[np.random.default_rng(seed).choice(len(answers), NEW, replace=False)] = True
        news += bool(crowds(beside, answers, recent, seed=seed))
    assert news <= 1


def test_a_matter_that_comes_up_within_a_theme_is_noticed() -> None:
    vectors, _ = cloud(10, OLD // 10, spread=0.9)
    chance = np.random.default_rng(4)
    near = vectors[0].astype(np.float32) + 0.11 * chance.normal(size=(15, vectors.shape[1]))
    usual, _ = cloud(10, 3, spread=0.9)
    every = np.concatenate([vectors, unit(near).astype(np.float16), usual])
    recent = np.arange(len(every)) >= len(vectors)
    answers = np.arange(len(every))
    (crowd, *_) = crowds(around(every, answers), answers, recent)
    new = set(range(len(vectors), len(vectors) + 15))
    assert len(new & set(crowd.tolist())) >= 10
    assert len(new & set(crowd.tolist())) >= 0.5 * len(crowd)


def test_one_long_answer_is_no_crowd() -> None:
    vectors, _ = cloud(10, OLD // 10, spread=0.9)
    every = np.concatenate([vectors, np.repeat(vectors[:1], 30, axis=0)])
    answers = np.minimum(np.arange(len(every)), OLD)
    recent = np.arange(OLD + 1) >= OLD - 5
    assert crowds(around(every, answers), answers, recent) == []


def test_nothing_is_new_where_all_or_none_is_recent() -> None:
    _, beside, answers = settled()
    for recent in (np.ones(len(answers), dtype=bool), np.zeros(len(answers), dtype=bool)):
        assert crowds(beside, answers, recent) == []


def test_the_same_news_come_out_twice() -> None:
    vectors, _, answers = settled()
    recent = np.arange(len(answers)) < NEW
    first, second = (crowds(around(vectors, answers), answers, recent) for _ in range(2))
    assert [rows.tolist() for rows in first] == [rows.tolist() for rows in second]


def told(words: WordEmbedder, late: list[str], earlier: list[str]) -> Arrivals:
    answers = [KnownAnswer(number, 1, body) for number, body in enumerate((*late, *earlier))]
    return Arrivals(tuple(answers[: len(late)]), tuple(answers[len(late) :]))


KILN = [f"the pottery kiln stood cold on bench {number}" for number in range(30)]
USUAL = [
    f"{what} number {number}"
    for what in ("crowded parking behind the hall", "loud adverts in the studio corridor")
    for number in range(60)
]


def test_a_newcomer_has_a_name_quotes_of_late_and_its_own_clauses(words: WordEmbedder) -> None:
    late, earlier = [*KILN, *USUAL[::12]], USUAL[1::2]
    said = said_in(told(words, late, earlier), words)
    groups = find_groups(said.vectors[len(late) :], themes=2)
    known = [one for one, _ in fresh_themes(said.vectors[len(late) :], groups, (), ())]
    (theme, *rest) = newcomers(said, known, fewest=20, taken=(), embedder=words)
    assert rest == []
    assert theme.clauses >= 20
    assert all("kiln" in quote and quote in KILN for quote in theme.quotes)
    assert newcomers(said, known, fewest=500, taken=(), embedder=words) == ()
    assert newcomers(said, [theme], fewest=20, taken=(), embedder=words) == ()


def test_without_answers_nothing_is_new(words: WordEmbedder) -> None:
    assert newcomers(said_in(NO_ARRIVALS, words), (), fewest=1, taken=(), embedder=words) == ()


def test_every_25_answers_are_worth_a_look() -> None:
    assert is_time_to_compare(10, None)
    assert is_time_to_compare(100 + MORE, 100)
    assert not is_time_to_compare(99 + MORE, 100)


class WaitListener(RuleListener):
    """Hears the book's first theme in whoever waited."""

    def hear(self, texts: Sequence[str]) -> Recognition:
        """Set aside what the rule sets aside, and find the one theme."""
        waited = [row for row, text in enumerate(texts) if "waited" in text]
        themes = tuple(Recognised(row, 0, 0.9, None, None, "wish") for row in waited)
        return replace(super().hear(texts), themes=themes)


def test_arrivals_are_what_was_said_of_late_and_before_outside_the_book(
    database: Database, words: WordEmbedder
) -> None:
    with database.writing() as session:
        workspace_id = create_workspace(session, "Hill Street Pottery", LONG_AGO).id
    give_answers(
        database, workspace_id, [*KILN[:28], *["Nothing"] * 28, *["I waited an hour."] * 28]
    )
    understanding = Understanding(database, load=lambda: Engine(words, lambda *_: WaitListener()))
    while understanding.sort_round():
        pass
    with database.reading() as session:
        run_id = current_run(session, workspace_id) or 0
        found = arrivals_of(session, workspace_id, run_id)
        assert arrivals_of(session, workspace_id + 1, run_id) == NO_ARRIVALS
    assert {one.body for one in found.late} == set(KILN[28 - LATE.days : 28])
    assert {one.body for one in found.earlier} == set(KILN[: 28 - LATE.days])
