"""Blocks give the same bytes whatever the number of threads."""

import numpy as np
import pytest

from survey.understand.blocks import available, in_blocks, means, nearest, unit


def test_more_threads_change_no_byte() -> None:
    rows = np.random.default_rng(0).normal(size=(3000, 96)).astype(np.float32)

    def product(start: int, end: int) -> bytes:
        return (rows[start:end] @ rows.T).tobytes()

    assert in_blocks(3000, product, threads=1) == in_blocks(3000, product, threads=3)


def test_no_rows_make_no_blocks() -> None:
    assert in_blocks(0, lambda start, end: (start, end)) == []


def test_blocks_cover_every_row_once_and_in_order() -> None:
    assert in_blocks(5, lambda start, end: (start, end), size=2) == [(0, 2), (2, 4), (4, 5)]


def test_fewer_threads_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert available() == 1


def test_a_zero_row_stays_zero() -> None:
    assert unit(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]


def test_a_mean_leaves_out_rows_that_belong_nowhere() -> None:
    rows = np.array([[1, 0], [3, 0], [9, 9]], np.float32)
    assert means(rows, np.array([0, 0, -1]), 2).tolist() == [[2, 0], [0, 0]]


def test_among_equals_the_first_point_is_nearest() -> None:
    points = np.array([[1, 0], [1, 0]], np.float32)
    found, cosines = nearest(np.array([[1, 0]], np.float16), points)
    assert (found.tolist(), cosines.tolist()) == ([0], [1])
