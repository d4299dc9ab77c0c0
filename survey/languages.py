"""The languages of the customer's side: which there are, their catalogues, and days in words.

Pages speak them through Flask-Babel (`survey.web.language`), mails without it; both read the same
catalogues. Babel is imported only once a language other than English is spoken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

from survey.clock import in_words

if TYPE_CHECKING:
    from babel.support import Translations

CATALOGUES = Path(__file__).resolve().parent / "translations"
ENGLISH = "en"
_IN_ENGLISH = {
    "arabic": "ar", "chinese": "zh", "dutch": "nl", "english": "en", "french": "fr",
    "german": "de", "hindi": "hi", "italian": "it", "polish": "pl", "portuguese": "pt",
    "romanian": "ro", "spanish": "es", "turkish": "tr", "ukrainian": "uk",
}  # fmt: skip


@dataclass(frozen=True)
class Language:
    """A language that the customer's side speaks.

    Parameters
    ----------
    tag : str
        As in ``lang``.
    name : str
        What its speakers call it.
    rtl : bool
        Whether it is written from right to left.
    """

    tag: str
    name: str
    rtl: bool = False


LANGUAGES = {
    one.tag: one
    for one in (
        Language("en", "English"),
        Language("ar", "العربية", rtl=True),
        Language("de", "Deutsch"),
        Language("es", "español"),
        Language("fr", "français"),
        Language("hi", "हिन्दी"),
        Language("it", "italiano"),
        Language("nl", "Nederlands"),
        Language("pl", "polski"),
        Language("pt", "português"),
        Language("ro", "română"),
        Language("tr", "Türkçe"),
        Language("uk", "українська"),
        Language("zh", "中文"),
    )
}


def nearest(wished: str | None, offered: Iterable[str]) -> str | None:
    """Return the offered language tag nearest to the wished one.

    Parameters
    ----------
    wished : str or None
        A language tag, like ``pt-BR``.
    offered : iterable of str
        Tags in any spelling.

    Returns
    -------
    str or None
        The same tag, else the same language; None where neither is offered.
    """
    if not wished:
        return None
    plain = {tag.lower(): tag for tag in offered}
    wish = wished.lower().replace("_", "-")
    return plain.get(wish) or plain.get(wish.partition("-")[0])


def spoken(wished: str | None) -> str | None:
    """Return the one of our languages that is nearest to a tag, None where there is none."""
    return nearest(wished, LANGUAGES)


def language_name(tag: str) -> str:
    """Return what the speakers of a language call it; its tag where it is none of ours."""
    ours = spoken(tag)
    return LANGUAGES[ours].name if ours else tag


def tag_said(said: str) -> str:
    """Return the tag of one of our languages that is named in English or by its speakers.

    Parameters
    ----------
    said : str
        A name, or a tag with either dash; what is no name of ours is given back.
    """
    plain = " ".join(said.split()).casefold()
    own = {one.name.casefold(): one.tag for one in LANGUAGES.values()}
    return _IN_ENGLISH.get(plain) or own.get(plain) or said.strip().replace("_", "-")


def is_rtl(tag: str) -> bool:
    """Whether one of our languages is written from right to left."""
    return LANGUAGES[tag].rtl


def translatable(sentence: str) -> str:
    """Mark a sentence that stands here and is translated where it is said."""
    return sentence


@cache
def translations(tag: str) -> "Translations | NullTranslations":
    """Return the catalogue of one of our languages; English is what the code itself says.

    Parameters
    ----------
    tag : str
        One of `LANGUAGES`.
    """
    if tag == ENGLISH:
        return NullTranslations()
    from babel.support import Translations

    found: Translations | NullTranslations = Translations.load(CATALOGUES, [tag])
    return found


def day_in_words(day: date, today: date, tag: str) -> str:
    """Return a day as a letter in one of our languages names it.

    Parameters
    ----------
    day, today : date
        The day, and the one on which it is told; the year is left out where it goes without saying.
    tag : str
        One of `LANGUAGES`. Its catalogue says how a day is put after what English says as "on".
    """
    if tag == ENGLISH:
        return in_words(day, today)
    from babel.dates import format_date

    far = abs((today - day).days) > 300
    said = translations(tag)
    # How days are written, in CLDR's letters, for each language to put its own way.
    near = said.pgettext("date", "EEEE d MMMM")
    return format_date(day, said.pgettext("date", "EEEE d MMMM y") if far else near, locale=tag)
