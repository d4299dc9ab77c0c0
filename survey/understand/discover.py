"""Find groups of clauses that say the same thing, without being told what to look for.

Each clause is linked to its nearest neighbours; twenty Louvain runs, each on a graph with a
fifth of its links left out, vote on which links hold; the graph weighted by those votes is cut
into small groups, and the groups closest to one another are joined until as many are left as
were asked for. Joining by average closeness lets large themes be large: people's themes are
very uneven in size, and communities of one graph resolution are not. Then clauses settle: each
goes to the closest centre, where a large group's pulls from further away, and centres follow.
Without the pull, settling would make all groups alike in size.

Louvain rather than Leiden: scikit-network's Leiden draws from the process-wide C `rand()`, so
the same call gives other groups the second time; measured, the two are equally good here.

References
----------
Blondel, Guillaume, Lambiotte, Lefebvre (2008), Fast unfolding of communities in large networks,
Journal of Statistical Mechanics P10008.
Banerjee, Dhillon, Ghosh, Sra (2005), Clustering on the unit hypersphere using von Mises-Fisher
distributions, Journal of Machine Learning Research 6: what settles is their hard mixture, with one
concentration for all groups.
Lancichinetti, Fortunato (2012), Consensus clustering in complex networks, Scientific Reports 2:336.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sknetwork.clustering import Louvain

from survey.understand.blocks import Floats, in_blocks, means, nearest, one_thread_each, unit

NEIGHBOURS = 15
RUNS = 20
DROPPED = 0.2
"""Share of links that each run leaves out."""
FINER = 4.0
"""Small groups made for each theme that is asked for, before the closest are joined."""
LARGEST_SHARE = 0.15
"""Groups are not joined to more than this share of all clauses (or half as much again as an even
share, if that is more): the words of the trade itself would draw everything together."""
FEWEST, SMALLEST_SHARE = 5, 0.003
"""A group of fewer clauses than both of these allow dissolves into its neighbours."""
GRAPH_AT_MOST = 12_000
"""Above this many clauses the graph is made on a sample and the rest join its groups."""
USUAL_RESOLUTION = 1.5
THEMES_PER_DECADE, CLAUSES_PER_THEME = 6, 15
"""Unless a number is asked for: six themes for each factor of ten in clauses, and no more than one
for fifteen clauses. No measure without labels finds a better number."""
CONCENTRATION = 22.0
"""How steeply a clause's odds of being a group's rise with the cosine to its centre: a group ten
times as large pulls from .1 of cosine further away."""
SETTLING = 12
"""Rounds in which clauses and centres settle, at most; the last ones move little."""
SEARCHES = 7
LEAST_WEIGHT = 1e-3

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Groups:
    """Clauses in groups, largest group first.

    `labels` has one number a clause, -1 where it belongs nowhere; `points` are the groups' centres,
    unit rows, and `pulls` what the cosine to each gains when a clause chooses.
    """

    labels: Labels
    points: Floats
    pulls: Floats

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.points)


def find_groups(
    vectors: NDArray[np.floating],
    *,
    themes: int | None = None,
    seed: int = 0,
    graph_at_most: int = GRAPH_AT_MOST,
) -> Groups:
    """Group clauses by what they say.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit rows, one a clause.
    themes : int, optional
        About how many groups to make, 1 or more; `usual_number` of them if left out.
    seed : int, default 0
        Decides the sample and the links left out; the same seed gives the same groups.
    graph_at_most : int, default 12000
        Most clauses the graph is made of.

    Returns
    -------
    Groups
        Fewer groups than asked for where the clauses do not support as many.
    """
    if themes is None:
        themes = usual_number(len(vectors))
    distinct, times = _distinct(vectors[_sample(len(vectors), graph_at_most, seed)])
    with one_thread_each():
        small = _small_groups(distinct, times, themes, seed)
        if small is None:
            return _no_groups(vectors)
        points = unit(means(distinct, small, int(small.max()) + 1))
        # One more pass: each clause goes to the closest group, wherever the graph left it.
        placed, _ = nearest(distinct, points)
        joined = _join(distinct, times, placed, themes)[placed]
        centres, pulls = _settle(distinct, times, joined)
    labels, _ = nearest(vectors, centres, pulls)
    return _largest_first(labels, centres, pulls)


def usual_number(clauses: int) -> int:
    """Say how many themes are found in so many clauses, unless a number is asked for."""
    by_size = round(THEMES_PER_DECADE * math.log10(max(clauses, 1)))
    return max(1, min(by_size, clauses // CLAUSES_PER_THEME))


def _no_groups(vectors: NDArray[np.floating]) -> Groups:
    nowhere = np.full(len(vectors), -1, dtype=np.int32)
    return Groups(nowhere, np.zeros((0, vectors.shape[1]), np.float32), np.zeros(0, np.float32))


def _distinct(vectors: NDArray[np.floating]) -> tuple[Floats, NDArray[np.int64]]:
    """Keep one of each row, and how often it came: repeats would be each other's neighbours."""
    if not len(vectors):
        return np.zeros(vectors.shape, np.float32), np.zeros(0, np.int64)
    packed = np.ascontiguousarray(vectors).view(np.dtype((np.void, vectors[0].nbytes))).ravel()
    _, first, times = np.unique(packed, return_index=True, return_counts=True)
    order = np.argsort(first)
    return np.asarray(vectors[first[order]], dtype=np.float32), times[order]


