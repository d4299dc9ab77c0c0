"""What ends an answer and says nothing changes nothing of how it is read."""

import time

import pytest

from survey.understand.book import shipped_book
from survey.understand.embed import Embedder
from survey.understand.recognise import Recogniser
from survey.understand.tails import without_tail

SAID = [
    "They made me feel like an idiot for not knowing my wheel size",
    "Expensive for a puncture",
    "Lovely people, they lent me a light to get home",
    "I rang five times and nobody answered",
    "I was embarrassed that I couldn't afford the full service",
]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("The quote was 40 and I paid 95. Thanks.", "The quote was 40 and I paid 95."),
        ("I waited an hour, really", "I waited an hour"),
        ("What a long wait! Thanks a lot!!", "What a long wait."),
        ("Nobody rang me back\nMany thanks for asking", "Nobody rang me back"),
        ("It leaked again, to be honest, thank you.", "It leaked again"),
        ("That’s all I wanted, that’s all", "That’s all I wanted"),
    ],
)
def test_a_tail_is_left_out(typed: str, read: str) -> None:
    assert without_tail(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "nothing, thanks",
        "All good, thank you",
        "Thanks.",
        "She never said thanks",
        "They did not really listen",
        "Thanks for the tea, I was frozen",
        "",
    ],
)
def test_what_says_something_stays(typed: str) -> None:
    assert without_tail(typed) == typed


def test_a_text_made_to_be_slow_is_quick() -> None:
    began = time.perf_counter()
    for text in (", " * 50_000 + "thanks", "thanks, " * 12_000, "a" * 100_000, ".\n" * 50_000):
        without_tail(text)
    assert time.perf_counter() - began < 1


@pytest.mark.model
@pytest.mark.parametrize("tail", [". Thanks.", ", really", ". Many thanks, to be fair!"])
def test_a_tail_moves_no_answer_and_turns_no_tone(embedder: Embedder, tail: str) -> None:
    reader = Recogniser(shipped_book(), embedder)
    plainly, with_tail = (
        [(one.row, one.theme, one.tone) for one in reader.recognise(texts).themes]
        for texts in ([f"{said}." for said in SAID], [said + tail for said in SAID])
    )
    assert {row for row, _, _ in plainly} == set(range(len(SAID)))
    assert [one[:2] for one in with_tail] == [one[:2] for one in plainly]
    assert [one[2] for one in with_tail] == [one[2] for one in plainly]
