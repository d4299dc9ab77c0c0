"""Moments as people say them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from survey.clock import in_words


def moment_in_words(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a moment in words: ``at 14:20`` today, else ``on Tuesday 17 November at 14:20``.

    Parameters
    ----------
    moment, now : datetime
        With time zones.
    zone : ZoneInfo
        Whose clock is meant.
    """
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"at {local:%H:%M}"
    return f"on {in_words(local.date(), today)} at {local:%H:%M}"
