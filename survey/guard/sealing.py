"""Sealing the original of a masked text, so that the database alone does not tell it."""

import hashlib
import hmac
import secrets

_NONCE = 12  # bytes, as AES-GCM wants them


def seal(secret_key: bytes, workspace_id: int, original: str) -> bytes:
    """Return a text encrypted under a key of its own, derived from the installation's.

    Parameters
    ----------
    secret_key : bytes
        The installation's key; without it, or with another, the text cannot be read again.
    workspace_id : int
        Whose text; sealed words moved to another workspace cannot be opened there.
    original : str
        Without lone surrogates.

    Returns
    -------
    bytes
        12 bytes of nonce, then AES-256-GCM (NIST SP 800-38D).
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    closed = AESGCM(_key(secret_key)).encrypt(nonce, original.encode("utf-8"), _of(workspace_id))
    return nonce + closed


def unseal(secret_key: bytes, workspace_id: int, sealed: bytes) -> str | None:
    """Return what `seal` was given, None where key, workspace or bytes are not the same."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, closed = sealed[:_NONCE], sealed[_NONCE:]
    try:
        plain = AESGCM(_key(secret_key)).decrypt(nonce, closed, _of(workspace_id))
    except (InvalidTag, ValueError):
        return None
    return plain.decode("utf-8")


def _key(secret_key: bytes) -> bytes:
    """Derive 32 bytes by HKDF-SHA256 (RFC 5869), one block, no salt."""
    extracted = hmac.new(bytes(32), secret_key, hashlib.sha256).digest()
    return hmac.new(extracted, b"sealed words\x01", hashlib.sha256).digest()


def _of(workspace_id: int) -> bytes:
    return workspace_id.to_bytes(8, "big")
