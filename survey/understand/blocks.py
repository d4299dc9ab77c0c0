"""Matrix work in fixed blocks: the same bytes on one thread and on many.

A BLAS library may cut one product differently for each number of threads, and so round
differently. Here every block is computed by one thread, blocks are the same whatever the number
of threads, and threads only take different blocks.
"""

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

BLOCK = 1024
Result = TypeVar("Result")
Floats = NDArray[np.float32]


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep every single matrix product on one thread while this lasts."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _libraries() -> ThreadpoolController:
    """Look once for the libraries that compute: looking takes longer than sorting an answer."""
    return ThreadpoolController()


def in_blocks(
    count: int, work: Callable[[int, int], Result], *, size: int = BLOCK, threads: int | None = None
) -> list[Result]:
    """Do `work(start, end)` for each block of rows, in order of the blocks.

    Parameters
    ----------
    count : int
        How many rows there are, 0 or more.
    work : callable
        Called with the first row and the row after the last of each block.
    size : int, default 1024
        Rows in a block; part of the result's definition, unlike `threads`.
    threads : int, optional
        How many blocks at once; as many as there are processors if left out.

    Returns
    -------
    list
        What `work` gave, block by block.
    """
    spans = [(start, min(start + size, count)) for start in range(0, count, size)]
    workers = max(1, min(threads or available(), len(spans)))
    with one_thread_each():
        if workers == 1:
            return [work(start, end) for start, end in spans]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda span: work(*span), spans))


def available() -> int:
    """Count the processors this process may use; `OMP_NUM_THREADS` lowers it."""
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        processors = os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(processors, int(asked)) if asked.isdigit() and int(asked) > 0 else processors


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Give each row unit length; a zero row stays zero.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Any finite rows.

    Returns
    -------
    ndarray of float32, shape (n, d)
        The same directions.
    """
    wide = np.asarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide, dtype=np.float64))
    return np.asarray(wide / np.maximum(lengths, 1e-12)[:, None], dtype=np.float32)


def means(vectors: NDArray[np.floating], labels: NDArray[np.integer], count: int) -> Floats:
    """Average the rows of each label.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Rows to average.
    labels : ndarray of int, shape (n,)
        From 0 to `count` - 1; negative for rows that belong nowhere.
    count : int
        How many labels there are.

    Returns
    -------
    ndarray of float32, shape (count, d)
        Zero rows for labels that nobody has.
    """
    totals = np.zeros((count, vectors.shape[1]), dtype=np.float64)
    for label in range(count):
        members = np.flatnonzero(labels == label)
        for start in range(0, len(members), 65536):
            rows = vectors[members[start : start + 65536]]
            totals[label] += rows.sum(axis=0, dtype=np.float64)
    sizes = np.bincount(labels[labels >= 0], minlength=count)[:count]
    return (totals / np.maximum(sizes, 1)[:, None]).astype(np.float32)


def nearest(
    vectors: NDArray[np.floating], points: Floats, pulls: Floats | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find, for each row, the closest of a few points.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit rows, at any precision.
    points : ndarray of float32, shape (k, d)
        Unit rows, k at least 1.
    pulls : ndarray of float32, shape (k,), optional
        What each point's cosine gains when the closest is chosen; nothing if left out.

    Returns
    -------
    tuple of ndarray
        Index of the closest point (the first among equals), and the cosine to it, shape (n,).
    """

    def block(start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        cosines = np.asarray(vectors[start:end], dtype=np.float32) @ points.T
        best = (cosines if pulls is None else cosines + pulls).argmax(axis=1)
        return best, cosines[np.arange(len(best)), best]

    found = in_blocks(len(vectors), block, size=8192)
    if not found:
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    return (
        np.concatenate([part[0] for part in found]).astype(np.int32),
        np.concatenate([part[1] for part in found]),
    )
