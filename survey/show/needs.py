"""What waits for a person: the queue “needs you”."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from survey.quoting import nested
from survey.records import NEWEST_WORDS, Answer, AnswerText
from survey.records.anonymity import held_answers
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.tasks import Tasks
from survey.show.figures import answers_counted


@dataclass(frozen=True)
class NeedsYou:
    """How much waits, by what one can do about it.

    Parameters
    ----------
    tasks : Tasks
        What waits for a person.
    unsorted : int
        Answers that fit no theme.
    newest : str
        What the newest of them says, as it stands in quotation marks.
    held : int
        Anonymous answers that wait for company; nobody can do anything about them.
    company : int
        How many have to have come before any is shown.
    """

    tasks: Tasks
    unsorted: int
    newest: str
    held: int = 0
    company: int = 0

    @property
    def total(self) -> int:
        """All tasks, as the header's marks count them; an answer without a theme is none."""
        return self.tasks.dangers + self.tasks.replies + self.tasks.proposals


def needs_you(session: Session, workspace_id: int, run_id: int | None, tasks: Tasks) -> NeedsYou:
    """Return what waits for a person of a workspace, of which the tasks are known."""
    wanted = AnswerFilter(pile="unsorted")
    held = held_answers(session, workspace_id)
    unsorted = answers_counted(session, workspace_id, run_id, wanted) or 0
    newest = session.scalar(_newest(workspace_id, run_id, wanted)) if unsorted else ""
    return NeedsYou(
        tasks=tasks,
        unsorted=unsorted,
        newest=nested(newest or ""),
        held=sum(one.answers for one in held),
        company=max((one.smallest_group for one in held), default=0),
    )


@lru_cache(maxsize=64)  # making a statement costs as much as running it
def _newest(workspace_id: int, run_id: int | None, wanted: AnswerFilter) -> Select[str]:
    return (
        select(AnswerText.body)
        .join(Answer, NEWEST_WORDS)
        .where(*answers_in_view(workspace_id, run_id, wanted, one_by_one=True))
        .order_by(Answer.answered_on.desc(), Answer.id.desc())
        .limit(1)
    )
