"""Open links for places and people: made, shown, allowed on web sites, and closed for good."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from survey.ask.interaction import read_line, read_segments
from survey.ask.queries import first_question_id
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records import (
    Link,
    Place,
    Question,
    QuestionText,
    QuestionVersion,
    Workspace,
    new_id,
)
from survey.records.anonymity import FEWEST_TOGETHER, held_answers
from survey.settings import Settings
from survey.tokens import make_token, new_nonce, token_sha256

LONGEST_NAME = 120
MOST_PLACES = 500
MOST_TOGETHER = 100
MOST_SITES = 20
_SITE = re.compile(r"https?://(\[[0-9a-f:]{2,39}\]|[a-z0-9.-]{1,253})(:[0-9]{1,5})?")


@dataclass(frozen=True)
class NewPlace:
    """A place as its owner describes it; every text fits its column."""

    name: str
    served_by: str | None
    about: str | None
    segments: tuple[tuple[str, str], ...]
    sites: tuple[str, ...]


def read_place(
    name: str, served_by: str, about: str, segments: Mapping[str, str], sites: str
) -> NewPlace:
    """Read a place from a form's words.

    Parameters
    ----------
    name : str
        For the owner's list, 1 to 120 characters.
    served_by, about : str
        What the customer's page and the answers say; empty for nothing.
    segments : mapping
        What an answer from here is known by.
    sites : str
        One web site a line, see `read_sites`.

    Raises
    ------
    FieldError
        Naming the field, and saying what it should be.
    """
    line = " ".join(name.split())
    if not 0 < len(line) <= LONGEST_NAME:
        raise FieldError("name", f"Please give a name of 1 to {LONGEST_NAME} characters.")
    return NewPlace(
        name=read_line(line, "name") or line,
        served_by=read_line(served_by, "served_by"),
        about=read_line(about, "about"),
        segments=read_segments(segments),
        sites=read_sites(sites),
    )


def read_sites(typed: str) -> tuple[str, ...]:
    """Read web sites, one a line, as browsers compare them.

    Parameters
    ----------
    typed : str
        Like ``https://shop.example``; a path is left out.

    Raises
    ------
    FieldError
        For a line that is no site's address, and for more than twenty.
    """
    found = tuple(dict.fromkeys(_site(line.strip()) for line in typed.split("\n") if line.strip()))
    if len(found) > MOST_SITES:
        raise FieldError("sites", f"Please give at most {MOST_SITES} sites.")
    return found


def _site(line: str) -> str:
    """One that is written into a header must hold nothing but an origin."""
    try:
        parts = urlsplit(line if "://" in line else f"https://{line}")
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        host, port, parts = "", "", urlsplit("")
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}{port}"
    if not _SITE.fullmatch(origin):
        raise FieldError("sites", "Please write each site like “https://shop.example”.")
    return origin


@dataclass(frozen=True)
class PlaceShown:
    """A place on its owner's pages, and what its link is rebuilt from."""

    id: int
    name: str
    served_by: str | None
    about: str | None
    segments: tuple[tuple[str, str], ...]
    sites: tuple[str, ...]
    nonce: bytes
    created_at: datetime
    closed_at: datetime | None


def link_of_place(settings: Settings, place: PlaceShown) -> str:
    """Return a place's open link; the same every time."""
    token = make_token(settings.secret_key, "place", place.id, place.nonce)
    return f"{settings.base_url}/o/{token}"


def places_of(session: Session, workspace_id: int) -> tuple[PlaceShown, ...]:
    """Return a workspace's places, open ones first, by name."""
    rows = session.scalars(select(Place).where(Place.workspace_id == workspace_id))
    shown = (_shown(row) for row in rows)
    return tuple(sorted(shown, key=lambda one: (one.closed_at is not None, one.name.casefold())))


def place_of(session: Session, workspace_id: int, place_id: int) -> PlaceShown:
    """Return one place.

    Raises
    ------
    NotFoundError
        When this workspace has no such place.
    """
    row = session.get(Place, (workspace_id, place_id)) if place_id < 2**63 else None
    if row is None:
        raise NotFoundError("There is no such place here.")
    return _shown(row)


