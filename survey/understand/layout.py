"""Where answers lie on the map: fitted once on the themes' centres, then a function of the vector.

The centres are laid out so that themes that are alike lie near each other, and an answer lies
among the centres it is like. So a new answer gets its place without moving any other.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 1 << 16
FEWEST = 3
"""Answers in a theme below which its centre is left to chance."""
_SHARPNESS = 25.0
"""How strongly an answer is drawn to the centre most like it; per unit of cosine."""
_ROOM = 0.42
"""How far a theme's answers spread, of the distance to the next theme."""
_SCATTER = 0.12
"""How far answers that say the very same are set apart, of the same distance."""
_MARGIN = 0.07
_ROUNDS = 300
_HEAD = struct.Struct("<4sIIff")
_MAGIC = b"map1"


@dataclass(frozen=True)
class Layout:
    """How a vector becomes a place.

    Parameters
    ----------
    centres : ndarray, shape (k, d)
        Unit vectors of what the map is laid out by; at least one.
    places : ndarray, shape (k, 2)
        Where they lie, 0 to 1.
    axes : ndarray, shape (d, 2)
        What spreads the answers of one centre, in units of `room`.
    room : float
        How far they spread, 0 to 1.
    scale : float
        By what a difference from the centre is multiplied.
    """

    centres: NDArray[np.float32]
    places: NDArray[np.float32]
    axes: NDArray[np.float32]
    room: float
    scale: float

    def spots(self, vectors: NDArray[np.float32], ids: Sequence[int]) -> list[int]:
        """Return where answers lie.

        Parameters
        ----------
        vectors : ndarray, shape (n, d)
            Unit vectors.
        ids : sequence of int
            The answers' ids, from which comes what sets equal answers apart.

        Returns
        -------
        list of int
            ``x * SIDE + y`` each; the same vector and id always give the same.
        """
        likeness = vectors @ self.centres.T
        weights = np.exp(_SHARPNESS * (likeness - likeness.max(axis=1, keepdims=True)))
        weights /= weights.sum(axis=1, keepdims=True)
        rest = vectors - weights @ self.centres
        places = weights @ self.places
        places = places + self.room * np.tanh(self.scale * (rest @ self.axes))
        places = places + self.room * (_SCATTER / _ROOM) * _apart(ids)
        whole = np.clip(places * SIDE, 0, SIDE - 1).astype(np.int64)
        return [int(x) * SIDE + int(y) for x, y in whole]

    def packed(self) -> bytes:
        """Return the layout as it is stored; `unpacked` reads it."""
        head = _HEAD.pack(_MAGIC, *self.centres.shape, self.room, self.scale)
        parts = (self.centres.astype("<f2"), self.places.astype("<f4"), self.axes.astype("<f4"))
        return head + b"".join(part.tobytes() for part in parts)


def unpacked(kept: bytes) -> Layout:
    """Read a stored layout.

    Raises
    ------
    ValueError
        When it is none.
    """
    magic, count, dimension, room, scale = _HEAD.unpack_from(kept)
    sizes = (2 * count * dimension, 8 * count, 8 * dimension)
    if magic != _MAGIC or len(kept) != _HEAD.size + sum(sizes):
        raise ValueError("this is no layout")
    at, parts = _HEAD.size, []
    for size, kind in zip(sizes, ("<f2", "<f4", "<f4"), strict=True):
        parts.append(np.frombuffer(kept[at : at + size], kind).astype(np.float32))
        at += size
    return Layout(
        parts[0].reshape(count, dimension),
        parts[1].reshape(count, 2),
        parts[2].reshape(dimension, 2),
        room,
        scale,
    )


