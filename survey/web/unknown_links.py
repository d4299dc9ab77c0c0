"""Links that open nothing: counted against whoever follows them, since they may be guessing."""

from http import HTTPStatus

from flask import abort

from survey.web.address import visitor_address
from survey.web.current import limits
from survey.web.limits import UNKNOWN_LINKS, UNKNOWN_LINKS_OVERALL


def refuse_who_guesses() -> None:
    """Answer with 429 where too many unknown links were followed, before reading what was sent."""
    here = visitor_address()
    if limits().used_up(UNKNOWN_LINKS, "link", here) or limits().used_up(
        UNKNOWN_LINKS_OVERALL, "link"
    ):
        abort(HTTPStatus.TOO_MANY_REQUESTS)


def count_unknown_link() -> None:
    """Count one more unknown link against this visitor; too many are answered with 429."""
    refuse_who_guesses()
    limits().count(UNKNOWN_LINKS, "link", visitor_address())
    limits().count(UNKNOWN_LINKS_OVERALL, "link")
