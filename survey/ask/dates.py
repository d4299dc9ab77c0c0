"""Dates as people say them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

_BRITISH = Locale("en", "GB")


def day_in_words(moment: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """Return the day of a moment in words, like ``Tuesday 17 November``.

    Parameters
    ----------
    moment : datetime
        With a time zone.
    zone : ZoneInfo
        Whose day it is.
    language : str
        A language tag; English where it is unknown.
    """
    return format_datetime(moment, "EEEE d MMMM", tzinfo=zone, locale=_locale(language))


def moment_in_words(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a moment in English words: ``14:20`` today, else ``Tuesday 17 November, 14:20``."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    year = " y" if local.year != today.year else ""
    return format_datetime(local, f"EEEE d MMMM{year}, HH:mm", tzinfo=zone, locale=_BRITISH)


def _locale(language: str) -> Locale:
    try:
        found = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return _BRITISH
    return _BRITISH if found.language == "en" else found
