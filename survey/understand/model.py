"""Answers in, themes out: the engine behind the worker and behind `survey sort`.

    model = ThemeModel(load_embedder(), themes=24).fit(texts)
    model.themes_                      # what was found, largest first
    model.assign(new_texts)            # new answers join; nothing moves

What lasts of a fit is `found_`: store id, name, `anchor()` and `answers` of each, and
`ThemeModel.from_themes` assigns exactly as the fitted model did.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from survey.understand.assign import Assignment, Seen, by_row, deciding, without_theme
from survey.understand.blocks import nearest, unit
from survey.understand.book import Book, BookTheme
from survey.understand.corrections import Correction
from survey.understand.decisions import Constraint, Decided, lasting_themes, read_decisions
from survey.understand.embed import Embedder
from survey.understand.found import FoundTheme, Joining, Places, Quote
from survey.understand.listen import Listener, listener_for
from survey.understand.naming import Naming
from survey.understand.quotes import choose_quotes
from survey.understand.reading import Reading, read_answers
from survey.understand.recognise import Recognised
from survey.understand.refit import find_themes

MOST_SURE = 0.999
"""Confidence of a sorting, at most: 1 is what a person says."""
VERSION = "9"
"""Goes up whenever the same input would be sorted otherwise."""
QUOTES = 3


class ThemeModel:
    """Sort answers into themes.

    Parameters
    ----------
    embedder : Embedder
        Turns texts into vectors.
    book : Book, optional
        Themes with definitions and examples; without one, all themes are found.
    themes : int, optional
        About how many themes to find; left to the answers if left out.
    seed : int, default 0
        Of all randomness.
    corrections : sequence of Correction
        The owner's checked answers, for the book's themes.
    listener : Listener, optional
        Hears the book; the shipped reader with `book` if left out.
    """

    def __init__(
        self,
        embedder: Embedder,
        book: Book | None = None,
        *,
        themes: int | None = None,
        seed: int = 0,
        corrections: Sequence[Correction] = (),
        listener: Listener | None = None,
    ) -> None:
        self.embedder = embedder
        self.book = book
        self.themes = themes
        self.seed = seed
        self.listener = listener or listener_for(book, embedder, corrections)
        self.found_: tuple[FoundTheme, ...] = ()
        self._decided = read_decisions(())
        self._places = Places(())

    @classmethod
    def from_themes(
        cls,
        embedder: Embedder,
        book: Book | None,
        found: Sequence[FoundTheme],
        constraints: Sequence[Constraint] = (),
        *,
        corrections: Sequence[Correction] = (),
        listener: Listener | None = None,
    ) -> "ThemeModel":
        """Make a model of stored themes, without a fit.

        Parameters
        ----------
        embedder : Embedder
            The one the themes were found with.
        book : Book or None
            As in the fit.
        found : sequence of FoundTheme
            As stored, see `FoundTheme.from_anchor`.
        constraints : sequence of Constraint
            What people decided since.
        corrections, listener
            As for the constructor.

        Returns
        -------
        ThemeModel
            Assigns at once; its themes' ids are those given.
        """
        model = cls(embedder, book, corrections=corrections, listener=listener)
        decided = read_decisions(constraints)
        model._settle(_as_decided(found, decided), decided)
        return model

    @property
    def engine_digest(self) -> str:
        """Name what decides a result: version, model, book and settings of the engine."""
        parts = (VERSION, self.embedder.digest, self.listener.digest)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def themes_(self) -> tuple[BookTheme | FoundTheme, ...]:
        """List the book's themes in its order, then the found ones, largest first."""
        return (*(self.book.themes if self.book else ()), *self.found_)

    def fit(
        self,
        texts: Sequence[str],
        *,
        ids: Sequence[str] | None = None,
        before: Sequence[FoundTheme] = (),
        constraints: Sequence[Constraint] = (),
    ) -> "ThemeModel":
        """Find themes in answers.

        Parameters
        ----------
        texts : sequence of str
            Answers as stored.
        ids : sequence of str, optional
            What constraints call the answers by; their row numbers if left out.
        before : sequence of FoundTheme
            The themes there are; one that is found again keeps its id, and one that people
            decided about stays as they decided.
        constraints : sequence of Constraint
            All decisions, oldest first.

        Returns
        -------
        ThemeModel
            Itself.
        """
        self._fit(self._read(texts), before, read_decisions(constraints))
        return self

    def assign(self, texts: Sequence[str], *, ids: Sequence[str] | None = None) -> list[Assignment]:
        """Sort answers into the themes there are.

        Parameters
        ----------
        texts : sequence of str
            Answers as stored.
        ids : sequence of str, optional
            What constraints call them by; their row numbers if left out.

        Returns
        -------
        list of Assignment
            By row; at least one for each answer.
        """
        return self._assign(self._read(texts), ids)

    def fit_assign(
        self,
        texts: Sequence[str],
        *,
        ids: Sequence[str] | None = None,
        before: Sequence[FoundTheme] = (),
        constraints: Sequence[Constraint] = (),
    ) -> list[Assignment]:
        """Fit and assign the same answers, reading them once.

        Parameters
        ----------
        texts, ids, before, constraints
            As for `fit`.

        Returns
        -------
        list of Assignment
            As `assign` gives.
        """
        reading = self._read(texts)
        self._fit(reading, before, read_decisions(constraints))
        return self._assign(reading, ids)

    def _read(self, texts: Sequence[str]) -> Reading:
        return read_answers(texts, self.embedder, self.listener)

    def _settle(self, found: tuple[FoundTheme, ...], decided: Decided) -> None:
        self.found_, self._decided, self._places = found, decided, Places(found)

    def _fit(self, reading: Reading, before: Sequence[FoundTheme], decided: Decided) -> None:
        lasting = lasting_themes(before, decided)
        naming = Naming(reading, self.embedder, self.book)
        found = find_themes(naming, before, lasting, themes=self.themes, seed=self.seed)
        kept = {one.id for one in lasting}
        self._settle(found, decided)
        joining = self._places.join(reading.vectors)
        self._settle(_described(reading, joining, found, kept), decided)

    def _assign(self, reading: Reading, ids: Sequence[str] | None) -> list[Assignment]:
        joining = self._places.join(reading.vectors)
        names = ids if ids is not None else [str(row) for row in range(len(reading.texts))]
        seen = Seen(reading, joining, by_row(reading.recognised))
        result: list[Assignment] = []
        for row, span in enumerate(reading.spans()):
            result.extend(self._one_answer(seen, row, span, names[row]))
        return self._with_tones(result, reading)

    def _one_answer(
        self, seen: Seen, row: int, span: tuple[int, int], answer: str
    ) -> list[Assignment]:
        """Give an answer the book's themes, those its clauses joined, and what people decided."""
        outside = self._decided.outside.get(answer, frozenset())
        inside = self._decided.inside.get(answer, frozenset())
        made = [
            *(self._of_book(one) for one in seen.recognised.get(row, ())),
            *(
                self._by_clause(seen, row, theme, clause)
                for theme, clause in deciding(seen.joining, span)
            ),
        ]
        made = [one for one in made if one.theme_id not in outside | inside]
        made.extend(self._by_decision(seen.reading, row, span, inside))
        return made or [without_theme(row, seen.reading.states[row])]

    def _of_book(self, one: Recognised) -> Assignment:
        theme = self.book.themes[one.theme] if self.book else None
        key, name = (theme.key, theme.name) if theme else ("", "")
        sure = min(one.confidence, MOST_SURE)
        return Assignment(one.row, key, name, "book", sure, one.start, one.end, one.tone)

    def _by_clause(self, seen: Seen, row: int, theme: int, clause: int) -> Assignment:
        one, place = self.found_[theme], seen.reading.clauses[clause]
        confidence = min(round(float(seen.joining.confidence[clause]), 3), MOST_SURE)
        return Assignment(row, one.id, one.name, "found", confidence, place.start, place.end)

    def _by_decision(
        self, reading: Reading, row: int, span: tuple[int, int], inside: frozenset[str]
    ) -> Iterator[Assignment]:
        """Give an answer the themes that people put it in, with the clause that lies closest."""
        for theme in self.book.themes if self.book else ():
            if theme.key in inside:
                yield Assignment(row, theme.key, theme.name, "book", 1.0)
        for found in self.found_:
            if found.id not in inside:
                continue
            start = end = None
            if span[0] < span[1]:
                _, cosines = nearest(reading.vectors[slice(*span)], unit(found.points))
                clause = reading.clauses[span[0] + int(cosines.argmax())]
                start, end = clause.start, clause.end
            yield Assignment(row, found.id, found.name, "found", 1.0, start, end)

    def _with_tones(self, made: Sequence[Assignment], reading: Reading) -> list[Assignment]:
        """Tell the tone of each found theme's clause; the book's come with theirs."""
        places = [place for place, one in enumerate(made) if one.origin == "found"]
        clauses = ((reading.texts[made[at].row], made[at]) for at in places)
        heard = self.listener.tones([text[one.start : one.end] for text, one in clauses])
        result = list(made)
        for place, tone in zip(places, heard, strict=True):
            result[place] = replace(made[place], tone=tone)
        return result


