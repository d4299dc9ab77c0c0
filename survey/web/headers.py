"""Headers of every response: no inline code, no third parties, no framing, no caching of people."""

from collections.abc import Sequence

from flask import Flask, g, request
from werkzeug.wrappers import Response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_ONE_YEAR = 31_536_000


def headers_of_all(*, secure: bool) -> list[tuple[str, str]]:
    """Return what every response carries.

    Parameters
    ----------
    secure : bool
        Whether visitors come by https; then browsers are told to stay there.
    """
    always = [
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ]
    if secure:
        always.append(("Strict-Transport-Security", f"max-age={_ONE_YEAR}"))
    return always


def allow_frames_on(sites: Sequence[str]) -> None:
    """Let this one response be shown in a frame on some sites; no others' pages may.

    Parameters
    ----------
    sites : sequence of str
        Origins like ``https://shop.example``, as they were checked when they were written down.
    """
    g.framed_by = tuple(sites)


def _framed(always: Sequence[tuple[str, str]], sites: Sequence[str]) -> list[tuple[str, str]]:
    policy = CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors 'self' {' '.join(sites)}"
    )
    kept = [
        pair for pair in always if pair[0] not in ("X-Frame-Options", "Content-Security-Policy")
    ]
    return [("Content-Security-Policy", policy), *kept]


def set_headers(app: Flask, *, secure: bool) -> None:
    """Add the headers to every response of an application, as `headers_of_all` takes it."""
    always = headers_of_all(secure=secure)

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        sites: Sequence[str] = g.get("framed_by", ())
        # At once: one by one they cost a tenth of a small request.
        headers.extend(_framed(always, sites) if sites else always)
        if request.endpoint == "static":
            versioned = "v" in request.args and response.status_code == 200
            seconds = _ONE_YEAR if versioned else 300
            headers["Cache-Control"] = f"public, max-age={seconds}" + ", immutable" * versioned
        else:
            headers.setdefault("Cache-Control", "no-store")
        return response
