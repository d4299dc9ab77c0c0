"""When news is looked for and letters go out: in the workspace's own early morning."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from survey.clock import day_in

LOOK_AT = time(5, 0)
SEND_AT = time(7, 0)


def next_morning(now: datetime, time_zone: str, at: time, weekday: int | None = None) -> datetime:
    """Return the next time it is `at` in a zone, on a given weekday where one is named.

    Parameters
    ----------
    now : datetime
        The present moment.
    time_zone : str
        The workspace's own.
    at : time
        On its clock.
    weekday : int, optional
        0 is Monday.
    """
    today = day_in(now, time_zone)
    for ahead in range(9):
        moment = _on(today + timedelta(days=ahead), time_zone, at)
        if moment > now and weekday in (None, (today + timedelta(days=ahead)).weekday()):
            return moment
    raise ValueError(f"{weekday} is no weekday")


def end_of_day(now: datetime, time_zone: str) -> datetime:
    """Return when the day that it is in a zone will be over."""
    return _on(day_in(now, time_zone) + timedelta(days=1), time_zone, time(0))


def last_sunday(today: date) -> date:
    """Return the last day of the newest week that is over."""
    return today - timedelta(days=today.weekday() + 1)


def _on(day: date, time_zone: str, at: time) -> datetime:
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        return datetime.combine(day, at, UTC)
    return datetime.combine(day, at, zone).astimezone(UTC)
