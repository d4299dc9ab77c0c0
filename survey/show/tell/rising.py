"""Which themes rise beyond chance, and what that means for the alerts that stand: pure.

Somebody looks every day, and every look may be wrong by chance. So a day's look is allowed a
seventh of what a week may be wrong: over all themes and days, a quiet week raises a false alarm
at most once in twenty.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from survey.show.exact import LEVEL, beyond_chance
from survey.show.figures import Figures
from survey.show.queries import PRAISE, WISHES
from survey.show.span import RECENT, Change, Span, change, span_of

LOOKS_A_WEEK = 7
FALSE_ALARMS = (1 - LEVEL) / LOOKS_A_WEEK
BACK = 7 * RECENT  # days looked at: the newest four weeks, and 24 weeks before them
RISING = "rising"
_TONES = {"wish": WISHES, "praise": PRAISE}
Key = tuple[int, str]
"""A theme's id, and ``wish`` or ``praise``: the two are told apart as on the overview."""


@dataclass(frozen=True)
class Steps:
    """What a look makes of the alerts that stand.

    Parameters
    ----------
    begun, kept : dict
        Themes that have begun to rise, and those that go on rising, with their figures now.
    over : frozenset
        Themes that no longer rise.
    """

    begun: dict[Key, Change]
    kept: dict[Key, Change]
    over: frozenset[Key]


def days_compared(yesterday: date, oldest: date | None) -> Span | None:
    """Return the days a look compares, None where there are too few for any comparison.

    Parameters
    ----------
    yesterday : date
        The last whole day.
    oldest : date or None
        The first day with an answer.
    """
    if oldest is None:
        return None
    first = max(oldest, yesterday - timedelta(days=BACK - 1))
    return span_of(first, yesterday) if (yesterday - first).days + 1 >= 2 * RECENT else None


def changes_of(figures: Figures, theme_ids: Collection[int]) -> dict[Key, Change]:
    """Return how each theme moved in each of its two tones, where anybody spoke of it."""
    return {
        (theme_id, tone): moved
        for theme_id in sorted(theme_ids)
        for tone, tones in _TONES.items()
        if (series := figures.theme(theme_id, tones)).total
        and (moved := change(figures.span, series.steps, figures.answered.steps))
    }


def next_steps(changes: Mapping[Key, Change], standing: Collection[Key]) -> Steps:
    """Return which alerts begin, go on and end.

    Parameters
    ----------
    changes : mapping
        How every theme moved; all are tested together, at a seventh of the usual level.
    standing : collection
        The alerts that stand. One goes on while its theme, looked at by itself, still rises.
    """
    real = beyond_chance([one.chance for one in changes.values()], FALSE_ALARMS)
    up = {key: one for key, one in changes.items() if one.word == RISING}
    begun = {
        key: one
        for (key, one), said in zip(changes.items(), real, strict=True)
        if said and key in up and key not in standing
    }
    kept = {key: up[key] for key in standing if key in up and up[key].chance <= 1 - LEVEL}
    return Steps(begun, kept, frozenset(standing) - kept.keys())


def as_figures(moved: Change) -> dict[str, Any]:
    """Return a change as it is kept: numbers alone."""
    return {
        "count": moved.count,
        "of": moved.of,
        "count_before": moved.count_before,
        "of_before": moved.of_before,
        "since": moved.since.isoformat(),
    }
