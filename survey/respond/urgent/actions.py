"""What the team writes about danger: an answer looked after, and how the guard is set."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from survey.errors import FieldError, NotFoundError
from survey.records import Flag, Workspace
from survey.records.guarding import DROP, KEEP, SHOW
from survey.records.text import as_stored
from survey.records.where_to_turn import set_own_sentences

LONGEST_SENTENCE = 500
MOST_COUNTRIES = 60


def look_after(
    session: Session,
    workspace_id: int,
    answer_id: int,
    person_id: int,
    now: datetime,
    *,
    was_danger: bool | None,
) -> None:
    """Note that somebody looked after an answer that speaks of danger, or that it waits again.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer.
    person_id : int
        Who says so.
    now : datetime
        The present moment.
    was_danger : bool or None
        What they say it was; None puts it back among those that wait.

    Raises
    ------
    NotFoundError
        When the answer has no flag; it may have been changed or taken back.
    """
    settled = was_danger is not None
    result: Any = session.execute(
        update(Flag)
        .where(Flag.workspace_id == workspace_id, Flag.answer_id == answer_id)
        .values(
            settled_at=now if settled else None,
            settled_by=person_id if settled else None,
            was_danger=was_danger,
        )
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:
        raise NotFoundError("This answer is not marked any more; it was changed or taken back.")


@dataclass(frozen=True)
class Care:
    """What the owner typed.

    Parameters
    ----------
    personal_data : str
        ``keep``, ``drop`` or ``show``.
    country : str
        Two capital letters; empty to go by the time zone.
    sentences : dict
        Where to turn, by country.
    """

    personal_data: str
    country: str
    sentences: dict[str, str]


def change_care(session: Session, workspace_id: int, wanted: Care) -> None:
    """Change how a workspace looks after personal data and danger.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose settings.
    wanted : Care
        As typed.

    Raises
    ------
    FieldError
        Naming the field and what it should be; nothing is changed then.
    """
    if wanted.personal_data not in (KEEP, DROP, SHOW):
        raise FieldError("personal_data", "Please choose one of the three.")
    if wanted.country and not _is_country(wanted.country):
        raise FieldError("country", "Please choose one of the countries offered.")
    sentences = _sentences(wanted.sentences)
    workspace = session.get_one(Workspace, workspace_id)
    workspace.personal_data, workspace.country = wanted.personal_data, wanted.country or None
    session.flush()
    set_own_sentences(session, workspace_id, sentences)


def _sentences(typed: dict[str, str]) -> dict[str, str]:
    if len(typed) > MOST_COUNTRIES:
        raise FieldError("sentences", f"Please give at most {MOST_COUNTRIES} countries.")
    found = {}
    for country, words in typed.items():
        sentence = " ".join(as_stored(words).split())
        if not _is_country(country.upper()):
            raise FieldError("sentences", f"“{country}” is no country; write AT, GB or US.")
        if len(sentence) > LONGEST_SENTENCE:
            raise FieldError("sentences", f"Please use at most {LONGEST_SENTENCE} characters each.")
        found[country.upper()] = sentence
    return found


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()
