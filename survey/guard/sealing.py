"""Sealing the original of a masked text, so that the database alone does not tell it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

MARK = b"AW2\x00"  # what is sealed for one place begins with it; before, it was for a workspace
_NONCE = 12  # bytes, as AES-GCM wants them
_KINDS = {"answer": b"a", "letter": b"l"}


@dataclass(frozen=True)
class Place:
    """Where a sealed text stands; moved to another place it cannot be opened.

    Parameters
    ----------
    kind : str
        ``answer`` or ``letter``.
    workspace_id, row_id : int
        Whose, and which answer or letter; 0 to 2**63 - 1.
    version : int
        Which version of an answer; 1 for letters, which do not change.
    """

    kind: Literal["answer", "letter"]
    workspace_id: int
    row_id: int
    version: int = 1

    @property
    def told(self) -> bytes:
        """Return the same as bytes, no two places alike: AES-GCM's additional data."""
        numbers = (self.workspace_id, self.row_id, self.version)
        return MARK + _KINDS[self.kind] + b"".join(one.to_bytes(8, "big") for one in numbers)


def seal(secret_key: bytes, place: Place, original: str) -> bytes:
    """Return a text encrypted under a key of its own, derived from the installation's.

    Parameters
    ----------
    secret_key : bytes
        The installation's key; without it, or with another, the text cannot be read again.
    place : Place
        Where it will stand.
    original : str
        Without lone surrogates.

    Returns
    -------
    bytes
        `MARK`, 12 bytes of nonce, then AES-256-GCM (NIST SP 800-38D).
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    closed = AESGCM(_key(secret_key)).encrypt(nonce, original.encode("utf-8"), place.told)
    return MARK + nonce + closed


def unseal(secret_key: bytes, place: Place, sealed: bytes) -> str | None:
    """Return what `seal` was given, None where key, place or bytes are not the same."""
    if not sealed.startswith(MARK):
        return None
    return _opened(secret_key, sealed[len(MARK) :], place.told)


def unseal_of_old(secret_key: bytes, workspace_id: int, sealed: bytes) -> str | None:
    """Return what was sealed for a whole workspace, as it was done before version and answer
    counted; only to be sealed anew (see `survey.records.sealing_anew`).
    """
    return _opened(secret_key, sealed, workspace_id.to_bytes(8, "big"))


def _opened(secret_key: bytes, sealed: bytes, told: bytes) -> str | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        plain = AESGCM(_key(secret_key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], told)
    except (InvalidTag, ValueError):
        return None
    return plain.decode("utf-8")


def _key(secret_key: bytes) -> bytes:
    """Derive 32 bytes by HKDF-SHA256 (RFC 5869), one block, no salt."""
    extracted = hmac.new(bytes(32), secret_key, hashlib.sha256).digest()
    return hmac.new(extracted, b"sealed words\x01", hashlib.sha256).digest()
