"""Recognise a book's themes in answers, several an answer, with the clause that decided.

A theme whose definition is as trained is served by the shipped reader; any other theme is
recognised from what its owner wrote. Both ways end in one scale: log-odds above the product's
own fixed threshold.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from survey.guard.personal import is_masked, without_masks
from survey.understand import any_book, trained
from survey.understand.any_book import Planes, fit_planes
from survey.understand.book import Book
from survey.understand.corrections import Correction, Shift, learn_shift
from survey.understand.embed import Embedder, stored
from survey.understand.language import is_foreign
from survey.understand.nothing import declines, says_nothing
from survey.understand.split import Clause, split, word_count
from survey.understand.tone import Tone, tone_columns, tones
from survey.understand.trained import Reader, load_reader

VERSION = "7"
CLAUSE_SHARE = 0.5
"""A clause decides when its own odds reach this share of what the theme's threshold asks."""
ANY_CALIBRATION = (1.0, -0.4)
"""Slope and shift from log-odds above the threshold to how often such a decision is right."""
CLAUSES = 0.3
"""Share of the best clause in what the trained reader says of an answer; see docs/decisions."""
TONE_OF_CLAUSE = 0.5
"""Share of the deciding clause in the tone; the rest is the whole answer's."""
NOTHING_SURE = 3.5
"""How far above its threshold, in log-odds, the reader must hear 'nothing' to be believed: short
praise with a reason lies just above it; see docs/decisions."""
READS = frozenset({"en"})
"""What the trained reader reads; under a model that reads more, other languages go the any-book
way."""
SILENT = -30.0
FEW_WORDS = 4
"""Words beside what was masked, up to which a clause tells where somebody is reached, and decides
no theme: "My number is [phone number]"."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """One theme in one answer; `start` and `end` are None where no clause decided."""

    row: int
    theme: int
    confidence: float
    start: int | None
    end: int | None
    tone: Tone


@dataclass(frozen=True)
class Recognition:
    """What was recognised, by row and then by the order of the book.

    `nothing` has one truth a row. `claimed` has, a row, the spans of clauses that speak to a
    theme by themselves: what is left is for found themes.
    """

    themes: tuple[Recognised, ...]
    nothing: NDArray[np.bool_]
    claimed: tuple[frozenset[tuple[int, int]], ...]


@dataclass(frozen=True)
class _Text:
    """Answers laid out flat: clause j of answer i is `clauses[first[i] + j]`."""

    texts: tuple[str, ...]
    clauses: tuple[Clause, ...]
    row_of: NDArray[np.intp]
    first: tuple[int, ...]
    silent: NDArray[np.bool_]
    declining: NDArray[np.bool_]
    foreign: NDArray[np.bool_]
    unread: NDArray[np.bool_]

    def best(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give each answer its best clause's score; SILENT without a clause."""
        result = np.full((len(self.texts), scores.shape[1]), SILENT)
        np.maximum.at(result, self.row_of, scores)
        return result


