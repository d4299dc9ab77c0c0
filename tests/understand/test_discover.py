"""Groups are found, the same ones each time, whatever is thrown in."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from survey.understand.discover import find_groups
from tests.understand.clouds import Cloud, cloud


@pytest.fixture(scope="module")
def six_groups() -> Cloud:
    return cloud(6, 60)


def test_groups_that_are_there_are_found(six_groups: Cloud) -> None:
    vectors, truth = six_groups
    found = find_groups(vectors, themes=6)
    assert found.count == 6
    assert adjusted_mutual_info_score(truth, found.labels) > 0.95


def test_the_largest_group_comes_first() -> None:
    vectors, truth = cloud(5, 80)
    kept = (truth > 0) | (np.arange(len(truth)) % 3 == 0)
    sizes = np.bincount(find_groups(vectors[kept], themes=5).labels)
    assert sizes.tolist() == sorted(sizes, reverse=True)


@pytest.mark.parametrize("wanted", [2, 4, 8, 12])
def test_fewer_or_more_may_be_asked_for(wanted: int) -> None:
    vectors, _ = cloud(12, 40)
    assert abs(find_groups(vectors, themes=wanted).count - wanted) <= 1


def test_the_same_seed_gives_the_same_groups(six_groups: Cloud) -> None:
    first, second = (find_groups(six_groups[0], seed=3) for _ in range(2))
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.points.tobytes() == second.points.tobytes()


def test_one_thread_and_two_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = cloud(10, 250, spread=1.5)
    results = []
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found = find_groups(vectors, themes=10)
        results.append((found.labels.tobytes(), found.points.tobytes()))
    assert results[0] == results[1]


def test_a_sample_carries_the_rest() -> None:
    vectors, truth = cloud(6, 300)
    found = find_groups(vectors, themes=6, graph_at_most=500)
    assert len(found.labels) == 1800
    assert adjusted_mutual_info_score(truth, found.labels) > 0.9


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 7])
def test_a_handful_of_clauses_is_no_fault(count: int) -> None:
    vectors, _ = cloud(2, 10)
    found = find_groups(vectors[:count], themes=24)
    assert len(found.labels) == count
    assert found.count <= 1


def test_clauses_that_are_all_the_same_make_one_group() -> None:
    same = np.repeat(cloud(1, 1)[0], 500, axis=0)
    assert find_groups(same, themes=24).labels.tolist() == [0] * 500


def test_rows_of_zeros_are_no_fault() -> None:
    found = find_groups(np.zeros((40, 8), np.float16), themes=3)
    assert len(found.labels) == 40


def test_a_large_group_reaches_further_than_a_small_one() -> None:
    vectors, truth = cloud(5, 80)
    kept = (truth > 0) | (np.arange(len(truth)) % 4 == 0)
    found = find_groups(vectors[kept], themes=5)
    assert found.pulls.tolist() == sorted(found.pulls, reverse=True)
    assert found.pulls[0] > 0 > found.pulls[-1]
