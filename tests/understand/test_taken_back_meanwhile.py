"""An answer that is taken back while the engine reads it leaves nothing of its words behind."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from survey.clock import utc_now
from survey.records import AnswerText, Exemplar, Sorting, TextVector, Theme, ThemeExample
from survey.records.withdrawal import hold_answer, withdraw
from survey.understand import filling, looking, queries, work
from tests.understand.test_work import Worker, _about, worker

__all__ = ["worker"]


def _whose(worker: Worker, word: str) -> list[int]:
    with worker.database.reading() as session:
        query = select(AnswerText.answer_id).where(AnswerText.body.contains(word))
        return list(session.scalars(query))


def _take_back(worker: Worker, word: str) -> None:
    for answer_id in _whose(worker, word):
        with worker.database.writing() as session:
            answer = hold_answer(session, worker.workspace_id, answer_id)
            assert answer is not None
            withdraw(session, answer, utc_now())


def _after(read: Callable[..., Any], then: Callable[[], None]) -> Callable[..., Any]:
    """Let something happen right after the worker has read answers, and before it writes."""

    def reading(*given: Any, **more: Any) -> Any:
        found = read(*given, **more)
        then()
        return found

    return reading


def test_sorting_keeps_no_vector_of_it(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.give(["no parking spaces anywhere", "loud radio adverts"])
    then = _after(queries.claimed_answers, lambda: _take_back(worker, "parking"))
    monkeypatch.setattr(work, "claimed_answers", then)
    worker.understanding().sort_round()
    assert worker.count(Sorting) == 1
    assert worker.count(TextVector) == 1
    assert worker.counts_agree()


def test_a_run_that_is_filled_leaves_it_out(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.give(_about("parking", "radio", "chairs"))
    understanding = worker.understanding()
    while understanding.sort_round():
        pass
    taken_back = _whose(worker, "number3")[0]
    then = _after(queries.answers_by_id, lambda: _take_back(worker, "number3"))
    monkeypatch.setattr(filling, "answers_by_id", then)
    while understanding.theme_round():
        pass
    monkeypatch.undo()
    worker.work()
    assert worker.counts_agree()
    assert worker.count(Sorting, Sorting.answer_id == taken_back) == 0
    assert not _kept_words(worker, "number3")


def test_themes_are_not_found_in_it(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.give(_about("parking", "radio", "chairs", "fish"))
    understanding = worker.understanding()
    while understanding.sort_round():
        pass
    taken_back = _whose(worker, "parking")
    then = _after(queries.answers_without_theme, lambda: _take_back(worker, "parking"))
    monkeypatch.setattr(looking, "answers_without_theme", then)
    while understanding.theme_round():
        pass
    monkeypatch.undo()
    worker.work()
    assert worker.themes()
    assert worker.count(Exemplar, Exemplar.answer_id.in_(taken_back)) == 0
    assert not _kept_words(worker, "parking")
    assert worker.counts_agree()


def _kept_words(worker: Worker, word: str) -> list[str]:
    with worker.database.reading() as session:
        kept = [
            *session.scalars(select(Theme.name).where(Theme.origin == "found")),
            *session.scalars(select(Theme.definition).where(Theme.origin == "found")),
            *session.scalars(
                select(ThemeExample.example)
                .join(Theme, Theme.id == ThemeExample.theme_id)
                .where(Theme.origin == "found")
            ),
        ]
    return [one for one in kept if word in one]
