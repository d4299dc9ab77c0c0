"""What waits for a person of a workspace: the header of every page counts it, and the overview."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, select
from sqlalchemy.orm import Session

from survey.records.guarding import open_flags_of
from survey.records.talks import replies_waiting_in
from survey.records.theming import Run


@dataclass(frozen=True)
class Tasks:
    """What waits for a person.

    Parameters
    ----------
    dangers : int
        Answers that speak of danger and were not looked after.
    replies : int
        Customers who wait for a word.
    proposals : int
        Proposed changes of the themes that nobody has decided about.
    """

    dangers: int
    replies: int
    proposals: int


def tasks_waiting(session: Session, workspace_id: int) -> Tasks:
    """Return what waits for a person of a workspace."""
    return Tasks(*session.execute(_WAITING, {"workspace": workspace_id}).one())


def _waiting() -> Select[Any]:
    here: Any = bindparam("workspace", type_=BigInteger)
    proposals = select(func.count()).where(
        Run.workspace_id == here, Run.state == "proposed", Run.decided_at.is_(None)
    )
    parts = (open_flags_of(here), replies_waiting_in(here), proposals)
    return select(*(part.scalar_subquery() for part in parts))


_WAITING = _waiting()