def _sample(count: int, at_most: int, seed: int) -> NDArray[np.int64]:
    if count <= at_most:
        return np.arange(count)
    chosen = np.random.default_rng(seed).choice(count, at_most, replace=False)
    return np.sort(chosen)


def _small_groups(
    vectors: Floats, times: NDArray[np.int64], themes: int, seed: int
) -> Labels | None:
    """Cut the consensus graph into groups, about FINER for each theme wanted."""
    smallest = max(FEWEST, int(np.ceil(SMALLEST_SHARE * times.sum())))
    if len(vectors) <= FEWEST:
        labels = _dissolve(np.arange(len(vectors), dtype=np.int32), times, smallest)
        return labels if labels.max(initial=-1) >= 0 else None
    graph = neighbour_graph(vectors)
    wanted = max(1, round(FINER * themes))

    def cut(links: sparse.csr_matrix, resolution: float) -> Labels:
        return _dissolve(_communities(links, resolution, seed), times, smallest)

    resolution = _resolution_for(lambda guess: cut(graph, guess), wanted, USUAL_RESOLUTION)
    agreed = consensus_graph(graph, resolution, seed)
    resolution = _resolution_for(lambda guess: cut(agreed, guess), wanted, resolution)
    labels = cut(agreed, resolution)
    return labels if labels.max() >= 0 else np.zeros(len(vectors), np.int32)


