"""Answers are found by their words and by their meaning, together with the filters."""

import json
import random
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from numpy.typing import NDArray
from sqlalchemy import select

from survey.clock import utc_now
from survey.loopback import answering, ask
from survey.records import Answer, AnswerText, TextVector
from survey.records.database import Database
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.text import text_digest
from survey.understand.meaning import Meaning, filter_from
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.people import Business

TODAY = utc_now().date()
SAYINGS = {
    "I waited twenty minutes past and nobody said a word.": (1.0, 0.0, 0.0),
    "Sat in the waiting room for an hour.": (0.9, 0.1, 0.0),
    'The didn\'t-ask-me question, "why me?", stayed.': (0.0, 1.0, 0.0),
    "Lovely café, 50% off & <b>warm</b>.": (0.0, 0.0, 1.0),
}


class Sentences:
    """A sentence model that knows a few sentences by heart."""

    digest, dimension, languages = "m1", 3, frozenset({"en"})

    def encode(self, texts: Any) -> NDArray[np.float32]:
        rows = [SAYINGS.get(text, (0.95, 0.05, 0.0)) for text in texts]
        table = np.array(rows, dtype=np.float32)
        unit: NDArray[np.float32] = table / np.linalg.norm(table, axis=1, keepdims=True)
        return unit


@pytest.fixture
def said(database: Database, business: Business) -> dict[str, int]:
    """Four answers with their vectors; their ids by their words."""
    return _say(database, business, SAYINGS)


def _say(database: Database, business: Business, sayings: Collection[str]) -> dict[str, int]:
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        one = [(TODAY, Said((("waiting", "wish", words),))) for words in sayings]
        add_answers(session, business.workspace_id, one, run, random.Random(1))
        vectors = Sentences().encode(list(sayings)).astype("<f2")
        session.add_all(
            TextVector(
                workspace_id=business.workspace_id,
                text_sha256=text_digest(words),
                model_digest="m1",
                vector=vector.tobytes(),
            )
            for words, vector in zip(sayings, vectors, strict=True)
        )
        rows = session.execute(select(AnswerText.body, AnswerText.answer_id))
        ids = {row.body: row.answer_id for row in rows}
    return {words: ids[words] for words in sayings}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("wait", {0, 1}),
        ("WAITED", {0}),
        ("waiting room", {1}),
        ("room waiting", {1}),
        ('"room waiting"', set()),
        ('"waiting room"', {1}),
        ("didn't", {2}),
        ("why me", {2}),
        ("50%", {3}),
        ("warm NOT OR AND * ( )", set()),
        ("' OR 1=1 --", set()),
        ("nobody said", {0}),
        ("hour\\", {1}),
        ("CAFÉ", {3}),
    ],
)
def test_words_find_the_answers_that_hold_them_all(
    database: Database, business: Business, said: dict[str, int], search: str, found: set[int]
) -> None:
    wanted = AnswerFilter(words=search)
    with database.reading() as session:
        conditions = answers_in_view(business.workspace_id, None, wanted)
        ids = set(session.scalars(select(Answer.id).where(*conditions)))
    assert ids == {list(said.values())[place] for place in found}


def test_the_words_of_a_search_are_marked_apart_from_the_clauses_that_decided(
    owner: Browser, business: Business, said: dict[str, int]
) -> None:
    for address in ("search", "answers", f"answers?theme={_waiting(owner, business)}"):
        asked = f"{address}{'&' if '?' in address else '?'}q=twenty+minutes"
        page = owner.get(business.at(asked)).get_data(as_text=True)
        twenty, minutes = (f'<b class="found">{word}</b>' for word in ("twenty", "minutes"))
        assert f"<mark>I waited {twenty} {minutes} past and nobody said a word.</mark>" in page
        assert "is what you searched for" in page
        assert ">underlined</mark>" in page or "?theme" in address
        without = owner.get(business.at(address)).get_data(as_text=True)
        assert 'class="found"' not in without
        assert "is what you searched for" not in without


def _waiting(owner: Browser, business: Business) -> str:
    page = owner.get(business.at("answers")).get_data(as_text=True)
    found = re.search(r"/themes/(\d+)", page)
    assert found
    return found[1]


@contextmanager
def _worker(app: Flask, database: Database) -> Iterator[Meaning]:
    settings = app.extensions["afterword"].settings
    settings.data_dir.mkdir(exist_ok=True)
    meaning = Meaning(database, Sentences)
    with answering(settings.data_dir, settings.secret_key, meaning.answer):
        yield meaning


