"""Recognise themes from what their owner wrote, with no labels: any book, any trade.

Each theme gets a separating plane of its own: its examples, definition and name on one side; on
the other, in equal weight, those of its sister themes and a fixed background of clauses from
many trades. The weights are fixed per theme, so that a score means the same in a book of 3 themes
as in one of 60, and one threshold serves them all.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits

from survey.understand.book import BookTheme
from survey.understand.embed import Embedder, stored
from survey.understand.nothing import says_nothing

THRESHOLD = -1.05
"""A theme is recognised above this score, whatever the book; see docs/decisions."""
SOFTNESS = 3.0
"""Inverse strength of the penalty on a plane's length."""
SISTERS = 2.0
"""Weight of the sister themes' texts, in units of the theme's own; the background weighs 1."""
WHOLE = 0.3
"""Share of the whole answer's score, beside its best clause's."""
WITHIN = 0.6
"""A theme this far below the answer's best one is left out: the best one already says it."""
STEPS = 60

_BACKGROUND = Path(__file__).parent / "shipped" / "background.txt"


@dataclass(frozen=True)
class Planes:
    """One plane a theme: `score = vectors @ weight + bias`, shapes (d, k) and (k,).

    `of_nothing` marks themes whose own examples say nothing more than that all was well: only
    they may claim what would otherwise be set aside as 'nothing'.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    of_nothing: NDArray[np.bool_]

    def scores(self, vectors: NDArray[np.float16]) -> NDArray[np.float64]:
        """Score vectors against every theme.

        Parameters
        ----------
        vectors : ndarray of float16, shape (n, d)
            In their stored form.

        Returns
        -------
        ndarray of float64, shape (n, k)
            Log-odds against a fixed background; rounded, so that threads change nothing.
        """
        with threadpool_limits(limits=1):
            result: NDArray[np.float64] = vectors.astype(np.float64) @ self.weight + self.bias
        return result.round(5)


def fit_planes(
    themes: tuple[BookTheme, ...], embedder: Embedder, beside: tuple[BookTheme, ...] = ()
) -> Planes:
    """Work out the planes of a book's themes.

    Parameters
    ----------
    themes : tuple of BookTheme
        One or more.
    embedder : Embedder
        Gives the vectors of their texts and of the background.
    beside : tuple of BookTheme
        The book's other themes, which need no planes: sisters all the same.

    Returns
    -------
    Planes
        In the order of the themes.
    """
    texts = [_texts(theme) for theme in themes]
    owner = np.repeat(np.arange(len(themes)), [len(own) for own in texts])
    others = [text for theme in beside for text in _texts(theme)]
    background = background_texts()
    flat = [text for own in texts for text in own]
    vectors = stored(embedder.encode([*flat, *others, *background])).astype(np.float64)
    belongs = np.zeros((len(vectors), len(themes)))
    belongs[np.arange(len(flat)), owner] = 1
    weights = _weights(belongs, len(flat) + len(others))
    weight, bias = separate(vectors, belongs, weights, SOFTNESS)
    return Planes(weight, bias, np.array([_of_nothing(theme) for theme in themes]))


def separate(
    vectors: NDArray[np.float64],
    belongs: NDArray[np.float64],
    weights: NDArray[np.float64],
    softness: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit one weighted logistic regression a column, all at once.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit vectors.
    belongs : ndarray, shape (n, k)
        1 where the text is the theme's, else 0.
    weights : ndarray, shape (n, k)
        Of each text in each theme's fit.
    softness : float
        Inverse of the L2 penalty; the bias is free.

    Returns
    -------
    tuple of ndarray
        Weights, shape (d, k), and biases, shape (k,).
    """
    with_one = np.hstack([vectors, np.ones((len(vectors), 1))])
    signs = 2 * belongs - 1
    shape = (with_one.shape[1], belongs.shape[1])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        planes = flat.reshape(shape)
        margins = signs * (with_one @ planes)
        value = (weights * np.logaddexp(0, -margins)).sum() + (planes[:-1] ** 2).sum() / (
            2 * softness
        )
        slope = with_one.T @ (-weights * signs * expit(-margins))
        slope[:-1] += planes[:-1] / softness
        return float(value), slope.ravel()

    with threadpool_limits(limits=1):
        fitted = minimize(
            loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
        )
    planes = fitted.x.reshape(shape)
    return planes[:-1], planes[-1]


@functools.cache
def background_texts() -> tuple[str, ...]:
    """Give the background: clauses of the training text, from many trades."""
    lines = _BACKGROUND.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("# "))


def _texts(theme: BookTheme) -> list[str]:
    return [*theme.examples, theme.definition, theme.name]


def _weights(belongs: NDArray[np.float64], own: int) -> NDArray[np.float64]:
    """Weigh a theme's texts 1 each, its sisters' SISTERS and the background 1 times as much.

    The background stands in for the sisters of a theme that has none: with less on the other side
    it would claim most answers.
    """
    positives = belongs.sum(axis=0)
    sisters = (1 - belongs) * (np.arange(len(belongs)) < own)[:, None]
    count = sisters.sum(axis=0)
    weights = belongs + sisters * SISTERS * positives / np.maximum(count, 1)
    other = np.where(count > 0, 1.0, 1.0 + SISTERS)
    weights[own:] = other * positives / max(len(belongs) - own, 1)
    return np.asarray(weights, dtype=np.float64)


def _of_nothing(theme: BookTheme) -> bool:
    silent = sum(says_nothing(example) for example in theme.examples)
    return 2 * silent >= len(theme.examples)
