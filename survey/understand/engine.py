"""The engine as the worker drives it: kept themes and texts in, placings and new themes out.

Vectors are computed once a text: what is kept from before is handed in, what is new comes out,
always in the stored form, so that a run from the database agrees with the one that first read.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import numpy as np

from survey.understand.assign import Assignment
from survey.understand.book import Book, BookTheme
from survey.understand.by_hand import CutPart, corrections_for, cut_by_words, parted, place_by_words
from survey.understand.corrections import Correction
from survey.understand.embed import Embedder, stored
from survey.understand.found import FoundTheme
from survey.understand.known import (
    BOOK,
    FOUND,
    NO_ARRIVALS,
    THEMES,
    Arrivals,
    Clue,
    FoundNow,
    KnownAnswer,
    KnownTheme,
    Placed,
    Taught,
    Told,
)
from survey.understand.listen import Listener, listener_for
from survey.understand.match import compare
from survey.understand.memory import RememberingEmbedder, RememberingListener
from survey.understand.model import ThemeModel
from survey.understand.newcomers import newcomers, said_in
from survey.understand.tightness import LOOSEST, TIGHT, closeness, gathered, is_like

LISTENERS = 8
"""Books in use at once of which is remembered what was heard."""


class Engine:
    """Sorts answers into kept themes, and finds new ones.

    Parameters
    ----------
    embedder : Embedder
        The sentence model.
    listen : callable, optional
        Makes a listener for a book; the shipped reader by default.
    """

    def __init__(
        self,
        embedder: Embedder,
        listen: Callable[[Book | None, Embedder, Sequence[Correction]], Listener] = listener_for,
    ) -> None:
        self.sentences = embedder
        self.embedder = RememberingEmbedder(embedder)
        self._listen = listen
        self._listeners: dict[tuple[str, tuple[Correction, ...]], RememberingListener] = {}
        self._model: tuple[tuple[tuple[KnownTheme, ...], tuple[Taught, ...]], ThemeModel] | None = (
            None
        )

    @property
    def model_digest(self) -> str:
        """Name the model whose vectors are kept."""
        return self.embedder.digest

    def digest(self, themes: tuple[KnownTheme, ...]) -> str:
        """Name everything that decides where an answer goes, but the found themes.

        Parameters
        ----------
        themes : tuple of KnownTheme
            The workspace's themes; those of its book count.
        """
        return self._ready(themes).engine_digest

    def sort(
        self,
        themes: tuple[KnownTheme, ...],
        answers: Sequence[KnownAnswer],
        vectors: Mapping[str, bytes],
        taught: tuple[Taught, ...] = (),
    ) -> tuple[list[Told], dict[str, bytes]]:
        """Sort answers into themes.

        Parameters
        ----------
        themes : tuple of KnownTheme
            Where they may go.
        answers : sequence of KnownAnswer
            What was said.
        vectors : mapping of str to bytes
            Kept vectors, by text.
        taught : tuple of Taught
            What people said of answers; the book's themes learn from it.

        Returns
        -------
        list of Told
            One an answer, in the order given.
        dict of str to bytes
            Vectors that were not kept yet, by text: those that the sorting took. The rest are made
            for the map, once nothing waits to be sorted.
        """
        self.embedder.remember(vectors)
        model = self._ready(themes, taught)
        bodies = [answer.body for answer in answers]
        made: dict[int, list[Assignment]] = {}
        for one in model.assign(bodies):
            made.setdefault(one.row, []).append(one)
        ids = _ids(themes)
        told = [_told(answer, made[row], ids) for row, answer in enumerate(answers)]
        told = parted(told, themes, self._placed, self.embedder)
        packed = self.embedder.packed(bodies)
        return told, {body: rows for body, rows in packed.items() if vectors.get(body) != rows}

    def place(
        self, spoken: Sequence[tuple[str, str | None]], vectors: Mapping[str, bytes]
    ) -> bytes | None:
        """Say where a theme lies that a person made.

        Parameters
        ----------
        spoken : sequence of (str, str or None)
            Each answer, and the clause of it that speaks for the theme where one is known.
        vectors : mapping of str to bytes
            Kept vectors, by text.

        Returns
        -------
        bytes or None
            Its place; None where nothing was said.
        """
        self.embedder.remember(vectors)
        place = place_by_words(spoken, self.embedder)
        return place.anchor() if place else None

    def cut(
        self, clauses: Sequence[str], vectors: Mapping[str, bytes], *, taken: Sequence[str]
    ) -> tuple[CutPart, ...]:
        """Cut a theme in two.

        Parameters
        ----------
        clauses : sequence of str
            The clause that put each answer into the theme.
        vectors : mapping of str to bytes
            Kept vectors, by text.
        taken : sequence of str
            Names of the themes there are.

        Returns
        -------
        tuple of CutPart
            The larger first; none where there are too few answers.
        """
        self.embedder.remember(vectors)
        return cut_by_words(clauses, self.embedder, taken)

    def discover(
        self,
        themes: tuple[KnownTheme, ...],
        answers: Sequence[KnownAnswer],
        vectors: Mapping[str, bytes],
        *,
        about: int | None = None,
    ) -> tuple[FoundNow, ...]:
        """Look for themes among what fits none of the book's.

        Parameters
        ----------
        themes : tuple of KnownTheme
            What is known already.
        answers : sequence of KnownAnswer
            Where to look.
        vectors : mapping of str to bytes
            Kept vectors, by text.
        about : int, optional
            About how many themes are wanted.

        Returns
        -------
        tuple of FoundNow
            The largest first.
        """
        found = self._fitted(themes, answers, vectors, about)
        return tuple(self._found_now(theme, answers) for theme in found)

    def emerging(
        self,
        themes: tuple[KnownTheme, ...],
        answers: Sequence[KnownAnswer],
        vectors: Mapping[str, bytes],
        *,
        refused: Sequence[KnownTheme],
        fewest: int,
        about: int | None = None,
        new: Arrivals = NO_ARRIVALS,
    ) -> tuple[FoundNow, ...]:
        """Look for themes to propose: among answers that fit none, and where late ones crowd.

        Parameters
        ----------
        themes, answers, vectors
            As for `discover`.
        refused : sequence of KnownTheme
            Themes an owner said no to; what is like them is not brought up again.
        fewest : int
            Clauses a theme must have, 1 or more.
        about : int, optional
            As for `discover`.
        new : Arrivals
            Answers of late and earlier ones, in which the book recognised nothing.

        Returns
        -------
        tuple of FoundNow
            Groups that say the same thing count as one theme.
        """
        known = [self._placed(theme) for theme in themes if theme.origin == FOUND]
        places = [self._placed(theme).centroid for theme in refused if theme.anchor]
        told: list[FoundNow] = []
        for theme in gathered(self._fitted(themes, answers, vectors, about, TIGHT)):
            if theme.clauses >= fewest and not is_like(theme, places):
                told.append(self._found_now(theme, answers))
                places.append(theme.centroid)
        taken = [*(theme.name for theme in themes), *(theme.name for theme in told)]
        said = said_in(new, self.embedder)
        for theme in newcomers(said, known, fewest=fewest, taken=taken, embedder=self.embedder):
            if not is_like(theme, places):
                told.append(self._found_now(theme, (*new.late, *new.earlier)))
        return tuple(told)

    def _fitted(
        self,
        themes: tuple[KnownTheme, ...],
        answers: Sequence[KnownAnswer],
        vectors: Mapping[str, bytes],
        about: int | None,
        least: float = LOOSEST,
    ) -> tuple[FoundTheme, ...]:
        """Find themes, and keep those that are about one thing: as close together as `least`."""
        self.embedder.remember(vectors)
        book = _book(themes)
        model = ThemeModel(self.embedder, book, themes=about, listener=self._listener(book))
        bodies = [answer.body for answer in answers]
        clauses: dict[str, list[str]] = {}
        for one in model.fit_assign(bodies):
            if one.origin == FOUND:
                clauses.setdefault(one.theme_id, []).append(bodies[one.row][one.start : one.end])
        return tuple(
            theme
            for theme in model.found_
            if closeness(self.embedder.encode(clauses.get(theme.id, []))) >= least
        )

    def _ready(self, themes: tuple[KnownTheme, ...], taught: tuple[Taught, ...] = ()) -> ThemeModel:
        if self._model is None or self._model[0] != (themes, taught):
            found = [self._placed(theme) for theme in themes if theme.origin == FOUND]
            book = _book(themes)
            model = ThemeModel.from_themes(
                self.embedder,
                book,
                found,
                listener=self._listener(book, corrections_for(themes, taught)),
            )
            self._model = ((themes, taught), model)
        return self._model[1]

    def _listener(self, book: Book | None, corrections: tuple[Correction, ...] = ()) -> Listener:
        """Return the listener for a book, as it was corrected, with what it remembers."""
        key = (book.digest if book else "", corrections)
        if key not in self._listeners:
            if len(self._listeners) >= LISTENERS:
                self._listeners.clear()
            inner = self._listen(book, self.embedder, corrections)
            self._listeners[key] = RememberingListener(inner)
        return self._listeners[key]

    def _placed(self, theme: KnownTheme) -> FoundTheme:
        """Return a kept theme; where it was found with another model, placed by its clauses."""
        kept = FoundTheme.from_anchor(str(theme.id), theme.name, theme.anchor or b"")
        if theme.model_digest == self.model_digest or not theme.examples:
            return kept
        points = self.embedder.encode(theme.examples)
        centre = points.mean(axis=0)
        return FoundTheme(
            kept.id,
            kept.name,
            stored(centre / max(float(np.linalg.norm(centre)), 1e-9)),
            stored(points),
            kept.radius,
        )

    def _found_now(self, theme: FoundTheme, answers: Sequence[KnownAnswer]) -> FoundNow:
        vectors = stored(self.embedder.encode([quote.text for quote in theme.exemplars]))
        return FoundNow(
            name=theme.name,
            definition=theme.definition,
            anchor=theme.anchor(),
            model_digest=self.model_digest,
            clues=tuple(
                Clue(answers[quote.row], quote.start, quote.end, vector.astype("<f2").tobytes())
                for quote, vector in zip(theme.exemplars, vectors, strict=True)
            ),
        )


def _book(themes: Sequence[KnownTheme]) -> Book | None:
    """Return the themes of the book, in the order of their keys, so that the digest is one."""
    kept = tuple(
        BookTheme(
            key=theme.key or str(theme.id),
            name=theme.name,
            definition=theme.definition,
            not_=theme.not_this,
            examples=theme.examples,
        )
        for theme in sorted(themes, key=lambda theme: theme.key or "")
        if theme.origin == BOOK
    )
    return Book(kept) if kept else None


def _ids(themes: Sequence[KnownTheme]) -> dict[str, int]:
    """Return the lasting ids by what the engine calls the themes."""
    return {
        (theme.key or str(theme.id)) if theme.origin == BOOK else str(theme.id): theme.id
        for theme in themes
    }


def _told(answer: KnownAnswer, made: Sequence[Assignment], ids: Mapping[str, int]) -> Told:
    placed = tuple(
        Placed(ids[one.theme_id], one.start, one.end, one.tone, float(one.confidence or 0))
        for one in made
        if one.origin in (BOOK, FOUND)
    )
    return Told(answer, THEMES if placed else str(made[0].origin), placed)


def what_would_change(
    before: Mapping[str, set[str]],
    after: Mapping[str, set[str]],
    names: Mapping[str, str],
    answers: int,
) -> dict[str, object]:
    """Word a proposal: which themes would come, go, gain and lose, and how many answers move.

    Parameters
    ----------
    before, after : mapping of str to set of str
        Answers of each theme, by theme id.
    names : mapping of str to str
        Names by theme id.
    answers : int
        How many answers the proposal covers.

    Returns
    -------
    dict
        ``answers``, ``moved``, ``themes``, and ``moves``, the digest of which answers would come
        into which themes and go out of which; ready to be kept as JSON.
    """
    found = compare(before, after, names, names)
    themes = [
        {
            "fate": change.kind,
            "name": change.name_after or change.name_before,
            "before": change.name_before,
            "joined": change.joined,
            "left": change.left,
            "theme": change.after or change.before,
        }
        for change in found.changes
        if change.kind != "kept" or change.joined or change.left
    ]
    moves = _digest_of_moves(before, after)
    return {"answers": answers, "moved": found.moved, "themes": themes, "moves": moves}


def _digest_of_moves(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> str:
    nobody: set[str] = set()
    moves = sorted(
        f"{theme} {answer} {answer in after.get(theme, nobody)}"
        for theme in before.keys() | after.keys()
        for answer in before.get(theme, nobody) ^ after.get(theme, nobody)
    )
    return sha256("\n".join(moves).encode()).hexdigest()
