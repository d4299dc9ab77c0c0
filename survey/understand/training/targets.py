"""Turn labels into the reader's targets, and scores into figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survey.understand.book import shipped_book
from survey.understand.trained import NOTHING, TONES
from survey.understand.training.text import TONE_ALONE, Labelled


@dataclass(frozen=True)
class Figures:
    """Figures over keys and `nothing`: macro F1, and micro precision and recall of the keys."""

    macro_f1: float
    micro_precision: float
    micro_recall: float
    f1: tuple[float, ...]

    def __str__(self) -> str:
        """Give the three figures in one line."""
        return (
            f"macro F1 {self.macro_f1:.3f}, micro precision {self.micro_precision:.3f}, "
            f"micro recall {self.micro_recall:.3f}"
        )


def label_names() -> tuple[str, ...]:
    """Name the columns that are scored: the book's keys, then `nothing`."""
    return (*shipped_book().keys, NOTHING)


def output_names() -> tuple[str, ...]:
    """Name the reader's outputs: the labels, then the two tones."""
    return (*label_names(), *TONES)


def label_targets(answers: Sequence[Labelled]) -> NDArray[np.float32]:
    """Mark each answer's labels, shape (n, labels)."""
    names = label_names()
    marks = [[float(name in answer.labels) for name in names] for answer in answers]
    return np.array(marks, dtype=np.float32).reshape(len(answers), len(names))


def label_known(answers: Sequence[Labelled]) -> NDArray[np.float32]:
    """Mark the answers of which somebody said what is in them, shape (n, labels)."""
    known = [[float(TONE_ALONE not in answer.labels)] * len(label_names()) for answer in answers]
    return np.array(known, dtype=np.float32).reshape(len(answers), len(label_names()))


def tone_targets(answers: Sequence[Labelled]) -> NDArray[np.float32]:
    """Mark whether a wish and whether praise is in each answer, shape (n, 2)."""
    marks = [[float(tone in answer.labels.values()) for tone in TONES] for answer in answers]
    return np.array(marks, dtype=np.float32).reshape(len(answers), len(TONES))


def tone_known(answers: Sequence[Labelled]) -> NDArray[np.float32]:
    """Mark the answers whose tone the labels tell, shape (n, 2)."""
    known = [[float(any(answer.labels.values()))] * len(TONES) for answer in answers]
    return np.array(known, dtype=np.float32).reshape(len(answers), len(TONES))


def figures(targets: NDArray[np.float32], decided: NDArray[np.bool_]) -> Figures:
    """Score decisions against labels.

    Parameters
    ----------
    targets : ndarray, shape (n, labels)
        The last column is `nothing`.
    decided : ndarray of bool, shape (n, labels)
        What the engine said.

    Returns
    -------
    Figures
        F1 of a label that neither side uses is 0.
    """
    truth = targets > 0.5
    hits = (truth & decided).sum(axis=0)
    f1 = 2 * hits / np.maximum(truth.sum(axis=0) + decided.sum(axis=0), 1)
    keys = hits[:-1].sum()
    return Figures(
        macro_f1=float(f1.mean()),
        micro_precision=float(keys / max(decided[:, :-1].sum(), 1)),
        micro_recall=float(keys / max(truth[:, :-1].sum(), 1)),
        f1=tuple(f1.tolist()),
    )
