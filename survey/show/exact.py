"""Exact statistics of small numbers, in plain Python: the web process loads no numpy.

Intervals are Clopper and Pearson's; changes are tested with Fisher's exact test, and several
changes at once by Holm's method, so that a quiet week raises a false alarm at most once in twenty.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import exp, lgamma, log, log1p

LEVEL = 0.95
_STEPS = 34  # bisections: the bound is right to 1e-10
_TINY = 1e-300
_MANY = 5_000  # unchecked ones from which a finite number of them no longer matters


@lru_cache(maxsize=4096)
def interval(count: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of a share.

    Parameters
    ----------
    count : int
        How many, 0 to `of`.
    of : int
        Of how many, 1 or more.
    level : float
        How often such an interval holds the true share, at least; between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper bound, 0 to 1.

    Raises
    ------
    ValueError
        When `count` is not among `of`, or `of` is not positive.

    Notes
    -----
    Clopper and Pearson, Biometrika 26 (1934): quantiles of Beta(x, n-x+1) and Beta(x+1, n-x).
    """
    if not 0 <= count <= of or of < 1:
        raise ValueError(f"{count} of {of} is not a share")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _beta_quantile(tail, count, of - count + 1)
    high = 1.0 if count == of else _beta_quantile(1 - tail, count + 1, of - count)
    return low, high


@lru_cache(maxsize=1024)
def share_right(right: int, checked: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return where the share of right ones lies among all, of which some were checked at random.

    Parameters
    ----------
    right : int
        How many of those checked were right, 0 to `checked`.
    checked : int
        How many were checked, drawn uniformly without replacement; 0 to `of`.
    of : int
        How many there are, 1 or more.
    level : float
        How probable it is that the true share lies between the bounds; between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper bound, 0 to 1; both the share itself where all were checked.

    Raises
    ------
    ValueError
        When the numbers do not fit each other.

    Notes
    -----
    Exact, for a share of which nothing was known before (every share equally likely, Bayes 1763,
    Laplace 1774): what was not checked holds a beta-binomial number of right ones, and for very
    many of them the share itself is Beta(right + 1, wrong + 1). 18 of 20 gives 70 to 97 %. Equal
    tails; unlike Clopper and Pearson's interval it is not wider than it says on average.
    """
    if not (0 <= right <= checked <= of and of >= 1):
        raise ValueError(f"{right} of {checked} of {of} is not a check")
    a, b, rest = right + 1, checked - right + 1, of - checked
    tail = (1 - level) / 2
    if rest > _MANY:
        return _beta_quantile(tail, a, b), _beta_quantile(1 - tail, a, b)
    low, high = _beta_binomial_quantiles(rest, a, b, (tail, 1 - tail))
    return (right + low) / of, (right + high) / of


def _beta_binomial_quantiles(
    n: int, a: float, b: float, wanted: tuple[float, float]
) -> tuple[int, int]:
    """Return the smallest counts, 0 to n, up to which the probability reaches what is wanted."""
    logs = [_log_choose(n, k) + _log_beta(k + a, n - k + b) - _log_beta(a, b) for k in range(n + 1)]
    sums = list(accumulate(exp(value) for value in logs))
    low, high = (next((k for k in range(n + 1) if sums[k] >= p - 1e-12), n) for p in wanted)
    return low, high


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _beta_quantile(p: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """Return the probability that a Beta(a, b) variable is below `x`.

    Parameters
    ----------
    x : float
        0 to 1.
    a, b : float
        Shapes, above 0.

    Returns
    -------
    float
        The regularised incomplete beta function I_x(a, b), by its continued fraction
        (DLMF 8.17.22), evaluated by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(x, a, b) / a
    return 1 - front * _beta_fraction(1 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


@lru_cache(maxsize=4096)
def change_chance(count: int, of: int, count_before: int, of_before: int) -> float:
    """Return how likely so large a change of a share is where nothing has changed.

    Parameters
    ----------
    count, of : int
        The share now, as "`count` of `of`".
    count_before, of_before : int
        The share before.

    Returns
    -------
    float
        Two-sided p, 0 to 1: twice the smaller hypergeometric tail (Fisher's exact test, by
        doubling), 1 where either share is of nothing.
    """
    if not of or not of_before:
        return 1.0
    hits, everything = count + count_before, of + of_before
    at_least = _tail(count, of, hits, everything)
    at_most = _tail(of - count, of, everything - hits, everything)
    return min(1.0, 2 * min(at_least, at_most))


def _tail(count: int, drawn: int, hits: int, everything: int) -> float:
    """P(X >= count) for X hypergeometric, summed outwards until the terms no longer matter."""
    highest = min(drawn, hits)
    lowest = max(0, drawn + hits - everything)
    if count <= lowest:
        return 1.0
    term = exp(
        _log_choose(hits, count)
        + _log_choose(everything - hits, drawn - count)
        - _log_choose(everything, drawn)
    )
    total = 0.0
    for k in range(count, highest + 1):
        total += term
        ratio = (hits - k) * (drawn - k) / ((k + 1) * (everything - hits - drawn + k + 1))
        if ratio < 1 and term * ratio < 1e-16 * total * (1 - ratio):
            break
        term *= ratio
    return min(1.0, total)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def beyond_chance(chances: Sequence[float], false_alarms: float = 1 - LEVEL) -> list[bool]:
    """Return which of several changes are real, guarding against having looked at many.

    Parameters
    ----------
    chances : sequence of float
        One p for each, 0 to 1.
    false_alarms : float
        How often, at most, any quiet one of them may be called real.

    Returns
    -------
    list of bool
        In the same order; Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    real = [False] * len(chances)
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    for rank, index in enumerate(order):
        if chances[index] > false_alarms / (len(chances) - rank):
            break
        real[index] = True
    return real
