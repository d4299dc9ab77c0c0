"""Taking care of what people type: personal data masked before it is kept, danger flagged.

Whatever keeps an answer asks `cared_for` for the text that readers may see, keeps that, and hands
on what was sealed. Everything derived (themes, quotes, search, exports) sees that text alone.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from survey.guard.danger import Danger, dangers_in
from survey.guard.personal import is_masked, masked, may_hold_personal_data, personal_data
from survey.guard.sealing import seal, unseal
from survey.guard.turning import country_of
from survey.records.accounts import Workspace
from survey.records.guarding import IN_A_LETTER, KEEP, SHOW, Flag, SealedText
from survey.records.straight import Prepared, Straight, inserting

_SEALED = Prepared(inserting(SealedText, "workspace_id", "answer_id", "version", "sealed"))


@dataclass(frozen=True)
class Cared:
    """A text as it may be kept.

    Parameters
    ----------
    text : str
        What readers see: the analysed text.
    sealed : bytes or None
        The original, encrypted, where something was masked and the workspace keeps it.
    """

    text: str
    sealed: bytes | None = None


@dataclass(frozen=True)
class Masking:
    """How a workspace wants personal data treated."""

    workspace_id: int
    personal_data: str
    countries: tuple[str, ...]


def masking_of(session: Session, workspace_id: int) -> Masking:
    """Return how a workspace wants personal data treated, and whose phone numbers it knows."""
    row = session.execute(
        select(Workspace.personal_data, Workspace.country, Workspace.time_zone).where(
            Workspace.id == workspace_id
        )
    ).one()
    country = country_of(row.country, row.time_zone)
    return Masking(workspace_id, row.personal_data, (country,) if country else ())


def cared_for(
    session: Session, secret_key: bytes, workspace_id: int, text: str, *, keep: bool = True
) -> Cared:
    """Return a text as it may be kept; an ordinary one as it is, without asking the database.

    Parameters
    ----------
    session : Session
        A reading session.
    secret_key : bytes
        The installation's key.
    workspace_id : int
        Whose answer it is.
    text : str
        As stored (see `as_stored`).
    keep : bool
        False where the original must go in any case, since nobody may be known by it.
    """
    if not may_hold_personal_data(text):
        return Cared(text)
    return care(masking_of(session, workspace_id), secret_key, text, keep=keep)


def care(masking: Masking, secret_key: bytes, text: str, *, keep: bool = True) -> Cared:
    """As `cared_for`, with the workspace's wish known already."""
    if masking.personal_data == SHOW:
        return Cared(text)
    found = personal_data(text, masking.countries)
    if not found:
        return Cared(text)
    keeps = keep and masking.personal_data == KEEP
    sealed = seal(secret_key, masking.workspace_id, text) if keeps else None
    return Cared(masked(text, found), sealed)


def keep_sealed(
    session: Session, workspace_id: int, answer_id: int, version: int, sealed: bytes | None
) -> None:
    """Keep the sealed original of one version of an answer, if there is any."""
    if sealed is not None:
        session.execute(insert(SealedText).values(_row(workspace_id, answer_id, version, sealed)))


def keep_sealed_straight(
    straight: Straight, workspace_id: int, answer_id: int, version: int, sealed: bytes | None
) -> None:
    """As `keep_sealed`, on the raced path."""
    if sealed is not None:
        straight.run(_SEALED, _row(workspace_id, answer_id, version, sealed))


def _row(workspace_id: int, answer_id: int, version: int, sealed: bytes) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "answer_id": answer_id,
        "version": version,
        "sealed": sealed,
    }


@dataclass(frozen=True)
class OwnWords:
    """An answer for the one who wrote it; `masked` where the original is not there any more."""

    text: str
    masked: bool


def own_words(
    session: Session, secret_key: bytes, version: tuple[int, int, int], text: str
) -> OwnWords:
    """Return an answer as it was typed, as far as that is kept.

    Parameters
    ----------
    session, secret_key
        As in `cared_for`.
    version : tuple of int
        Workspace, answer and number of the version.
    text : str
        What readers see of it.
    """
    if not is_masked(text):
        return OwnWords(text, masked=False)
    sealed = session.get(SealedText, version)
    original = unseal(secret_key, version[0], sealed.sealed) if sealed else None
    return OwnWords(text, masked=True) if original is None else OwnWords(original, masked=False)


@dataclass(frozen=True)
class Spoken:
    """What is looked through for words of danger."""

    answer_id: int
    version: int
    text: str
    on: date


def flag_dangers(session: Session, workspace_id: int, said: Iterable[Spoken]) -> int:
    """Raise a flag for each danger that answers speak of, in place of those they had before.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose answers.
    said : iterable of Spoken
        New answers, or new versions.

    Returns
    -------
    int
        How many flags were raised.
    """
    flags = [_flag(workspace_id, one, danger) for one in said for danger in dangers_in(one.text)]
    if flags:
        _clear(session, workspace_id, flags)
        session.execute(insert(Flag), flags)
    return len(flags)


def flag_letter(session: Session, workspace_id: int, answer_id: int, letter: str, on: date) -> None:
    """Raise a flag for each danger that a customer's letter about an answer speaks of.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        The answer it is about.
    letter : str
        What the customer wrote. It is no part of the analysed text, so the flag cites nothing.
    on : date
        The answer's own day.
    """
    dangers = dangers_in(letter)
    open_already = _open_for_letters(session, workspace_id, answer_id) if dangers else ()
    for danger in dangers:
        if danger.kind in open_already:
            continue
        session.execute(
            delete(Flag).where(
                Flag.workspace_id == workspace_id,
                Flag.answer_id == answer_id,
                Flag.danger == danger.kind,
            )
        )
        cited = Danger(0, 0, danger.kind)
        spoken = Spoken(answer_id, IN_A_LETTER, letter, on)
        session.execute(insert(Flag).values(_flag(workspace_id, spoken, cited)))


def _open_for_letters(session: Session, workspace_id: int, answer_id: int) -> Collection[str]:
    """Return what letters spoke of that waits to be looked after: owners are told of it once, not
    with every letter that somebody sends.
    """
    query = select(Flag.danger).where(
        Flag.workspace_id == workspace_id,
        Flag.answer_id == answer_id,
        Flag.version == IN_A_LETTER,
        Flag.settled_at.is_(None),
    )
    return session.scalars(query).all()


def _flag(workspace_id: int, said: Spoken, danger: Danger) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "answer_id": said.answer_id,
        "danger": danger.kind,
        "version": said.version,
        "start": danger.start,
        "end": danger.end,
        "answered_on": said.on,
    }


def _clear(session: Session, workspace_id: int, flags: Collection[dict[str, Any]]) -> None:
    """Make room for new flags; what a letter spoke of still holds, whatever the answer says."""
    new = [(flag["answer_id"], flag["danger"]) for flag in flags]
    session.execute(
        delete(Flag).where(
            Flag.workspace_id == workspace_id,
            Flag.answer_id.in_({answer_id for answer_id, _ in new}),
            or_(Flag.version != IN_A_LETTER, tuple_(Flag.answer_id, Flag.danger).in_(new)),
        )
    )
