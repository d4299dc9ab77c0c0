"""Answers that come without a link of their own: from an open link, or anonymously.

The page hands out a token of 128 bits, unseen, before anything is sent. With the answer it comes
back, and its hash becomes the answer's own link, or its receipt: so the same page sent twice makes
one answer, a response that got lost on the way loses nothing, and nobody but the browser knows it.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.answer.actions import take_answer, use_up
from survey.answer.afterwards import Outcome, change_answer, take_back, words_now
from survey.answer.places import OpenPlace, mark_of
from survey.answer.queries import OpenedLink, opened_link
from survey.clock import day_in
from survey.errors import ConflictError
from survey.records import (
    HeldAnswer,
    Interaction,
    InteractionSegment,
    Invitation,
    Link,
    Workspace,
    new_id,
)
from survey.records.anonymity import week_of
from survey.records.askings import ASKING, counted_asking
from survey.records.base import table_of
from survey.records.care import Original
from survey.records.counts import Measure, count
from survey.records.straight import Prepared, inserting, straight_of
from survey.records.withdrawal import hold_answer
from survey.tokens import new_nonce, token_sha256

OPEN_LINK = "open link"  # the channel of an answer that came by one


def take_open(
    session: Session,
    place: OpenPlace,
    own: str,
    text: str,
    now: datetime,
    *,
    nothing: bool = False,
    original: Original | None = None,
) -> bool:
    """Keep an answer that came by an open link, under a link of its own.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    place : OpenPlace
        Where it came from; its question is not anonymous.
    own : str
        The page's token.
    text : str
        As readers may see it (see `cared_for`); empty with `nothing`.
    now : datetime
        The present moment.
    nothing, original
        As in `take_answer`.

    Returns
    -------
    bool
        False when this page was sent before; then nothing was changed.
    """
    invitation_id = new_id()
    if not _claimed(session, place.workspace_id, "answer", invitation_id, own):
        return False
    _make_visit(session, place, invitation_id, now)
    straight = straight_of(session)
    link = opened_link(straight, own, now)
    return link is not None and take_answer(
        straight, link, text, now, nothing=nothing, original=original
    )


def _claimed(session: Session, workspace_id: int, kind: str, target_id: int, own: str) -> bool:
    """Make the token a link, unless it is one; who comes second waits here for the first."""
    straight = straight_of(session)
    values = {
        "token_sha256": token_sha256(own), "workspace_id": workspace_id, "kind": kind,
        "target_id": target_id,
    }  # fmt: skip
    return bool(straight.rows(_CLAIM[straight.database], values))


_LINK = table_of(Link)
_KIND = Prepared(select(_LINK.c.kind).where(_LINK.c.token_sha256 == bindparam("token")))
_KEPT = {column.name: bindparam(column.name, type_=column.type) for column in _LINK.columns}
_CLAIM = {
    name: Prepared(into(_LINK).values(_KEPT).on_conflict_do_nothing().returning(_LINK.c.target_id))
    for name, into in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def _make_visit(session: Session, place: OpenPlace, invitation_id: int, now: datetime) -> None:
    """Make what a personal link has behind it; nobody was asked, so nothing counts as asked."""
    straight, key = straight_of(session), {"workspace_id": place.workspace_id}
    interaction_id = new_id()
    straight.run(
        _VISIT,
        {
            **key, "id": interaction_id, "customer_email": "", "served_by": place.served_by,
            "about": place.about, "channel": OPEN_LINK, "created_at": now,
        },
    )  # fmt: skip
    for name, value in place.segments:
        of = {**key, "interaction_id": interaction_id}
        straight.run(_SEGMENT, {**of, "name": name, "value": value})
    ((days,),) = straight.rows(_LINK_DAYS, {"workspace": place.workspace_id})
    straight.run(
        _INVITED,
        {
            **key, "id": invitation_id, "interaction_id": interaction_id,
            "question_id": place.question_id,
            "question_version_id": place.wording.question_version_id,
            "language": place.wording.language, "state": "sent", "nonce": new_nonce(),
            "created_at": now, "due_at": now, "sent_at": now,
            "expires_at": now + timedelta(days=days), "attempts": 0,
        },
    )  # fmt: skip


_workspace = table_of(Workspace).c
_LINK_DAYS = Prepared(select(_workspace.link_days).where(_workspace.id == bindparam("workspace")))
_VISIT = Prepared(
    inserting(
        Interaction,
        "workspace_id", "id", "customer_email", "served_by", "about", "channel", "created_at",
    )
)  # fmt: skip
_SEGMENT = Prepared(
    inserting(InteractionSegment, "workspace_id", "interaction_id", "name", "value")
)
_INVITED = Prepared(
    inserting(
        Invitation,
        "workspace_id", "id", "interaction_id", "question_id", "question_version_id", "language",
        "state", "nonce", "created_at", "due_at", "sent_at", "expires_at", "attempts",
    )
)  # fmt: skip


def hold_from_place(
    session: Session, place: OpenPlace, own: str, text: str, now: datetime, *, nothing: bool = False
) -> bool:
    """Hold an anonymous answer that came by an open link; False when the page was sent before."""
    which = (place.workspace_id, place.question_id)
    return _hold(session, which, own, text, now, nothing=nothing)


def hold_from_link(
    session: Session, link: OpenedLink, own: str, text: str, now: datetime, *, nothing: bool = False
) -> Literal["held", "sent before", "used", "not ours"]:
    """Hold the one anonymous answer of an invitation, of which only the state changes.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    link : OpenedLink
        Of an anonymous question.
    own : str
        The page's token: from now on the receipt.
    text : str
        As readers may see it (see `cared_for`); empty with `nothing`.
    now : datetime
        The present moment, of which the week is kept.
    nothing : bool
        Whether nothing more was needed.

    Returns
    -------
    str
        ``held``; ``sent before`` where this very page was; ``used`` where another answer was
        given with this link; ``not ours`` where the token opens something else. Then nothing was
        changed.

    Raises
    ------
    ConflictError
        When the same page is just being sent by somebody else; nothing may be committed then.
    """
    straight = straight_of(session)
    known = straight.rows(_KIND, {"token": token_sha256(own)})
    if known:
        return "sent before" if known[0][0] == "receipt" else "not ours"
    if not use_up(straight, link):
        return "used"
    _count_reply(session, link)
    which = (link.workspace_id, link.question_id)
    if not _hold(session, which, own, text, now, nothing=nothing):
        raise ConflictError("This page is just being sent. Please wait a moment.")
    return "held"


def _count_reply(session: Session, link: OpenedLink) -> None:
    """Count on the day of asking that somebody replied: of who took part, that is all there is."""
    asked = session.execute(
        select(*ASKING).where(
            Invitation.workspace_id == link.workspace_id, Invitation.id == link.invitation_id
        )
    ).one()
    if asked.asked_on is not None:
        counted = counted_asking(session, asked, asked.asked_on)
        count(session, +1, counted, [Measure("replied")])


def _hold(
    session: Session, which: tuple[int, int], own: str, text: str, now: datetime, *, nothing: bool
) -> bool:
    (workspace_id, question_id), answer_id = which, new_id()
    if not _claimed(session, workspace_id, "receipt", answer_id, own):
        return False
    straight = straight_of(session)
    ((zone,),) = straight.rows(_ZONE, {"workspace": workspace_id})
    straight.run(
        _HOLD,
        {
            "workspace_id": workspace_id, "id": answer_id, "question_id": question_id,
            "body": text, "said_nothing": nothing, "withdrawn": False,
            "since": week_of(day_in(now, zone)),
        },
    )  # fmt: skip
    return True


_ZONE = Prepared(select(_workspace.time_zone).where(_workspace.id == bindparam("workspace")))
_HOLD = Prepared(
    inserting(
        HeldAnswer,
        "workspace_id", "id", "question_id", "body", "said_nothing", "withdrawn", "since",
    )
)  # fmt: skip


def change_unnamed(
    session: Session,
    workspace_id: int,
    answer_id: int,
    text: str,
    now: datetime,
    *,
    seen: int,
    nothing: bool = False,
) -> Outcome:
    """As `change_answer`, of an anonymous answer, whether it was let in or not.

    What the writer had before them is told by the words' mark (see `mark_of`).
    """
    held = _held(session, workspace_id, answer_id)
    if held is None:
        version = _version_marked(session, workspace_id, answer_id, seen)
        return change_answer(
            session, workspace_id, answer_id, text, now, seen=version, nothing=nothing
        )
    if held.withdrawn:
        return "withdrawn"
    if (text, nothing) == (held.body, held.said_nothing):
        return "done"
    if seen != mark_of(held.body, nothing=held.said_nothing):
        return "stale"
    _set(session, held, body=text, said_nothing=nothing)
    return "done"


def _version_marked(session: Session, workspace_id: int, answer_id: int, mark: int) -> int:
    """Return the number of the version that has this mark: the newest, or none."""
    answer = hold_answer(session, workspace_id, answer_id)
    if answer is None or mark != mark_of(words_now(session, answer), nothing=answer.said_nothing):
        return 0
    return answer.version


def take_back_unnamed(session: Session, workspace_id: int, answer_id: int, now: datetime) -> None:
    """As `take_back`, of an anonymous answer; one that waits stays counted among those to come."""
    held = _held(session, workspace_id, answer_id)
    if held is None:
        take_back(session, workspace_id, answer_id, now)
    else:
        _set(session, held, body="", said_nothing=False, withdrawn=True)


def _held(session: Session, workspace_id: int, answer_id: int) -> HeldAnswer | None:
    """Return an answer that still waits; whoever lets it in takes the workspace's row first."""
    session.execute(
        select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    )
    return session.scalar(
        select(HeldAnswer)
        .where(HeldAnswer.workspace_id == workspace_id, HeldAnswer.id == answer_id)
        .with_for_update(key_share=True)
    )


def _set(session: Session, held: HeldAnswer, **values: object) -> None:
    session.execute(
        update(HeldAnswer)
        .where(HeldAnswer.workspace_id == held.workspace_id, HeldAnswer.id == held.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def sums_for(secret_key: bytes, own: str) -> tuple[int, int]:
    """Return two small numbers for a person to add; the same for the same page, guessed by none.

    Parameters
    ----------
    secret_key : bytes
        The installation's key.
    own : str
        The page's token.
    """
    digest = hmac.new(secret_key, b"person\0" + own.encode("utf-8", "replace"), hashlib.sha256)
    first, second = digest.digest()[:2]
    return 2 + first % 8, 11 + second % 8
