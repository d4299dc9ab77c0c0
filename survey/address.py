"""Email addresses: which can be written to, and how one is remembered that wants no more mail."""

import hashlib
import hmac
import re
import unicodedata

LONGEST_ADDRESS = 254  # RFC 5321: a path of 256 octets, less its brackets
_PLAIN = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"]+")


def can_be_written_to(address: str) -> bool:
    """Whether a mail to `address` can be composed at all; only sending shows whether it arrives."""
    if len(address) > LONGEST_ADDRESS or not _PLAIN.fullmatch(address):
        return False
    try:
        return bool(on_the_wire(address).isprintable())
    except ValueError:  # a part of the domain is empty or too long
        return False


def on_the_wire(address: str) -> str:
    """Return the address with its domain in ASCII (IDNA), as relays without SMTPUTF8 need it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def address_hmac(secret_key: bytes, workspace_id: int, address: str) -> bytes:
    """Return the 32 bytes under which an unsubscribed address is kept.

    Parameters
    ----------
    secret_key : bytes
        The installation's key; without it nobody can test whether an address is on the list.
    workspace_id : int
        The workspace that may write no more; another one's list cannot be compared with it.
    address : str
        The address; letter case, surrounding blanks, the width and composition of its letters,
        and whether its domain is in ASCII do not matter.

    Returns
    -------
    bytes
        HMAC-SHA256 (RFC 2104).
    """
    one = one_spelling(address).encode("utf-8", "surrogatepass")
    message = b"unsubscribed\0" + workspace_id.to_bytes(8, "big") + one
    return hmac.new(secret_key, message, hashlib.sha256).digest()


def one_spelling(address: str) -> str:
    """Return an address as whoever writes it otherwise may have meant it, too."""
    plain = unicodedata.normalize("NFKC", address).strip()
    try:
        return on_the_wire(plain).lower()
    except ValueError:  # no domain that any mail could go to
        return plain.lower()
