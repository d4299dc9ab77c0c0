"""One mapper from errors to HTTP: a page for people, JSON for programs, no stack trace."""

import logging

from flask import Flask, jsonify, make_response, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from survey.errors import AfterwordError, FieldError
from survey.languages import translatable
from survey.records.database import what_failed
from survey.records.faults import passes, sqlstate_of

log = logging.getLogger(__name__)

_CODES = {
    400: (
        "bad_request",
        translatable("This request could not be read. Please go back and try again."),
    ),
    401: ("unauthorised", "Please sign in, or send a valid API key, and try again."),
    403: (
        "denied",
        translatable("This was refused. Please go back, reload the page and try again."),
    ),
    404: ("not_found", translatable("There is no such page here.")),
    405: ("not_allowed", translatable("This address does not take that kind of request.")),
    409: (
        "conflict",
        translatable("Somebody else changed this in the meantime. Please reload and try again."),
    ),
    413: ("too_large", translatable("That is more than this page can take. Please send less.")),
    415: ("not_json", "Please send JSON, with Content-Type: application/json."),
    422: ("bad_input", translatable("Something in what was sent cannot be used.")),
    429: (
        "too_many",
        translatable("That was tried too often. Please wait a few minutes and try again."),
    ),
    503: (
        "busy",
        translatable(
            "Too much is going on at once. Nothing was lost; please try again in a minute."
        ),
    ),
}
_FILES = ("/export.csv", "/export.xlsx", "/export.zip")  # what programs fetch beside the API
_BROKEN = (
    "error",
    translatable("Something went wrong on our side. It has been noted; please try again."),
)


def handle_problems(app: Flask) -> None:
    """Answer every refusal and failure of an application in the right form."""
    app.register_error_handler(AfterwordError, _refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failure)


def wants_json() -> bool:
    """Whether the request comes from a program."""
    return request.path.startswith("/api/") or request.path in _FILES


def _refusal(error: AfterwordError) -> tuple[Response | str, int]:
    if error.status >= 500:
        log.error("%s %s: %s", request.method, request.path, error, exc_info=error)
    field = error.field if isinstance(error, FieldError) else None
    return _say(error.status, error.code, str(error), field)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:  # redirects that werkzeug raises
        return error.get_response()
    code, message = _CODES.get(status, _CODES[400] if status < 500 else _BROKEN)
    response = make_response(_say(status, code, gettext(message)))
    kept = ("Allow", "WWW-Authenticate", "Retry-After")
    response.headers.extend(pair for pair in error.get_headers() if pair[0] in kept)
    if status == 401 and wants_json():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _failure(error: Exception) -> tuple[Response | str, int]:
    # The path may hold a customer's token, so only the route's pattern is written down.
    if passes(error):
        named = type(error).__name__, sqlstate_of(error)
        log.error("%s %s: the database is busy: %s %s", request.method, request.url_rule, *named)
        return _say_known(503, _CODES[503])
    log.error("%s %s failed\n%s", request.method, request.url_rule, what_failed(error))
    return _say_known(500, _BROKEN)


def _say_known(status: int, known: tuple[str, str]) -> tuple[Response | str, int]:
    return _say(status, known[0], gettext(known[1]))


def _say(
    status: int, code: str, message: str, field: str | None = None
) -> tuple[Response | str, int]:
    if wants_json():
        told = {"code": code, "message": message} | ({"field": field} if field else {})
        return jsonify({"error": told}), status
    return render_template("problem.html", status=status, message=message), status
