"""Read answers once: clauses, what says nothing, what is in another language, and vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from survey.understand.embed import Embedder, stored
from survey.understand.language import is_foreign
from survey.understand.listen import Listener
from survey.understand.nothing import says_nothing
from survey.understand.recognise import Recognised
from survey.understand.split import Clause, split

NOTHING, OTHER_LANGUAGE, SAYS_SOMETHING = "nothing", "other_language", "says something"


@dataclass(frozen=True)
class Reading:
    """Answers as the engine sees them.

    `states` has one word an answer. `clauses` are those that say something and speak to no theme
    of the book, answer by answer; `row_of` tells whose each is, `vectors` has shape
    (len(clauses), d), float16, unit length. `recognised` are the book's themes, by row.
    """

    texts: tuple[str, ...]
    states: tuple[str, ...]
    recognised: tuple[Recognised, ...]
    clauses: tuple[Clause, ...]
    row_of: NDArray[np.int64]
    vectors: NDArray[np.float16]

    def spans(self) -> list[tuple[int, int]]:
        """Give, for each answer, the range of its clauses."""
        ends = np.searchsorted(self.row_of, np.arange(len(self.texts) + 1)).tolist()
        return list(pairwise(ends))

    def of_answers_without_theme(self) -> "Reading":
        """Keep only the clauses of answers in which the book recognised nothing at all.

        What is left over of an answer that has a theme is mostly its padding ("because of it",
        "I asked you"): alike in wording, and about nothing.
        """
        known = {one.row for one in self.recognised}
        kept = [place for place, row in enumerate(self.row_of.tolist()) if row not in known]
        clauses = tuple(self.clauses[place] for place in kept)
        return replace(self, clauses=clauses, row_of=self.row_of[kept], vectors=self.vectors[kept])


def read_answers(texts: Sequence[str], embedder: Embedder, listener: Listener) -> Reading:
    """Set aside what is empty, unreadable or known; split and embed the rest.

    Parameters
    ----------
    texts : sequence of str
        Answers as stored.
    embedder : Embedder
        Gives the vectors; each distinct clause is embedded once.
    listener : Listener
        Hears the book's themes.

    Returns
    -------
    Reading
        In the order of the answers.
    """
    heard = listener.hear(texts)
    foreign = [is_foreign(text, embedder.languages) for text in texts]
    recognised = tuple(one for one in heard.themes if not foreign[one.row])
    states: list[str] = []
    clauses: list[Clause] = []
    row_of: list[int] = []
    for row, text in enumerate(texts):
        said = [clause for clause in split(text) if not says_nothing(clause.text)]
        if foreign[row]:
            states.append(OTHER_LANGUAGE if text.strip() else NOTHING)
            continue
        states.append(NOTHING if heard.nothing[row] else SAYS_SOMETHING)
        if heard.nothing[row]:
            continue
        claimed = heard.claimed[row]
        left = [clause for clause in said if (clause.start, clause.end) not in claimed]
        clauses.extend(left)
        row_of.extend([row] * len(left))
    vectors = _vectors([clause.text for clause in clauses], embedder)
    rows = np.array(row_of, dtype=np.int64)
    return Reading(tuple(texts), tuple(states), recognised, tuple(clauses), rows, vectors)


def _vectors(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float16]:
    """Embed in chunks, so that only the stored form of a large file is ever held whole."""
    vectors = np.zeros((len(texts), embedder.dimension), dtype=np.float16)
    rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    distinct = list(rows)
    order = sorted(range(len(distinct)), key=lambda row: (len(distinct[row]), distinct[row]))
    known = np.zeros((len(distinct), embedder.dimension), dtype=np.float16)
    for start in range(0, len(order), 4096):
        chunk = order[start : start + 4096]
        known[chunk] = stored(embedder.encode([distinct[row] for row in chunk]))
    if len(texts):
        vectors = known[[rows[text] for text in texts]]
    return vectors
