"""How well found themes agree with themes that people gave, beside BERTopic's, seed by seed.

    python bench/found_themes.py FILE.csv --text-column C --labels-column L [--themes 24]

All engines get the same clauses, the same vectors and the same number of themes; 'nothing' is
set aside for all of them alike. `ours` are groups before they have names, as BERTopic's are;
`named` are the themes an owner is shown, of which there may be fewer, and clauses that are in none.
A label of fewer than 15 answers is left out of recovery.

recovery   for each human theme the best F1 of any theme found, weighted by its answers
B-cubed    extended to several themes an answer (Amigó and others 2009, Information Retrieval 12)
AMI        of a run on 80 % of the answers with the run on all, clause by clause

The labels column holds themes separated by a vertical bar.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from survey.understand.discover import find_groups
from survey.understand.embed import load_embedder
from survey.understand.found import Places
from survey.understand.listen import BareListener
from survey.understand.naming import Naming
from survey.understand.reading import NOTHING, Reading, read_answers
from survey.understand.refit import find_themes

FEWEST = 15
Sorting = list[set[str]]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Score:
    """One run of one engine."""

    themes: int
    recovery: float
    bcubed: float
    stability: float


def recovery(human: Sequence[set[str]], ours: Sequence[set[str]]) -> float:
    """Give the weighted mean, over human themes, of the best F1 of any theme of ours."""
    theirs, found = _members(human), _members(ours)
    kept = [rows for rows in theirs.values() if len(rows) >= FEWEST]
    best = [
        max((2 * len(rows & own) / (len(rows) + len(own)) for own in found.values()), default=0.0)
        for rows in kept
    ]
    return float(np.average(best, weights=[len(rows) for rows in kept]))


def bcubed(human: Sequence[set[str]], ours: Sequence[set[str]]) -> float:
    """Give extended B-cubed F1; an answer in no theme stands alone."""
    own, gold = _matrix(ours), _matrix(human)
    precision, recall = [], []
    for start in range(0, len(own), 512):
        together = own[start : start + 512] @ own.T
        should = gold[start : start + 512] @ gold.T
        both = np.minimum(together, should)
        precision.append(_mean_where(both, together))
        recall.append(_mean_where(both, should))
    p, r = np.concatenate(precision).mean(), np.concatenate(recall).mean()
    return float(2 * p * r / (p + r))


def _mean_where(both: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[np.float32]:
    shares = np.divide(both, base, out=np.zeros_like(both), where=base > 0)
    return np.asarray(shares.sum(axis=1) / (base > 0).sum(axis=1), dtype=np.float32)


def _members(sorting: Sequence[set[str]]) -> dict[str, set[int]]:
    members: dict[str, set[int]] = {}
    for row, themes in enumerate(sorting):
        for theme in themes:
            members.setdefault(theme, set()).add(row)
    return members


def _matrix(sorting: Sequence[set[str]]) -> NDArray[np.float32]:
    alone = [themes or {f"alone {row}"} for row, themes in enumerate(sorting)]
    columns = {theme: place for place, theme in enumerate(sorted(set().union(*alone)))}
    matrix = np.zeros((len(alone), len(columns)), dtype=np.float32)
    for row, themes in enumerate(alone):
        matrix[row, [columns[theme] for theme in themes]] = 1
    return matrix


def as_sorting(reading: Reading, labels: Labels) -> Sorting:
    """Give each answer the themes of its clauses, or 'nothing'."""
    sorting: Sorting = [{NOTHING} if state == NOTHING else set() for state in reading.states]
    for row, label in zip(reading.row_of.tolist(), labels.tolist(), strict=True):
        if label >= 0:
            sorting[row].add(str(label))
    return sorting


def ours(reading: Reading, kept: NDArray[np.bool_], themes: int, seed: int) -> Labels:
    """Find groups as the product does."""
    return find_groups(reading.vectors[kept], themes=themes, seed=seed).labels


def named(reading: Reading, kept: NDArray[np.bool_], themes: int, seed: int) -> Labels:
    """Find themes as an owner is shown them: with parts and names, and what fits none left out."""
    some = replace(
        reading,
        clauses=tuple(clause for clause, keep in zip(reading.clauses, kept, strict=True) if keep),
        row_of=reading.row_of[kept],
        vectors=reading.vectors[kept],
    )
    naming = Naming(some, load_embedder(), None)
    found = find_themes(naming, (), (), themes=themes, seed=seed)
    return Places(found).join(some.vectors).theme


def bertopic(reading: Reading, kept: NDArray[np.bool_], themes: int, seed: int) -> Labels:
    """Find topics with BERTopic, then let its outliers join the nearest topic, as ours do."""
    from bertopic import BERTopic
    from umap import UMAP

    texts = [clause.text for clause, keep in zip(reading.clauses, kept, strict=True) if keep]
    vectors = reading.vectors[kept].astype(np.float32)
    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
    # One of BERTopic's topics is the outliers', so it is asked for one more.
    model = BERTopic(umap_model=reducer, nr_topics=themes + 1, calculate_probabilities=False)
    topics, _ = model.fit_transform(texts, vectors)
    labels = np.asarray(topics)
    known = np.unique(labels[labels >= 0])
    centres = np.stack([vectors[labels == topic].mean(axis=0) for topic in known])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    outside = labels < 0
    labels[outside] = known[(vectors[outside] @ centres.T).argmax(axis=1)]
    return labels


Engine = Callable[[Reading, NDArray[np.bool_], int, int], Labels]
ENGINES: dict[str, Engine] = {"ours": ours, "named": named, "bertopic": bertopic}


def score(
    engine: Engine, reading: Reading, human: Sequence[set[str]], themes: int, seed: int
) -> Score:
    """Run an engine on all answers and on four fifths of them."""
    every = np.ones(len(reading.clauses), dtype=bool)
    answers = np.random.default_rng(seed).random(len(reading.texts)) < 0.8
    most = answers[reading.row_of]
    labels = engine(reading, every, themes, seed)
    fewer = engine(reading, most, themes, seed)
    sorting = as_sorting(reading, labels)
    return Score(
        len(np.unique(labels[labels >= 0])),
        recovery(human, sorting),
        bcubed(human, sorting),
        float(adjusted_mutual_info_score(labels[most], fewer)),
    )


def main() -> None:
    """Print one line a seed, then mean and spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--text-column", required=True)
    parser.add_argument("--labels-column", required=True)
    parser.add_argument("--themes", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    given = parser.parse_args()
    with given.file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    human = [set(row[given.labels_column].split("|")) - {""} for row in rows]
    texts = [row[given.text_column] for row in rows]
    reading = read_answers(texts, load_embedder(), BareListener())
    print(f"{len(rows)} answers, {len(reading.clauses)} clauses that say something", flush=True)
    for name in given.engines:
        scores = []
        for seed in range(given.seeds):
            one = score(ENGINES[name], reading, human, given.themes, seed)
            scores.append((one.themes, one.recovery, one.bcubed, one.stability))
            print(f"{name} seed {seed}: {_said(np.array(scores[-1]))}", flush=True)
        print(f"{name} mean: {_said(np.mean(scores, axis=0))}")
        print(f"{name} spread: {_said(np.std(scores, axis=0))}", flush=True)


def _said(numbers: NDArray[np.floating]) -> str:
    themes, found, cubed, stable = numbers
    return f"themes {themes:.1f} recovery {found:.3f} B-cubed {cubed:.3f} AMI {stable:.3f}"


if __name__ == "__main__":
    main()
