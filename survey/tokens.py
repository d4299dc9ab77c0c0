"""Tokens that stand in links: 128 bits, rebuilt from an id and a nonce, never stored."""

import hashlib
import hmac
import secrets
from base64 import b32encode, urlsafe_b64encode

TOKEN_BYTES = 16


def new_nonce() -> bytes:
    """Return 16 fresh random bytes for one row."""
    return secrets.token_bytes(TOKEN_BYTES)


def make_token(secret_key: bytes, purpose: str, row_id: int, nonce: bytes) -> str:
    """Build the token of one row; the same arguments always give the same link.

    Parameters
    ----------
    secret_key : bytes
        The installation's key.
    purpose : str
        What the token is for (``answer``, ``unsubscribe``): tokens never serve each other's doors.
    row_id : int
        The row's id, 0 to 2**63 - 1.
    nonce : bytes
        The row's nonce; changing it revokes the link.

    Returns
    -------
    str
        22 characters of the URL-safe alphabet: 128 bits of HMAC-SHA256 (RFC 2104).
    """
    return urlsafe_b64encode(_digest(secret_key, purpose, row_id, nonce)).rstrip(b"=").decode()


def make_mail_token(secret_key: bytes, purpose: str, row_id: int, nonce: bytes) -> str:
    """As `make_token`, in 26 small letters and digits: mail programs change an address's case."""
    digest = _digest(secret_key, purpose, row_id, nonce)
    return b32encode(digest).rstrip(b"=").decode().lower()


def _digest(secret_key: bytes, purpose: str, row_id: int, nonce: bytes) -> bytes:
    message = purpose.encode() + b"\0" + row_id.to_bytes(8, "big") + nonce
    return hmac.new(secret_key, message, hashlib.sha256).digest()[:TOKEN_BYTES]


def random_link_token() -> str:
    """Return a fresh token of 128 bits, for a link that its holder alone can tell us again."""
    return urlsafe_b64encode(new_nonce()).rstrip(b"=").decode()


def random_token() -> str:
    """Return a fresh token of 256 bits, for sessions and API keys."""
    return secrets.token_urlsafe(32)


def token_sha256(token: str) -> bytes:
    """Return the 32 bytes under which a token is found in the database."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


# What mail programs and people take along when a link ends a sentence or stands in brackets.
_AROUND_LINKS = ".,;:!?)>]}'\"”’»"


def token_alone(followed: str) -> str:
    """Return the token of a link as it was followed, without the sentence's last signs."""
    return followed.rstrip(_AROUND_LINKS)
