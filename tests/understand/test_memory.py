"""No text is read twice in one process, and what is remembered says what reading would."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from survey.understand.memory import RememberingEmbedder, RememberingListener
from survey.understand.recognise import Recognised, Recognition
from survey.understand.tone import Tone
from tests.understand.conftest import WordEmbedder

TEXTS = ["She rang back. The bill was clear.", "", "Nowhere to park.", "Nowhere to park."]


@dataclass
class Counting:
    """Hears a theme in every text with an 'a', and notes what it was asked."""

    asked: list[str] = field(default_factory=list)
    digest: str = "counting"

    def hear(self, texts: Sequence[str]) -> Recognition:
        self.asked += texts
        themes = tuple(
            Recognised(row, 3, 0.5, text.index("a"), text.index("a") + 1, "wish")
            for row, text in enumerate(texts)
            if "a" in text
        )
        nothing = np.array([not text for text in texts], dtype=bool)
        return Recognition(themes, nothing, tuple(frozenset({(0, len(t))}) for t in texts))

    def tones(self, texts: Sequence[str]) -> list[Tone]:
        self.asked += texts
        return ["praise" if "!" in text else "wish" for text in texts]


def _same(one: Recognition, other: Recognition) -> bool:
    return (
        one.themes == other.themes
        and one.claimed == other.claimed
        and one.nothing.tolist() == other.nothing.tolist()
    )


def test_what_was_heard_is_not_heard_again() -> None:
    inner = Counting()
    listener = RememberingListener(inner)
    assert _same(listener.hear(TEXTS), Counting().hear(TEXTS))
    assert inner.asked == TEXTS[:3]
    assert _same(listener.hear(TEXTS[::-1]), Counting().hear(TEXTS[::-1]))
    assert inner.asked == TEXTS[:3]


def test_tones_are_remembered_by_themselves() -> None:
    inner = Counting()
    listener = RememberingListener(inner)
    for _ in range(2):
        assert listener.tones(["oh!", "oh", "oh!"]) == ["praise", "wish", "praise"]
    assert inner.asked == ["oh!", "oh"]


def test_what_was_met_longest_ago_is_forgotten_first() -> None:
    inner = Counting()
    listener = RememberingListener(inner, remembered=2)
    for text in ("a", "b", "a", "c"):
        listener.hear([text])
    inner.asked.clear()
    listener.hear(["a", "c"])
    assert inner.asked == []
    listener.hear(["b"])
    assert inner.asked == ["b"]


def test_packed_vectors_come_back_as_they_were(words: WordEmbedder) -> None:
    first = RememberingEmbedder(words)
    clauses = ["She rang back.", "The bill was clear."]
    before = first.encode(clauses)
    packed = first.packed(TEXTS)
    assert set(packed) == {TEXTS[0]}

    class Never(WordEmbedder):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            raise AssertionError(f"computed again: {texts}")

    second = RememberingEmbedder(Never())
    second.remember(packed)
    assert np.array_equal(second.encode(clauses), before)


def test_vectors_of_another_cut_are_left_aside(words: WordEmbedder) -> None:
    embedder = RememberingEmbedder(words)
    embedder.remember({TEXTS[0]: np.ones(words.dimension, "<f2").tobytes()})
    assert np.allclose(np.linalg.norm(embedder.encode([TEXTS[0]]), axis=1), 1, atol=1e-2)
