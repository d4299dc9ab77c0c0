"""Posts to a customer's page need no cookie; what protects them is where they come from."""

from contextlib import suppress
from urllib.parse import urlsplit

from flask import request
from flask_babel import gettext

from survey.errors import DeniedError
from survey.web.current import settings

_USUAL_PORTS = {"http": 80, "https": 443}


def refuse_foreign_origin() -> None:
    """Refuse a post that another site's page sent.

    Raises
    ------
    DeniedError
        When the Origin header names neither this address nor the configured one.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return
    own = {_origin_of(request.host_url), _origin_of(settings().base_url)} - {None}
    if _origin_of(origin) not in own:
        raise DeniedError(gettext("This was sent from another site. Please open the link itself."))


def _origin_of(address: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port as browsers compare them, None where there is no such thing."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not host:
        return None
    with suppress(UnicodeError):  # of a name that nobody could register; compared as it is
        host = host.encode("idna").decode("ascii")
    return parts.scheme, host, port or _USUAL_PORTS.get(parts.scheme)
