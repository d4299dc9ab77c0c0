"""Which language a response speaks: the invitation's, then the browser's; owners' pages English."""

from datetime import date

from flask import Flask, current_app, g, request
from flask_babel import Babel, refresh
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from survey.clock import utc_now
from survey.languages import (
    CATALOGUES,
    ENGLISH,
    LANGUAGES,
    day_in_words,
    is_rtl,
    spoken,
    translations,
)
from survey.letters import own
from survey.web.access import rule_of

_LONGEST_WISH = 400  # signs of a browser's wishes that are read: 8,000 took a fifth of a second


def speak_languages(app: Flask) -> None:
    """Let an application's customer side speak the customer's language.

    Parameters
    ----------
    app : Flask
        Its templates get ``_``, ``page_language()``, ``page_is_rtl()`` and the filters ``day``
        (a day in words) and ``own`` (words that keep to their own direction inside a sentence).
    """
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    Babel(app, locale_selector=page_language)
    # Templates say some twenty sentences a page; asking Babel each time for the page's language
    # costs more than all their translations.
    app.jinja_env.install_gettext_translations(_Spoken(), newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(
        page_language=page_language, page_is_rtl=lambda: is_rtl(page_language())
    )
    app.jinja_env.filters.update(day=_day, own=own)


def speak(invited_in: str | None) -> None:
    """Choose the language of this response by its invitation; the browser's where that is silent.

    Parameters
    ----------
    invited_in : str or None
        The customer's language, as the business told it.
    """
    g.language = spoken(invited_in)
    if "_flask_babel" in g:  # something was said already, in whatever language it was
        refresh()


class _Spoken:
    """The catalogue of the language that this response speaks, for templates."""

    def gettext(self, sentence: str) -> str:
        """Return a sentence in it."""
        return translations(page_language()).gettext(sentence)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return a sentence about so many things in it."""
        return translations(page_language()).ngettext(one, many, number)


def page_language() -> str:
    """Return the tag of the language that this response speaks, one of ours."""
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = g.language = _of_browser() if _is_customers() else ENGLISH
    return chosen


def _is_customers() -> bool:
    return bool(request.endpoint) and rule_of(current_app, str(request.endpoint)) == "customer"


def _of_browser() -> str:
    wished = request.headers.get("Accept-Language", "")[:_LONGEST_WISH]
    accepted = parse_accept_header(wished, LanguageAccept)
    return accepted.best_match(LANGUAGES, ENGLISH) or ENGLISH


def _day(day: date) -> str:
    return day_in_words(day, utc_now().date(), page_language())
