"""What an owner's settings page writes: name, time zone, delay and the wording of the question."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.ask.interaction import read_language
from survey.ask.queries import asking_settings, first_question_id
from survey.clock import zones_offered
from survey.errors import FieldError, NotFoundError
from survey.records import Question, Workspace
from survey.records.text import as_stored
from survey.records.workspaces import LONGEST_NAME, add_question_version

LONGEST_DELAY = 60 * 24 * 60  # minutes: sixty days
LONGEST_KEEPING = 1200  # months
LONGEST_QUESTION = 300
MOST_LANGUAGES = 40


@dataclass(frozen=True)
class Wishes:
    """What the owner typed.

    Parameters
    ----------
    name, time_zone : str
        Of the business.
    delay_minutes : int
        Between an interaction and its mail.
    wordings : dict
        The question by language tag; English must be there.
    keep_months : int or None
        After how many months answers are erased; None keeps them until they are removed.
    """

    name: str
    time_zone: str
    delay_minutes: int
    wordings: dict[str, str]
    keep_months: int | None = None


def change_settings(session: Session, workspace_id: int, wishes: Wishes, now: datetime) -> bool:
    """Change how a workspace asks.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose settings.
    wishes : Wishes
        As typed.
    now : datetime
        The present moment.

    Returns
    -------
    bool
        Whether the question has a new version; an unchanged wording makes none.

    Raises
    ------
    FieldError
        Naming the field and what it should be; nothing is changed then.
    """
    name = _line(wishes.name, "name", LONGEST_NAME)
    workspace = session.get_one(Workspace, workspace_id)
    if wishes.time_zone not in (*zones_offered(), workspace.time_zone):
        raise FieldError("time_zone", "Please choose one of the time zones offered.")
    if not 0 <= wishes.delay_minutes <= LONGEST_DELAY:
        raise FieldError("delay", "Please choose a delay of at most 60 days.")
    if wishes.keep_months is not None and not 1 <= wishes.keep_months <= LONGEST_KEEPING:
        raise FieldError("keep", f"Please give 1 to {LONGEST_KEEPING:,} months, or leave it empty.")
    wordings = _wordings(wishes.wordings)
    workspace.name, workspace.time_zone = name, wishes.time_zone
    workspace.delay_minutes, workspace.keep_months = wishes.delay_minutes, wishes.keep_months
    session.flush()
    return _ask_anew(session, workspace_id, wordings, now)


def _ask_anew(session: Session, workspace_id: int, wordings: dict[str, str], now: datetime) -> bool:
    question_id = first_question_id(session, workspace_id)
    # Locked before the newest number is read, so that two savings do not make the same number.
    # Answers' foreign keys hold a shared lock on their question; this one gets along with it.
    question = session.scalar(
        select(Question)
        .where(Question.workspace_id == workspace_id, Question.id == question_id)
        .with_for_update(key_share=True)
    )
    if question is None:
        raise NotFoundError("This workspace has no question.")
    newest = asking_settings(session, workspace_id).versions[0]
    if newest.wordings == wordings:
        return False
    add_question_version(session, question, newest.number + 1, wordings, now)
    return True


def _wordings(typed: dict[str, str]) -> dict[str, str]:
    if len(typed) > MOST_LANGUAGES:
        raise FieldError("others", f"Please give at most {MOST_LANGUAGES} languages.")
    found = {"en": _line(typed.get("en", ""), "question", LONGEST_QUESTION)}
    for language, wording in typed.items():
        tag = read_language(language, "others")
        if tag and tag != "en":
            found[tag] = _line(wording, "others", LONGEST_QUESTION)
    return found


def _line(typed: str, field: str, longest: int) -> str:
    text = " ".join(as_stored(typed).split())
    if not 0 < len(text) <= longest:
        raise FieldError(field, f"Please give 1 to {longest} characters here.")
    return text
