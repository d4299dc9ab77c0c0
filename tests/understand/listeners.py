"""A stand-in for the book's reader: no theme of a book, 'nothing' by rule, no tone."""

from collections.abc import Sequence

import numpy as np

from survey.understand.nothing import answer_says_nothing
from survey.understand.recognise import Recognition
from survey.understand.split import split
from survey.understand.tone import Tone


class RuleListener:
    """Hears nothing but the rule."""

    digest = "rule"

    def hear(self, texts: Sequence[str]) -> Recognition:
        """Set aside what the rule sets aside."""
        nothing = np.array([answer_says_nothing(split(text)) for text in texts], dtype=bool)
        return Recognition((), nothing, (frozenset(),) * len(texts))

    def tones(self, texts: Sequence[str]) -> list[Tone]:
        """Tell no tone."""
        return ["unclear"] * len(texts)
