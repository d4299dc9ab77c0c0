"""What is heard before anything is searched for: the book's themes, 'nothing', and the tone."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from survey.understand.book import Book
from survey.understand.corrections import Correction
from survey.understand.embed import Embedder
from survey.understand.nothing import answer_says_nothing
from survey.understand.recognise import Recogniser, Recognition
from survey.understand.split import split
from survey.understand.tone import Tone, tone_columns, tones
from survey.understand.trained import Reader, load_reader, read_manifest


class Listener(Protocol):
    """What a ThemeModel needs of a book; a test may bring its own."""

    @property
    def digest(self) -> str:
        """Name everything that decides what is heard."""

    def hear(self, texts: Sequence[str]) -> Recognition:
        """Find the book's themes in answers, and those that say nothing."""

    def tones(self, texts: Sequence[str]) -> list[Tone]:
        """Tell wish from praise, text by text."""


@dataclass(frozen=True)
class BookListener:
    """The shipped reader, with a book's themes."""

    recogniser: Recogniser

    @property
    def digest(self) -> str:
        """Name reader, embedder and book."""
        return self.recogniser.digest

    def hear(self, texts: Sequence[str]) -> Recognition:
        """Find the book's themes in answers.

        Parameters
        ----------
        texts : sequence of str
            Answers as stored.

        Returns
        -------
        Recognition
            Each answer by itself.
        """
        return self.recogniser.recognise(texts)

    def tones(self, texts: Sequence[str]) -> list[Tone]:
        """Tell wish from praise.

        Parameters
        ----------
        texts : sequence of str
            Clauses.

        Returns
        -------
        list of str
            'wish', 'praise' or 'unclear', one a text.
        """
        return _read_tones(self.recogniser.reader, texts) if texts else []


@dataclass(frozen=True)
class BareListener:
    """No book: 'nothing' by the rule alone, tones by the shipped reader.

    The trained 'nothing' is not asked here. It sets general praise aside, which beside the book's
    themes is right; without a book that praise is itself a theme worth finding.
    """

    @property
    def digest(self) -> str:
        """Name the reader of tones."""
        return f"no-book-{read_manifest().digest}"

    def hear(self, texts: Sequence[str]) -> Recognition:
        """Set aside answers whose every clause says nothing.

        Parameters
        ----------
        texts : sequence of str
            Answers as stored.

        Returns
        -------
        Recognition
            Without themes and without claimed clauses.
        """
        nothing = np.array([answer_says_nothing(split(text)) for text in texts], dtype=bool)
        return Recognition((), nothing, (frozenset(),) * len(texts))

    def tones(self, texts: Sequence[str]) -> list[Tone]:
        """Tell wish from praise.

        Parameters
        ----------
        texts : sequence of str
            Clauses.

        Returns
        -------
        list of str
            'wish', 'praise' or 'unclear', one a text.
        """
        return _read_tones(_reader(), texts) if texts else []


def _read_tones(reader: Reader, texts: Sequence[str]) -> list[Tone]:
    wish, praise = tone_columns(reader.manifest.outputs)
    logits = reader.logits(texts).astype(float).round(4)
    return tones(logits[:, wish], logits[:, praise])


def listener_for(
    book: Book | None, embedder: Embedder, corrections: Sequence[Correction] = ()
) -> Listener:
    """Make a listener for a book, or for none.

    Parameters
    ----------
    book : Book or None
        The themes to recognise.
    embedder : Embedder
        For themes that the reader was not trained on.
    corrections : sequence of Correction
        The owner's checked answers.

    Returns
    -------
    Listener
        The shipped reader is loaded once a process, and for no book only when a tone is asked.
    """
    if book is None:
        return BareListener()
    return BookListener(Recogniser(book, embedder, reader=_reader(), corrections=corrections))


@functools.cache
def _reader() -> Reader:
    return load_reader()
