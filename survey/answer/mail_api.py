"""A mail handed over by a program: ``POST /api/v1/mail``, signed over the raw body and the time."""

import hashlib
import hmac
import re
from http import HTTPStatus

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from survey.answer.by_mail import take_mail
from survey.clock import utc_now
from survey.web.access import open_to
from survey.web.current import database, settings

LARGEST_MAIL = 10 * 1024 * 1024  # bytes
OPEN_FOR = 300  # seconds that a signature may be old, or ahead
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
blueprint = Blueprint("mail_api", __name__, url_prefix="/api/v1")


@blueprint.post("/mail")
@open_to("customer")
def post_mail() -> Response:
    """Take a mail; the signature is the authority."""
    secret = settings().mail_webhook_secret
    if secret is None:
        abort(HTTPStatus.NOT_FOUND)
    signed_at, signature = _signature()
    request.max_content_length = LARGEST_MAIL
    raw = request.get_data(cache=False)
    if not hmac.compare_digest(signature, signature_of(secret, signed_at, raw)):
        abort(HTTPStatus.UNAUTHORIZED)
    filed = take_mail(database(), settings(), raw, utc_now())
    return jsonify({"outcome": filed.outcome})


def _signature() -> tuple[int, str]:
    """Return what the header says, before anything else is read."""
    found = _SIGNATURE.fullmatch(request.headers.get("Afterword-Signature", ""))
    if found is None or abs(int(found[1]) - utc_now().timestamp()) > OPEN_FOR:
        abort(HTTPStatus.UNAUTHORIZED)
    return int(found[1]), found[2]


def signature_of(secret: bytes, signed_at: int, raw: bytes) -> str:
    """Return the signature of a mail.

    Parameters
    ----------
    secret : bytes
        What both sides know.
    signed_at : int
        Seconds since 1970.
    raw : bytes
        The mail.

    Returns
    -------
    str
        HMAC-SHA256 of ``SECONDS.MAIL``, in 64 hexadecimal digits.
    """
    return hmac.new(secret, f"{signed_at}.".encode() + raw, hashlib.sha256).hexdigest()
