"""A suggested cut through a theme, as the worker left it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.records import Answer, AnswerText, Assignment, ThemeCut, Workspace
from survey.records.answering import GIVEN
from survey.show.quotes import Candidate, Quote, chosen_quotes

_QUOTED_FROM = 40  # answers of a part, the most typical first


@dataclass(frozen=True)
class Part:
    """One part of a cut: its answers that are still in the theme, a name, and what they say."""

    number: int
    name: str
    answer_ids: tuple[int, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Cut:
    """A suggested cut: still being looked for, not found, or here with its parts."""

    asked_at: datetime
    is_ready: bool
    error: str | None
    parts: tuple[Part, ...]


def cut_of(session: Session, workspace_id: int, theme_id: int) -> Cut | None:
    """Return the cut that was last asked for, None where nobody asked."""
    row = session.get(ThemeCut, (workspace_id, theme_id))
    if row is None:
        return None
    here = _bodies(session, workspace_id, theme_id) if row.parts else {}
    parts = tuple(
        _part(number, part["name"], [one for one in part["answers"] if one in here], here)
        for number, part in enumerate(row.parts or ())
    )
    whole = len([part for part in parts if part.answer_ids]) > 1
    return Cut(row.asked_at, row.made_at is not None, row.last_error, parts if whole else ())


def _part(number: int, name: str, ids: list[int], here: dict[int, Candidate]) -> Part:
    quotes = chosen_quotes([here[one] for one in ids[:_QUOTED_FROM]], wanted=3)
    return Part(number, name, tuple(ids), quotes)


def _bodies(session: Session, workspace_id: int, theme_id: int) -> dict[int, Candidate]:
    rows = session.execute(
        select(Assignment.answer_id, AnswerText.body, Assignment.start, Assignment.end)
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .join(
            Answer,
            and_(
                Answer.workspace_id == Assignment.workspace_id,
                Answer.id == Assignment.answer_id,
                Answer.version == Assignment.version,
            ),
        )
        .join(
            AnswerText,
            and_(
                AnswerText.workspace_id == Assignment.workspace_id,
                AnswerText.answer_id == Assignment.answer_id,
                AnswerText.version == Assignment.version,
            ),
        )
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id == theme_id,
            Answer.state == GIVEN,
        )
    )
    return {row.answer_id: Candidate(*row) for row in rows}
