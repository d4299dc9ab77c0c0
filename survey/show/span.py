"""The days of a view, cut into steps that can be compared, and what changed between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from survey.show.exact import change_chance, interval

WEEK = 7
RECENT = 28  # days of the newest part, about, which is compared with what came before
_DAILY_UP_TO = 21  # days; a longer view is counted in weeks that begin on Mondays
_WEEKLY_UP_TO = 371  # days; a longer view is counted in fours of weeks
_MOST_STEPS = 400  # from there on steps grow wider: somebody imports a date of the year 9999
_MOST_POINTS = 26
_ANSWERS_A_POINT = 12  # on average; fewer make a line of noise
FEWEST_FOR_A_POINT = 5
_LAST_SUNDAY = date(9999, 12, 26).toordinal()  # of the calendar; the five days behind it are lost


@dataclass(frozen=True)
class Step:
    """Some days in a row, both ends included."""

    first: date
    last: date


@dataclass(frozen=True)
class Span:
    """Days in view, cut into steps of one width, counted back from the last day or its Sunday.

    Parameters
    ----------
    first, last : date
        Both included.
    width : int
        Days in a step: 1, 7 or a multiple of 28. The oldest step may be cut short, and so may the
        newest, unless steps are days.
    """

    first: date
    last: date
    width: int

    @property
    def days(self) -> int:
        """How many days are in view."""
        return (self.last - self.first).days + 1

    @property
    def anchor(self) -> date:
        """The day from which steps are counted back: weeks end on Sundays."""
        if self.width == 1:
            return self.last
        return date.fromordinal(min(self.last.toordinal() + 6 - self.last.weekday(), _LAST_SUNDAY))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, the oldest first."""
        anchor, first = self.anchor.toordinal(), self.first.toordinal()
        count = -(-(anchor - first + 1) // self.width)
        return tuple(
            Step(
                date.fromordinal(max(first, anchor - self.width * (back + 1) + 1)),
                date.fromordinal(min(self.last.toordinal(), anchor - self.width * back)),
            )
            for back in reversed(range(count))
        )


def span_of(first: date, last: date) -> Span:
    """Return the span of a view, in days, weeks or fours of weeks by its length."""
    days = (last - first).days
    width = 1 if days < _DAILY_UP_TO else WEEK if days < _WEEKLY_UP_TO else RECENT
    if width == RECENT:
        width *= -(-days // (RECENT * _MOST_STEPS))
    return Span(first, last, width)


@dataclass(frozen=True)
class Point:
    """A share at one place of a trend.

    Parameters
    ----------
    first, last : date
        The days it stands for.
    count, of : int
        How many of how many answers.
    """

    first: date
    last: date
    count: int
    of: int

    @property
    def share(self) -> float | None:
        """The share, None where there are too few answers to say."""
        return self.count / self.of if self.of >= FEWEST_FOR_A_POINT else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The exact 95 % interval of the share, None where there are too few answers to say."""
        return interval(self.count, self.of) if self.of >= FEWEST_FOR_A_POINT else None


def trend(span: Span, counts: Sequence[int], of: Sequence[int]) -> tuple[Point, ...]:
    """Return the shares of a trend, in as many points as the answers can carry.

    Parameters
    ----------
    span : Span
        The days in view.
    counts, of : sequence of int
        For each step of the span, how many of how many.

    Returns
    -------
    tuple of Point
        At most 26, a dozen answers each on average, and none where fewer than three would remain.
    """
    steps = span.steps
    points = min(_MOST_POINTS, sum(of) // _ANSWERS_A_POINT, len(steps))
    if points < 3:
        return ()
    taken = -(-len(steps) // points)
    ends = range(len(steps), 0, -taken)
    cuts = [slice(max(0, end - taken), end) for end in reversed(ends)]
    return tuple(
        Point(steps[cut][0].first, steps[cut][-1].last, sum(counts[cut]), sum(of[cut]))
        for cut in cuts
    )


@dataclass(frozen=True)
class Change:
    """How a share moved between the newest part of a view and what came before.

    Parameters
    ----------
    count, of : int
        The newest part.
    count_before, of_before : int
        What came before, in the same view.
    since : date
        The first day of the newest part.
    """

    count: int
    of: int
    count_before: int
    of_before: int
    since: date

    @property
    def chance(self) -> float:
        """How likely so large a change is where nothing has changed."""
        return change_chance(self.count, self.of, self.count_before, self.of_before)

    @property
    def word(self) -> str:
        """Which way it went, should it be real."""
        up = self.count * self.of_before > self.count_before * self.of
        return "rising" if up else "falling"


def change(span: Span, counts: Sequence[int], of: Sequence[int]) -> Change | None:
    """Compare the newest four weeks of a view with what came before, None in a short view.

    Parameters
    ----------
    span, counts, of
        As in `trend`.
    """
    if span.days < 2 * RECENT:
        return None
    cut = len(span.steps) - max(1, RECENT // span.width)
    return Change(
        sum(counts[cut:]), sum(of[cut:]), sum(counts[:cut]), sum(of[:cut]), span.steps[cut].first
    )
