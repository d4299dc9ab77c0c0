"""What the customer's page says around the box, whichever way somebody came to it."""

from dataclasses import dataclass, replace
from datetime import date

from survey.answer.queries import OpenedLink, Wording


@dataclass(frozen=True)
class Asking:
    """Who asks, about what, in which words, and what becomes of an answer.

    Parameters
    ----------
    business, served_by : str, str or None
        Who asks.
    about, on : str, date or None
        What it is about, and the workspace's own day on which it was.
    customer_name : str or None
        Whom we thank.
    wording : Wording
        The question.
    sent_in : str or None
        The language in which it was sent; another one goes along with the answer.
    keep_months : int or None
        After how many months the answer is erased; None where nothing but its customer removes it.
    knows_address : bool
        Whether a mail could reach the customer without their telling where.
    may_come_back : bool
        Whether the page may offer that the business comes back to the customer.
    own : str or None
        A token that the page hands out: the answer's link or receipt, and what tells two presses
        from two answers. None where the link itself is both.
    anonymous : bool
        Whether nobody is to learn from whom an answer is.
    invited : bool
        Whether a mail of ours led here, so that taking part is known.
    company : int
        How many anonymous answers have to have come before any is shown.
    sums : tuple of int
        Two numbers to be added by a person, where too many answers come at once.
    """

    business: str
    served_by: str | None
    about: str | None
    on: date | None
    customer_name: str | None
    wording: Wording
    sent_in: str | None
    keep_months: int | None
    knows_address: bool
    may_come_back: bool = True
    own: str | None = None
    anonymous: bool = False
    invited: bool = True
    company: int = 0
    sums: tuple[int, int] | None = None


def asking_anonymously(link: OpenedLink, wording: Wording, own: str, company: int) -> Asking:
    """Return what the page of a personal link says where its question is anonymous.

    Parameters
    ----------
    link, wording
        As in `asking_by_link`.
    own : str
        The token that becomes the receipt; empty once the link was used.
    company : int
        How many answers have to have come before any is shown.
    """
    return replace(
        asking_by_link(link, wording),
        customer_name=None,
        knows_address=False,
        may_come_back=False,
        invited=True,
        anonymous=True,
        own=own,
        company=company,
    )


def asking_by_link(link: OpenedLink, wording: Wording) -> Asking:
    """Return what the page of a personal link says."""
    return Asking(
        business=link.business,
        served_by=link.served_by,
        about=link.about,
        on=link.occurred_on,
        customer_name=link.customer_name,
        wording=wording,
        sent_in=link.language,
        keep_months=link.keep_months,
        knows_address=bool(link.customer_email),
        invited=bool(link.customer_email),
    )
