"""How often a theme that comes up late is proposed, and how often chance is.

    python bench/emerging.py FILE.csv --text-column C --labels-column L

A label's answers are held back from the fit; then some of them arrive among others. True: at least
half of a proposed theme's recent answers are the held-back label's. Shuffled: recent answers are
drawn by lot, so that nothing is new. The labels column holds themes separated by a vertical bar.
"""

import argparse
import csv
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from survey.understand.discover import find_groups
from survey.understand.embed import Embedder, load_embedder
from survey.understand.found import Places
from survey.understand.listen import BareListener
from survey.understand.newcomers import Said, newcomers
from survey.understand.reading import Reading, read_answers
from survey.understand.refit import fresh_themes
from survey.understand.when import MORE

Rows = NDArray[np.int64]
USUAL, FEWEST = 120, 25


def proposals(
    reading: Reading, embedder: Embedder, before: Rows, late: Rows
) -> list[tuple[str, set[int]]]:
    """Find themes in earlier answers, let late ones come in; name and late answers of each new."""
    old = np.isin(reading.row_of, before)
    groups = find_groups(reading.vectors[old])
    known = [
        replace(one, id=str(number), name=str(number))
        for number, (one, _) in enumerate(fresh_themes(reading.vectors[old], groups, (), ()))
    ]
    places = np.flatnonzero(np.isin(reading.row_of, np.concatenate([before, late])))
    rows, row_of = np.unique(reading.row_of[places], return_inverse=True)
    vectors = reading.vectors[places]
    clauses = [reading.clauses[place] for place in places]
    said = Said(clauses, row_of.astype(np.int64), vectors, np.isin(rows, late))
    made = []
    for theme in newcomers(said, known, fewest=MORE, taken=(), embedder=embedder):
        members = Places([*known, theme]).join(vectors).theme == len(known)
        made.append((theme.name, set(rows[row_of[members]].tolist()) & set(late.tolist())))
    return made


def main() -> None:
    """Print shuffled runs, then one line for each number of late answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--text-column", required=True)
    parser.add_argument("--labels-column", required=True)
    parser.add_argument("--late", type=int, nargs="+", default=[15, 20, 25, 30, 40])
    parser.add_argument("--shuffled", type=int, default=12)
    parser.add_argument("--without", nargs="*", default=[], help="labels that are no matter")
    given = parser.parse_args()
    with given.file.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    human = [set(row[given.labels_column].split("|")) - {""} for row in table]
    embedder = load_embedder()
    reading = read_answers([row[given.text_column] for row in table], embedder, BareListener())
    here = np.unique(reading.row_of)
    draw, alarms = np.random.default_rng(1), 0
    for _ in range(given.shuffled):
        late = draw.choice(here, USUAL + FEWEST, replace=False)
        alarms += bool(proposals(reading, embedder, np.setdiff1d(here, late), late))
    print(f"{given.shuffled} shuffled runs, {alarms} with a proposal", flush=True)
    counts = Counter(label for labels in human for label in labels)
    labels = [one for one, count in counts.most_common() if count >= FEWEST]
    for many in given.late:
        runs = proposed = true = 0
        for seed, label in enumerate(one for one in labels if one not in given.without):
            theirs = np.array([row for row in here if label in human[row]])
            others = np.setdiff1d(here, theirs)
            if len(theirs) < many or len(others) < 2 * USUAL:
                continue
            draw = np.random.default_rng(seed)
            new = draw.choice(theirs, many, replace=False)
            usual = draw.choice(others, USUAL, replace=False)
            late = np.concatenate([new, usual])
            made = proposals(reading, embedder, np.setdiff1d(others, usual), late)
            runs, proposed = runs + 1, proposed + bool(made)
            true += any(2 * len(rows & set(new.tolist())) >= len(rows) for _, rows in made)
        print(f"{many} late: {runs} runs, {proposed} with a proposal, {true} true", flush=True)


if __name__ == "__main__":
    main()