def _shown(row: Place) -> PlaceShown:
    return PlaceShown(
        id=row.id,
        name=row.name,
        served_by=row.served_by,
        about=row.about,
        segments=tuple(sorted(row.segments.items())),
        sites=tuple(row.sites),
        nonce=row.nonce,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


def add_place(
    session: Session, workspace_id: int, new: NewPlace, *, secret_key: bytes, now: datetime
) -> int:
    """Make a place with its open link.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose.
    new : NewPlace
        What it is called, and what its answers are known by.
    secret_key : bytes
        The installation's key, for the link.
    now : datetime
        The present moment.

    Returns
    -------
    int
        The place's id.

    Raises
    ------
    FieldError
        When there is a place of this name.
    ConflictError
        When there are 500 places.
    """
    names = set(session.scalars(select(Place.name).where(Place.workspace_id == workspace_id)))
    if new.name in names:
        raise FieldError("name", "There is a place of this name. Please choose another.")
    if len(names) >= MOST_PLACES:
        raise ConflictError(f"There are {MOST_PLACES} places, which is the most there can be.")
    place_id, nonce = new_id(), new_nonce()
    session.add(
        Place(
            workspace_id=workspace_id,
            id=place_id,
            question_id=first_question_id(session, workspace_id),
            name=new.name,
            served_by=new.served_by,
            about=new.about,
            segments=dict(new.segments),
            sites=list(new.sites),
            nonce=nonce,
            created_at=now,
        )
    )
    session.flush()
    token = make_token(secret_key, "place", place_id, nonce)
    session.add(
        Link(
            token_sha256=token_sha256(token),
            workspace_id=workspace_id,
            kind="place",
            target_id=place_id,
        )
    )
    return place_id


def allow_sites(session: Session, workspace_id: int, place_id: int, sites: tuple[str, ...]) -> None:
    """Let a place's page be shown in a frame on these sites, and on no others."""
    _change(session, workspace_id, place_id, sites=list(sites))


def close_place(session: Session, workspace_id: int, place_id: int, now: datetime) -> None:
    """Close an open link for good: its posters lead nowhere from now on."""
    _change(session, workspace_id, place_id, closed_at=now)


def _change(session: Session, workspace_id: int, place_id: int, **values: Any) -> None:
    place_of(session, workspace_id, place_id)
    session.execute(
        update(Place)
        .where(Place.workspace_id == workspace_id, Place.id == place_id, Place.closed_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def show_in_company_of(session: Session, workspace_id: int, answers: int) -> None:
    """Say how many anonymous answers have to have come before any is shown.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose.
    answers : int
        2 to 100.

    Raises
    ------
    FieldError
        Outside that range, and for fewer than was promised to those who wait now.
    """
    if not FEWEST_TOGETHER <= answers <= MOST_TOGETHER:
        raise FieldError("company", f"Please give {FEWEST_TOGETHER} to {MOST_TOGETHER} answers.")
    workspace = session.get_one(Workspace, workspace_id, with_for_update=True)
    if answers < workspace.smallest_group and held_answers(session, workspace_id):
        raise FieldError(
            "company",
            "Answers wait now whose writers were promised more company. Please make it smaller "
            "once they were shown.",
        )
    workspace.smallest_group = answers
    session.flush()


@dataclass(frozen=True)
class AskedHow:
    """A question, and whether it is asked anonymously."""

    id: int
    key: str
    wording: str
    anonymous: bool


def questions_asked(session: Session, workspace_id: int) -> tuple[AskedHow, ...]:
    """Return a workspace's questions in their newest English wording, the first one first."""
    rows = session.execute(
        select(Question.id, Question.key, Question.anonymous, QuestionText.wording)
        .join(
            QuestionVersion,
            and_(
                QuestionVersion.workspace_id == Question.workspace_id,
                QuestionVersion.question_id == Question.id,
            ),
        )
        .join(
            QuestionText,
            and_(
                QuestionText.workspace_id == Question.workspace_id,
                QuestionText.question_version_id == QuestionVersion.id,
                QuestionText.language == "en",
            ),
        )
        .where(Question.workspace_id == workspace_id)
        .order_by(Question.created_at, Question.id, QuestionVersion.number)
    )
    newest = {row.id: AskedHow(row.id, row.key, row.wording, row.anonymous) for row in rows}
    return tuple(newest.values())


def ask_anonymously(
    session: Session, workspace_id: int, question_id: int, *, anonymous: bool
) -> None:
    """Ask a question anonymously from now on, or with names.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, question_id : int
        Which question.
    anonymous : bool
        Whether nobody is to learn from whom an answer is.

    Raises
    ------
    NotFoundError
        When this workspace has no such question.
    """
    question = session.get(Question, (workspace_id, question_id)) if question_id < 2**63 else None
    if question is None:
        raise NotFoundError("There is no such question here.")
    question.anonymous = anonymous
    session.flush()
