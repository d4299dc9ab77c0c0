"""What an open link, or an anonymous answer's receipt, opens."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.answer.asking import Asking
from survey.answer.queries import Wording, wording_in
from survey.answer.said_queries import Said, Since, all_words, letters_shown
from survey.clock import day_in
from survey.guard.personal import is_masked
from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    HeldAnswer,
    Link,
    Place,
    Question,
    Workspace,
)
from survey.records.anonymity import FEWEST_TOGETHER
from survey.records.talks import what_changed
from survey.records.where_to_turn import where_to_turn
from survey.tokens import token_sha256


@dataclass(frozen=True)
class OpenPlace:
    """A place as its open link opens it.

    Parameters
    ----------
    workspace_id, place_id, question_id : int
        Which.
    business, served_by, about : str, str or None
        Who asks, and about what.
    segments : tuple of (str, str)
        What an answer from here is known by.
    sites : tuple of str
        Origins whose pages may show it in a frame.
    anonymous, company : bool, int
        Whether its question is asked anonymously, and in what company answers are shown.
    keep_months : int or None
        After how many months an answer is erased.
    wording : Wording
        The question in the reader's language, as far as it is there.
    """

    workspace_id: int
    place_id: int
    question_id: int
    business: str
    served_by: str | None
    about: str | None
    segments: tuple[tuple[str, str], ...]
    sites: tuple[str, ...]
    anonymous: bool
    company: int
    keep_months: int | None
    wording: Wording

    def asking(self, own: str, sums: tuple[int, int] | None = None) -> Asking:
        """Return what the page says, with the token that it hands out."""
        return Asking(
            business=self.business,
            served_by=self.served_by,
            about=self.about,
            on=None,
            customer_name=None,
            wording=self.wording,
            sent_in=self.wording.language,
            keep_months=self.keep_months,
            knows_address=False,
            may_come_back=False,
            own=own,
            anonymous=self.anonymous,
            invited=False,
            company=self.company,
            sums=sums,
        )


def opened_place(session: Session, token: str, read_in: str) -> OpenPlace | None:
    """Return what an open link opens.

    Parameters
    ----------
    session : Session
        A reading session.
    token : str
        From the link; anything at all.
    read_in : str
        The language of the page.

    Returns
    -------
    OpenPlace or None
        None for an unknown link and for one that was closed; the caller cannot tell which.
    """
    row = session.execute(
        select(
            Place,
            Question.anonymous,
            Workspace.name,
            Workspace.keep_months,
            Workspace.smallest_group,
        )
        .join(Link, and_(Link.workspace_id == Place.workspace_id, Link.target_id == Place.id))
        .join(
            Question,
            and_(Question.workspace_id == Place.workspace_id, Question.id == Place.question_id),
        )
        .join(Workspace, Workspace.id == Place.workspace_id)
        .where(
            Link.token_sha256 == token_sha256(token),
            Link.kind == "place",
            Place.closed_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    place: Place = row[0]
    return OpenPlace(
        workspace_id=place.workspace_id,
        place_id=place.id,
        question_id=place.question_id,
        business=row.name,
        served_by=place.served_by,
        about=place.about,
        segments=tuple(sorted(place.segments.items())),
        sites=tuple(place.sites),
        anonymous=row.anonymous,
        company=max(FEWEST_TOGETHER, row.smallest_group),
        keep_months=row.keep_months,
        wording=wording_in(session, place.workspace_id, place.question_id, (read_in,)),
    )


def words_under(session: Session, own: str, kind: str = "") -> str | None:
    """Return what was said under a token that a page handed out, None where nothing was.

    Parameters
    ----------
    session : Session
        A reading session.
    own : str
        The token.
    kind : str
        ``receipt`` where only an anonymous answer counts.
    """
    link = session.execute(
        select(Link.workspace_id, Link.kind, Link.target_id).where(
            Link.token_sha256 == token_sha256(own),
            Link.kind.in_((kind,) if kind else ("receipt", "answer")),
        )
    ).one_or_none()
    if link is None:
        return None
    held = session.get(HeldAnswer, (link.workspace_id, link.target_id))
    if held is not None:
        return held.body
    which = Answer.id if link.kind == "receipt" else Answer.invitation_id
    return session.scalar(
        select(AnswerText.body)
        .join(
            Answer,
            NEWEST_WORDS,
        )
        .where(Answer.workspace_id == link.workspace_id, which == link.target_id)
    )


def mark_of(text: str, *, nothing: bool) -> int:
    """Return what a receipt's page has for the number of a version: it names the words themselves.

    Counting would leave a trace of how often somebody came back to an answer that waits; and an
    answer keeps its mark when it is let in.

    Parameters
    ----------
    text : str
        What the answer says.
    nothing : bool
        Whether it says that nothing more was needed.

    Returns
    -------
    int
        At most nine digits.
    """
    digest = hashlib.sha256(bytes([nothing]) + text.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") % 10**9


@dataclass(frozen=True)
class Receipt:
    """What the receipt of an anonymous answer opens.

    Parameters
    ----------
    workspace_id : int
        Whose answer.
    asking : Asking
        What stands around it.
    said : Said
        The answer, its version a mark of its words (see `mark_of`); of one that still waits, the
        day is that of reading.
    since : Since
        What came after it.
    is_held : bool
        Whether it still waits for company.
    """

    workspace_id: int
    asking: Asking
    said: Said
    since: Since
    is_held: bool


def opened_receipt(session: Session, token: str, read_in: str, now: datetime) -> Receipt | None:
    """Return what a receipt opens, None where it opens nothing.

    Parameters
    ----------
    session : Session
        A reading session.
    token : str
        From the link; anything at all.
    read_in : str
        The language of the page.
    now : datetime
        The present moment.
    """
    row = session.execute(
        select(
            Link.workspace_id,
            Link.target_id,
            Workspace.name,
            Workspace.time_zone,
            Workspace.keep_months,
            Workspace.smallest_group,
        )
        .join(Workspace, Workspace.id == Link.workspace_id)
        .where(Link.token_sha256 == token_sha256(token), Link.kind == "receipt")
    ).one_or_none()
    if row is None:
        return None
    today = day_in(now, row.time_zone)
    found = _held(session, row.workspace_id, row.target_id, today)
    is_held = found is not None
    found = found or _let_in(session, row.workspace_id, row.target_id)
    if found is None:
        return None
    question_id, said = found
    asking = Asking(
        business=row.name,
        served_by=None,
        about=None,
        on=None,
        customer_name=None,
        wording=wording_in(session, row.workspace_id, question_id, (read_in,)),
        sent_in=None,
        keep_months=row.keep_months,
        knows_address=False,
        may_come_back=False,
        anonymous=True,
        company=max(FEWEST_TOGETHER, row.smallest_group),
    )
    since = _since(session, row.workspace_id, said, row.time_zone)
    return Receipt(row.workspace_id, asking, said, since, is_held)


def _held(
    session: Session, workspace_id: int, answer_id: int, today: date
) -> tuple[int, Said] | None:
    held = session.get(HeldAnswer, (workspace_id, answer_id))
    if held is None:
        return None
    said = Said(
        answer_id=answer_id,
        version=mark_of(held.body, nothing=held.said_nothing),
        text=held.body,
        nothing=held.said_nothing,
        on=today,
        changed_on=None,
        state="withdrawn" if held.withdrawn else "given",
        masked=is_masked(held.body),
    )
    return held.question_id, said


def _let_in(session: Session, workspace_id: int, answer_id: int) -> tuple[int, Said] | None:
    row = session.execute(
        select(Answer, AnswerText.body)
        .join(
            AnswerText,
            NEWEST_WORDS,
        )
        .where(Answer.workspace_id == workspace_id, Answer.id == answer_id)
    ).one_or_none()
    if row is None:
        return None
    answer: Answer = row[0]
    return answer.question_id, Said(
        answer_id=answer.id,
        version=mark_of(row.body, nothing=answer.said_nothing),
        text=row.body,
        nothing=answer.said_nothing,
        on=answer.answered_on,
        changed_on=None,
        state="expired" if answer.expired_on else answer.state,  # type: ignore[arg-type]
        masked=is_masked(row.body),
    )


def _since(session: Session, workspace_id: int, said: Said, time_zone: str) -> Since:
    place = (workspace_id, said.answer_id)
    letters = letters_shown(session, place, time_zone)
    changes = tuple(one for one in what_changed(session, *place) if one.on >= said.on)
    turn_to = where_to_turn(session, workspace_id, all_words(said, letters))
    return Since(letters=letters, changes=changes, turn_to=turn_to)
