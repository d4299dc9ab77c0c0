"""From groups of clauses to themes: beside a book, only clauses that agree make one."""

import numpy as np
from numpy.typing import NDArray

from survey.understand.discover import find_groups
from survey.understand.refit import BESIDE_A_BOOK, fresh_themes
from tests.understand.clouds import cloud


def scattered_beside_a_tight_group() -> NDArray[np.float16]:
    chance = np.random.default_rng(3)
    tight, _ = cloud(1, 20, spread=0.3, seed=5)
    scattered = chance.normal(size=(60, 48))
    scattered /= np.linalg.norm(scattered, axis=1, keepdims=True)
    return np.concatenate([tight, scattered]).astype(np.float16)


def test_beside_a_book_scattered_clauses_are_no_theme() -> None:
    vectors = scattered_beside_a_tight_group()
    groups = find_groups(vectors, themes=6)
    themes = fresh_themes(vectors, groups, (), (), beside_a_book=True)
    assert themes
    for theme, members in themes:
        assert theme.radius >= BESIDE_A_BOOK
        cosines = vectors[members].astype(np.float32) @ theme.points.astype(np.float32).T
        assert cosines.max(axis=1).min() >= BESIDE_A_BOOK - 1e-3
    largest = max(themes, key=lambda one: one[0].clauses)[1]
    assert largest[:20].sum() >= 18, "the clauses that agree are found"


def test_without_a_book_every_group_is_a_theme() -> None:
    vectors = scattered_beside_a_tight_group()
    groups = find_groups(vectors, themes=6)
    assert len(fresh_themes(vectors, groups, (), ())) == groups.count
