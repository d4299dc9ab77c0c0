"""Links that open nothing: counted against whoever follows them, since they may be guessing."""

from http import HTTPStatus

from flask import abort

from survey.web.address import visitor_address
from survey.web.current import limits
from survey.web.limits import UNKNOWN_LINKS, UNKNOWN_LINKS_OVERALL


def count_unknown_link() -> None:
    """Count one more unknown link against this visitor; too many are answered with 429."""
    here = visitor_address()
    if limits().used_up(UNKNOWN_LINKS, "link", here) or limits().used_up(
        UNKNOWN_LINKS_OVERALL, "link"
    ):
        abort(HTTPStatus.TOO_MANY_REQUESTS)
    limits().count(UNKNOWN_LINKS, "link", here)
    limits().count(UNKNOWN_LINKS_OVERALL, "link")
