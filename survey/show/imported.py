"""How many of the answers in view were imported: nobody was asked for those here."""

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from survey.records import Answer
from survey.records.answering import GIVEN
from survey.records.filters import AnswerFilter, days_in_view
from survey.show.figures import faces_asked


def imported_in_view(session: Session, workspace_id: int, wanted: AnswerFilter) -> int | None:
    """Return how many answers in view were imported; None in a view by more than days and question.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    wanted : AnswerFilter
        Which answers. By days it is read off an index; anything else would look at each.
    """
    if faces_asked(wanted) or wanted.pile is not None or wanted.words is not None:
        return None
    query = select(func.count()).where(
        Answer.workspace_id == workspace_id,
        Answer.state == GIVEN,
        Answer.origin == literal_column("'import'"),  # as the index has it, which SQLite demands
        *days_in_view(wanted),
        *([Answer.question_id == wanted.question_id] if wanted.question_id is not None else []),
    )
    return session.execute(query).scalar_one()
