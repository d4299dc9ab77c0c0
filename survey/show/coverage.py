"""How much of what was said is in themes: one meaning and one wording, wherever it is told."""

from collections.abc import Iterator
from dataclasses import dataclass

from survey.records.filters import Pile
from survey.show.words import FEW_OF, figure, percent


@dataclass(frozen=True)
class Piece:
    """Some words of the sentence; a number that leads to its answers names their pile."""

    text: str
    pile: Pile | None = None


@dataclass(frozen=True)
class Coverage:
    """What became of the answers in view: every one is in exactly one of these.

    Parameters
    ----------
    in_theme : int
        Answers in one theme or more.
    unsorted : int
        Those that say something no theme covers.
    nothing : int
        Those that needed nothing more: they say nothing that a theme could cover.
    other_language : int
        Those that the model does not read.
    waiting : int
        Those that no sorting has read yet.
    """

    in_theme: int
    unsorted: int
    nothing: int
    other_language: int
    waiting: int = 0

    @property
    def saying(self) -> int:
        """Answers that were read and say something: of these alone a share is told."""
        return self.in_theme + self.unsorted

    @property
    def answers(self) -> int:
        """All answers in view."""
        return self.saying + self.nothing + self.other_language + self.waiting

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The sentences that tell it, whose numbers add up to all answers."""
        return (*self._of_those_saying_something(), *self._rest())

    @property
    def words(self) -> str:
        """The same without links."""
        return "".join(piece.text for piece in self.pieces)

    def _of_those_saying_something(self) -> Iterator[Piece]:
        if not self.saying:
            return
        said = "say" if self.saying > 1 else "says"
        read = " and could be read" if self.other_language else ""
        if not self.unsorted:
            yield Piece("All " if self.saying > 1 else "The ")
            yield Piece(figure(self.in_theme), "in_theme")
            yield Piece(f" that {said} something{read} {_are(self.in_theme)} in a theme.")
            return
        yield Piece(f"Of the {figure(self.saying)} that {said} something{read}, ")
        yield Piece(figure(self.in_theme), "in_theme" if self.in_theme else None)
        yield Piece(f" {_are(self.in_theme)} in a theme{self._share()} and ")
        yield Piece(figure(self.unsorted), "unsorted")
        yield Piece(f" {'fits' if self.unsorted == 1 else 'fit'} none yet.")

    def _share(self) -> str:
        """Small numbers speak for themselves."""
        few = self.saying < FEW_OF or not self.in_theme
        return "" if few else f" ({percent(self.in_theme / self.saying)})"

    def _rest(self) -> Iterator[Piece]:
        told: list[tuple[int, str, Pile]] = [
            (self.nothing, "needed nothing more", "nothing"),
            (
                self.other_language,
                f"{_are(self.other_language)} in another language",
                "other_language",
            ),
            (self.waiting, f"{'waits' if self.waiting == 1 else 'wait'} to be sorted", "waiting"),
        ]
        there = [one for one in told if one[0]]
        for number, (count, words, pile) in enumerate(there):
            before = " " if number else (" " if self.saying else "")
            if number:
                before = " and " if number == len(there) - 1 else ", "
            yield Piece(before)
            yield Piece(figure(count), pile)
            yield Piece(f" {words}{'.' if number == len(there) - 1 else ''}")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