def fit_layout(
    vectors: NDArray[np.float32], groups: Sequence[int | None], seed: int = 0
) -> tuple[Layout, dict[int, tuple[int, int]]]:
    """Lay out the groups of some answers.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit vectors of a sample of the answers; at least one.
    groups : sequence of int or None
        What each belongs to; None where to nothing.
    seed : int
        Of the starting places.

    Returns
    -------
    Layout
        Where any vector lies.
    dict
        Where the groups lie that are large enough to be laid out by, 0 to SIDE - 1.

    Notes
    -----
    Distances on the map follow 1 - cosine between centres: classical scaling (Torgerson,
    Psychometrika 17, 1952), then majorised stress (de Leeuw, 1977), as SMACOF does it.
    """
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups):
        if group is not None:
            members.setdefault(group, []).append(row)
    laid = sorted(group for group, rows in members.items() if len(rows) >= FEWEST)
    if laid:
        centres = np.stack([_unit(vectors[members[group]].mean(axis=0)) for group in laid])
    else:
        centres = _unit(vectors.mean(axis=0))[None, :]
    places = _arranged(1.0 - centres @ centres.T, seed)
    room = _ROOM * _nearest(places)
    axes, scale = _spread(vectors, centres)
    layout = Layout(
        centres.astype("<f2").astype(np.float32),
        places.astype(np.float32),
        axes.astype(np.float32),
        float(np.float32(room)),
        float(np.float32(scale)),
    )
    spots = np.clip(places * SIDE, 0, SIDE - 1).astype(int)
    where = {group: (int(x), int(y)) for group, (x, y) in zip(laid, spots, strict=False)}
    return layout, where


def _arranged(distances: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """Return places in the unit square whose distances follow those given."""
    count = len(distances)
    if count == 1:
        return np.array([[0.5, 0.5]])
    wanted = np.sqrt(np.clip(distances.astype(np.float64), 1e-6, None))
    np.fill_diagonal(wanted, 0.0)
    places = _scaled(wanted) + np.random.default_rng(seed).normal(0, 1e-3, (count, 2))
    for _ in range(_ROUNDS):
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        ratio = wanted / np.maximum(apart, 1e-9)
        pull = -ratio
        np.fill_diagonal(pull, 0.0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        places = pull @ places / count
    return _squared(places)


def _scaled(wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    count = len(wanted)
    centring = np.eye(count) - 1.0 / count
    values, axes = np.linalg.eigh(-0.5 * centring @ wanted**2 @ centring)
    found = axes[:, ::-1][:, :2] * np.sqrt(np.clip(values[::-1][:2], 0, None))
    signs = np.sign(found[np.abs(found).argmax(axis=0), range(found.shape[1])])
    flat: NDArray[np.float64] = np.zeros((count, 2))
    flat[:, : found.shape[1]] = found * np.where(signs == 0, 1, signs)
    return flat


def _squared(places: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = places.min(axis=0), places.max(axis=0)
    width = np.maximum(high - low, 1e-9)
    inside: NDArray[np.float64] = _MARGIN * 2 + (1 - 4 * _MARGIN) * (places - low) / width
    return inside


def _nearest(places: NDArray[np.float64]) -> float:
    """Return the usual distance from a place to the next one."""
    if len(places) == 1:
        return 0.8
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(np.clip(np.median(apart.min(axis=1)), 0.05, 0.8))


def _spread(
    vectors: NDArray[np.float32], centres: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """Return the two axes along which answers differ most from their centre, and their scale."""
    rest = (vectors - centres[(vectors @ centres.T).argmax(axis=1)]).astype(np.float64)
    _, axes = np.linalg.eigh(rest.T @ rest)
    kept: NDArray[np.float64] = axes[:, ::-1][:, :2]
    kept = kept * np.sign(kept[np.abs(kept).argmax(axis=0), range(2)])
    usual = float(np.std(rest @ kept))
    return kept, 1.0 / max(usual * 1.5, 1e-6)


def _apart(ids: Sequence[int]) -> NDArray[np.float64]:
    """Return a point of the unit disc for each id, the same every time."""
    mixed = np.array([one & 0xFFFFFFFFFFFFFFFF for one in ids], dtype=np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    angle = 2 * np.pi * ((mixed >> np.uint64(40)).astype(np.float64) / (1 << 24))
    radius = np.sqrt(((mixed >> np.uint64(8)) & np.uint64(0xFFFFFF)).astype(np.float64) / (1 << 24))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    made: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return made


def wholes(packed: Mapping[str, bytes], dimension: int) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of whole texts out of packed ones; a text without any is left out.

    Parameters
    ----------
    packed : mapping of str to bytes
        By text: vectors of the whole and then of its clauses, float16; a zero row where nobody
        needed one. Without a vector of the whole, that of all clauses stands for it.
    dimension : int
        Length of each vector.
    """
    found = {}
    for body, kept in packed.items():
        rows = np.frombuffer(kept, "<f2").astype(np.float32)
        if rows.size and rows.size % dimension == 0:
            table = rows.reshape(-1, dimension)
            whole = table[0] if table[0].any() else table.sum(axis=0)
            if whole.any():
                found[body] = _unit(whole)
    return found
