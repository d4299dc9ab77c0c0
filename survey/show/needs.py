"""What waits for a person: the queue “needs you”."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import Run
from survey.records.filters import AnswerFilter
from survey.records.guarding import open_flags
from survey.records.talks import replies_waiting
from survey.show.answer_queries import AnswerShown, answer_page
from survey.show.figures import answers_counted

SHOWN = 3  # answers that fit no theme, the newest


@dataclass(frozen=True)
class NeedsYou:
    """How much waits, by what one can do about it.

    Parameters
    ----------
    dangers : int
        Answers that speak of danger and were not looked after.
    replies : int
        Customers who wait for a word.
    proposals : int
        Proposed changes of the themes.
    unsorted : int
        Answers that fit no theme.
    newest : tuple of AnswerShown
        Some of them.
    """

    dangers: int
    replies: int
    proposals: int
    unsorted: int
    newest: tuple[AnswerShown, ...]

    @property
    def total(self) -> int:
        """Everything but the answers that fit no theme, which are no task each."""
        return self.dangers + self.replies + self.proposals

    @property
    def anything(self) -> bool:
        """Whether anything waits at all."""
        return bool(self.total or self.unsorted)


def needs_you(session: Session, workspace_id: int, run_id: int | None) -> NeedsYou:
    """Return what waits for a person of a workspace."""
    proposed = select(func.count()).where(
        Run.workspace_id == workspace_id, Run.state == "proposed", Run.decided_at.is_(None)
    )
    wanted = AnswerFilter(pile="unsorted")
    unsorted = answers_counted(session, workspace_id, run_id, wanted) or 0
    page = answer_page(session, workspace_id, run_id, wanted, many=True) if unsorted else None
    return NeedsYou(
        dangers=open_flags(session, workspace_id),
        replies=replies_waiting(session, workspace_id),
        proposals=session.execute(proposed).scalar_one(),
        unsorted=unsorted,
        newest=page.answers[:SHOWN] if page else (),
    )
