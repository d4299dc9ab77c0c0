"""What a reader may choose from to narrow a view: the selects of the filter form."""

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.records import Question, QuestionText, QuestionVersion
from survey.records.faces import CHANNEL, LANGUAGE, SERVED_BY
from survey.records.filters import PILES, AnswerFilter
from survey.records.tallies import known_faces
from survey.show.queries import ThemeName
from survey.show.segments import Segment, segments_known

MOST = 200
PILE_NAMES = {
    "nothing": "Nothing more needed",
    "unsorted": "Fits no theme yet",
    "other_language": "In another language",
    "in_theme": "In a theme",
    "sorted": "In a theme, or nothing more needed",
    "waiting": "Not sorted yet",
}
_TONES = (("wish", "Wishes"), ("praise", "Praise"), ("unclear", "Could be either"))
_LONGEST_SHOWN = 60  # characters of a question in a select


@dataclass(frozen=True)
class Choice:
    """One select of the filter form.

    Parameters
    ----------
    name : str
        The URL's parameter.
    label, everything : str
        What it is about, and what no choice is called.
    options : tuple of (str, str)
        Values with their words; what is chosen is always among them.
    chosen : str
        The value in the URL; empty without one.
    """

    name: str
    label: str
    everything: str
    options: tuple[tuple[str, str], ...]
    chosen: str = ""


@dataclass(frozen=True)
class Choices:
    """The selects that stand open, and those behind “More filters”."""

    first: tuple[Choice, ...]
    more: tuple[Choice, ...]

    @property
    def more_chosen(self) -> int:
        """How many of those behind “More filters” are in use."""
        return sum(bool(one.chosen) for one in self.more)


def choices(
    session: Session,
    workspace_id: int,
    wanted: AnswerFilter,
    themes: tuple[ThemeName, ...] | None,
) -> Choices:
    """Return what a reader of a workspace may choose from.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    wanted : AnswerFilter
        What is chosen.
    themes : tuple of ThemeName or None
        Those to choose from; None where the page is about one theme.
    """
    faces = known_faces(session, workspace_id, MOST)
    more = [
        _question(session, workspace_id, wanted),
        _own(faces.get(SERVED_BY, ()), "served_by", wanted),
        _own(faces.get(CHANNEL, ()), "channel", wanted),
        _own(faces.get(LANGUAGE, ()), "language", wanted),
        *([] if themes is None else [_theme(themes, wanted)]),
        Choice("tone", "Tone", "Every tone", _TONES, wanted.tones[0] if wanted.tones else ""),
    ]
    return Choices(
        _segments(segments_known(session, workspace_id, faces), wanted),
        tuple(one for one in more if len(one.options) > 1 or one.chosen),
    )


def _segments(segments: tuple[Segment, ...], wanted: AnswerFilter) -> tuple[Choice, ...]:
    chosen = dict(wanted.segments)
    known = {one.name: one.values for one in segments}
    return tuple(
        Choice(
            f"segment.{name}",
            name,
            f"Every {name.lower()}",
            _with(((value, value) for value in known.get(name, ())), chosen.get(name, "")),
            chosen.get(name, ""),
        )
        for name in dict.fromkeys((*known, *chosen))
    )


def _with(options: object, chosen: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = dict(options)  # type: ignore[call-overload]
    if chosen:
        found.setdefault(chosen, chosen)
    return tuple(found.items())


def _own(known: tuple[str, ...], name: str, wanted: AnswerFilter) -> Choice:
    label, everything = {
        "served_by": ("Served by", "Everybody"),
        "channel": ("Channel", "Every channel"),
        "language": ("Language of the question", "Every language"),
    }[name]
    chosen = getattr(wanted, name) or ""
    return Choice(name, label, everything, _with(((one, one) for one in known), chosen), chosen)


def _theme(themes: tuple[ThemeName, ...], wanted: AnswerFilter) -> Choice:
    ordered = sorted(themes, key=lambda one: one.name.casefold())
    named = [(str(one.id), one.name) for one in ordered]
    piles = [(pile, PILE_NAMES[pile]) for pile in PILES]
    chosen = str(wanted.theme_id) if wanted.theme_id is not None else wanted.pile or ""
    return Choice("theme", "Theme", "Every theme", _with([*named, *piles], chosen), chosen)


def _question(session: Session, workspace_id: int, wanted: AnswerFilter) -> Choice:
    rows = session.execute(
        select(Question.id, Question.key, QuestionText.wording)
        .join(
            QuestionVersion,
            and_(
                QuestionVersion.workspace_id == Question.workspace_id,
                QuestionVersion.question_id == Question.id,
            ),
        )
        .outerjoin(
            QuestionText,
            and_(
                QuestionText.workspace_id == QuestionVersion.workspace_id,
                QuestionText.question_version_id == QuestionVersion.id,
                QuestionText.language == "en",
            ),
        )
        .where(Question.workspace_id == workspace_id)
        .order_by(Question.key, QuestionVersion.number)
    )
    newest = {str(row.id): (row.wording or row.key)[:_LONGEST_SHOWN] for row in rows}
    options = list(newest.items())[:MOST]
    chosen = str(wanted.question_id) if wanted.question_id is not None else ""
    return Choice("question", "Question", "Every question", _with(options, chosen), chosen)
