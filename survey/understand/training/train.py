"""Train a reader on all authors, and beside it one without some of them, to check the recipe."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from survey.understand.training.targets import (
    figures,
    label_targets,
    tone_known,
    tone_targets,
)
from survey.understand.training.text import TONE_ALONE, Labelled
from survey.understand.training.tune import Network, Recipe, read_with, tune

HELD_OUT = ("c", "f")
"""Authors whose text the check keeps aside; threshold and calibration are chosen on them."""
WANTED_PRECISION = 0.70


def train_and_check(
    answers: Sequence[Labelled],
    brief: Sequence[Labelled],
    recipe: Recipe,
    say: Callable[[str], None],
) -> tuple[Network, float, tuple[float, float]]:
    """Train on all authors, and beside it, in a process of its own, without some of them.

    Parameters
    ----------
    answers, brief : sequence of Labelled
        By all authors: the labelled text, and the short and plain text.
    recipe : Recipe
        How to train.
    say : callable
        Is told of each epoch; the check's figures go to standard error from its own process.

    Returns
    -------
    tuple
        The network trained on all; threshold and calibration as `check` gives them.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        checked = beside.submit(check, answers, brief, recipe, _say_of_the_check)
        network = train(answers, brief, recipe, say)
        return network, *checked.result()


def check(
    answers: Sequence[Labelled],
    brief: Sequence[Labelled],
    recipe: Recipe,
    say: Callable[[str], None],
) -> tuple[float, tuple[float, float]]:
    """Train without some authors, and choose threshold and calibration on them.

    Parameters
    ----------
    answers, brief : sequence of Labelled
        By all authors: the labelled text, and the short and plain text.
    recipe : Recipe
        How to train.
    say : callable
        Is told the figures.

    Returns
    -------
    tuple
        The threshold, and slope and shift of the log-odds.
    """
    held = [one for one in answers if one.author in HELD_OUT]
    others = [one for one in answers if one.author not in HELD_OUT]
    network = train(others, brief, recipe, say)
    targets = label_targets(held)
    logits = read_with(network, [one.text for one in held])[:, : targets.shape[1]]
    threshold = choose_threshold(targets, logits)
    say(f"held-out authors {', '.join(HELD_OUT)}: {len(held)} answers, threshold {threshold:.2f}")
    say(str(figures(targets, logits > logit(threshold))))
    calibration = calibrate(targets, logits)
    say(f"calibration: slope {calibration[0]:.4f}, shift {calibration[1]:.4f}")
    return threshold, calibration


def choose_threshold(targets: NDArray[np.float32], logits: NDArray[np.float32]) -> float:
    """Find the lowest threshold, in steps of .05, that is precise enough.

    Parameters
    ----------
    targets, logits : ndarray, shape (n, labels)
        Labels, and the reader's log-odds, of authors it has not read.

    Returns
    -------
    float
        Between .2 and .8.
    """
    steps = np.arange(0.2, 0.81, 0.05).round(2).tolist()
    for step in steps:
        if figures(targets, logits > logit(step)).micro_precision >= WANTED_PRECISION:
            return float(step)
    return float(steps[-1])


def calibrate(targets: NDArray[np.float32], logits: NDArray[np.float32]) -> tuple[float, float]:
    """Fit how log-odds become the share of decisions that are right (Platt, 1999).

    Parameters
    ----------
    targets, logits : ndarray, shape (n, labels)
        As for `choose_threshold`.

    Returns
    -------
    tuple of float
        Slope and shift.
    """
    fitted = LogisticRegression(C=1e6).fit(logits.reshape(-1, 1), targets.ravel() > 0.5)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def train(
    answers: Sequence[Labelled],
    brief: Sequence[Labelled],
    recipe: Recipe,
    say: Callable[[str], None],
) -> Network:
    """Train on answers: labels, and the tone where it is known.

    Parameters
    ----------
    answers, brief : sequence of Labelled
        What to learn; each of `brief` counts `recipe.brief_counts` times. Those that tell the tone
        alone are left to the second look.
    recipe : Recipe
        How.
    say : callable
        Is told of each epoch.

    Returns
    -------
    Network
        Ready to read.
    """
    brief = [one for one in brief if TONE_ALONE not in one.labels]
    every = [*answers, *brief]
    labels = label_targets(every)
    targets = np.hstack([labels, tone_targets(every)])
    weights = np.hstack([np.ones_like(labels), recipe.tone_weight * tone_known(every)])
    weights[len(answers) :] *= recipe.brief_counts
    return tune([one.text for one in every], targets, weights, recipe, say)


def say(line: str) -> None:
    """Write a line of progress to standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _say_of_the_check(line: str) -> None:
    say(f"check: {line}")
