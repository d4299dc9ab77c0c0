"""A place on the map is a function of layout, vector and id; themes that are alike lie close."""

import numpy as np
import pytest
from numpy.typing import NDArray

from survey.understand.layout import SIDE, Layout, fit_layout, unpacked, wholes

DIMENSION = 24


def _cloud(seed: int, centre: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    dice = np.random.default_rng(seed)
    made = centre + 0.25 * dice.standard_normal((count, DIMENSION)) / DIMENSION**0.5
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def _centres() -> NDArray[np.float32]:
    """Three directions, the first two of which are alike."""
    made = np.eye(3, DIMENSION, dtype=np.float32)
    made[1] = 0.8 * made[0] + 0.6 * made[1]
    return made


@pytest.fixture
def clouds() -> tuple[NDArray[np.float32], list[int | None]]:
    vectors = np.concatenate([_cloud(n, centre, 60) for n, centre in enumerate(_centres())])
    return np.asarray(vectors, dtype=np.float32), [*[1] * 60, *[2] * 60, *[3] * 60]


def _xy(layout: Layout, vectors: NDArray[np.float32], first: int = 1) -> NDArray[np.float64]:
    spots = np.array(layout.spots(vectors, range(first, first + len(vectors))))
    return np.stack([spots // SIDE, spots % SIDE], axis=1).astype(float)


def test_answers_lie_with_their_theme_and_alike_themes_side_by_side(
    clouds: tuple[NDArray[np.float32], list[int | None]],
) -> None:
    vectors, groups = clouds
    layout, where = fit_layout(vectors, groups)
    places = _xy(layout, vectors)
    centres = np.array([where[group] for group in (1, 2, 3)])
    nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(axis=1)
    assert (nearest + 1 == np.array(groups)).mean() > 0.95
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    assert apart[0, 1] < apart[0, 2]
    assert apart[0, 1] < apart[1, 2]


def test_a_new_answer_moves_no_other_and_comes_back_to_its_own_place(
    clouds: tuple[NDArray[np.float32], list[int | None]],
) -> None:
    vectors, groups = clouds
    layout, _ = fit_layout(vectors, groups)
    alone = layout.spots(vectors[7:8], [7])
    assert layout.spots(vectors[:50], range(50))[7] == alone[0]
    assert unpacked(layout.packed()).spots(vectors, range(180)) == layout.spots(vectors, range(180))
    again, _ = fit_layout(vectors, groups)
    assert again.packed() == layout.packed()


def test_the_very_same_words_lie_side_by_side_not_on_top_of_each_other(
    clouds: tuple[NDArray[np.float32], list[int | None]],
) -> None:
    vectors, groups = clouds
    layout, _ = fit_layout(vectors, groups)
    same = _xy(layout, np.repeat(vectors[:1], 400, axis=0), first=2**62)
    assert len(np.unique(same, axis=0)) > 390
    assert np.ptp(same, axis=0).max() < 0.2 * SIDE


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_handful_of_answers_has_places_too(count: int) -> None:
    vectors = _cloud(1, _centres()[0], count)
    layout, where = fit_layout(vectors, [None] * count)
    assert where == {}
    places = _xy(layout, vectors)
    assert np.isfinite(places).all()
    assert ((places >= 0) & (places < SIDE)).all()


def test_what_is_no_layout_is_refused(
    clouds: tuple[NDArray[np.float32], list[int | None]],
) -> None:
    layout, _ = fit_layout(*clouds)
    for kept in (layout.packed()[:-1], b"map2" + layout.packed()[4:]):
        with pytest.raises(ValueError, match="no layout"):
            unpacked(kept)


def test_a_text_without_a_vector_of_the_whole_goes_by_its_clauses() -> None:
    row = np.ones(4, "<f2")
    nothing = np.zeros(4, "<f2")
    kept = {
        "whole": np.stack([row, nothing]).tobytes(),
        "clauses": np.stack([nothing, row, row]).tobytes(),
        "none": nothing.tobytes(),
        "cut": row.tobytes()[:5] + b"\0",
    }
    found = wholes(kept, 4)
    assert sorted(found) == ["clauses", "whole"]
    assert np.allclose(found["clauses"], found["whole"])
