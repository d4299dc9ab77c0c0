"""Posts to a customer's page need no cookie; what protects them is where they come from."""

from urllib.parse import urlsplit

from flask import request

from survey.errors import DeniedError
from survey.web.current import settings


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
    own = {request.host_url.rstrip("/"), _origin_of(settings().base_url)}
    if origin not in own:
        raise DeniedError("This was sent from another site. Please open the link itself.")


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
