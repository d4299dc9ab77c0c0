"""The only place that asks what time it is."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC_ZONE = "UTC"
_REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
)  # fmt: skip


def utc_now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def day_in(moment: datetime, time_zone: str) -> date:
    """Return the day that a moment falls on in a time zone.

    Parameters
    ----------
    moment : datetime
        With a zone of its own.
    time_zone : str
        An IANA name; an unknown one counts as UTC, since a page must not fail for it.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        return moment.astimezone(UTC).date()
    return moment.astimezone(zone).date()


@cache
def zones_offered() -> tuple[str, ...]:
    """Return the time zones to choose from: UTC, then places; no old names, and no files."""
    placed = (zone for zone in available_timezones() if zone.partition("/")[0] in _REGIONS)
    return (UTC_ZONE, *sorted(zone for zone in placed if "/" in zone))


def in_words(day: date, today: date) -> str:
    """Return a day as a letter names it: Tuesday 17 November, with the year where it is far off."""
    year = f" {day.year}" if abs((today - day).days) > 300 else ""
    return f"{day:%A} {day.day} {day:%B}{year}"
