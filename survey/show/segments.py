"""The segments of a workspace, and who says what by them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from survey.records import Answer, Assignment, Link, Question, Workspace
from survey.records.answering import GIVEN
from survey.records.faces import segment_name
from survey.records.tallies import Sought, known_faces, totals_by_value
from survey.show.exact import interval
from survey.show.span import FEWEST_FOR_A_POINT

MOST_VALUES = 200
_SHOWN_VALUES = 12


@dataclass(frozen=True)
class Segment:
    """A property of answers, like a branch, with the values it has here."""

    name: str
    values: tuple[str, ...]


_ByValue = dict[str, int]
Faces = Mapping[str, tuple[str, ...]]
"""As `survey.records.tallies.known_faces` gives them."""


def segments_known(session: Session, workspace_id: int, faces: Faces) -> tuple[Segment, ...]:
    """Return every segment and its values, at most 200 of each.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    faces : mapping
        All that is known.

    Notes
    -----
    Where a question is anonymous, a value with fewer answers than the smallest group is left out.
    """
    smallest = smallest_group(session, workspace_id)
    every = _every_segment(faces)
    if not smallest:
        return tuple(every)
    answered = _by_value(session, Sought(workspace_id, ("answered",)), every)
    large = (_large_enough(one, answered["answered", one.name], smallest) for one in every)
    return tuple(one for one in large if one.values)


def _large_enough(segment: Segment, answered: _ByValue, smallest: int) -> Segment:
    large = tuple(value for value in segment.values if answered.get(value, 0) >= smallest)
    return Segment(segment.name, large)


def _every_segment(faces: Faces) -> list[Segment]:
    return [
        Segment(name.removeprefix("@") if name.startswith("@@") else name, values)
        for name, values in faces.items()
        if not name.startswith("@") or name.startswith("@@")
    ]


@dataclass(frozen=True)
class SegmentShare:
    """How many of a segment's answers are in a theme.

    Parameters
    ----------
    value : str
        The segment's value.
    count, of : int
        How many of how many answers in view.
    low, high : float
        The exact 95 % interval of the share.
    """

    value: str
    count: int
    of: int
    low: float
    high: float

    @property
    def is_enough(self) -> bool:
        """Whether there are answers enough to say a share."""
        return self.of >= FEWEST_FOR_A_POINT


@dataclass(frozen=True)
class SegmentTable:
    """Who says it, by one segment.

    Parameters
    ----------
    name : str
        The segment.
    rows : tuple of SegmentShare
        The values with most answers first.
    more : int
        Values not shown, for room.
    too_small : int
        Values kept back, because so few people would be recognisable.
    scale : float
        The share at which a drawing of the rows ends: the same for all tables of a theme, so that
        they can be compared.
    not_given : SegmentShare or None
        The answers with a name that no value is known of; None where there are none, and where a
        value is kept back, since what is left over would tell of it.
    anonymous : int
        Anonymous answers in view, which are in no cut by segment.
    """

    name: str
    rows: tuple[SegmentShare, ...]
    more: int
    too_small: int
    scale: float = 1.0
    not_given: SegmentShare | None = None
    anonymous: int = 0

    @property
    def drawn(self) -> tuple[SegmentShare, ...]:
        """All rows, the last for what was not given."""
        return (*self.rows, *((self.not_given,) if self.not_given else ()))


def theme_by_segment(
    session: Session, theme: Sought, everyone: tuple[int, int]
) -> tuple[SegmentTable, ...]:
    """Return, for each segment, how many of its answers in a span are in a theme.

    Parameters
    ----------
    session : Session
        An open session.
    theme : Sought
        Which theme, under which run, in which days and tones, and of which question.
    everyone : tuple of int
        How many answers are in the theme, and how many there are, with a segment or without.
    """
    workspace_id = theme.workspace_id
    sought = replace(theme, measures=("answered", "theme"), also_of_none=True)
    smallest = smallest_group(session, workspace_id)
    segments = _every_segment(known_faces(session, workspace_id, MOST_VALUES))
    found = _by_value(session, sought, segments)
    nameless = anonymous_answers(session, sought) if segments else (0, 0)
    named = (everyone[0] - nameless[0], everyone[1] - nameless[1])
    tables = (
        replace(
            _table(one, found["answered", one.name], found["theme", one.name], smallest, named),
            anonymous=nameless[1],
        )
        for one in segments
    )
    return _on_one_scale([table for table in tables if table.rows])


def _on_one_scale(tables: Sequence[SegmentTable]) -> tuple[SegmentTable, ...]:
    widest = max(
        (row.high for table in tables for row in table.drawn if row.is_enough), default=1.0
    )
    return tuple(replace(table, scale=widest) for table in tables)


def _table(
    segment: Segment,
    answered: _ByValue,
    inside: _ByValue,
    smallest: int,
    named: tuple[int, int],
) -> SegmentTable:
    large = [value for value in answered if answered[value] >= max(1, smallest)]
    large.sort(key=lambda value: (-answered[value], value))
    shown = [
        _share(value, inside.get(value, 0), answered[value]) for value in large[:_SHOWN_VALUES]
    ]
    kept_back = sum(0 < answered[value] < smallest for value in answered)
    rest = named[1] - sum(answered.values())
    is_known = not kept_back and len(segment.values) < MOST_VALUES
    return SegmentTable(
        segment.name,
        tuple(shown),
        len(large) - len(shown),
        kept_back,
        not_given=_share("", max(0, named[0] - sum(inside.values())), rest)
        if is_known and rest > 0
        else None,
    )


def _share(value: str, count: int, of: int) -> SegmentShare:
    return SegmentShare(value, count, of, *interval(min(count, of), of))


def _by_value(
    session: Session, sought: Sought, segments: Sequence[Segment]
) -> Mapping[tuple[str, str], _ByValue]:
    """Count by measure and segment, and by its values."""
    named = {segment_name(one.name): one for one in segments}
    values = {name: one.values for name, one in named.items()}
    found: dict[tuple[str, str], _ByValue] = defaultdict(dict)
    for (measure, name, value), answers in totals_by_value(session, sought, values).items():
        found[measure, named[name].name][value] = answers
    return found


def anonymous_answers(session: Session, sought: Sought) -> tuple[int, int]:
    """Return how many anonymous answers are in a theme, and how many there are at all.

    Parameters
    ----------
    session : Session
        An open session.
    sought : Sought
        Whose, in which days, of which question, in which theme of which run, and in which tones.

    Notes
    -----
    Nothing counts them by themselves. Each has a receipt, so the receipts lead to them, and the
    cost grows with the anonymous answers alone.
    """
    receipts = select(Link.target_id).where(
        Link.workspace_id == sought.workspace_id, Link.kind == "receipt"
    )
    # Hidden from the planner, which would go through all answers of these days instead.
    day = func.coalesce(Answer.answered_on, Answer.answered_on)
    query = (
        select(func.count(Assignment.theme_id), func.count())
        .select_from(Answer)
        .outerjoin(
            Assignment,
            and_(
                Assignment.workspace_id == Answer.workspace_id,
                Assignment.run_id == sought.run_id,
                Assignment.answer_id == Answer.id,
                Assignment.theme_id == sought.theme_id,
                *([Assignment.tone.in_(sought.tones)] if sought.tones else []),
            ),
        )
        .where(
            Answer.workspace_id == sought.workspace_id,
            Answer.id.in_(receipts),
            Answer.anonymous.is_(True),
            Answer.state == GIVEN,
            day.between(sought.since, sought.until),
            *([Answer.question_id == sought.question_id] if sought.question_id else []),
        )
    )
    inside, everyone = session.execute(query).one()
    return inside, everyone


def smallest_group(session: Session, workspace_id: int) -> int:
    """Return below how many answers a segment is kept back: 0 where nothing is anonymous."""
    anonymous = exists().where(Question.workspace_id == workspace_id, Question.anonymous.is_(True))
    found = session.scalar(
        select(Workspace.smallest_group).where(Workspace.id == workspace_id, anonymous)
    )
    return found or 0
