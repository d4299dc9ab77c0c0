"""What became of invitations and their mails, read the short way."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from survey.clock import utc_now
from survey.records import Invitation
from survey.records.counts import counts_now
from survey.records.database import Database


def invitations(database: Database, *columns: Any) -> list[tuple[Any, ...]]:
    """Return columns of all invitations, the first due first."""
    with database.reading() as session:
        rows = session.execute(select(*columns).order_by(Invitation.due_at, Invitation.id))
        return [tuple(row) for row in rows]


def states(database: Database) -> list[str]:
    """Return the states of all invitations, in order of the alphabet."""
    return sorted(row[0] for row in invitations(database, Invitation.state))


def times_asked(database: Database, workspace_id: int) -> int:
    """Return how often anybody was asked, by the counts."""
    with database.reading() as session:
        counts = counts_now(session, workspace_id)
    return sum(n for cell, n in counts.items() if cell[2] == "asked" and cell[6] == "")


def let_time_pass(database: Database) -> None:
    """Let time pass: leases end, and what waits for its next try is due."""
    past = utc_now() - timedelta(hours=1)
    with database.writing() as session:
        session.execute(
            update(Invitation).where(Invitation.lease_id.is_not(None)).values(lease_until=past)
        )
        session.execute(update(Invitation).values(next_try_at=None))


def text_of(message: Any, kind: str = "plain") -> str:
    """Return one part of a mail."""
    body: str = message.get_body((kind,)).get_content()
    return body


def tokens_of(message: Any, door: str) -> set[str]:
    """Return the tokens with which a mail leads to a door."""
    return set(re.findall(rf"http://localhost/{door}/([\w-]+)", text_of(message)))