def neighbour_graph(vectors: Floats, neighbours: int = NEIGHBOURS) -> sparse.csr_matrix:
    """Link each clause to its nearest neighbours.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Unit rows.
    neighbours : int, default 15
        Links a clause starts from itself, fewer among few clauses; it may get more from others.

    Returns
    -------
    csr_matrix, shape (n, n)
        Symmetric; weights are cosines, at least 0.001 and at most 1.
    """
    count = len(vectors)
    kept = min(neighbours, max(2, count // 4), count - 1)

    def block(start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        cosines = vectors[start:end] @ vectors.T
        cosines[np.arange(end - start), np.arange(start, end)] = -2
        best = np.argpartition(cosines, -kept, axis=1)[:, -kept:]
        return best, np.take_along_axis(cosines, best, axis=1)

    found = in_blocks(count, block)
    columns = np.concatenate([part[0] for part in found]).ravel()
    weights = np.concatenate([part[1] for part in found]).ravel()
    links = sparse.csr_matrix(
        (np.clip(weights, LEAST_WEIGHT, 1), (np.repeat(np.arange(count), kept), columns)),
        shape=(count, count),
    )
    return links.maximum(links.T).tocsr()


def consensus_graph(
    graph: sparse.csr_matrix, resolution: float, seed: int, runs: int = RUNS
) -> sparse.csr_matrix:
    """Weigh each link by how often its two ends land in one group.

    Parameters
    ----------
    graph : csr_matrix, shape (n, n)
        Symmetric links.
    resolution : float
        Louvain's resolution; more gives smaller groups.
    seed : int
        Decides which links each run leaves out.
    runs : int, default 20
        How many runs vote.

    Returns
    -------
    csr_matrix, shape (n, n)
        The same links; each weight is the squared share of runs that kept its ends together.
    """
    links = sparse.triu(graph, 1).tocoo()
    together = np.zeros(links.nnz)
    chance = np.random.default_rng(seed)
    for run in range(runs):
        kept = chance.random(links.nnz) >= DROPPED
        half = sparse.csr_matrix(
            (links.data[kept], (links.row[kept], links.col[kept])), shape=graph.shape
        )
        labels = _communities((half + half.T).tocsr(), resolution, seed + run)
        together += labels[links.row] == labels[links.col]
    weights = np.maximum((together / runs) ** 2, LEAST_WEIGHT)
    half = sparse.csr_matrix((weights, (links.row, links.col)), shape=graph.shape)
    return (half + half.T).tocsr()


def _communities(graph: sparse.csr_matrix, resolution: float, seed: int) -> Labels:
    method = Louvain(
        resolution=resolution,
        shuffle_nodes=True,
        random_state=seed,
        return_probs=False,
        return_aggregate=False,
    )
    return np.asarray(method.fit_predict(graph), dtype=np.int32)


def _resolution_for(cut: Callable[[float], Labels], wanted: int, start: float) -> float:
    """Search for the resolution that gives as many groups as wanted, or the nearest to it."""
    low, high, resolution = start / 64, start * 64, start
    nearest_miss, best = np.inf, start
    for _ in range(SEARCHES):
        found = int(cut(resolution).max()) + 1
        miss = abs(math.log(max(found, 0.5) / wanted))
        if miss < nearest_miss:
            nearest_miss, best = miss, resolution
        if wanted <= found <= wanted * 1.1:
            break
        low, high = (resolution, high) if found < wanted else (low, resolution)
        guess = resolution * (wanted / max(found, 1)) ** 1.2
        inside = low * 1.02 < guess < high * 0.98
        resolution = guess if inside else math.sqrt(low * high)
    return best


def _dissolve(labels: Labels, times: NDArray[np.int64], smallest: int) -> Labels:
    """Take groups that are too small apart, and number the rest."""
    sizes = np.bincount(labels, weights=times)
    numbers = np.full(len(sizes), -1, dtype=np.int32)
    kept = np.flatnonzero(sizes >= smallest)
    numbers[kept] = np.arange(len(kept))
    return numbers[labels]


def _join(vectors: Floats, times: NDArray[np.int64], labels: Labels, themes: int) -> Labels:
    """Join the two closest groups, by mean cosine between their clauses, until few enough remain.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Distinct clauses.
    times : ndarray of int, shape (n,)
        How often each was said.
    labels : ndarray of int, shape (n,)
        Its small group.
    themes : int
        How many groups shall remain.

    Returns
    -------
    ndarray of int, shape (number of small groups,)
        The joined group of each small group.
    """
    count = int(labels.max()) + 1
    sizes: NDArray[np.float64] = np.bincount(labels, minlength=count).astype(np.float64)
    said: NDArray[np.float64] = np.bincount(labels, weights=times, minlength=count).astype(
        np.float64
    )
    centres = means(vectors, labels, count).astype(np.float64)
    sums = np.round(centres @ centres.T, 6) * np.outer(sizes, sizes)
    joined, left = np.arange(count), count
    largest = max(LARGEST_SHARE, 1.5 / themes) * said.sum()
    while left > themes:
        pair = _closest_pair(sums, sizes, said, largest)
        if pair is None:
            largest *= 1.3  # nothing fits under it: the remaining groups are all large
            continue
        into, gone = pair
        sums[into] += sums[gone]
        sums[:, into] += sums[:, gone]
        sizes[into], said[into] = sizes[into] + sizes[gone], said[into] + said[gone]
        sizes[gone] = 0
        joined[joined == gone] = into
        left -= 1
    return np.unique(joined, return_inverse=True)[1].astype(np.int32)


def _closest_pair(
    sums: NDArray[np.float64],
    sizes: NDArray[np.float64],
    said: NDArray[np.float64],
    largest: float,
) -> tuple[int, int] | None:
    alive = sizes > 0
    allowed = np.triu(np.outer(alive, alive), 1) & (np.add.outer(said, said) <= largest)
    if not allowed.any():
        return None
    closeness = np.where(allowed, sums / np.maximum(np.outer(sizes, sizes), 1), -np.inf)
    into, gone = np.unravel_index(int(closeness.argmax()), closeness.shape)
    return int(into), int(gone)


def _settle(vectors: Floats, times: NDArray[np.int64], labels: Labels) -> tuple[Floats, Floats]:
    """Let clauses go to the closest centre, and centres and pulls follow, in turns.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Distinct clauses.
    times : ndarray of int, shape (n,)
        How often each was said.
    labels : ndarray of int, shape (n,)
        The group each is in, from 0.

    Returns
    -------
    tuple of ndarray
        Unit centres, shape (k, d), and pulls, shape (k,): 0 for a group of average size.
    """
    count = int(labels.max()) + 1
    for _ in range(SETTLING):
        centres = unit(means(vectors, labels, count))
        pulls = _pulls(labels, times, count)
        again, _ = nearest(vectors, centres, pulls)
        if np.array_equal(again, labels):
            break
        labels = again
    return centres, pulls


def _pulls(labels: Labels, times: NDArray[np.int64], count: int) -> Floats:
    said = np.bincount(labels, weights=times, minlength=count)
    share = np.maximum(said, 0.5) * count / said.sum()
    return np.asarray((np.log(share) / CONCENTRATION).round(4), dtype=np.float32)


def _largest_first(labels: Labels, centres: Floats, pulls: Floats) -> Groups:
    sizes = np.bincount(labels[labels >= 0], minlength=len(centres))
    order = np.argsort(-sizes, kind="stable")
    kept = order[sizes[order] > 0]
    numbers = np.full(len(sizes), -1, dtype=np.int32)
    numbers[kept] = np.arange(len(kept))
    renumbered = np.where(labels >= 0, numbers[labels], -1).astype(np.int32)
    return Groups(renumbered, centres[kept], pulls[kept])
