"""Whom a customer whose answer speaks of danger is told to turn to: the owner's words, or ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from survey.guard.danger import dangers_in
from survey.guard.turning import TURNINGS, country_in, country_of
from survey.records.accounts import Workspace
from survey.records.guarding import WhereToTurn


@dataclass(frozen=True)
class TurnTo:
    """Whom to turn to.

    Parameters
    ----------
    words : str
        The owner's own; empty where there are none.
    emergency, listens : str
        Who comes at once and who listens, as far as we know.
    """

    words: str = ""
    emergency: str = ""
    listens: str = ""


def where_to_turn(
    session: Session, workspace_id: int, text: str, language: str | None = None
) -> TurnTo | None:
    """Return whom the writer of a text may turn to; None where it speaks of no danger.

    Parameters
    ----------
    session : Session
        A reading session; it is asked only where there are words of danger.
    workspace_id : int
        Whose customer it is.
    text : str
        What they wrote.
    language : str or None
        Their language tag. ``de-AT`` leads to what the owner wrote for Austria; our own numbers
        are never chosen by it, since a tag tells where a language is from, not where somebody is.
    """
    if not dangers_in(text):
        return None
    row = session.execute(
        select(Workspace.country, Workspace.time_zone).where(Workspace.id == workspace_id)
    ).one()
    at_home = country_of(row.country, row.time_zone)
    own = own_sentences(session, workspace_id)
    words = own.get(country_in(language) or "") or own.get(at_home or "")
    known = TURNINGS.get(at_home or "")
    if words or known is None:
        return TurnTo(words or "")
    return TurnTo("", known.emergency, known.listens)


def own_sentences(session: Session, workspace_id: int) -> dict[str, str]:
    """Return an owner's own sentences by country."""
    rows = session.execute(
        select(WhereToTurn.country, WhereToTurn.words)
        .where(WhereToTurn.workspace_id == workspace_id)
        .order_by(WhereToTurn.country)
    )
    return {row.country: row.words for row in rows}


def set_own_sentences(session: Session, workspace_id: int, sentences: Mapping[str, str]) -> None:
    """Keep an owner's own sentences by country, in place of those before."""
    session.execute(delete(WhereToTurn).where(WhereToTurn.workspace_id == workspace_id))
    if sentences:
        session.execute(
            insert(WhereToTurn),
            [
                {"workspace_id": workspace_id, "country": country, "words": words}
                for country, words in sentences.items()
            ],
        )
