"""Names are phrases that were typed, unique, and say something."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import Floats, means, unit
from survey.understand.name import name_themes

PARKING = [
    "the car park was full again", "nowhere in the car park", "your car park is tiny",
    "a bigger car park", "car park charges", "we circled the car park for ages",
]  # fmt: skip
PHONE = [
    "answer the phone", "nobody picks up the phone", "answer the phone faster",
    "I rang and nobody would answer the phone", "please answer the phone", "phone rang out",
]  # fmt: skip
WORDS = sorted({word for text in (*PARKING, *PHONE) for word in text.lower().split()})


def encode(texts: Sequence[str]) -> Floats:
    return unit(np.array([[text.lower().split().count(w) for w in WORDS] for text in texts]))


def named(*, curated: Sequence[tuple[str, NDArray[np.floating]]] = ()) -> tuple[str, ...]:
    clauses = [*PARKING, *PHONE]
    labels = np.array([0] * len(PARKING) + [1] * len(PHONE))
    centres = unit(means(encode(clauses), labels, 2))
    return name_themes(clauses, labels, centres, encode, curated=curated)


def test_a_theme_is_named_by_what_its_answers_share() -> None:
    parking, phone = named()
    assert "car park" in parking.lower()
    assert "phone" in phone.lower()


def test_a_name_was_typed_by_somebody() -> None:
    for name in named():
        assert any(name.lower() in clause.lower() for clause in (*PARKING, *PHONE))


def test_a_theme_next_to_the_book_takes_its_name() -> None:
    assert named(curated=[("Hard to reach", encode(PHONE)[:1])])[1] == "Hard to reach"


def test_two_themes_never_share_a_name() -> None:
    clauses = [*PARKING, *PARKING]
    labels = np.array([0] * len(PARKING) + [1] * len(PARKING))
    centres = unit(means(encode(clauses), labels, 2))
    assert len(set(name_themes(clauses, labels, centres, encode))) == 2


def test_clauses_without_a_word_still_get_a_name() -> None:
    rows = np.ones((3, 2), np.float32)
    names = name_themes(
        ["🙂", "🙂🙂", "!!"], np.zeros(3, int), unit(rows[:1]), lambda t: rows[: len(t)]
    )
    assert names[0]
