"""Passwords: kept as argon2id (19 MiB, two passes), compared in the same time for everybody."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from survey.errors import FieldError

SHORTEST, LONGEST = 10, 1000
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Compared with when nobody has the address, so that the time taken does not tell.
_NOBODYS = (
    "$argon2id$v=19$m=19456,t=2,p=1$oIijJGYD18peWljObeeNog"
    "$IyMyh6FGkAveGl6Cpb4ydBNMWEnHKLra0h06TBAtl6w"
)
_two_at_once = threading.BoundedSemaphore(2)  # 19 MiB each, in a process that stays below 90


def hash_password(password: str, field: str = "password") -> str:
    """Return what is kept of a password.

    Parameters
    ----------
    password : str
        10 to 1000 characters.
    field : str
        The field's public name, for the refusal.

    Raises
    ------
    FieldError
        For a shorter or longer one.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise FieldError(field, f"Please choose a password of at least {SHORTEST} characters.")
    with _two_at_once:
        return _HASHER.hash(_bytes(password))


def is_password(kept: str | None, password: str) -> bool:
    """Whether a password is the kept one; takes as long when nothing is kept."""
    if len(password) > LONGEST:
        password = ""
    try:
        with _two_at_once:
            return _HASHER.verify(kept or _NOBODYS, _bytes(password)) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    # Keyboards differ in how they compose an accent; the password is the same.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
