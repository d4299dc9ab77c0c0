"""Name found themes, and let go of those that nothing names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import unit
from survey.understand.book import Book, shipped_book
from survey.understand.common_names import own_words
from survey.understand.embed import Embedder, stored
from survey.understand.found import FoundTheme, Places
from survey.understand.name import EVERYWHERE, Name, find_names
from survey.understand.phrases import stem, stems_of
from survey.understand.reading import Reading
from survey.understand.tightness import is_one_thing, without_twins

LISTENS_TO = 10_000
"""Clauses that are read, at most, for what the whole service is about."""
NEARLY = 0.70
"""Score of a name that will do for a theme about one thing; a sentence of somebody's has none."""


@dataclass(frozen=True)
class Naming:
    """What is named: answers, read by which model, and beside which book's names."""

    reading: Reading
    embedder: Embedder
    book: Book | None

    def of_all(
        self, found: tuple[FoundTheme, ...], lasting: Collection[str]
    ) -> tuple[FoundTheme, ...]:
        """Name the themes that have no name yet, and let go of those that nothing names.

        What no name fits is leftovers: its clauses go where they lie next to, or stay unsorted.
        What they went to is named anew, for a name must be true of what is in the theme now; a
        theme that came with a name keeps it.

        Parameters
        ----------
        found : tuple of FoundTheme
            Those without a name are in question.
        lasting : collection of str
            Ids of themes that stay in any case.

        Returns
        -------
        tuple of FoundTheme
            In the order of `found`, all with a name.
        """
        nameless = {one.id for one in found if not one.name}
        while nameless:
            named = self._once(found, lasting)
            if len(named) == len(found):
                return named
            found = tuple(replace(one, name="") if one.id in nameless else one for one in named)
        return found

    def names(
        self,
        found: Sequence[FoundTheme],
        unnamed: Sequence[int],
        theme: NDArray[np.integer],
    ) -> tuple[Name, ...]:
        """Find the names of some themes, beside the names that there are.

        Parameters
        ----------
        found : sequence of FoundTheme
            All themes; those with a name keep it to themselves.
        unnamed : sequence of int
            Places of those that need a name.
        theme : ndarray of int, shape (clauses,)
            The place of each clause's theme, -1 for none.

        Returns
        -------
        tuple of Name
            In the order of `unnamed`.
        """
        renumbered = np.full(len(found) + 1, -1, dtype=np.int32)
        renumbered[list(unnamed)] = np.arange(len(unnamed))
        return find_names(
            [clause.text for clause in self.reading.clauses],
            renumbered[theme],
            unit(np.stack([found[number].centroid for number in unnamed])),
            self._encode,
            curated=self._curated(),
            own=self._own_words,
            beside_book=self.book is not None,
            taken=[
                *(one.name for place, one in enumerate(found) if place not in set(unnamed)),
                *(theme.name for theme in (self.book.themes if self.book else ())),
            ],
        )

    def _once(
        self, found: tuple[FoundTheme, ...], lasting: Collection[str]
    ) -> tuple[FoundTheme, ...]:
        """Name themes, and keep those that a name fits.

        Phrases are told from pieces of sentences in English alone, so with a model that reads
        other languages every theme stays; and where nothing is named well, no book stands beside,
        and themes that have a name hold next to nothing, something is better than nothing.
        """
        unnamed = [number for number, one in enumerate(found) if not one.name]
        if not unnamed:
            return found
        theme = Places(found).join(self.reading.vectors).theme
        fresh = dict(zip(unnamed, self.names(found, unnamed, theme), strict=True))
        titled = tuple(
            replace(one, name=fresh[number].text) if number in fresh else one
            for number, one in enumerate(found)
        )
        if self.embedder.languages - {"en"}:
            return titled
        standing = {
            number
            for number, name in fresh.items()
            if _stands(name, self.reading.vectors[theme == number])
        }
        spoken_for = (~np.isin(theme, [-1, *fresh])).sum()
        if not standing and self.book is None and 10 * spoken_for < len(theme):
            return titled
        return without_twins(
            [
                one
                for number, one in enumerate(titled)
                if number not in fresh or number in standing or one.id in lasting
            ],
            lasting,
        )

    @cached_property
    def said(self) -> Sequence[Sequence[str]]:
        """The stems of some clauses, evenly chosen: enough to tell what everybody speaks of."""
        every = max(1, len(self.reading.clauses) // LISTENS_TO)
        return [stems_of(clause.text) for clause in self.reading.clauses[::every]]

    @cached_property
    def _own_words(self) -> frozenset[str]:
        """What the whole service is about; what a book leaves of it may well be called by it."""
        return frozenset() if self.book else own_words(self.said, stem, EVERYWHERE)

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float16]:
        return stored(self.embedder.encode(texts))

    def _curated(self) -> list[tuple[str, NDArray[np.float16]]]:
        """Place a book's themes among the vectors, for their names.

        Without a book the shipped one lends its names. Beside a book, what lies by one of its
        themes and was not recognised is offered as more of it, not as a theme much like it.
        """
        beside = self.book is not None
        return [
            (
                f"More of “{theme.name}”" if beside else theme.name,
                self._encode([theme.name, theme.definition]),
            )
            for theme in (self.book or shipped_book()).themes
        ]


def _stands(name: Name, vectors: NDArray[np.float16]) -> bool:
    """Tell a theme that a name fits, or nearly fits where the theme is about one thing."""
    return name.fits or (name.score >= NEARLY and is_one_thing(vectors))
