"""Tightness: what says one thing is told from what was left over."""

import numpy as np

from survey.understand.embed import stored
from survey.understand.found import FoundTheme
from survey.understand.tightness import (
    LOOSEST,
    TIGHT,
    closeness,
    gathered,
    is_like,
    is_one_thing,
    without_twins,
)


def around(centre: int, spread: float, count: int = 30) -> np.ndarray:
    rows = spread * np.random.default_rng(centre).standard_normal((count, 64))
    rows[:, centre] += 1
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def theme(name: str, centre: int, clauses: int) -> FoundTheme:
    row = stored(np.eye(64)[centre])
    return FoundTheme(name, name, row, row[None], 0.3, clauses=clauses)


def test_clauses_that_agree_are_tight_and_leftovers_are_not() -> None:
    assert closeness(around(0, 0.05)) > TIGHT > LOOSEST > closeness(around(0, 1.0))


def test_closeness_is_the_mean_cosine_of_two_different_clauses() -> None:
    rows = around(1, 0.3, 5)
    cosines = [float(rows[i] @ rows[j]) for i in range(5) for j in range(i)]
    assert abs(closeness(rows) - np.mean(cosines)) < 1e-3
    assert closeness(rows[:1]) == closeness(rows[:0]) == 0


def test_a_handful_that_lies_close_shows_nothing_yet() -> None:
    assert is_one_thing(around(0, 0.05, 10))
    assert not is_one_thing(around(0, 0.05, 9))
    assert not is_one_thing(around(0, 1.0, 30))


def test_themes_in_one_place_are_gathered_with_all_their_clauses() -> None:
    found = gathered([theme("a", 0, 30), theme("b", 1, 20), theme("c", 0, 10)])
    assert [(one.id, one.clauses) for one in found] == [("a", 40), ("b", 20)]
    assert is_like(found[0], [theme("d", 0, 1).centroid])
    assert not is_like(found[0], [])


def test_themes_whose_names_say_the_same_become_the_larger_of_them() -> None:
    good, praise, parking = (
        theme("Good service", 1, 10),
        theme("General praise", 2, 21),
        theme("Parking", 3, 40),
    )
    kept = without_twins((good, praise, parking), set())
    assert [one.name for one in kept] == ["General praise", "Parking"]
    assert len(kept[0].points) == 2, "clauses join it by either place"


def test_a_theme_that_somebody_decided_about_stays_by_itself() -> None:
    themes = (theme("Good service", 1, 10), theme("General praise", 2, 21))
    assert len(without_twins(themes, {"Good service"})) == 2
