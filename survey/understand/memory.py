"""What the worker has read, remembered, so that no text is read twice in one process.

A text is met up to three times: when it comes in, when themes are looked for, and when a run is
written with them. Vectors are kept in the database too; what was heard of the book is not, since
it changes with every book and reader.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from survey.understand.embed import Embedder, stored
from survey.understand.listen import Listener
from survey.understand.recognise import Recognised, Recognition
from survey.understand.split import split
from survey.understand.tone import Tone

Value = TypeVar("Value")

REMEMBERED = 20_000
"""Texts of which is remembered what was heard: about 20 MB."""


class RememberingEmbedder:
    """An embedder that computes no text twice while it remembers it.

    Parameters
    ----------
    inner : Embedder
        The one that computes.
    """

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[str, NDArray[np.float16]] = {}

    @property
    def digest(self) -> str:
        """Name the model as the inner embedder does."""
        return self._inner.digest

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._inner.dimension

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes that the model reads."""
        return self._inner.languages

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Turn texts into unit vectors in their stored form, one row each."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, stored(self._inner.encode(new)), strict=True))
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[text] for text in texts]).astype(np.float32)

    def remember(self, vectors: Mapping[str, bytes]) -> None:
        """Forget all texts but these, whose packed vectors were kept."""
        self._known = {}
        for body, packed in vectors.items():
            texts = _texts_of(body)
            rows = np.frombuffer(packed, "<f2").astype(np.float16)
            if rows.size != len(texts) * self.dimension:
                continue  # another version cut this text into other clauses
            for text, row in zip(texts, rows.reshape(len(texts), -1), strict=True):
                if row.any():
                    self._known[text] = row

    def packed(self, bodies: Collection[str]) -> dict[str, bytes]:
        """Pack the vectors of texts, of the whole and then of its clauses.

        A clause that nobody needed a vector of has a zero row; a text without any is left out.
        """
        nowhere = np.zeros(self.dimension, dtype=np.float16)
        found = {}
        for body in dict.fromkeys(bodies):
            rows = [self._known.get(text, nowhere) for text in _texts_of(body)]
            if any(row.any() for row in rows):
                found[body] = np.stack(rows).astype("<f2").tobytes()
        return found


def _texts_of(body: str) -> list[str]:
    if not body.strip():
        return []
    return list(dict.fromkeys([body, *(clause.text for clause in split(body))]))


@dataclass(frozen=True)
class _Heard:
    """What was heard in one answer, whatever row it stood in."""

    themes: tuple[Recognised, ...]
    nothing: bool
    claimed: frozenset[tuple[int, int]]


class RememberingListener:
    """A listener that hears no answer twice while it remembers it.

    An answer is heard by itself, so what was heard of it holds in any company.

    Parameters
    ----------
    inner : Listener
        The one that hears.
    remembered : int
        At most so many texts; those met longest ago are forgotten first.
    """

    def __init__(self, inner: Listener, remembered: int = REMEMBERED) -> None:
        self._inner = inner
        self._remembered = remembered
        self._answers: OrderedDict[str, _Heard] = OrderedDict()
        self._tones: OrderedDict[str, Tone] = OrderedDict()

    @property
    def digest(self) -> str:
        """Name what decides what is heard, as the inner listener does."""
        return self._inner.digest

    def hear(self, texts: Sequence[str]) -> Recognition:
        """Find the book's themes in answers, and those that say nothing."""
        heard = {text: self._answers[text] for text in texts if text in self._answers}
        new = [text for text in dict.fromkeys(texts) if text not in heard]
        if new:
            heard.update(zip(new, _by_answer(self._inner.hear(new), len(new)), strict=True))
        self._keep(self._answers, heard)
        return Recognition(
            themes=tuple(
                replace(one, row=row)
                for row, text in enumerate(texts)
                for one in heard[text].themes
            ),
            nothing=np.array([heard[text].nothing for text in texts], dtype=bool),
            claimed=tuple(heard[text].claimed for text in texts),
        )

    def tones(self, texts: Sequence[str]) -> list[Tone]:
        """Tell wish from praise, text by text."""
        told = {text: self._tones[text] for text in texts if text in self._tones}
        new = [text for text in dict.fromkeys(texts) if text not in told]
        if new:
            told.update(zip(new, self._inner.tones(new), strict=True))
        self._keep(self._tones, told)
        return [told[text] for text in texts]

    def _keep(self, memory: "OrderedDict[str, Value]", fresh: Mapping[str, Value]) -> None:
        memory.update(fresh)
        for text in fresh:
            memory.move_to_end(text)
        while len(memory) > self._remembered:
            memory.popitem(last=False)


def _by_answer(recognition: Recognition, count: int) -> list[_Heard]:
    themes: list[list[Recognised]] = [[] for _ in range(count)]
    for one in recognition.themes:
        themes[one.row].append(one)
    return [
        _Heard(tuple(themes[row]), bool(recognition.nothing[row]), recognition.claimed[row])
        for row in range(count)
    ]
