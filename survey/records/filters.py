"""Which answers are in view: one description, understood by pages, API and export alike."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import aliased

from survey.records.answering import GIVEN, Answer, AnswerSegment
from survey.records.faces import Face, faces_of
from survey.records.finding import holding
from survey.records.theming import NOTHING, OTHER_LANGUAGE, THEMES, UNSORTED, Assignment, Sorting

Pile = Literal["nothing", "unsorted", "other_language", "in_theme", "sorted", "waiting"]
Tone = Literal["wish", "praise", "unclear"]
PILES: tuple[Pile, ...] = get_args(Pile)
TONES: tuple[Tone, ...] = get_args(Tone)

# What a run made of the answers of a pile; those that wait are the ones it made nothing of.
OUTCOMES: dict[Pile, tuple[str, ...]] = {
    "nothing": (NOTHING,),
    "unsorted": (UNSORTED,),
    "other_language": (OTHER_LANGUAGE,),
    "in_theme": (THEMES,),
    "sorted": (THEMES, NOTHING),
    "waiting": (THEMES, NOTHING, UNSORTED, OTHER_LANGUAGE),
}


@dataclass(frozen=True)
class AnswerFilter:
    """What answers must have in common; everything by default. Withdrawn ones are never in view.

    Parameters
    ----------
    since, until : date or None
        First and last of the workspace's own days, both included.
    segments : tuple of (str, str)
        Names and values that must all hold.
    question_id : int or None
        Answers to this question.
    channel, served_by, language : str or None
        Answers that came this way, were served by this person, or were asked in this language.
    theme_id : int or None
        Answers in this theme.
    pile : str or None
        Answers in no theme for one reason (``nothing``, ``unsorted``, ``other_language``), those
        in a theme (``in_theme``), those and the ones that need none (``sorted``: in themes or
        nothing more needed), or those that a run has yet to read (``waiting``).
    tones : tuple of str
        With at least one theme (or, with `theme_id`, that theme) in one of these tones.
    words : str or None
        Answers that hold all of these words; see `survey.records.finding.holding`.
    with_theme_id : int or None
        Answers that are in this theme, too.
    """

    since: date | None = None
    until: date | None = None
    segments: tuple[tuple[str, str], ...] = ()
    theme_id: int | None = None
    pile: Pile | None = None
    tones: tuple[Tone, ...] = ()
    question_id: int | None = None
    channel: str | None = None
    served_by: str | None = None
    language: str | None = None
    words: str | None = None
    with_theme_id: int | None = None

    @property
    def faces(self) -> tuple[Face, ...]:
        """What it asks of an answer, as the counts name it; not its question, theme or tones."""
        return faces_of(
            self.segments, channel=self.channel, served_by=self.served_by, language=self.language
        )

    def plain(self) -> dict[str, Any] | None:
        """Return this filter as JSON can carry it, None where everything is in view."""
        if self == AnswerFilter():
            return None
        days = {"since": self.since, "until": self.until}
        return asdict(self) | {name: day and day.isoformat() for name, day in days.items()}


def answers_in_view(
    workspace_id: int, run_id: int | None, wanted: AnswerFilter, *, one_by_one: bool = False
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `Answer` that a filter stands for.

    Parameters
    ----------
    workspace_id : int
        Whose answers.
    run_id : int or None
        The workspace's current run; None before the first.
    wanted : AnswerFilter
        What must hold.
    one_by_one : bool
        Whether answers come from elsewhere, a few at a time, and are to be looked at each by
        itself; else segments and themes are gathered first. The meaning is the same.

    Returns
    -------
    tuple of ColumnElement
        To be passed to ``where``. An anonymous answer does not match a segment: its segments are
        counted but never leave as rows.
    """
    conditions: list[ColumnElement[bool]] = [
        Answer.workspace_id == workspace_id,
        Answer.state == GIVEN,
        *days_in_view(wanted),
    ]
    for name, value in wanted.segments:
        conditions += [
            Answer.anonymous.is_(False),
            _has_segment(workspace_id, name, value, one_by_one),
        ]
    conditions += [
        column == value
        for column, value in (
            (Answer.question_id, wanted.question_id),
            (Answer.channel, wanted.channel),
            (Answer.served_by, wanted.served_by),
            (Answer.language, wanted.language),
        )
        if value is not None
    ]
    if wanted.words is not None:
        conditions.append(holding(workspace_id, wanted.words))
    if wanted.theme_id is not None or wanted.tones:
        conditions.append(_has_theme(workspace_id, run_id, wanted, one_by_one))
    if wanted.with_theme_id is not None:
        too = AnswerFilter(theme_id=wanted.with_theme_id)
        conditions.append(_has_theme(workspace_id, run_id, too, one_by_one))
    if wanted.pile is not None:
        conditions.append(_in_pile(workspace_id, run_id, wanted.pile))
    return tuple(conditions)


def days_in_view(wanted: AnswerFilter) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `Answer.answered_on` alone."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(Answer.answered_on >= wanted.since)
    if wanted.until is not None:
        conditions.append(Answer.answered_on <= wanted.until)
    return tuple(conditions)


def _has_theme(
    workspace_id: int, run_id: int | None, wanted: AnswerFilter, one_by_one: bool
) -> ColumnElement[bool]:
    if run_id is None:
        return false()
    placed = aliased(Assignment)  # whoever asks may look at assignments, too
    conditions = [placed.workspace_id == workspace_id, placed.run_id == run_id]
    if wanted.tones:
        conditions.append(placed.tone.in_(wanted.tones))
    if wanted.theme_id is not None:
        conditions.append(placed.theme_id == wanted.theme_id)
    if one_by_one or wanted.theme_id is None:
        return exists().where(placed.answer_id == Answer.id, *conditions)
    return Answer.id.in_(select(placed.answer_id).where(*conditions))


def _has_segment(workspace_id: int, name: str, value: str, one_by_one: bool) -> ColumnElement[bool]:
    segment = aliased(AnswerSegment)
    conditions = [
        segment.workspace_id == workspace_id,
        segment.name == name,
        segment.value == value,
    ]
    if one_by_one:
        return exists().where(segment.answer_id == Answer.id, *conditions)
    return Answer.id.in_(select(segment.answer_id).where(*conditions))


def _in_pile(workspace_id: int, run_id: int | None, pile: Pile) -> ColumnElement[bool]:
    if run_id is None:
        return true() if pile == "waiting" else false()
    made = aliased(Sorting)
    dealt_with = exists().where(
        made.workspace_id == workspace_id,
        made.run_id == run_id,
        made.answer_id == Answer.id,
        made.outcome.in_(OUTCOMES[pile]),
    )
    return ~dealt_with if pile == "waiting" else dealt_with
