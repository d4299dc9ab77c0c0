"""Figures, shares and days in words, the same on every page."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_MONTHS = "January February March April May June July August September October November December"
_SURE, _FAIRLY_SURE = 85, 60  # per cent; the legend in templates/show/_macros.html names them
FEW_OF = 200  # a share of fewer answers is said in numbers: one answer more is half a per cent


def figure(count: int) -> str:
    """Return a number with thousands set apart: 2,282."""
    return f"{count:,}"


def percent(share: float) -> str:
    """Return a share from 0 to 1 as whole per cent, never rounded to a 0 or 100 it is not."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "under 1 %"
    if rounded == 100 and share < 1:
        return "over 99 %"
    return f"{rounded} %"


def share(count: int, of: int) -> str:
    """Return a share, in per cent where the whole carries it, else as "11 of 131".

    Shares of the same whole, which stand in one column, are said in one way.
    """
    if of < FEW_OF:
        return f"{figure(count)} of {figure(of)}"
    return percent(count / of)


def sureness(confidence: float) -> str:
    """Return in words how sure the sorting is; what a person said is sure.

    Parameters
    ----------
    confidence : float
        0 to 1. In a theme of the book, how often such decisions are right; in one that was found,
        only how far ahead of the next found theme it is.
    """
    per_cent = round(100 * confidence)  # as it is said beside
    if per_cent >= _SURE:
        return "sure"
    return "fairly sure" if per_cent >= _FAIRLY_SURE else "a guess"


def between(low: float, high: float) -> str:
    """Return an interval of a share: 4–15 %."""
    return f"{round(100 * low)}–{round(100 * high)} %"


def day_words(day: date) -> str:
    """Return a day: 21 November 2026."""
    return f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """Return a day where there is little room: 21 Nov 2026."""
    return f"{day.day} {_MONTHS.split()[day.month - 1][:3]} {day.year}"


def moment_words(moment: datetime, time_zone: str) -> str:
    """Return a moment in a workspace's own time: 14:20 on 21 November."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local:%H:%M} on {local.day} {_MONTHS.split()[local.month - 1]}"


def shortened(name: str, most: int = 120) -> str:
    """Return a name for a list, cut after so many characters; its own page has it whole."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 answer, 3 answers."""
    return f"{figure(count)} {one if count == 1 else many or one + 's'}"
