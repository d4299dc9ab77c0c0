"""Made-up vectors whose groups are known."""

import numpy as np
from numpy.typing import NDArray

Cloud = tuple[NDArray[np.float16], NDArray[np.int64]]


def cloud(groups: int, each: int, *, spread: float = 0.6, seed: int = 1, size: int = 48) -> Cloud:
    """Scatter unit rows around random directions; give them with the group each came from."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(groups, size))
    truth = np.repeat(np.arange(groups), each)
    chance.shuffle(truth)
    rows = centres[truth] + spread * chance.normal(size=(len(truth), size))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float16), truth
