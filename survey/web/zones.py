"""The field in which somebody says where their clock is: likely zones first, then by country."""

import os
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from wtforms import SelectField
from wtforms.fields.choices import Choice  # type: ignore[attr-defined]  # stubs are older

from survey.clock import UTC_ZONE, zones_offered

LIKELY = "Most likely"
BY_COUNTRY = "By country"
_NOWHERE = "001"  # the world, in place of a country
_LONGEST_WISH = 400  # signs of a browser's wishes that are read
_LANGUAGES_READ = 3
# Of countries with many zones, those where most people live.
_WHERE_PEOPLE_LIVE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney Australia/Brisbane Australia/Adelaide Australia/Perth",
    "BR": "America/Sao_Paulo America/Bahia America/Manaus America/Fortaleza",
    "CA": "America/Toronto America/Winnipeg America/Edmonton America/Vancouver America/Halifax",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid Atlantic/Canary",
    "ID": "Asia/Jakarta Asia/Makassar Asia/Jayapura",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City America/Monterrey America/Tijuana America/Cancun",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon Atlantic/Azores Atlantic/Madeira",
    "RU": "Europe/Moscow Asia/Yekaterinburg Asia/Novosibirsk Asia/Vladivostok",
    "UA": "Europe/Kyiv",
    "US": "America/New_York America/Chicago America/Denver America/Los_Angeles "
    "America/Phoenix America/Anchorage Pacific/Honolulu",
}


class ZoneField(SelectField):
    """A time zone to choose; whoever takes it says which ones can be taken.

    `own` is the one that is kept now: it may be none of those offered, and can be kept.
    """

    own = UTC_ZONE

    def __init__(self, label: str, **more: Any) -> None:
        super().__init__(label, validate_choice=False, **more)

    def has_groups(self) -> bool:
        """Whether the choices come in groups: they do."""
        return True

    def iter_groups(self) -> Iterator[tuple[str, list[Choice]]]:
        """Yield each group with its choices; the chosen zone is marked once, among the first."""
        chosen = self.data if self.data in (*zones_offered(), self.own) else self.own
        likely = [(zone, _named(zone)) for zone in _likely(chosen)]
        yield LIKELY, [Choice(zone, name, zone == chosen, {}) for zone, name in likely]
        yield BY_COUNTRY, [Choice(zone, name, False, {}) for zone, name in _by_country()]


def _likely(chosen: str) -> list[str]:
    """Return the zone that is chosen, the server's, those of the browser's countries, and UTC."""
    guessed = [_server_zone(), *_of_browser(), UTC_ZONE]
    offered = set(zones_offered())
    return list(dict.fromkeys([chosen, *(zone for zone in guessed if zone in offered)]))


def _of_browser() -> list[str]:
    wished = request.headers.get("Accept-Language", "")[:_LONGEST_WISH]
    tags = [tag for tag, _weight in parse_accept_header(wished, LanguageAccept)]
    return [zone for tag in tags[:_LANGUAGES_READ] for zone in _zones_of(tag)]


def _zones_of(tag: str) -> list[str]:
    """Return the zones of the country that a language tag names, or where most speak it."""
    from babel.core import get_global

    parts = tag.replace("_", "-").split("-")
    named = [part.upper() for part in parts[1:] if len(part) == 2 and part.isalpha()]
    full = str(get_global("likely_subtags").get(parts[0].lower(), ""))
    country = named[0] if named else full.rpartition("_")[2]
    if country in _WHERE_PEOPLE_LIVE:
        return _WHERE_PEOPLE_LIVE[country].split()
    zones: list[str] = get_global("territory_zones").get(country, [])
    return sorted(zones)[:4]


@cache
def _server_zone() -> str:
    """Return the zone this machine's clock is set to, as far as it tells."""
    named = os.environ.get("TZ", "").lstrip(":")
    return named or Path("/etc/localtime").resolve().as_posix().rpartition("zoneinfo/")[2]


@cache
def _by_country() -> tuple[tuple[str, str], ...]:
    """Return the zones that have a country, with their names, in the order of a dictionary.

    Names that were given up (Calcutta, Kiev) have none: whoever keeps one of them keeps it, but
    nobody has to read past it.
    """
    from babel.core import get_global

    placed = get_global("zone_territories")
    named = ((zone, _named(zone)) for zone in zones_offered() if zone in placed)
    return tuple(sorted(named, key=lambda one: _plain(one[1])))


@cache
def _named(zone: str) -> str:
    """Return ``Austria: Vienna``: one knows one's country, seldom the town that stands for it."""
    from babel.core import Locale, get_global

    region, _, place = zone.partition("/")
    if not place:
        return zone
    now = get_global("zone_aliases").get(zone, zone)
    country = get_global("zone_territories").get(now, _NOWHERE)
    spoken = Locale("en")
    where = region if country == _NOWHERE else spoken.territories.get(country, region)
    town = spoken.time_zones.get(now, {}).get("city") or _place(place)
    town = town.removesuffix(f", {where}")
    return where if town == where else f"{where}: {town}"


def _place(path: str) -> str:
    """Return ``Knox, Indiana`` for ``Indiana/Knox``: one looks for the town."""
    return ", ".join(reversed(path.replace("_", " ").split("/")))


def _plain(name: str) -> str:
    """Return a name as it is sorted: Åland stands among the As."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(one for one in letters if not unicodedata.combining(one))
