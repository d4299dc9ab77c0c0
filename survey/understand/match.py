"""Say what a new sorting would change: which themes stay, move, go, or are new.

Matching only words the proposal; it never moves an answer by itself.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

SAME_FROM = 0.30
"""Jaccard overlap of answers from which two themes are one theme, seen twice."""


@dataclass(frozen=True)
class Change:
    """One theme's fate: `kind` is 'kept', 'renamed', 'new' or 'gone'."""

    kind: str
    before: str | None
    after: str | None
    name_before: str
    name_after: str
    joined: int
    left: int


@dataclass(frozen=True)
class Proposal:
    """A new sorting beside the present one; `moved` counts answers with another set of themes."""

    changes: tuple[Change, ...]
    answers: int
    moved: int

    def count(self, kind: str) -> int:
        """Count the themes of one fate."""
        return sum(change.kind == kind for change in self.changes)


def match_themes(
    before: Mapping[str, Set[str]], after: Mapping[str, Set[str]], *, same_from: float = SAME_FROM
) -> dict[str, str]:
    """Find which theme of a new sorting is which of the old one.

    Parameters
    ----------
    before, after : mapping of str to set of str
        Answers of each theme, by theme id.
    same_from : float, default 0.30
        Least Jaccard overlap, 0 to 1.

    Returns
    -------
    dict of str to str
        Id in `after` to id in `before`, each at most once; the pairing of largest total overlap
        (Hungarian method). A theme with the same id on both sides is itself.
    """
    pairs = {key: key for key in after if key in before}
    old = sorted(before.keys() - pairs.values())
    new = sorted(after.keys() - pairs.keys())
    if not old or not new:
        return pairs
    overlap = np.array([[_jaccard(before[a], after[b]) for a in old] for b in new])
    rows, columns = linear_sum_assignment(-overlap)
    for row, column in zip(rows, columns, strict=True):
        if overlap[row, column] >= same_from:
            pairs[new[row]] = old[column]
    return pairs


def compare(
    before: Mapping[str, Set[str]],
    after: Mapping[str, Set[str]],
    names_before: Mapping[str, str],
    names_after: Mapping[str, str],
) -> Proposal:
    """Lay a new sorting beside the present one.

    Parameters
    ----------
    before, after : mapping of str to set of str
        Answers of each theme, by theme id.
    names_before, names_after : mapping of str to str
        Names by theme id.

    Returns
    -------
    Proposal
        Every theme of either side once: kept and renamed ones first, then new, then gone.
    """
    same = match_themes(before, after)
    stay = [
        Change(
            "kept" if names_before[old] == names_after[new] else "renamed",
            old,
            new,
            names_before[old],
            names_after[new],
            len(after[new] - before[old]),
            len(before[old] - after[new]),
        )
        for new, old in sorted(same.items(), key=lambda pair: (-len(after[pair[0]]), pair))
    ]
    come = [
        Change("new", None, key, "", names_after[key], len(after[key]), 0)
        for key in sorted(after.keys() - same.keys(), key=lambda key: (-len(after[key]), key))
    ]
    go = [
        Change("gone", key, None, names_before[key], "", 0, len(before[key]))
        for key in sorted(before.keys() - same.values(), key=lambda key: (-len(before[key]), key))
    ]
    themes_before = _themes_of(before, {old: old for old in before})
    themes_after = _themes_of(after, same)
    everyone = themes_before.keys() | themes_after.keys()
    moved = sum(themes_before.get(key) != themes_after.get(key) for key in everyone)
    return Proposal((*stay, *come, *go), len(everyone), moved)


def in_words(proposal: Proposal) -> str:
    """Word a proposal in one sentence, such as an owner reads above Accept and Refuse."""
    if not proposal.moved and proposal.count("kept") == len(proposal.changes):
        return "Nothing would change."
    parts = [
        _some(proposal.count("new"), "new theme"),
        _some(proposal.count("renamed"), "theme", "renamed"),
        _some(proposal.count("gone"), "theme", "gone"),
        f"{_some(proposal.moved, 'answer', 'moved') or 'no answer moved'} of {proposal.answers:,}",
    ]
    sentence = ", ".join(part for part in parts if part)
    return sentence[:1].upper() + sentence[1:] + "."


def _some(count: int, noun: str, fate: str = "") -> str:
    if not count:
        return ""
    return f"{count:,} {noun}{'' if count == 1 else 's'} {fate}".strip()


def _jaccard(one: Set[str], other: Set[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _themes_of(
    sorting: Mapping[str, Set[str]], called: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """Turn answers by theme into themes by answer, under the names of the old sorting."""
    themes: dict[str, set[str]] = {}
    for key, answers in sorting.items():
        for answer in answers:
            themes.setdefault(answer, set()).add(called.get(key, f"new {key}"))
    return {answer: frozenset(keys) for answer, keys in themes.items()}
