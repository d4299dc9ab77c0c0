"""Tell what language an answer is in, as far as that can be told.

Very short answers are undecidable and stay 'unknown'; they are sorted as usual. A text in a
script that the model cannot read is known at once, however short.
"""

import functools
import re
import unicodedata
from collections.abc import Collection

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from survey.understand.split import plain

UNKNOWN = "unknown"
LEAST_WORDS = 4
"""Fewer words than this leave a Latin-script answer undecided."""
LEAST_LETTERS = 15
SURE = 0.66
"""How sure the identifier must be before an answer is called foreign: of 14,300 English answers
none was called foreign above .51, but for Nigerian Pidgin; short sentences of other languages with
a word that is English, too, lie at .67 to .71, a French one that ends in English thanks at .65."""
LIKE_ENGLISH = frozenset({"pcm"})
"""What short English is taken for: seven such answers above .50."""
READ_AT_MOST = 2000
"""Characters looked at: language does not change with length."""

_LETTERS = re.compile(r"[^\W\d_]+")


def readable(text: str, model_languages: Collection[str] = ("en",)) -> str:
    """Name the language of a text, siding with the model's languages where in doubt.

    Parameters
    ----------
    text : str
        An answer as stored.
    model_languages : collection of str
        ISO 639-1 codes that the embedding model reads; '*' for one that reads any.

    Returns
    -------
    str
        A language code, or 'unknown' for what is too short or too doubtful to tell. A code
        outside `model_languages` means: keep this apart as another language.
    """
    sample = plain(text[:READ_AT_MOST])
    words = _LETTERS.findall(sample)
    letters = sum(map(len, words))
    if not letters:
        return UNKNOWN
    foreign = _mostly_foreign_script(words, letters)
    if not foreign and (len(words) < LEAST_WORDS or letters < LEAST_LETTERS):
        return UNKNOWN
    code, certainty = _identifier().classify(sample.lower())
    if foreign or code in model_languages:
        return str(code)
    return str(code) if certainty >= SURE and code not in LIKE_ENGLISH else UNKNOWN


def is_foreign(text: str, model_languages: Collection[str] = ("en",)) -> bool:
    """Tell whether a text is in a language that the model cannot read.

    Parameters
    ----------
    text : str
        An answer as stored.
    model_languages : collection of str
        ISO 639-1 codes that the embedding model reads; '*' for one that reads any.

    Returns
    -------
    bool
        False where the language cannot be told.
    """
    if "*" in model_languages:
        return False
    return readable(text, model_languages) not in {*model_languages, UNKNOWN}


def _mostly_foreign_script(words: list[str], letters: int) -> bool:
    latin = sum(1 for word in words for char in word if _is_latin(char))
    return latin < letters / 2


@functools.lru_cache(maxsize=4096)
def _is_latin(char: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN"))


@functools.cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
