"""The ordinary post: a few words to a link that waits for them, taken before the framework wakes.

Nearly all posts are of this kind, and routing, request and response objects cost them twice what
keeping the answer does. Whatever is not plainly ordinary (an unknown or used link, a fault, a
foreign Origin, a long or unusual body, a failure) goes on to `survey.answer.pages` as it came.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any

from survey.answer.actions import take_answer
from survey.answer.forms import Typed, typed_in
from survey.answer.queries import OpenedLink, opened_link
from survey.clock import utc_now
from survey.guard.personal import may_hold_personal_data
from survey.records.care import Original
from survey.records.database import Database
from survey.records.straight import Straight

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_LONGEST = 32 * 1024  # bytes of a body that is read here
_ADDRESS = re.compile(r"/a/([A-Za-z0-9_-]{22})")
_FORM = "application/x-www-form-urlencoded"


class OrdinaryPosts:
    """A WSGI application in front of another.

    Parameters
    ----------
    otherwise : callable
        The application that serves everything else.
    database : Database
        Where answers are kept.
    origins : sequence of str
        What an Origin header may say besides the address that was asked.
    headers : sequence of (str, str)
        What every response carries.
    """

    def __init__(
        self,
        otherwise: Application,
        database: Database,
        origins: Sequence[str],
        headers: Sequence[tuple[str, str]],
    ) -> None:
        self._otherwise = otherwise
        self._database = database
        self._origins = frozenset(origins)
        self._headers = [("Content-Length", "0"), *headers, ("Cache-Control", "no-store")]

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Take the answer and lead to the page by GET, or pass the request on untouched."""
        address = _ADDRESS.fullmatch(environ["PATH_INFO"])
        if (
            address is None
            or environ["REQUEST_METHOD"] != "POST"
            or not self._may_be_read(environ)
            or not self._took(address[1], _body(environ))
        ):
            return self._otherwise(environ, start_response)
        start_response("303 SEE OTHER", [("Location", environ["PATH_INFO"]), *self._headers])
        return [b""]

    def _may_be_read(self, environ: Environ) -> bool:
        length = environ.get("CONTENT_LENGTH") or ""
        origin = environ.get("HTTP_ORIGIN")
        return (
            length.isascii()
            and length.isdigit()
            and int(length) <= _LONGEST
            and environ.get("CONTENT_TYPE", "").partition(";")[0] == _FORM
            and not environ["SCRIPT_NAME"]
            and (origin is None or origin in self._origins or origin == _own_origin(environ))
        )

    def _took(self, token: str, body: bytes | None) -> bool:
        try:
            return body is not None and self._kept(token, typed_in(body))
        except Exception:  # nothing is kept yet, and the page will tell what is wrong
            return False

    def _kept(self, token: str, typed: Typed) -> bool:
        if typed.doing or typed.own or typed.fault or may_hold_personal_data(typed.text):
            return False
        now = utc_now()

        def take(straight: Straight) -> bool:
            # Looked up in turn, too: beside each other they would only take Python from one another
            link = opened_link(straight, token, now)
            return link is not None and _waits(link) and keep_typed(straight, link, typed, now)

        return self._database.in_turn(take)


def keep_typed(
    straight: Straight,
    link: OpenedLink,
    typed: Typed,
    now: datetime,
    *,
    original: Original | None = None,
) -> bool:
    """Keep what was typed for a link with its wording pinned; False where it was answered before.

    Parameters
    ----------
    straight : Straight
        From `Database.taking`; the edge commits.
    link : OpenedLink
        With its question version pinned.
    typed : Typed
        Without a fault, and without personal data that readers may not see.
    now : datetime
        The present moment.
    original : Original, optional
        As in `take_answer`.
    """
    if typed.language and link.customer_language is None:
        link = replace(link, language=typed.language)
    return take_answer(
        straight,
        link,
        "" if typed.nothing else typed.text,
        now,
        nothing=typed.nothing,
        may_come_back=typed.consent.given,
        original=None if typed.nothing else original,
    )


def _waits(link: OpenedLink) -> bool:
    """Whether nothing but the answer is missing."""
    return not (link.answered or link.anonymous or link.question_version_id is None)


def _body(environ: Environ) -> bytes | None:
    """Read the body, and leave it to be read again; None where it broke off."""
    length = int(environ["CONTENT_LENGTH"])
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    return body if len(body) == length else None


def _own_origin(environ: Environ) -> str:
    return f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
