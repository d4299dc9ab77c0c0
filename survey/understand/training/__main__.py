"""`make book`: check the recipe on authors it has not read, then train on all of them."""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from survey.understand.trained import read_manifest
from survey.understand.training.second import write_second
from survey.understand.training.ship import write_background, write_reader
from survey.understand.training.targets import (
    figures,
    label_targets,
    tone_known,
    tone_targets,
)
from survey.understand.training.text import BRIEF, Labelled, read_labelled, without_copies
from survey.understand.training.tune import Network, Recipe, read_with, tune

HELD_OUT = ("c", "f")
"""Authors whose text the check keeps aside; threshold and calibration are chosen on them."""
WANTED_PRECISION = 0.70


def main() -> None:
    """Train the shipped reader and write it to `survey/understand/shipped`."""
    asked = _arguments()
    answers, brief = without_copies(read_labelled()), read_labelled(BRIEF)
    if asked.second_only:
        write_second(answers, brief)
        return
    recipe = Recipe(seed=asked.seed)
    say(f"{len(answers)} answers by {len({one.author for one in answers})} authors")
    if asked.keep_threshold:
        manifest = read_manifest()
        threshold, calibration = min(manifest.thresholds.values()), manifest.calibration
    else:
        threshold, calibration = check(answers, brief, recipe, say)
    if not asked.check_only:
        write_background(answers, recipe.seed)
        write_reader(train(answers, brief, recipe, say), threshold, calibration)
        write_second(answers, brief)


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
        What to learn; each of `brief` counts `recipe.brief_counts` times.
    recipe : Recipe
        How.
    say : callable
        Is told of each epoch.

    Returns
    -------
    Network
        Ready to read.
    """
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m survey.understand.training", description=__doc__
    )
    parser.add_argument("--check-only", action="store_true", help="train without HELD_OUT; score")
    parser.add_argument("--keep-threshold", action="store_true", help="skip the check")
    parser.add_argument(
        "--second-only", action="store_true", help="keep the tuned encoder; fit the second look"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
