"""From groups of clauses to themes: beside a book, only clauses that agree make one."""

import struct
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.discover import find_groups
from survey.understand.found import FoundTheme, Places
from survey.understand.refit import BESIDE_A_BOOK, JOINS_FROM, fresh_themes
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


def test_what_lies_far_from_every_theme_joins_none() -> None:
    vectors = scattered_beside_a_tight_group()
    fresh = [one for one, _ in fresh_themes(vectors, find_groups(vectors, themes=6), (), ())]
    joining = Places(fresh).join(vectors)
    far = joining.cosine < JOINS_FROM
    assert far.any()
    assert (joining.theme[far] == -1).all()
    assert (joining.theme[:20] >= 0).sum() >= 18


def test_clauses_join_the_theme_that_they_were_grouped_into() -> None:
    vectors, _ = cloud(6, 60, spread=1.5)
    groups = find_groups(vectors, themes=6)
    fresh = [theme for theme, _ in fresh_themes(vectors, groups, (), ())]
    joined = Places(fresh).join(vectors).theme
    inside = joined >= 0
    assert inside.mean() > 0.9
    assert (joined[inside] == groups.labels[inside]).mean() > 0.99


def test_a_theme_that_was_stored_before_there_were_pulls_is_read() -> None:
    rows = np.eye(2, 4, dtype="<f2")
    stored_before = struct.pack("<4sHHf", b"FT01", 1, 4, 0.5) + rows.tobytes()
    theme = FoundTheme.from_anchor("1", "Parking", stored_before)
    assert (theme.radius, theme.pull, len(theme.points)) == (0.5, 0.0, 1)
    again = FoundTheme.from_anchor("1", "Parking", replace(theme, pull=0.25).anchor())
    assert (again.pull, again.points.tobytes()) == (0.25, theme.points.tobytes())
