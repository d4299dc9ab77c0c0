"""The words of the mail that carries the question: pure, from facts to a composed mail."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from survey.clock import day_in
from survey.languages import ENGLISH, day_in_words, spoken
from survey.letters import ANSWER_LINK, SUBSTITUTE, UNSUBSCRIBE_LINK, ComposedMail, template


@dataclass(frozen=True)
class Letter:
    """Everything a mail says.

    Parameters
    ----------
    to_email, to_name : str, str or None
        The customer.
    workspace : str
        The business that asks.
    served_by, about : str or None
        Who looked after the customer, and what it was about.
    occurred_at : datetime or None
        When.
    time_zone : str
        The workspace's own.
    question, language : str
        The wording that is asked, and its language.
    wished : str or None
        The customer's language, as the business told it.
    message_id : str
        With its angle brackets; the same for every attempt.
    anonymous : bool
        Whether nobody learns from whom an answer is.
    may_reply : bool
        Whether a reply to the mail itself is an answer, too.
    """

    to_email: str
    to_name: str | None
    workspace: str
    served_by: str | None
    about: str | None
    occurred_at: datetime | None
    time_zone: str
    question: str
    language: str
    message_id: str
    wished: str | None = None
    anonymous: bool = False
    may_reply: bool = False

    @property
    def frame(self) -> str:
        """The language of everything around the question: one of ours."""
        return spoken(self.wished) or spoken(self.language) or ENGLISH


def compose_letter(letter: Letter, now: datetime) -> ComposedMail:
    """Put a letter into words, as plain text and as HTML that says the same.

    Parameters
    ----------
    letter : Letter
        What to say. Around the question stands the customer's own language where we speak it.
    now : datetime
        The moment of sending.

    Returns
    -------
    ComposedMail
        One question, one link to answer, one to hear no more.
    """
    letter = _without_marks(letter)
    facts = {
        "letter": letter,
        "day": _day(letter, now),
        "answer": ANSWER_LINK,
        "unsubscribe": UNSUBSCRIBE_LINK,
    }
    subject, _, text = template(letter.frame, "question.txt").render(facts).partition("\n\n")
    return ComposedMail(
        to_email=letter.to_email,
        to_name=letter.to_name,
        from_name=letter.workspace,
        message_id=letter.message_id,
        subject=" ".join(subject.split()),
        text=text,
        html=template(letter.frame, "question.html").render(facts),
    )


def _without_marks(letter: Letter) -> Letter:
    """Nobody who fills in a form may place links in a mail."""
    words: dict[str, Any] = {
        name: value.replace(SUBSTITUTE, " ")
        for name, value in asdict(letter).items()
        if isinstance(value, str)
    }
    return replace(letter, **words)


def _day(letter: Letter, now: datetime) -> str | None:
    if letter.occurred_at is None:
        return None
    today = day_in(now, letter.time_zone)
    return day_in_words(day_in(letter.occurred_at, letter.time_zone), today, letter.frame)


def trial_mail(to_email: str, workspace: str, message_id: str) -> ComposedMail:
    """Return a mail by which an owner sees that mail goes out; it has no links.

    Parameters
    ----------
    to_email, workspace, message_id : str
        The owner, the business, and the mail's own name.
    """
    facts = {"workspace": workspace}
    subject, _, text = template(ENGLISH, "test.txt").render(facts).partition("\n\n")
    page = template(ENGLISH, "test.html").render(facts)
    return ComposedMail(to_email, None, workspace, message_id, subject.strip(), text, page)


def unsubscribe_headers(link: str) -> dict[str, str]:
    """Return the headers with which a mail program unsubscribes by one click (RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
