"""Fit the reader's second look (`survey.understand.second`) and write it.

It learns from the labelled text and from `brief`, short and plain answers, of which each counts
more. On long text the encoder's log-odds are right already, so that text holds the second look
back, and the brief text moves it.

A part of what it says of the tone it learns from words, with little of the encoder: on text that
it was tuned on, the encoder is so sure of the tone that words have nothing left to learn.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy import sparse
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from survey.understand.embed import cores, file_sha256, run_in_batches
from survey.understand.second import STRENGTH, word_features
from survey.understand.split import plain
from survey.understand.trained import MANIFEST, SECOND, SHIPPED, TONES, WEIGHTS, tuned_model
from survey.understand.training.targets import (
    label_known,
    label_targets,
    tone_known,
    tone_targets,
)
from survey.understand.training.text import Labelled

PENALTY = 0.3
BRIEF_COUNTS = 3.0
"""How much more an answer of the brief text counts."""
ROUNDS = 200
WORDS_SHARE, WORDS_START, WORDS_COUNT = 0.25, 0.3, 6.0
"""Of the tone: what the look that learned from words alone counts for, how much of the encoder's
log-odds it started from, and how much more an answer of the brief text counted for it."""


def write_second(
    answers: Sequence[Labelled], brief: Sequence[Labelled], folder: Path = SHIPPED
) -> None:
    """Fit the second look of a reader and write it beside the reader's weights.

    Parameters
    ----------
    answers, brief : sequence of Labelled
        The labelled text, and the short and plain text.
    folder : Path
        Holds the reader's weights; a second look that is there already is written over.
    """
    every = [*answers, *brief]
    texts = [plain(one.text) for one in every]
    model, tensors = tuned_model(folder / WEIGHTS)
    vectors = run_in_batches(model, texts, cores(), lambda rows: rows)
    start = (
        vectors @ tensors["head.weight"].float().numpy().T + tensors["head.bias"].float().numpy()
    )
    is_brief = np.arange(len(every)) >= len(answers)
    counts = np.where(is_brief, BRIEF_COUNTS, 1.0)
    known = np.hstack([label_known(every), tone_known(every)])
    targets = np.hstack([label_targets(every), tone_targets(every)])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    features = sparse.hstack([word_features(texts), STRENGTH * vectors / lengths]).tocsr()
    fitted = fit_beside(features, start, targets, known * counts[:, None])
    words = features.shape[1] - vectors.shape[1]
    tones = slice(-len(TONES), None)
    alone = fit_beside(
        features[:, :words].tocsr(),
        WORDS_START * start[:, tones],
        targets[:, tones],
        known[:, tones] * np.where(is_brief, WORDS_COUNT, 1.0)[:, None],
    )
    fitted[:, tones] = _with_words(fitted[:, tones], alone)
    write_look(fitted[:words], STRENGTH * fitted[words:-1], fitted[-1], folder)


def _with_words(look: NDArray[np.float64], alone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix a look with one at words alone.

    The two start from unlike parts of the encoder's log-odds, of which the reader adds the whole:
    so the mix is put on the scale at which the whole is right. The tone compares two outputs of
    one scale, and keeps.
    """
    mixed = (1 - WORDS_SHARE) * look
    mixed[: len(alone) - 1] += WORDS_SHARE * alone[:-1]
    mixed[-1] += WORDS_SHARE * alone[-1]
    return mixed / (1 - WORDS_SHARE + WORDS_SHARE * WORDS_START)


def write_look(
    words: NDArray[np.floating],
    vector: NDArray[np.floating],
    shift: NDArray[np.floating],
    folder: Path,
) -> None:
    """Write a second look and what it hashes to.

    Parameters
    ----------
    words : ndarray, shape (BUCKETS, outputs)
        What each column of words adds.
    vector : ndarray, shape (d, outputs)
        What the encoder's unit vector adds.
    shift : ndarray, shape (outputs,)
        What is added to every text.
    folder : Path
        Holds the manifest.
    """
    parts = {"words": words, "vector": vector, "bias": shift}
    half = {name: np.ascontiguousarray(part, dtype=np.float16) for name, part in parts.items()}
    save_file(half, folder / SECOND)
    (folder / SECOND).chmod(0o644)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["second_sha256"] = file_sha256(folder / SECOND)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def fit_beside(
    features: sparse.csr_matrix,
    start: NDArray[np.floating],
    targets: NDArray[np.floating],
    counts: NDArray[np.floating],
) -> NDArray[np.float64]:
    """Fit, output by output, what features add to log-odds that stay as they are.

    Parameters
    ----------
    features : csr_matrix, shape (n, m)
        What may be used.
    start, targets, counts : ndarray, shape (n, outputs)
        Log-odds to begin with, 0 or 1, and how much each counts.

    Returns
    -------
    ndarray of float64, shape (m + 1, outputs)
        Weights, and in the last row the shift; the shift has no penalty.
    """
    parts = [part.astype(np.float64) for part in (start, targets, counts)]
    with threadpool_limits(1):  # on vectors this short, more threads wait for each other
        columns = [
            _fit_one(features, *(part[:, place] for part in parts))
            for place in range(targets.shape[1])
        ]
    return np.column_stack(columns)


def _fit_one(
    features: sparse.csr_matrix,
    start: NDArray[np.float64],
    target: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minimise the counted logistic loss plus half PENALTY times the squared weights."""
    turned = features.T.tocsr()

    def loss(guess: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = start + features @ guess[:-1] + guess[-1]
        each = np.logaddexp(0, odds) - target * odds
        slope = counts * (1 / (1 + np.exp(-np.clip(odds, -40, 40))) - target)
        total = float(counts @ each + PENALTY / 2 * guess[:-1] @ guess[:-1])
        return total, np.r_[turned @ slope + PENALTY * guess[:-1], slope.sum()]

    guess = np.zeros(features.shape[1] + 1)
    best = minimize(loss, guess, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return np.asarray(best.x, dtype=np.float64)
