"""What a customer may do with the same link later: change, take back, say how to come back, write.

Each looks at the answer as it stands under a lock, so that two windows, a double press or a
replay meet what the first one left; what cannot be done any more is told, never done twice.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from survey.records.answering import GIVEN, Answer, AnswerText
from survey.records.care import flag_letter
from survey.records.talks import Consent, is_there, set_consent, thread, write_letter
from survey.records.withdrawal import hold_answer, reword, withdraw

Outcome = Literal["done", "stale", "withdrawn"]


def change_answer(
    session: Session,
    workspace_id: int,
    answer_id: int,
    text: str,
    now: datetime,
    *,
    seen: int,
    nothing: bool = False,
    sealed: bytes | None = None,
) -> Outcome:
    """Put new words in place of an answer's.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer.
    text : str
        As readers may see it (see `cared_for`); empty with `nothing`.
    now : datetime
        The present moment.
    seen : int
        The version that the writer had before them.
    nothing : bool
        Whether they now say that nothing more was needed.
    sealed : bytes, optional
        The original, encrypted, where personal data was masked and is kept.

    Returns
    -------
    str
        ``done``, also where it says so already; ``stale`` where another version is there by
        now, ``withdrawn`` where there is none any more: then nothing was changed.
    """
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        return "withdrawn"
    only_sealed_differs = sealed is not None and answer.version == seen
    unchanged = text == words_now(session, answer) and nothing == answer.said_nothing
    if unchanged and not only_sealed_differs:
        return "done"
    if answer.version != seen:
        return "stale"
    reword(session, answer, text, now, nothing=nothing, sealed=sealed)
    return "done"


def words_now(session: Session, answer: Answer) -> str:
    """Return what an answer says in its newest version."""
    text = session.get(AnswerText, (answer.workspace_id, answer.id, answer.version))
    return text.body if text else ""


def take_back(session: Session, workspace_id: int, answer_id: int, now: datetime) -> None:
    """Take an answer back; doing it twice is no fault.

    Parameters
    ----------
    session, workspace_id, answer_id, now
        As in `change_answer`.
    """
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is not None and answer.state == GIVEN:
        withdraw(session, answer, now)


def allow_coming_back(
    session: Session, workspace_id: int, answer_id: int, consent: Consent, now: datetime
) -> Outcome:
    """Keep whether, and how, one may come back to the customer.

    Parameters
    ----------
    session, workspace_id, answer_id, now
        As in `change_answer`.
    consent : Consent
        Checked (see `forms.read_consent`).
    """
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        return "withdrawn"
    set_consent(session, workspace_id, answer_id, consent, now)
    return "done"


def write_back(
    session: Session, workspace_id: int, answer_id: int, body: str, now: datetime, *, after: int
) -> Outcome:
    """Add the customer's letter to the thread, once.

    Parameters
    ----------
    session, workspace_id, answer_id, now
        As in `change_answer`.
    body : str
        As stored, 1 to 20,000 characters.
    after : int
        How many letters the writer saw; the same words after those came by pressing twice.
    """
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        return "withdrawn"
    if not is_there(thread(session, workspace_id, answer_id), body, after):
        write_letter(session, workspace_id, answer_id, body, now)
        flag_letter(session, workspace_id, answer_id, body, answer.answered_on)
    return "done"
