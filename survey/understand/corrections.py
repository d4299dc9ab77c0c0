"""Learn from answers that the owner has checked: yes, it belongs; no, it does not.

Each theme's scores are moved by a small plane of its own, fitted with the engine's score as a
fixed start and a penalty for moving: a handful of checks moves little, twenty move the
threshold and the nearest answers, and no check at all moves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits

SOFTNESS = 0.5
"""Inverse penalty on moving towards or away from checked answers."""
SHIFT_SOFTNESS = 0.1
"""Inverse penalty on moving the theme's threshold."""
START = -0.4
"""Log-odds, before any check, that a decision right at the threshold is right."""


@dataclass(frozen=True)
class Correction:
    """One checked answer: does it belong to the theme of this key?"""

    text: str
    key: str
    belongs: bool


@dataclass(frozen=True)
class Shift:
    """What checks add to a theme's scores: `vectors @ weight + bias`."""

    weight: NDArray[np.float64]
    bias: float


def learn_shift(
    margins: NDArray[np.float64], vectors: NDArray[np.float64], belongs: Sequence[bool]
) -> Shift:
    """Fit what one theme's checked answers say about its scores.

    Parameters
    ----------
    margins : ndarray, shape (n,)
        The engine's score of each checked answer, above its threshold where positive.
    vectors : ndarray, shape (n, d)
        The answers' unit vectors.
    belongs : sequence of bool
        The owner's word on each.

    Returns
    -------
    Shift
        To be added to the scores of all answers.
    """
    with_one = np.hstack([vectors, np.ones((len(vectors), 1))])
    signs = 2.0 * np.asarray(belongs, dtype=np.float64) - 1
    penalty = np.full(with_one.shape[1], 1 / SOFTNESS)
    penalty[-1] = 1 / SHIFT_SOFTNESS

    def loss(moved: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        held = signs * (margins + START + with_one @ moved)
        value = np.logaddexp(0, -held).sum() + (penalty * moved**2).sum() / 2
        return float(value), with_one.T @ (-signs * expit(-held)) + penalty * moved

    with threadpool_limits(limits=1):
        moved = minimize(loss, np.zeros(with_one.shape[1]), jac=True, method="L-BFGS-B").x
    return Shift(moved[:-1], float(moved[-1]))