def test_a_search_shows_words_and_meaning_and_says_when_the_worker_is_away(
    app: Flask, owner: Browser, business: Business, database: Database, said: dict[str, int]
) -> None:
    page = owner.get(business.at("search?q=waited")).get_data(as_text=True)
    assert "1 answer" in page
    assert "only words are searched" in page
    with _worker(app, database) as meaning:
        page = owner.get(business.at("search?q=waited")).get_data(as_text=True)
        assert "getting ready" in page
        meaning.refresh()
        page = owner.get(business.at("search?q=waited")).get_data(as_text=True)
        assert "2 shown, the nearest in meaning first" in page
        assert page.count("Sat in the waiting room for an hour.") == 1
        like = said["I waited twenty minutes past and nobody said a word."]
        page = owner.get(business.at(f"search?like={like}")).get_data(as_text=True)
        assert "Sat in the waiting room for an hour." in page
        assert "caf" not in page


def test_meaning_is_asked_within_the_filters_and_within_the_workspace(
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    business: Business,
    elsewhere: Business,
    said: dict[str, int],
) -> None:
    meaning = Meaning(database, Sentences)
    like = next(iter(said.values()))
    question: dict[str, Any] = {"workspace": business.workspace_id, "like": [like], "most": 9}
    meaning.answer(question)
    meaning.answer({**question, "workspace": elsewhere.workspace_id})
    meaning.refresh()
    everything = {one for one, _ in meaning.answer(question)["found"][0]}
    assert everything == {str(one) for one in said.values()} - {str(like)}
    narrowed = AnswerFilter(words="warm").plain()
    for looked_at in ((400, 1600), (1, 1), (1, 2), (3, 1)):  # however few are asked about first
        monkeypatch.setattr("survey.understand.meaning._LOOKED_AT", looked_at)
        (found,) = meaning.answer({**question, "filter": narrowed})["found"]
        assert [one for one, _ in found] == [str(list(said.values())[3])]
    assert meaning.answer({**question, "workspace": elsewhere.workspace_id})["found"] == []


def test_meaning_leaves_out_answers_that_say_nothing(
    database: Database, business: Business
) -> None:
    said = _say(database, business, ["No comment", "ok", "Rude on the phone."])
    meaning = Meaning(database, Sentences)
    question = {"workspace": business.workspace_id, "sentence": "rude", "most": 9}
    meaning.answer(question)
    meaning.refresh()
    (found,) = meaning.answer(question)["found"]
    assert [one for one, _ in found] == [str(said["Rude on the phone."])]


def test_a_search_that_finds_nothing_near_says_what_may_find_it(
    app: Flask, owner: Browser, business: Business, database: Database
) -> None:
    said = _say(database, business, ["No comment", "ok"])
    alike, typed = (business.at(f"search?like={said['ok']}"), business.at("search?q=parking"))
    with _worker(app, database) as meaning:
        owner.get(typed)
        meaning.refresh()
        assert "just come in, or says too little" in owner.get(alike).get_data(as_text=True)
        assert "as a whole sentence, it may still be" in owner.get(typed).get_data(as_text=True)


def test_a_filter_crosses_the_line_unchanged() -> None:
    wanted = AnswerFilter(
        since=TODAY, segments=(("Branch", "A"),), tones=("wish",), words="x", theme_id=2**62
    )
    plain = wanted.plain()
    assert plain is not None
    assert filter_from(json.loads(json.dumps(plain))) == wanted
    assert AnswerFilter().plain() is None


def test_only_who_knows_the_secret_is_answered_and_believed(tmp_path: Path) -> None:
    with answering(tmp_path, b"a" * 40, lambda question: {"said": question["ask"]}):
        assert ask(tmp_path, b"a" * 40, {"ask": "é\n"}) == {"said": "é\n"}
        assert ask(tmp_path, b"b" * 40, {"ask": 1}) is None
        assert ask(tmp_path, b"a" * 40, {"wrong": 1}) is None
    assert ask(tmp_path, b"a" * 40, {"ask": 1}) is None
    assert not list(tmp_path.iterdir())


def test_answers_that_fit_no_theme_say_where_they_might_belong(
    app: Flask, owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        waited = Said((("waiting", "wish", "Sat in the waiting room for an hour."),))
        odd = Said((("", "", "I waited twenty minutes past and nobody said a word."),), "unsorted")
        many = [(TODAY, waited)] * 4 + [(TODAY, odd)]
        add_answers(session, business.workspace_id, many, run, random.Random(1))
        for words, vector in zip(SAYINGS, Sentences().encode(list(SAYINGS)), strict=True):
            session.add(
                TextVector(
                    workspace_id=business.workspace_id,
                    text_sha256=text_digest(words),
                    model_digest="m1",
                    vector=vector.astype("<f2").tobytes(),
                )
            )
    address = business.at("answers?theme=unsorted")
    assert "nearest:" not in owner.get(address).get_data(as_text=True)
    with _worker(app, database) as meaning:
        owner.get(address)
        meaning.refresh()
        assert "nearest: <a" in owner.get(address).get_data(as_text=True)
