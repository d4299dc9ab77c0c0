"""The figures of a view, step by step: from the counts where they suffice, else by a scan."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from survey.records.faces import EVERYTHING, THEME, TONE, Face
from survey.records.filters import OUTCOMES, AnswerFilter, Pile
from survey.records.tallies import Sought, Tally, first_and_last, tallies, total
from survey.show.coverage import Coverage
from survey.show.scan import scanned
from survey.show.span import Span

_BY_ANSWER = ("asked", "replied", "answered", "withdrawn")
_BY_RUN = ("theme", "themes", "nothing", "unsorted", "other_language")
_OUTCOMES = ("themes", "nothing", "unsorted", "other_language")
_HAVE_THEMES = ("in_theme", "sorted")  # piles with all answers that are in any theme


@dataclass(frozen=True)
class Series:
    """How many answers, step by step.

    Parameters
    ----------
    steps : tuple of int
        One number for each step of the span, the oldest first.
    """

    steps: tuple[int, ...]

    @property
    def total(self) -> int:
        """All steps together."""
        return sum(self.steps)

    def __add__(self, other: "Series") -> "Series":
        return Series(tuple(a + b for a, b in zip(self.steps, other.steps, strict=True)))


@dataclass(frozen=True)
class Figures:
    """Everything that is counted in one view.

    Parameters
    ----------
    span : Span
        The days in view and the steps they are counted in.
    asked, replied, answered, withdrawn, themes, nothing, unsorted, other_language : Series
        Askings, those of them that were answered, and answers; what customers took back, known of
        all answers together only; answers by what the current run made of them. A view by theme,
        tone or pile asks of answers alone: nothing was `asked` in it.
    by_theme : dict
        (theme id, tone) → answers in that theme in that tone.
    """

    span: Span
    asked: Series
    replied: Series
    answered: Series
    withdrawn: Series
    themes: Series
    nothing: Series
    unsorted: Series
    other_language: Series
    by_theme: dict[tuple[int, str], Series]

    @property
    def coverage(self) -> Coverage:
        """What became of the answers; those that the current run has not read yet wait."""
        made = Coverage(
            in_theme=self.themes.total,
            unsorted=self.unsorted.total,
            nothing=self.nothing.total,
            other_language=self.other_language.total,
        )
        return replace(made, waiting=max(0, self.answered.total - made.answers))

    def theme(self, theme_id: int, tones: Iterable[str] = ("wish", "praise", "unclear")) -> Series:
        """Return the answers in one theme, in the given tones."""
        counted = (self.by_theme.get((theme_id, tone)) for tone in tones)
        found = [series for series in counted if series is not None]
        if not found:
            return Series((0,) * len(self.answered.steps))
        return sum(found[1:], start=found[0])


def faces_asked(wanted: AnswerFilter) -> tuple[Face, ...]:
    """Return what a view asks of an answer beside days and question, as the counts name it."""
    faces = list(wanted.faces)
    for theme_id in (wanted.theme_id, wanted.with_theme_id):
        if theme_id is not None:
            faces.append((THEME, str(theme_id)))
    faces += [(TONE, tone) for tone in wanted.tones]
    return tuple(faces)


def is_counted(wanted: AnswerFilter) -> bool:
    """Whether the counts tell all figures of a view: a combination needs a scan."""
    of_themes = any(face[0] in (THEME, TONE) for face in faces_asked(wanted))
    if wanted.words is not None or (of_themes and wanted.pile is not None):
        return False
    return len(faces_asked(wanted)) <= 1


def figures_in_view(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Figures:
    """Count a view.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run; None before the first, and then no answer is in any theme.
    wanted : AnswerFilter
        With one face at most it is answered from the counts, with several by a scan.
    span : Span
        The days to count, in steps.

    Returns
    -------
    Figures
        The same by either way.
    """
    cells = counted if is_counted(wanted) else scanned
    return gathered(cells(session, workspace_id, run_id, wanted, span), span)


def gathered(cells: Iterable[Tally], span: Span) -> Figures:
    """Lay counted cells out as series."""
    empty = [0] * len(span.steps)
    sums: dict[tuple[str, int, str], list[int]] = defaultdict(empty.copy)
    for measure, theme_id, tone, step, amount in cells:
        sums[measure, theme_id, tone][-1 - step] += amount
    by_measure = {
        name: Series(tuple(sums.get((name, 0, ""), empty))) for name in (*_BY_ANSWER, *_OUTCOMES)
    }
    by_theme = {
        (theme_id, tone): Series(tuple(steps))
        for (measure, theme_id, tone), steps in sums.items()
        if measure == "theme"
    }
    return Figures(span=span, by_theme=by_theme, **by_measure)


def counted(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Iterator[Tally]:
    """Count a view of one face at most from the counts; of a filter see `is_counted`."""
    sought = list(_sought(workspace_id, run_id, wanted, span))
    if not sought:
        return iter(())
    cells = tallies(session, sought, anchor=span.anchor, width=span.width)
    if wanted.pile is not None:
        return _of_pile(cells, wanted.pile)
    if any(face[0] in (THEME, TONE) for face in faces_asked(wanted)):
        return _all_of_which_are_answers(cells)
    return cells


def _sought(
    workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Iterator[Sought]:
    face = next(iter(faces_asked(wanted)), EVERYTHING)
    of_run = face[0] in (THEME, TONE)
    if of_run and run_id is None:
        return
    of_answers = _BY_ANSWER if wanted.pile is None else ("answered",)
    made = _BY_RUN if wanted.pile in (None, *_HAVE_THEMES) else _OUTCOMES
    yield Sought(
        workspace_id,
        (*(() if of_run else of_answers), *(() if run_id is None else made)),
        run_id=run_id or 0,
        also_of_none=run_id is not None and not of_run,
        face=face,
        since=span.first,
        until=span.last,
        question_id=wanted.question_id,
    )


def _of_pile(cells: Iterator[Tally], pile: Pile) -> Iterator[Tally]:
    """The answers of a pile alone; what waits is what no outcome was counted for."""
    for cell in cells:
        if pile == "waiting":
            sign = 1 if cell.measure == "answered" else -1
            yield cell._replace(measure="answered", amount=sign * cell.amount)
        elif cell.measure in OUTCOMES[pile]:
            yield cell
            yield cell._replace(measure="answered")
        elif cell.measure == "theme" and pile in _HAVE_THEMES:
            yield cell


def _all_of_which_are_answers(cells: Iterator[Tally]) -> Iterator[Tally]:
    """What a run put into a theme is an answer, and in themes."""
    for cell in cells:
        yield cell
        if cell.measure == "themes":
            yield cell._replace(measure="answered")


def first_and_last_day(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> tuple[date, date] | None:
    """Return the first and last day with an asking or an answer in view, None without any.

    Notes
    -----
    Of a combination, those of its first part: the days at either end may then hold nothing.
    """
    face = next(iter(faces_asked(wanted)), EVERYTHING)
    of_run = face[0] in (THEME, TONE)
    if of_run and run_id is None:
        return None
    sought = Sought(
        workspace_id,
        ("themes",) if of_run else ("asked", "answered"),
        run_id=run_id or 0 if of_run else 0,
        face=face,
        since=wanted.since,
        until=wanted.until,
        question_id=wanted.question_id,
    )
    return first_and_last(session, sought)


def answers_counted(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> int | None:
    """Return how many answers are in view where the counts can tell, else None.

    Parameters
    ----------
    session, workspace_id, run_id, wanted
        As in `figures_in_view`. Here a theme, with any tones, and one face beside are not too
        many.
    """
    beside = replace(wanted, theme_id=None, tones=()) if wanted.theme_id is not None else wanted
    if not is_counted(beside):
        return None
    face: Any = next(iter(faces_asked(beside)), EVERYTHING)
    sought = Sought(
        workspace_id,
        ("answered",),
        face=face,
        since=wanted.since,
        until=wanted.until,
        question_id=wanted.question_id,
    )
    if wanted.theme_id is not None or face[0] in (THEME, TONE):
        return _of_run(session, sought, run_id, wanted)
    if wanted.pile is None:
        return total(session, sought)
    of_pile = _outcome_total(session, sought, run_id, OUTCOMES[wanted.pile])
    return total(session, sought) - of_pile if wanted.pile == "waiting" else of_pile


def _of_run(session: Session, sought: Sought, run_id: int | None, wanted: AnswerFilter) -> int:
    if run_id is None:
        return 0
    if wanted.theme_id is None:
        return _outcome_total(session, sought, run_id, ("themes",))
    within = replace(
        sought,
        measures=("theme",),
        run_id=run_id,
        theme_id=wanted.theme_id,
        tones=wanted.tones,
    )
    return total(session, within)


def _outcome_total(
    session: Session, sought: Sought, run_id: int | None, outcomes: Sequence[str]
) -> int:
    if run_id is None:
        return 0
    return total(session, replace(sought, measures=tuple(outcomes), run_id=run_id))
