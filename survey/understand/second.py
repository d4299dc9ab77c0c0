"""The reader's second look: what a text's own words add to the log-odds of the tuned encoder.

One linear step on hashed words and word pairs and on the encoder's vector, with the encoder's
log-odds as its fixed start, so that what the encoder reads well stays as it is. It was made when
the encoder knew scenes alone and took short text ("polite staff", "be quicker") for wishes or for
'nothing'; now that it has read short text, too, this adds a little recall: docs/decisions/0007.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

BUCKETS = 1 << 14
"""Words and pairs share so many columns; which one is theirs is decided by CRC-32."""
STRENGTH = 3.0
"""Length of a text's word part, and of its vector part, against a penalty that is the same."""
WORDS_AT_MOST = 200
SHORT, LONG = 12, 36
"""Words of an answer up to which the second look counts in full for themes, and from which it does
not: what is told at length, the encoder reads better alone. The tone it tells at any length."""
_WORD = re.compile(r"[\w']+|[!?]")


def word_features(texts: Sequence[str]) -> sparse.csr_matrix:
    """Lay out which words and neighbouring pairs each text holds.

    Parameters
    ----------
    texts : sequence of str
        Cleaned texts; their first 200 words are read.

    Returns
    -------
    csr_matrix of float64, shape (len(texts), BUCKETS)
        Rows of length STRENGTH but for words that fall into one column; a text's row depends on
        that text alone.
    """
    starts: list[int] = [0]
    columns: list[int] = []
    values: list[float] = []
    for text in texts:
        held = _words_and_pairs(text)
        columns.extend(zlib.crc32(one.encode("utf-8", "replace")) % BUCKETS for one in held)
        values.extend([STRENGTH / np.sqrt(max(len(held), 1))] * len(held))
        starts.append(len(columns))
    matrix = sparse.csr_matrix(
        (np.array(values), np.array(columns, dtype=np.int32), np.array(starts)),
        shape=(len(texts), BUCKETS),
    )
    matrix.sum_duplicates()
    return matrix


def _words_and_pairs(text: str) -> list[str]:
    words = _WORD.findall(text.lower().replace("’", "'"))[:WORDS_AT_MOST]
    pairs = zip(["<", *words], [*words, ">"], strict=True)
    return sorted({*words, *(f"{first} {then}" for first, then in pairs)})


def share_for(words: NDArray[np.integer]) -> NDArray[np.float64]:
    """Say how much the second look counts for the themes of answers of so many words.

    Parameters
    ----------
    words : ndarray of int, shape (n,)
        Words of each answer.

    Returns
    -------
    ndarray of float64, shape (n,)
        1 for short ones, 0 for long ones.
    """
    return np.clip((LONG - words) / (LONG - SHORT), 0.0, 1.0)


def added_by_words(texts: Sequence[str], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Say what the words add to the log-odds, shape (len(texts), outputs).

    Parameters
    ----------
    texts : sequence of str
        Cleaned texts.
    weights : ndarray of float32, shape (BUCKETS, outputs)
        Of each column.

    Returns
    -------
    ndarray of float64, shape (len(texts), outputs)
        To be added; row by row, whatever the other rows are.
    """
    return np.asarray(word_features(texts) @ weights.astype(np.float64))