class Recogniser:
    """Recognise the themes of one book.

    Parameters
    ----------
    book : Book
        The shipped one, an owner's, or both in one.
    embedder : Embedder
        For themes that were not trained, and for corrections.
    reader : Reader, optional
        The trained one; the shipped reader is loaded if left out.
    corrections : sequence of Correction
        Checked answers; those of keys that the book does not hold are left aside.
    """

    def __init__(
        self,
        book: Book,
        embedder: Embedder,
        *,
        reader: Reader | None = None,
        corrections: Sequence[Correction] = (),
    ) -> None:
        self.book = book
        self.embedder = embedder
        self.reader = reader or load_reader()
        self._served = self.reader.serves(book)
        self._others = [
            place
            for place in range(len(book.themes))
            if place not in self._served or embedder.languages != READS
        ]
        self._planes = self._fit_planes()
        self.corrections = tuple(corrections)
        self._shifts: dict[int, Shift] = {}
        self._shifts = self._learn(corrections)

    @property
    def digest(self) -> str:
        """Name what decides a recognition: version, weights, model, book and corrections."""
        weights = self.reader.manifest.digest
        checked = [f"{one.key} {one.belongs} {one.text}" for one in self.corrections]
        parts = (VERSION, weights, self.embedder.digest, self.book.digest, *checked)
        return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]

    def recognise(self, texts: Sequence[str]) -> Recognition:
        """Find the book's themes in answers.

        Parameters
        ----------
        texts : sequence of str
            Answers as stored.

        Returns
        -------
        Recognition
            Each answer by itself: no answer changes what another one gets.
        """
        text, clause, whole, tone = self._hear(texts)
        accepted = self._accept(text, whole)
        return Recognition(
            themes=tuple(self._describe(text, accepted, clause, whole, tone)),
            nothing=self._nothing(text, whole) & ~accepted.any(axis=1),
            claimed=_claimed(text, clause[:, : len(self.book.themes)] > 0),
        )

    def _fit_planes(self) -> Planes | None:
        themes = tuple(self.book.themes[place] for place in self._others)
        beside = tuple(theme for theme in self.book.themes if theme not in themes)
        return fit_planes(themes, self.embedder, beside) if themes else None

    def _hear(
        self, texts: Sequence[str]
    ) -> tuple[_Text, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Score clauses and answers, and their tones; columns are themes, then 'nothing'."""
        text = _lay_out(texts, self.embedder)
        logits = self._logits(text)
        text = replace(text, silent=text.silent & ~self._makes_a_point(text, logits))
        width = len(self.book.themes) + 1
        clause = np.full((len(text.clauses), width), SILENT)
        whole = np.full((len(text.texts), width), SILENT)
        self._read(text, logits, clause, whole)
        if self._planes is not None:
            self._compare(text, clause, whole, self._planes)
        if self._shifts:
            self._shift(text, whole)
        return text, clause, whole, logits[:, list(tone_columns(self.reader.manifest.outputs))]

    def _logits(self, text: _Text) -> NDArray[np.float64]:
        """Let the trained reader read: clauses, then answers."""
        texts = [one.text for one in text.clauses] + list(text.texts)
        answers = [text.texts[row] for row in text.row_of.tolist()] + list(text.texts)
        return self.reader.logits(texts, answers).astype(np.float64).round(4)

    def _needed(self, column: int) -> float:
        manifest = self.reader.manifest
        return float(logit(manifest.thresholds[manifest.outputs[column]]))

    def _makes_a_point(self, text: _Text, logits: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell the clauses in which the reader hears one of its themes, and nothing of 'nothing'.

        The list of words that say nothing takes "always nice and pleasant" for one of them.
        """
        if not self._served:
            return np.zeros(len(text.clauses), dtype=bool)
        count, outputs = len(text.clauses), self.reader.manifest.outputs
        heard = np.array([logits[:count, at] > self._needed(at) for at in self._served.values()])
        at = outputs.index(trained.NOTHING)
        empty = logits[:count, at] > self._needed(at) + NOTHING_SURE
        return heard.any(axis=0) & ~empty & ~text.unread[text.row_of]

    def _read(
        self,
        text: _Text,
        logits: NDArray[np.float64],
        clause: NDArray[np.float64],
        whole: NDArray[np.float64],
    ) -> None:
        """Fill in what the trained reader says."""
        count = len(text.clauses)
        nothing = self.reader.manifest.outputs.index(trained.NOTHING)
        places = {**self._served, len(self.book.themes): nothing}
        for place, column in places.items():
            clause[:, place] = logits[:count, column] - self._needed(column)
            whole[:, place] = logits[count:, column] - self._needed(column)
        best = text.best(clause)
        bare = np.array([_only_gives_a_number(one.text) for one in text.clauses], dtype=bool)
        for place in self._served:
            mixed = CLAUSES * best[:, place] + (1 - CLAUSES) * whole[:, place]
            whole[:, place] = np.where(best[:, place] > SILENT, mixed, whole[:, place])
            clause[text.silent | text.unread[text.row_of] | bare, place] = SILENT
        whole[np.ix_(text.unread, np.array([*places]))] = SILENT

    def _compare(
        self,
        text: _Text,
        clause: NDArray[np.float64],
        whole: NDArray[np.float64],
        planes: Planes,
    ) -> None:
        """Fill in what the themes' own words say."""
        scores = planes.scores(self._encode([one.text for one in text.clauses]))
        _hear_nothing(text, scores, planes.of_nothing)
        best = text.best(scores)
        entire = planes.scores(self._encode(text.texts))
        mixed = (1 - any_book.WHOLE) * best + any_book.WHOLE * entire - any_book.THRESHOLD
        mixed[best <= SILENT] = SILENT
        mixed[text.foreign] = SILENT
        for column, place in enumerate(self._others):
            rows = text.unread if place in self._served else np.ones(len(whole), dtype=bool)
            whole[rows, place] = mixed[rows, column]
            clauses = rows[text.row_of]
            clause[clauses, place] = scores[clauses, column] - any_book.THRESHOLD

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float16]:
        return stored(self.embedder.encode(texts))

    def _accept(self, text: _Text, whole: NDArray[np.float64]) -> NDArray[np.bool_]:
        accepted = whole[:, :-1] > 0
        if self._others:
            mine = whole[:, self._others]
            least = mine.max(axis=1, keepdims=True) - any_book.WITHIN
            accepted[:, self._others] &= mine >= least
        every = np.ones(len(text.texts), dtype=bool)
        np.logical_and.at(every, text.row_of, text.silent)
        for place in self._served:
            accepted[every, place] = False
        return accepted

    def _nothing(self, text: _Text, whole: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Set an answer aside where every clause says nothing, or the reader says so."""
        every = np.ones(len(text.texts), dtype=bool)
        np.logical_and.at(every, text.row_of, text.silent)
        return every | (whole[:, -1] > NOTHING_SURE)

    def _describe(
        self,
        text: _Text,
        accepted: NDArray[np.bool_],
        clause: NDArray[np.float64],
        whole: NDArray[np.float64],
        tone: NDArray[np.float64],
    ) -> list[Recognised]:
        rows, themes = np.nonzero(accepted)
        deciding = [
            self._deciding(text, clause, row, theme)
            for row, theme in zip(rows.tolist(), themes.tolist(), strict=True)
        ]
        heard = _heard(tone, len(text.clauses), rows, deciding)
        told = tones(heard[:, 0], heard[:, 1])
        result = []
        for row, theme, place, mood in zip(
            rows.tolist(), themes.tolist(), deciding, told, strict=True
        ):
            span = text.clauses[place] if place is not None else None
            sure = self._confidence(theme, float(whole[row, theme]))
            start, end = (span.start, span.end) if span else (None, None)
            result.append(Recognised(row, theme, sure, start, end, mood))
        return result

    def _deciding(
        self, text: _Text, clause: NDArray[np.float64], row: int, theme: int
    ) -> int | None:
        """Find the clause that speaks most to the theme, if it does so by itself."""
        first, last = text.first[row], text.first[row + 1]
        if first == last:
            return None
        place = first + int(clause[first:last, theme].argmax())
        return place if clause[place, theme] > np.log(CLAUSE_SHARE) else None

    def _confidence(self, theme: int, margin: float) -> float:
        if theme in self._served:
            manifest = self.reader.manifest
            slope, shift = manifest.calibration
            key = self.book.themes[theme].key
            odds = slope * (margin + float(logit(manifest.thresholds[key]))) + shift
        else:
            slope, shift = ANY_CALIBRATION
            odds = slope * margin + shift
        return round(float(expit(odds)), 3)

    def _learn(self, corrections: Sequence[Correction]) -> dict[int, Shift]:
        """Turn checked answers into what they add to each theme's scores."""
        places = {theme.key: place for place, theme in enumerate(self.book.themes)}
        known = [one for one in corrections if one.key in places]
        if not known:
            return {}
        text, _, whole, _ = self._hear([one.text for one in known])
        vectors = self._encode(text.texts).astype(np.float64)
        theme_of = np.array([places[one.key] for one in known])
        shifts = {}
        for place in sorted(set(theme_of.tolist())):
            mine = np.flatnonzero(theme_of == place)
            shifts[place] = learn_shift(
                whole[mine, place], vectors[mine], [known[row].belongs for row in mine]
            )
        return shifts

    def _shift(self, text: _Text, whole: NDArray[np.float64]) -> None:
        vectors = self._encode(text.texts).astype(np.float64)
        for place, shift in self._shifts.items():
            moved = whole[:, place] + (vectors @ shift.weight + shift.bias).round(5)
            whole[:, place] = np.where(whole[:, place] > SILENT / 2, moved, SILENT)


def _hear_nothing(text: _Text, scores: NDArray[np.float64], of_nothing: NDArray[np.bool_]) -> None:
    """Give clauses that say all was well to the theme that is about just that, and to no other."""
    scores[np.ix_(text.silent, ~of_nothing)] = SILENT
    scores[text.silent & text.declining] = SILENT
    themes = np.flatnonzero(of_nothing)
    clauses = np.flatnonzero(text.silent & ~text.declining)
    if len(themes) and len(clauses):
        best = themes[scores[np.ix_(clauses, themes)].argmax(axis=1)]
        scores[clauses, best] = np.maximum(scores[clauses, best], any_book.THRESHOLD + 1)


def _only_gives_a_number(text: str) -> bool:
    """Tell a clause that holds little beside a number or an address that was masked."""
    return is_masked(text) and word_count(without_masks(text)) <= FEW_WORDS


def _heard(
    tone: NDArray[np.float64], clauses: int, rows: NDArray[np.intp], deciding: list[int | None]
) -> NDArray[np.float64]:
    """Mix the deciding clause's tone into the answer's; the answer's alone where none decided."""
    whole = tone[clauses + rows]
    places = [
        clauses + row if place is None else place
        for row, place in zip(rows.tolist(), deciding, strict=True)
    ]
    return TONE_OF_CLAUSE * tone[places].reshape(-1, 2) + (1 - TONE_OF_CLAUSE) * whole


def _lay_out(texts: Sequence[str], embedder: Embedder) -> _Text:
    parts = [split(text) for text in texts]
    clauses = tuple(clause for part in parts for clause in part)
    counts = [len(part) for part in parts]
    return _Text(
        texts=tuple(texts),
        clauses=clauses,
        row_of=np.repeat(np.arange(len(parts)), counts),
        first=tuple(accumulate(counts, initial=0)),
        silent=np.array([says_nothing(clause.text) for clause in clauses], dtype=bool),
        declining=np.array([declines(clause.text) for clause in clauses], dtype=bool),
        foreign=np.array([is_foreign(text, embedder.languages) for text in texts], dtype=bool),
        unread=np.array([is_foreign(text, READS) for text in texts], dtype=bool),
    )


def _claimed(text: _Text, speaks: NDArray[np.bool_]) -> tuple[frozenset[tuple[int, int]], ...]:
    taken: list[set[tuple[int, int]]] = [set() for _ in text.texts]
    for place in np.flatnonzero(speaks.any(axis=1)).tolist():
        clause = text.clauses[place]
        taken[int(text.row_of[place])].add((clause.start, clause.end))
    return tuple(map(frozenset, taken))
