"""The engine's fixtures: the real model once, and a fast stand-in for the Embedder seam."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from survey.understand.embed import Embedder, load_embedder


@dataclass(frozen=True)
class WordEmbedder:
    """Unit vectors from hashed words: like texts get like vectors, with no model at all."""

    dimension: int = 64
    digest: str = "words-64"
    languages: frozenset[str] = frozenset({"en"})

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Add up one fixed direction per word."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimension)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


@pytest.fixture(scope="session")
def words() -> WordEmbedder:
    """A stand-in for the sentence model."""
    return WordEmbedder()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged sentence model."""
    return load_embedder()
