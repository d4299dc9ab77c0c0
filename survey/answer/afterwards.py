"""What a customer may do with the same link later: change, take back, say how to come back, write.

Each looks at the answer as it stands under a lock, so that two windows, a double press or a
replay meet what the first one left; what cannot be done any more is told, never done twice.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from survey.records.answering import GIVEN, AnswerText, Locked
from survey.records.care import Cared, Original, own_letter
from survey.records.flagging import flag_letter
from survey.records.talks import Consent, Letter, set_consent, thread, write_letter
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
    original: Original | None = None,
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
    original : Original, optional
        What was typed, where personal data was masked and is kept.

    Returns
    -------
    str
        ``done``, also where it says so already; ``stale`` where another version is there by
        now, ``withdrawn`` where there is none any more: then nothing was changed.
    """
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        return "withdrawn"
    only_original_differs = original is not None and answer.version == seen
    unchanged = text == words_now(session, answer) and nothing == answer.said_nothing
    if unchanged and not only_original_differs:
        return "done"
    if answer.version != seen:
        return "stale"
    reword(session, answer, text, now, nothing=nothing, original=original)
    return "done"


def words_now(session: Session, answer: Locked) -> str:
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
    session: Session, workspace_id: int, answer_id: int, words: Cared, now: datetime, *, after: int
) -> Outcome:
    """Add the customer's letter to the thread, once.

    Parameters
    ----------
    session, workspace_id, answer_id, now
        As in `change_answer`.
    words : Cared
        As readers may see them, 1 to 20,000 characters, and as they were typed.
    after : int
        How many letters the writer saw; the same words after those came by pressing twice.
    """
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or answer.state != GIVEN:
        return "withdrawn"
    letters = thread(session, workspace_id, answer_id)[max(0, after) :]
    if not any(_says(workspace_id, one, words) for one in letters):
        keep_letter(session, answer, words, now)
    return "done"


def keep_letter(session: Session, answer: Locked, words: Cared, now: datetime) -> None:
    """Add a letter to the thread of an answer that is held, and look through it for danger."""
    seal = words.original.sealed_for_letter if words.original else None
    write_letter(session, answer.workspace_id, answer.id, words.text, now, seal=seal)
    flag_letter(session, answer, words.text, now)


def _says(workspace_id: int, letter: Letter, words: Cared) -> bool:
    """Whether these very words stand in a customer's letter; masked ones are looked at as typed."""
    if letter.from_team or letter.body != words.text:
        return False
    if words.original is None or letter.sealed is None:
        return True
    own = own_letter(words.original.secret_key, workspace_id, letter)
    return own.text == words.original.text
