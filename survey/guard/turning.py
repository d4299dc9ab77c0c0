"""Where somebody in danger may turn, country by country: who comes at once, and who listens.

Numbers change. They are shipped as a beginning; owners see them in their settings and put their own
words in their place.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Turning:
    """Whom to call in a country.

    Parameters
    ----------
    emergency : str
        The number of the emergency services.
    listens : str
        A line that listens, with its number; empty where we know none.
    """

    emergency: str
    listens: str = ""


TURNINGS = {
    "AE": Turning("999", "800 4673"),
    "AR": Turning("911", "135"),
    "AT": Turning("112", "Telefonseelsorge, 142"),
    "AU": Turning("000", "Lifeline, 13 11 14"),
    "BE": Turning("112", "Zelfmoordlijn, 1813; Centre de Prévention du Suicide, 0800 32 123"),
    "BR": Turning("190 (polícia), 192 (SAMU)", "CVV, 188"),
    "CA": Turning("911", "988"),
    "CH": Turning("112", "Die Dargebotene Hand, 143"),
    "CN": Turning("110, 120", "12356"),
    "DE": Turning("112", "TelefonSeelsorge, 0800 111 0 111"),
    "EG": Turning("123, 122", "16328"),
    "ES": Turning("112", "024"),
    "FR": Turning("112, 15", "3114"),
    "GB": Turning("999", "Samaritans, 116 123"),
    "IE": Turning("112, 999", "Samaritans, 116 123"),
    "IN": Turning("112", "Tele-MANAS, 14416"),
    "IT": Turning("112", "Telefono Amico, 02 2327 2327"),
    "LU": Turning("112", "SOS Détresse, 454545"),
    "MA": Turning("19, 15"),
    "MX": Turning("911", "Línea de la Vida, 800 911 2000"),
    "NL": Turning("112", "113 Zelfmoordpreventie, 113"),
    "NZ": Turning("111", "1737"),
    "PL": Turning("112", "Centrum Wsparcia, 800 70 2222"),
    "PT": Turning("112", "SOS Voz Amiga, 213 544 545"),
    "RO": Turning("112", "Telefonul Sufletului, 0800 801 200"),
    "SA": Turning("911", "920033360"),
    "TR": Turning("112"),
    "UA": Turning("112", "Lifeline Ukraine, 7333"),
    "US": Turning("911", "988"),
    "ZA": Turning("112", "SADAG, 0800 567 567"),
}
# One number in all of Europe (and where a country has taken it over).
_CALLS_112 = "AL AD BA BG CY CZ DK EE FI GE GR HR HU IS LI LT LV MC MD ME MK MT NO RS SE SI SK XK"
TURNINGS |= {country: Turning("112") for country in _CALLS_112.split()}


def country_of(chosen: str | None, time_zone: str) -> str | None:
    """Return the country of a workspace: as its owner chose, else where its clock is.

    Parameters
    ----------
    chosen : str or None
        Two capital letters.
    time_zone : str
        An IANA name; ``UTC`` is nowhere.
    """
    return chosen or _countries_of_zones().get(time_zone)


def country_in(language: str | None) -> str | None:
    """Return the country that a language tag names, like AT in ``de-AT``; None without one."""
    for part in (language or "").replace("_", "-").split("-")[1:]:
        if len(part) == 2 and part.isalpha() and part.isascii():
            return part.upper()
    return None


@cache
def _countries_of_zones() -> dict[str, str]:
    from babel.core import get_global

    found: dict[str, str] = dict(get_global("zone_territories"))
    return {zone: country for zone, country in found.items() if len(country) == 2}
