"""One answer as a list shows it, made of what the database says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from survey.clock import day_in
from survey.guard.personal import is_masked
from survey.records.finding import Sought
from survey.show.marks import Piece, pieces, shown_part, within, words_found


@dataclass(frozen=True)
class Mention:
    """A theme that an answer is in.

    Parameters
    ----------
    theme_id, name, tone : int, str, str
        Which theme, and whether as a wish or as praise.
    confidence : float
        How sure the sorting was, 0 to 1.
    """

    theme_id: int
    name: str
    tone: str
    confidence: float


@dataclass(frozen=True)
class AnswerShown:
    """An answer as a list shows it.

    Parameters
    ----------
    id : int
        The answer's id.
    day : date
        When it was given, in the workspace's own days.
    served_by, channel : str or None
        Who served, and how; unknown where anonymous.
    segments : tuple of (str, str)
        Names and values; none where anonymous.
    pieces : tuple of Piece
        The text, or the part of it that holds the first word searched for, or else the first mark.
    cut_before, cut_after : bool
        Whether text was left out at either end of `pieces`.
    whole : tuple of Piece
        All of the text where it was cut, else empty.
    outcome : str
        ``themes``, ``nothing``, ``unsorted``, ``other_language`` or ``waiting``.
    said_nothing : bool
        Whether "nothing" was pressed rather than typed.
    mentions : tuple of Mention
        The themes, the surest first.
    anonymous : bool
        Whether nobody knows from whom it is.
    masked : bool
        Whether personal data was masked in it.
    changed_on : date or None
        The day on which its customer changed it last, if they did.
    """

    id: int
    day: date
    served_by: str | None
    channel: str | None
    segments: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...]
    cut_before: bool
    cut_after: bool
    whole: tuple[Piece, ...]
    outcome: str
    said_nothing: bool
    mentions: tuple[Mention, ...]
    anonymous: bool
    masked: bool
    changed_on: date | None = None


@dataclass(frozen=True)
class Look:
    """How a list of answers looks at them.

    Parameters
    ----------
    theme_id : int or None
        The theme whose clauses alone are marked; None for all.
    search : tuple of Sought
        What was searched for.
    zone : str
        The workspace's time zone.
    """

    theme_id: int | None
    search: tuple[Sought, ...]
    zone: str


def was_changed(row: Any) -> bool:
    """Whether its customer changed an answer; of an anonymous one not even the day is told."""
    return row.version > 1 and row.written_at is not None and not row.anonymous


def as_shown(
    row: Any,
    segments: tuple[tuple[str, str], ...],
    assigned: Sequence[Any],
    outcome: str,
    look: Look,
) -> AnswerShown:
    """Return an answer's row as a list shows it.

    Parameters
    ----------
    row : Row
        Of `survey.show.answer_queries`.
    segments : tuple of (str, str)
        Names and values.
    assigned : sequence of Row
        The themes it is in, with the clauses that decided.
    outcome : str
        As in `AnswerShown`.
    look : Look
        How the list looks at it.
    """
    body = row.body or ""
    marks = [
        (one.start, one.end)
        for one in assigned
        if one.start is not None
        and one.end is not None
        and one.version == row.version
        and look.theme_id in (None, one.theme_id)
    ]
    found = words_found(body, look.search)
    part = shown_part(body, found or marks)
    return AnswerShown(
        id=row.id,
        day=row.answered_on,
        served_by=row.served_by,
        channel=row.channel,
        segments=segments,
        pieces=pieces(body[slice(*part)], within(part, marks), within(part, found)),
        cut_before=part[0] > 0,
        cut_after=part[1] < len(body),
        whole=pieces(body, marks, found) if part != (0, len(body)) else (),
        outcome=outcome,
        said_nothing=row.said_nothing and not body.strip(),
        mentions=tuple(
            Mention(one.theme_id, one.name, one.tone, one.confidence) for one in assigned
        ),
        anonymous=row.anonymous,
        masked=is_masked(body),
        changed_on=day_in(row.written_at, look.zone) if was_changed(row) else None,
    )
