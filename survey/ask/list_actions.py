"""What asking a list writes: everything in one transaction, and made ready before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.ask.list_people import LeftOut, Listed
from survey.ask.queries import first_question_id
from survey.ask.rows import Once, inserting, interaction_values, new_invitation, pace_of, rows_of
from survey.ask.whom import Asking, Whom, whom_to_ask
from survey.errors import ConflictError
from survey.records import Interaction, Invitation, Record, Workspace
from survey.records.base import table_of


@dataclass(frozen=True)
class ListAsked:
    """What came of a list.

    Parameters
    ----------
    asked, before : int
        How many are asked now, and how many this very list had asked.
    left_out : tuple of LeftOut
        Who was not, and why.
    last_due_at : datetime or None
        When the last of the mails is due; None where nobody is asked now.
    """

    asked: int
    before: int
    left_out: tuple[LeftOut, ...]
    last_due_at: datetime | None


@dataclass(frozen=True)
class ReadyList:
    """A list that was looked at, with every row that asking its people writes.

    Parameters
    ----------
    asking : Asking
        The list.
    whom : Whom
        Whom it asks, as of the look.
    rows : dict
        By each interaction's id: the row it comes from, its own values, and what belongs to it.
    """

    asking: Asking
    whom: Whom
    rows: dict[int, tuple[Listed, dict[str, Any], tuple[Record, ...]]]


def ready_list(
    session: Session, asking: Asking, people: Sequence[Listed], now: datetime
) -> ReadyList:
    """Look whom a list asks and make the rows for it, so that nobody who writes waits for that.

    Parameters
    ----------
    session : Session
        A reading session.
    asking : Asking
        The list.
    people : sequence of Listed
        Its sound rows.
    now : datetime
        The present moment, from before the session began.

    Raises
    ------
    ConflictError
        When the workspace has no question.
    """
    inside, secret_key = asking.workspace_id, asking.secret_key
    question_id = first_question_id(session, inside)
    if question_id is None:
        raise ConflictError("There is no question to ask yet. Please word one in the settings.")
    whom, pace = whom_to_ask(session, asking, people, now), pace_of(session, inside)
    rows = {}
    for one in whom.people:
        values = interaction_values(inside, one.new, Once(asking.key_of(one), b""), now)
        invitation = new_invitation(pace, one.new, now)
        invitation.interaction_id, invitation.question_id = values["id"], question_id
        belonging = tuple(rows_of(invitation, one.new.segments, secret_key))
        rows[values["id"]] = (one, values, belonging)
    return ReadyList(asking, whom, rows)


def record_list(session: Session, ready: ReadyList, now: datetime) -> ListAsked:
    """Record a visit for each of a list's customers who may still be asked, and queue mails.

    Parameters
    ----------
    session : Session
        A writing session; lists of one workspace are taken one after the other.
    ready : ReadyList
        The list, looked at just now; sent again, it asks nobody again.
    now : datetime
        The moment with which it was looked at.
    """
    # Two lists at once would not see each other's customers; on SQLite one waits as it is.
    session.execute(
        select(Workspace.id)
        .where(Workspace.id == ready.asking.workspace_id)
        .with_for_update(key_share=True)
    )
    whom = whom_to_ask(session, ready.asking, ready.whom.people, now, seen=True)
    still = {one.row for one in whom.people}
    rows = {key: row for key, row in ready.rows.items() if row[0].row in still}
    kept = _insert_all(session, ready.asking.workspace_id, rows)
    belonging = [record for key in kept for record in rows[key][2]]
    session.bulk_save_objects(belonging, preserve_order=False)  # a table at a time
    beaten = tuple(
        LeftOut(one.row, one.cells, one.new.email, "They were just asked by another way.")
        for one, _, _ in (rows[key] for key in rows.keys() - set(kept))
    )
    due = (record.due_at for record in belonging if isinstance(record, Invitation))
    return ListAsked(
        asked=len(kept),
        before=len(ready.whom.already) + len(whom.already),
        left_out=ready.whom.left_out + whom.left_out + beaten,
        last_due_at=max(due, default=None),
    )


def _insert_all(
    session: Session, workspace_id: int, rows: dict[int, tuple[Listed, dict[str, Any], Any]]
) -> list[int]:
    """Insert interactions, but those whose reference or key is there; the ids of the others."""
    if not rows:
        return []
    statement = inserting(session, table_of(Interaction)).on_conflict_do_nothing()
    session.connection().execute(statement, [values for _, values, _ in rows.values()])
    kept = select(Interaction.id).where(
        Interaction.workspace_id == workspace_id, Interaction.id.in_(list(rows))
    )
    return list(session.scalars(kept))
