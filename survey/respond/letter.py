"""The words of the mail that carries a reply: pure, from facts to a composed mail."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from survey.letters import ANSWER_LINK, SUBSTITUTE, ComposedMail, template


@dataclass(frozen=True)
class ReplyLetter:
    """Everything a reply's mail says.

    Parameters
    ----------
    to_email, to_name : str, str or None
        The customer.
    workspace, signed : str
        The business, and who of it writes.
    body : str
        What they write.
    about : str or None
        What the question was about.
    language : str
        The one the customer was asked in.
    message_id, in_reply_to : str
        The mail's own name and that of the question's, with their angle brackets.
    """

    to_email: str
    to_name: str | None
    workspace: str
    signed: str
    body: str
    about: str | None
    language: str
    message_id: str
    in_reply_to: str


def compose_reply(letter: ReplyLetter) -> ComposedMail:
    """Put a reply into words, as plain text and as HTML that says the same.

    Parameters
    ----------
    letter : ReplyLetter
        What to say.

    Returns
    -------
    ComposedMail
        Signed by a person; its one link leads to where one can write back.
    """
    letter = _without_marks(letter)
    facts = {"letter": letter, "answer": ANSWER_LINK}
    subject, _, text = template(letter.language, "reply.txt").render(facts).partition("\n\n")
    return ComposedMail(
        to_email=letter.to_email,
        to_name=letter.to_name,
        from_name=f"{letter.signed}, {letter.workspace}",
        message_id=letter.message_id,
        subject=" ".join(subject.split()),
        text=text,
        html=template(letter.language, "reply.html").render(facts),
    )


def reply_headers(letter: ReplyLetter) -> dict[str, str]:
    """Return the headers with which mail programs lay a reply beside its question."""
    return {"In-Reply-To": letter.in_reply_to, "References": letter.in_reply_to}


def _without_marks(letter: ReplyLetter) -> ReplyLetter:
    """Nobody who writes a reply may place links in a mail by our marks."""
    words: dict[str, Any] = {
        name: value.replace(SUBSTITUTE, " ")
        for name, value in asdict(letter).items()
        if isinstance(value, str)
    }
    return replace(letter, **words)
