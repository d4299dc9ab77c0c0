"""How a theme came to be what it is, as far as a person's hand had part in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from survey.records import Decision, Theme

_MAKES = ("split", "new_theme")


@dataclass(frozen=True)
class Parted:
    """Another theme that this one was split off, or that was split off this one, and when."""

    id: int
    name: str
    at: datetime


@dataclass(frozen=True)
class ByHand:
    """What people did that made a theme, or took one out of it, and did not undo.

    Parameters
    ----------
    split_off : Parted or None
        The theme that it was split off.
    made_at : datetime or None
        When it was made of picked answers.
    gave : tuple of Parted
        The themes that were split off it, the earliest first.
    """

    split_off: Parted | None
    made_at: datetime | None
    gave: tuple[Parted, ...]


def made_by_hand(session: Session, workspace_id: int, theme_id: int) -> ByHand:
    """Return what people had to do with a theme's being what it is."""
    steps = _steps(session, workspace_id, theme_id)
    names = _names(session, workspace_id, steps)

    def parted(step: Any, other_id: int) -> Parted:
        return Parted(other_id, names.get(other_id, ""), step.decided_at)

    splits = [step for step in steps if step.kind == "split"]
    return ByHand(
        split_off=next(
            (parted(one, one.theme_id) for one in splits if one.other_theme_id == theme_id), None
        ),
        made_at=next((one.decided_at for one in steps if one.kind == "new_theme"), None),
        gave=tuple(parted(one, one.other_theme_id) for one in splits if one.theme_id == theme_id),
    )


def _steps(session: Session, workspace_id: int, theme_id: int) -> list[Any]:
    query = (
        select(Decision.kind, Decision.theme_id, Decision.other_theme_id, Decision.decided_at)
        .where(
            Decision.workspace_id == workspace_id,
            Decision.holds.is_(True),
            Decision.kind.in_(_MAKES),
            or_(Decision.theme_id == theme_id, Decision.other_theme_id == theme_id),
        )
        .order_by(Decision.number)
    )
    return list(session.execute(query))


def _names(session: Session, workspace_id: int, steps: list[Any]) -> dict[int, str]:
    """Return what the themes of some steps are called now."""
    ids = {one for step in steps for one in (step.theme_id, step.other_theme_id) if one}
    if not ids:
        return {}
    query = select(Theme.id, Theme.name).where(
        Theme.workspace_id == workspace_id, Theme.id.in_(ids)
    )
    return {row.id: row.name for row in session.execute(query)}
