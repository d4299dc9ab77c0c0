"""E-mail addresses as they are kept: one plain address, compared without regard to case."""

import re

from survey.errors import FieldError

LONGEST_ADDRESS = 320
_PART = r"[^\s@<>,;:()\"\x00-\x1f\x7f\ud800-\udfff]+"
_PLAIN = re.compile(f"{_PART}@{_PART}")


def plain_address(typed: str, field: str = "email") -> str:
    """Return an address as it is kept.

    Parameters
    ----------
    typed : str
        What a person or a program gave.
    field : str
        The field's public name, for the refusal.

    Returns
    -------
    str
        Without spaces around it, in lower case.

    Raises
    ------
    FieldError
        When it is not one plain address of at most 320 characters.
    """
    address = typed.strip().lower()
    if len(address) > LONGEST_ADDRESS or not _PLAIN.fullmatch(address):
        raise FieldError(field, "Please give one e-mail address, like mo@example.org.")
    return address
