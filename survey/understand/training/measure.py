"""Measure the engine's book on labelled answers it has not read.

python -m survey.understand.training.measure tests/understand/dev_set.tsv
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from survey.understand.book import Book, BookTheme, shipped_book
from survey.understand.embed import load_embedder
from survey.understand.recognise import Recogniser, Recognition
from survey.understand.training.targets import figures, label_names, label_targets
from survey.understand.training.text import Labelled, read_file


def main() -> None:
    """Print the figures of the shipped book, trained and as any book, on a file."""
    answers = read_file(Path(sys.argv[1]))
    embedder = load_embedder()
    texts = [answer.text for answer in answers]
    for name, book in (("trained", shipped_book()), ("as any book", untrained_book())):
        recognition = Recogniser(book, embedder).recognise(texts)
        _print(f"{name}: {figures(label_targets(answers), decisions(recognition, len(texts)))}")
        if name == "trained":
            report(answers, recognition)


def decisions(recognition: Recognition, rows: int) -> NDArray[np.bool_]:
    """Lay a recognition out as a table of truths, shape (rows, labels)."""
    decided = np.zeros((rows, len(label_names())), dtype=bool)
    for one in recognition.themes:
        decided[one.row, one.theme] = True
    decided[:, -1] = recognition.nothing
    return decided


def untrained_book() -> Book:
    """Give the shipped book under other keys, so that no trained head serves it."""
    return Book(
        tuple(
            BookTheme(f"own_{one.key}", one.name, one.definition, one.not_, one.examples)
            for one in shipped_book().themes
        )
    )


@dataclass(frozen=True)
class ToneFigures:
    """How well the tone of rightly recognised themes is told.

    Parameters
    ----------
    macro_f1 : float
        Mean of the F1 of wish and of praise, 0 to 1.
    praise_precision : float
        Share of what is called praise that is, 0 to 1.
    decisions : int
        How many decisions were rightly recognised.
    """

    macro_f1: float
    praise_precision: float
    decisions: int


def tone_figures(answers: Sequence[Labelled], recognition: Recognition) -> ToneFigures:
    """Score the tone of rightly recognised themes."""
    keys = label_names()
    pairs = [
        (answers[one.row].labels[keys[one.theme]], one.tone)
        for one in recognition.themes
        if keys[one.theme] in answers[one.row].labels
    ]
    scores = []
    for tone in ("wish", "praise"):
        hits = sum(truth == said == tone for truth, said in pairs)
        both = sum(truth == tone for truth, _ in pairs) + sum(said == tone for _, said in pairs)
        scores.append(2 * hits / max(both, 1))
    praised = [truth for truth, said in pairs if said == "praise"]
    precise = praised.count("praise") / max(len(praised), 1)
    return ToneFigures(float(np.mean(scores)), precise, len(pairs))


def report(answers: Sequence[Labelled], recognition: Recognition) -> None:
    """Print F1 a label, precision and recall of `nothing`, tone, and evidence."""
    targets = label_targets(answers)
    decided = decisions(recognition, len(answers))
    f1 = figures(targets, decided).f1
    _print(
        "  " + ", ".join(f"{key} {value:.2f}" for key, value in zip(label_names(), f1, strict=True))
    )
    hits = int((targets[:, -1].astype(bool) & decided[:, -1]).sum())
    precision, recall = hits / max(decided[:, -1].sum(), 1), hits / max(targets[:, -1].sum(), 1)
    _print(f"  nothing: precision {precision:.3f}, recall {recall:.3f}")
    tone = tone_figures(answers, recognition)
    _print(f"  tone of {tone.decisions} right decisions: macro F1 {tone.macro_f1:.3f}")
    _print(f"  praise: precision {tone.praise_precision:.3f}")
    shown = sum(one.start is not None for one in recognition.themes)
    _print(f"  evidence: {shown} of {len(recognition.themes)} decisions have a deciding clause")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
