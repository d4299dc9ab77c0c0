"""Days and moments as people and tools type them into a file."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from survey.file_forms import DATE_FORMATS

UNREADABLE = (ValueError, OverflowError, re.error)
"""What reading a date may raise; `re.error` is of a form like ``%d %d``."""
# A number too large, or too small, for some month.
_ODD_DAY = re.compile(r"(?<!\d)(?:29|[3-9]\d|00)(?!\d)")
_ANY_MONTH_HAS = ("26", "27", "28")
_MOSTLY_DATES = 0.9  # of what stands in a column; each row with another would be left out
LONGEST_TYPED = 64  # characters; trying whether anything longer is a date takes far too long
_PARTED_NUMBERS = re.compile(r"\d\D+\d")


def moment_typed(
    typed: str, date_format: str | None, zone: ZoneInfo
) -> tuple[date, datetime | None]:
    """Return the day in a zone and, where a time of day is given, the moment in UTC.

    Raises
    ------
    ValueError, OverflowError, re.error
        When it is not of that form, or there is no such form.
    """
    if len(typed) > LONGEST_TYPED:
        raise ValueError("too long for a date")
    if date_format is None and len(typed) <= 10:
        return date.fromisoformat(typed), None
    if date_format is None:
        found, has_time = datetime.fromisoformat(typed), True
    else:
        found = datetime.strptime(typed, date_format)  # noqa: DTZ007  the zone is put on below
        has_time = any(sign in date_format for sign in ("%H", "%I", "%c", "%X", "%T", "%s"))
    if not has_time:
        return found.date(), None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    return found.astimezone(zone).date(), found.astimezone(UTC)


def reads(typed: str, date_format: str | None, zone: ZoneInfo) -> bool:
    """Whether a day or moment is written in that form, and exists."""
    try:
        moment_typed(typed, date_format, zone)
    except UNREADABLE:
        return False
    return True


def names_no_day(typed: str, date_format: str | None, zone: ZoneInfo) -> bool:
    """Whether a date has the right form, but there is no such day, like 31/02/2026.

    Parameters
    ----------
    typed : str
        What stands in the file.
    date_format : str or None
        As of `moment_typed`.
    zone : ZoneInfo
        The workspace's.
    """
    if len(typed) > LONGEST_TYPED or reads(typed, date_format, zone):
        return False
    return any(_is_day(typed, odd, date_format, zone) for odd in _ODD_DAY.finditer(typed))


def _is_day(typed: str, odd: re.Match[str], date_format: str | None, zone: ZoneInfo) -> bool:
    """Whether a number is the day's and the rest is sound: another one there gives another day."""
    others = [typed[: odd.start()] + day + typed[odd.end() :] for day in _ANY_MONTH_HAS]
    if not all(reads(one, date_format, zone) for one in others):
        return False
    # Other minutes would leave the day as it is, but for a pair on either side of midnight.
    return len({moment_typed(one, date_format, zone)[0] for one in others}) == len(others)


def holds_dates(typed: Sequence[str], zone: ZoneInfo) -> bool:
    """Whether most of what stands in a column are dates."""
    parted = [one for one in typed if _PARTED_NUMBERS.search(one)]  # else a number is a date
    form = likely_date_format(parted, zone)
    dates = sum(reads(one, form, zone) for one in parted)
    return bool(dates) and dates >= _MOSTLY_DATES * len(typed)


def likely_date_format(typed: Sequence[str], zone: ZoneInfo) -> str | None:
    """Return the first form that most of some dates have; None for ISO 8601, and for none."""

    def fits(date_format: str) -> tuple[int, int]:
        form = date_format or None
        return (
            sum(reads(one, form, zone) for one in typed),
            sum(names_no_day(one, form, zone) for one in typed),
        )

    best = max((form for form, _ in DATE_FORMATS), key=fits)  # the first of equals
    return best or None