def _as_decided(found: Sequence[FoundTheme], decided: Decided) -> tuple[FoundTheme, ...]:
    """Merge and name stored themes as people decided; all others stay as they are."""
    changed = {theme.id: theme for theme in lasting_themes(found, decided)}
    return tuple(
        changed.get(theme.id, theme) for theme in found if decided.final(theme.id) == theme.id
    )


def _described(
    reading: Reading, joining: Joining, found: tuple[FoundTheme, ...], lasting: set[str]
) -> tuple[FoundTheme, ...]:
    """Count the themes and choose their quotes, the largest first."""
    described = [_counted(one, number, reading, joining) for number, one in enumerate(found)]
    kept = [one for one in described if one.answers or one.id in lasting]
    return tuple(sorted(kept, key=lambda one: (-one.answers, one.id)))


def _counted(theme: FoundTheme, number: int, reading: Reading, joining: Joining) -> FoundTheme:
    """Count a theme's answers and clauses, and choose its quotes."""
    members = np.flatnonzero(joining.theme == number)
    chosen = choose_quotes(
        [reading.clauses[row].text for row in members],
        reading.vectors[members],
        theme.centroid,
        QUOTES,
    )
    quotes = []
    for place in chosen:
        clause, row = reading.clauses[members[place]], int(reading.row_of[members[place]])
        quotes.append(Quote(row, clause.start, clause.end, clause.text))
    answers = len(np.unique(reading.row_of[members]))
    return replace(theme, exemplars=tuple(quotes), answers=answers, clauses=len(members))
