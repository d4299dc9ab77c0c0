"""The words of the week's letter and of an alert: pure, from figures to a composed mail."""

from dataclasses import dataclass
from typing import Any

from survey.languages import ENGLISH
from survey.letters import SUBSTITUTE, ComposedMail, template
from survey.show.tell.news import Risen, Week
from survey.show.words import counted, day_words, figure, share


@dataclass(frozen=True)
class Envelope:
    """To whom a letter goes, and where its links lead.

    Parameters
    ----------
    to_email, to_name : str
        The member.
    workspace : str
        Whose news it is.
    page : str
        The address of the overview.
    stop : str
        The address that ends these mails.
    message_id : str
        With its angle brackets; the same for every attempt.
    has_sample : bool
        Whether the sample is loaded, so that the figures are a made-up practice's, too.
    """

    to_email: str
    to_name: str
    workspace: str
    page: str
    stop: str
    message_id: str
    has_sample: bool = False


def week_letter(to: Envelope, week: Week, rises: list[Risen]) -> ComposedMail:
    """Put a week into words.

    Parameters
    ----------
    to : Envelope
        To whom.
    week : Week
        The seven days.
    rises : list of Risen
        The themes that rise as it is sent.
    """
    return _composed(to, "week", {"week": week, "rises": rises})


def alert_letter(to: Envelope, risen: Risen) -> ComposedMail:
    """Put a rise into words."""
    return _composed(to, "alert", {"risen": risen})


def stop_headers(link: str) -> dict[str, str]:
    """Return the headers with which a mail program ends these mails by one click (RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _composed(to: Envelope, name: str, facts: dict[str, Any]) -> ComposedMail:
    facts = facts | {
        "to": to,
        "figure": figure,
        "share": share,
        "counted": counted,
        "day_words": day_words,
    }
    text = template(ENGLISH, f"{name}.txt").render(facts).replace(SUBSTITUTE, " ")
    subject, _, body = text.partition("\n\n")
    return ComposedMail(
        to_email=to.to_email,
        to_name=to.to_name or None,
        from_name=to.workspace,
        message_id=to.message_id,
        subject=" ".join(subject.split()),
        text=body.strip() + "\n",
        html=template(ENGLISH, f"{name}.html").render(facts).replace(SUBSTITUTE, " "),
    )
