"""Take off what ends an answer and says nothing: a thank-you, "really", "to be honest".

English customers end complaints with thanks as readily as praise. A reader that has learnt thanks
from praise takes the complaint for praise, or for nothing.
"""

import re

_THANKS = (
    r"(?:many |so many |much )?(?:thanks|thank you|thank u|thankyou|thx|cheers|ta)"
    r"(?: (?:you|again|a lot|a million|so much|very much|all|everyone|everybody|guys|team"
    r"|in advance|for (?:asking|reading|listening|your time)))*"
)
_EMPTY = (
    r"really|honestly|to be honest(?: with you)?|tbh|to be fair|i suppose|i guess|that'?s all"
    r"|that is all|that'?s it|mind you|as it happens|at any rate|so there|lol|anyway"
)
_TAIL = re.compile(rf"\s*[.!?,;–—\n]+\s*(?:(?:and|but) )?(?:{_THANKS}|{_EMPTY})[\s.!,]*$", re.I)
_WORD = re.compile(r"[^\W_]+")
FEWEST_WORDS = 3
"""Words that must be left: "nothing, thanks" and "all good, thank you" are read as they stand."""
AT_MOST = 3
"""Tails that are taken off, one after another."""


def without_tail(text: str) -> str:
    """Leave out what ends a text and says nothing.

    Parameters
    ----------
    text : str
        A clause or an answer.

    Returns
    -------
    str
        A beginning of `text`; all of it where no tail stands after a mark, or where fewer than
        FEWEST_WORDS words would be left.
    """
    for _ in range(AT_MOST):
        found = _TAIL.search(text[-80:].replace("’", "'"))
        start = max(len(text) - 80, 0)
        rest = text[: start + found.start()] if found else text
        if found is None or len(_WORD.findall(rest)) < FEWEST_WORDS:
            return text
        # A mark is put back: a sentence that ends reads otherwise than one that breaks off.
        text = rest + "." if text[start + found.start()] in ".!?" else rest
    return text
