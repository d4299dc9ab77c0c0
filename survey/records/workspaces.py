"""Making a workspace, with the question it asks."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.errors import FieldError, NotFoundError
from survey.languages import LANGUAGES, translatable, translations
from survey.records.accounts import Workspace
from survey.records.asking import Question, QuestionText, QuestionVersion
from survey.records.base import new_id
from survey.records.text import as_stored

DEFAULT_QUESTION = translatable("What would have been more helpful?")
DEFAULT_QUESTION_KEY = "helpful"
LONGEST_NAME = 120
_NAMED = 10  # of the workspaces that are there, where the one asked for is not
USUAL_KEEPING = 24  # months; the owner may say otherwise


def usual_wordings() -> dict[str, str]:
    """Return the default question in every language that the customer's side speaks, by tag."""
    return {tag: translations(tag).gettext(DEFAULT_QUESTION) for tag in LANGUAGES}


def create_workspace(
    session: Session, name: str, now: datetime, *, wordings: Mapping[str, str] | None = None
) -> Workspace:
    """Make a workspace that asks the default question at once and keeps answers for two years.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    name : str
        What the business calls itself, 1 to 120 characters.
    now : datetime
        The present moment.
    wordings : Mapping, optional
        What it asks, by language tag; the default question in English alone, if not given.

    Returns
    -------
    Workspace
        With a slug of its own.

    Raises
    ------
    FieldError
        For an empty or an over-long name.
    """
    name = " ".join(as_stored(name).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise FieldError("name", f"Please give a name of 1 to {LONGEST_NAME} characters.")
    workspace = Workspace(
        id=new_id(),
        slug=_free_slug(session, name),
        name=name,
        created_at=now,
        keep_months=USUAL_KEEPING,
    )
    session.add(workspace)
    session.flush()
    asked = dict(wordings or {"en": DEFAULT_QUESTION})
    add_question(session, workspace.id, DEFAULT_QUESTION_KEY, asked, now)
    return workspace


def add_question(
    session: Session, workspace_id: int, key: str, wordings: dict[str, str], now: datetime
) -> Question:
    """Add a question with its first version, in one or more languages."""
    question = Question(workspace_id=workspace_id, id=new_id(), key=key, created_at=now)
    session.add(question)
    session.flush()
    add_question_version(session, question, 1, wordings, now)
    return question


def add_question_version(
    session: Session, question: Question, number: int, wordings: dict[str, str], now: datetime
) -> QuestionVersion:
    """Add a wording; invitations sent before keep theirs."""
    version = QuestionVersion(
        workspace_id=question.workspace_id,
        id=new_id(),
        question_id=question.id,
        number=number,
        created_at=now,
    )
    session.add(version)
    session.flush()
    session.add_all(
        QuestionText(
            workspace_id=question.workspace_id,
            question_version_id=version.id,
            language=language,
            wording=wording,
        )
        for language, wording in wordings.items()
    )
    session.flush()
    return version


def first_question(session: Session, workspace_id: int) -> tuple[int, int]:
    """Return a workspace's first question and the newest version of it, both by id."""
    row = session.execute(
        select(Question.id, QuestionVersion.id)
        .join(
            QuestionVersion,
            (QuestionVersion.workspace_id == Question.workspace_id)
            & (QuestionVersion.question_id == Question.id),
        )
        .where(Question.workspace_id == workspace_id)
        .order_by(Question.created_at, Question.id, QuestionVersion.number.desc())
        .limit(1)
    ).one()
    return row[0], row[1]


def answers_changed(session: Session, workspace_id: int) -> datetime | None:
    """Return when a workspace's answers last changed: what was made of them before may be old."""
    return session.scalar(select(Workspace.answers_changed_at).where(Workspace.id == workspace_id))


def find_workspace(session: Session, name: str) -> Workspace | None:
    """Return the workspace with this name in its address, or else with this name."""
    name = as_stored(name)  # PostgreSQL refuses to look for what it could not keep
    by_slug = session.scalar(select(Workspace).where(Workspace.slug == name))
    if by_slug is not None:
        return by_slug
    wanted = " ".join(name.split())
    return session.scalar(
        select(Workspace).where(Workspace.name == wanted).order_by(Workspace.created_at).limit(1)
    )


def require_workspace(session: Session, name: str) -> Workspace:
    """As `find_workspace`, where there has to be one.

    Raises
    ------
    NotFoundError
        Naming those that are there.
    """
    found = find_workspace(session, name)
    if found is None:
        raise NotFoundError(f"There is no workspace named {name!r}. {_those_there(session)}")
    return found


def _those_there(session: Session) -> str:
    names = session.scalars(select(Workspace.name).order_by(Workspace.created_at)).all()
    if not names:
        return "There is none yet; make one with: survey create-owner EMAIL --workspace NAME."
    listed = ", ".join(repr(name) for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{'These are' if len(names) > 1 else 'This one is'} there: {listed}{more}. "
        "A new one is made with: survey create-owner EMAIL --workspace NAME."
    )


def _free_slug(session: Session, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "workspace"
    taken = set(session.scalars(select(Workspace.slug).where(Workspace.slug.startswith(base))))
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
