"""Clauses: verbatim, in order, and linear in time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.understand.split import LONGEST_WORDS, plain, split, word_count


def _texts(answer: str) -> list[str]:
    return [clause.text for clause in split(answer)]


@pytest.mark.parametrize("answer", ["", "   ", "\n\t \u2028", "\0\0", "<br><p></p>", " - - "])
def test_a_blank_answer_has_no_clause(answer: str) -> None:
    assert split(answer) == ()


def test_sentences_and_turns_are_cut() -> None:
    assert _texts("She was very kind but nobody told me the price. I waited an hour.") == [
        "She was very kind",
        "but nobody told me the price.",
        "I waited an hour.",
    ]


def test_prices_titles_and_times_are_not_cut() -> None:
    assert len(split("Dr. Patel said it was £3.50 at 9.30 and no more")) == 1


def test_a_fragment_joins_its_neighbour() -> None:
    assert _texts("ok. thanks") == ["ok. thanks"]
    assert _texts("Lovely man, so patient with us all day. Really.") == [
        "Lovely man, so patient with us all day. Really."
    ]


def test_each_line_of_a_list_is_a_clause_of_its_own() -> None:
    assert _texts("- price\n- no parking at all\n- rude man at the desk") == [
        "price",
        "no parking at all",
        "rude man at the desk",
    ]


def test_tags_are_no_words_and_blocks_part_clauses() -> None:
    assert _texts("<p>Nobody called me</p><p>The <b>bill</b> was wrong</p>") == [
        "Nobody called me",
        "The <b>bill</b> was wrong",
    ]
    assert plain("The <b>bill</b>&nbsp;was\n wrong") == "The bill was wrong"


def test_no_clause_is_endless_even_without_punctuation() -> None:
    clauses = split("word " * 1000)
    assert len(clauses) > 10
    assert max(word_count(clause.text) for clause in clauses) <= LONGEST_WORDS


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_every_clause_is_a_verbatim_stretch_in_order(answer: str) -> None:
    end = 0
    for clause in split(answer):
        assert answer[clause.start : clause.end] == clause.text
        assert clause.start >= end
        assert clause.text == clause.text.strip()
        end = clause.end


@given(st.lists(st.sampled_from([*"ab.,;<>/&\n \0", "but ", "and ", "so I ", "<br>", "😀"])))
@settings(max_examples=300, deadline=None)
def test_no_word_is_lost(pieces: list[str]) -> None:
    answer = "".join(pieces)
    # Counted clause by clause: put side by side, "<a" and ">" would look like a tag.
    kept = sum(word_count(plain(clause.text)) for clause in split(answer))
    assert kept == word_count(plain(answer))


@pytest.mark.parametrize(
    "piece",
    [
        "word ",
        "a,",
        "<",
        "but ",
        ".",
        "and b ",
        "\0",
        "word. ",
        "x",
        "<b ",
        "\n",
        "Mr.",
        " - ",
        "😀",
    ],
)
def test_absurd_input_takes_linear_time(piece: str) -> None:
    answer = piece * (200_000 // len(piece))
    start = time.perf_counter()
    clauses = split(answer)
    assert time.perf_counter() - start < 12
    assert all(answer[clause.start : clause.end] == clause.text for clause in clauses)
