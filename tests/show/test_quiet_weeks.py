"""Where nothing changes, hardly a page says that something did: all its themes taken together."""

from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context

import numpy as np
import pytest

from survey.show.figures import Figures, Series
from survey.show.queries import ThemeName, real_changes
from survey.show.span import Span, span_of

LAST = date(2026, 3, 29)  # a Sunday
NAMES = [ThemeName(number, f"Theme {number}", "", "book") for number in range(1, 21)]
TONES = ("wish", "praise", "unclear")


def _quiet(dice: np.random.Generator, span: Span, a_week: float) -> Figures:
    """A view in which every theme keeps its share; a seventh to a third of them are rare."""
    shares = dice.dirichlet(np.full(len(NAMES) * len(TONES), 0.3)) * dice.uniform(0.6, 1.6)
    answered = dice.poisson(a_week, len(span.steps))
    by_theme = {}
    for place, share in enumerate(np.minimum(shares, 0.9)):
        counts = dice.binomial(answered, share)
        key = (NAMES[place % len(NAMES)].id, TONES[place // len(NAMES)])
        by_theme[key] = Series(tuple(int(one) for one in counts))
    none = Series((0,) * len(span.steps))
    everything = Series(tuple(int(one) for one in answered))
    return Figures(
        span=span, asked=none, replied=none, withdrawn=none, answered=everything, themes=everything,
        nothing=none, unsorted=none, other_language=none, by_theme=by_theme,
    )  # fmt: skip


def _false_alarms(looks: int, seed: int) -> float:
    dice = np.random.default_rng(seed)
    alarms = 0
    for look in range(looks):
        weeks, a_week = (9, 13, 26, 52)[look % 4], (3.0, 12.0, 60.0, 400.0)[look // 4 % 4]
        span = span_of(LAST - timedelta(days=7 * weeks - 1), LAST)
        alarms += bool(real_changes(_quiet(dice, span, a_week), NAMES))
    return alarms / looks


def test_a_thousand_quiet_weeks_raise_a_false_alarm_in_one_of_twenty_at_most() -> None:
    assert _false_alarms(1_000, 20_260_329) <= 0.05


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_very_many_quiet_weeks_raise_a_false_alarm_in_one_of_twenty_at_most() -> None:
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        rates = list(processes.map(_false_alarms, [2_500] * 20, range(7, 27)))
    assert sum(rates) / len(rates) <= 0.05, rates


def test_a_theme_that_doubles_among_quiet_ones_is_told() -> None:
    dice = np.random.default_rng(5)
    span = span_of(LAST - timedelta(days=7 * 13 - 1), LAST)
    figures = _quiet(dice, span, 60.0)
    rising = Series(tuple(int(one) for one in dice.binomial(60, [0.1] * 9 + [0.25] * 4)))
    figures.by_theme[1, "praise"] = rising
    assert [key[0] for key in real_changes(figures, NAMES)] == [1]
