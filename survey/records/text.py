"""What happens to typed text before it is kept: next to nothing."""

import hashlib
import re

LONGEST_ANSWER = 20_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def as_stored(typed: str) -> str:
    """Return text as the database keeps it.

    Parameters
    ----------
    typed : str
        Anything at all.

    Returns
    -------
    str
        The same text with CRLF and CR as LF, and NUL and lone surrogates as U+FFFD.
    """
    return _UNSTORABLE.sub("�", typed.replace("\r\n", "\n").replace("\r", "\n"))


def text_digest(text: str) -> bytes:
    """Return the sha256 under which a stored text's vector is kept."""
    return hashlib.sha256(text.encode("utf-8")).digest()
