"""The second look: short and plain answers, read rightly, and long ones left as they were."""

import numpy as np
import pytest

from survey.understand.book import shipped_book
from survey.understand.embed import Embedder
from survey.understand.recognise import Recogniser
from survey.understand.second import BUCKETS, LONG, SHORT, STRENGTH, share_for, word_features
from survey.understand.training.text import BRIEF, near_copies, read_file, read_labelled

PRAISED = ["Staff ever so polite", "such friendly people", "They came early and were very kind"]
NAMED = ["Always very nice and pleasant", "Very pleasant and kind, all of them"]
"""Each word is on the list of those that say nothing."""
TOLD = [
    "I was in a dreadful state and could hardly speak, and she sat with me until it had passed.",
    "I can't walk far these days and the drivers are so cheerful and obliging about it.",
]
WISHED = ["more polite staff please", "come sooner", "answer the phone when we ring"]


def test_a_text_gives_the_same_row_in_any_company() -> None:
    alone = word_features(["nice and quick"]).toarray()[0]
    together = word_features(["something else", "nice and quick", ""]).toarray()
    assert (together[1] == alone).all()
    assert together.shape == (3, BUCKETS)
    assert np.linalg.norm(alone) == pytest.approx(STRENGTH)
    assert not together[2].any() or np.linalg.norm(together[2]) == pytest.approx(STRENGTH)


def test_the_second_look_counts_less_the_longer_an_answer_is() -> None:
    shares = share_for(np.arange(LONG + 10)).tolist()
    assert shares == sorted(shares, reverse=True)
    assert shares[SHORT] == 1
    assert shares[LONG] == 0


def test_the_brief_text_copies_nothing_of_the_measured_sets() -> None:
    brief = read_labelled(BRIEF)
    assert len(brief) >= 500
    for name in ("dev_set.tsv", "second_set.tsv", "plain_set.tsv"):
        measured = read_file(BRIEF.parents[3] / "tests" / "understand" / name)
        pairs = near_copies([*brief, *measured])
        assert not [pair for pair in pairs if pair[0] >= len(brief) > pair[1]]


@pytest.mark.model
def test_short_praise_is_praise_and_a_short_wish_is_a_wish(embedder: Embedder) -> None:
    heard = Recogniser(shipped_book(), embedder).recognise([*PRAISED, *WISHED])
    tones = {one.row: one.tone for one in heard.themes}
    assert tones == {row: "praise" if row < 3 else "wish" for row in range(6)}
    assert not heard.nothing.any()


@pytest.mark.model
def test_praise_that_words_of_no_point_spell_keeps_its_theme(embedder: Embedder) -> None:
    heard = Recogniser(shipped_book(), embedder).recognise(NAMED)
    assert not heard.nothing.any()
    assert {(one.row, one.tone) for one in heard.themes} == {(0, "praise"), (1, "praise")}


@pytest.mark.model
def test_praise_told_with_what_was_hard_is_no_wish(embedder: Embedder) -> None:
    heard = Recogniser(shipped_book(), embedder).recognise(TOLD)
    assert {one.row for one in heard.themes} == set(range(len(TOLD)))
    assert {one.tone for one in heard.themes} == {"praise"}


@pytest.mark.model
def test_praise_of_nothing_in_particular_names_no_theme(embedder: Embedder) -> None:
    texts = ["An excellent service which I would recommend to anybody.", "Brilliant, thank you"]
    heard = Recogniser(shipped_book(), embedder).recognise(texts)
    assert not heard.themes
    assert heard.nothing.all()


@pytest.mark.model
def test_what_is_said_to_the_face_of_the_business_is_not_praise_for_that(
    embedder: Embedder,
) -> None:
    said = [
        "You rushed me.",
        "You talked over me.",
        "You could have told me honestly that it was not worth repairing.",
        "You took your time with me and explained it all.",
    ]
    heard = Recogniser(shipped_book(), embedder).recognise(said)
    tones = {one.row: one.tone for one in heard.themes}
    assert "praise" not in {tones[row] for row in (0, 1, 2)}
    assert tones[3] == "praise"
