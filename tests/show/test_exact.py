"""Exact statistics agree with published values, with scipy's, and with plain counting."""

import random
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, fisher_exact, hypergeom

from survey.show.exact import beta_below, beyond_chance, change_chance, interval


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),  # Clopper-Pearson tables, 95 %
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (18, 20, 0.6830, 0.9877),
    ],
)
def test_intervals_are_those_of_the_tables(count: int, of: int, low: float, high: float) -> None:
    assert interval(count, of) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_agree_with_another_implementation(share: tuple[int, int]) -> None:
    count, of = share
    low, high = interval(count, of)
    assert low == pytest.approx(beta.ppf(0.025, count, of - count + 1) if count else 0, abs=1e-7)
    assert high == pytest.approx(
        beta.ppf(0.975, count + 1, of - count) if count < of else 1, abs=1e-7
    )


@given(st.floats(0, 1), st.integers(1, 300), st.integers(1, 300))
def test_the_beta_distribution_agrees_with_another_implementation(x: float, a: int, b: int) -> None:
    assert beta_below(x, a, b) == pytest.approx(beta.cdf(x, a, b), abs=1e-9)


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_share_has_no_interval(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        interval(count, of)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    n, truth = 40, 0.13
    held = sum(
        comb(n, x) * truth**x * (1 - truth) ** (n - x)
        for x in range(n + 1)
        if interval(x, n)[0] <= truth <= interval(x, n)[1]
    )
    assert held >= 0.95


@given(
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
def test_a_change_is_as_unlikely_as_exact_counting_says(
    now: tuple[int, int], before: tuple[int, int]
) -> None:
    chance = change_chance(*now, *before)
    if not now[1] or not before[1]:
        assert chance == 1
        return
    drawn, hits, everything = now[1], now[0] + before[0], now[1] + before[1]
    at_least = hypergeom.sf(now[0] - 1, everything, hits, drawn)
    at_most = hypergeom.cdf(now[0], everything, hits, drawn)
    assert chance == pytest.approx(min(1, 2 * min(at_least, at_most)), rel=1e-6, abs=1e-12)
    one_sided = fisher_exact([[now[0], now[1] - now[0]], [before[0], before[1] - before[0]]])
    assert chance >= one_sided.pvalue / 2 - 1e-12


def test_a_change_among_very_many_answers_is_found_quickly_and_right() -> None:
    assert change_chance(6_000, 40_000, 8_000, 60_000) < 1e-12
    assert change_chance(5_333, 40_000, 8_000, 60_000) > 0.5


def test_looking_at_many_themes_asks_more_of_each() -> None:
    assert beyond_chance([0.04]) == [True]
    assert beyond_chance([0.04, 0.9]) == [False, False]
    assert beyond_chance([0.9, 0.0001, 0.02]) == [False, True, True]
    assert beyond_chance([]) == []


def test_quiet_weeks_raise_a_false_alarm_at_most_once_in_twenty() -> None:
    dice = random.Random(20_260_331)
    shares = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3]
    weeks, alarms = 600, 0
    for _ in range(weeks):
        chances = [
            change_chance(_drawn(dice, 45, share), 45, _drawn(dice, 130, share), 130)
            for share in shares
        ]
        alarms += any(beyond_chance(chances))
    assert alarms / weeks <= 0.05


def _drawn(dice: random.Random, n: int, share: float) -> int:
    return sum(dice.random() < share for _ in range(n))
