"""Which answers a step of the ledger touches, and showing them as it says.

The worker shows most answers of a large step, some at a time, so that neither the person who takes
it nor a customer who answers meanwhile waits for it.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.records.base import table_of
from survey.records.deciding import DecidedAnswer, Decision, Overruled, ToShow
from survey.records.putting_back import undone_proposals
from survey.records.runs import lock_current_run
from survey.records.sortings import LIVE, show_anew
from survey.records.theming import Assignment, Run

AT_ONCE = 1000  # answers that a step moves while its person waits


def answers_touched(
    session: Session, workspace_id: int, themes: Collection[int], decisions: Collection[int]
) -> set[int]:
    """Return the answers that may be shown otherwise once some themes move or decisions turn.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    themes : collection of int
        Themes whose answers are shown elsewhere.
    decisions : collection of int
        Decisions that begin or cease to hold.
    """
    said = select(DecidedAnswer.answer_id).where(DecidedAnswer.workspace_id == workspace_id)
    found = set(session.scalars(said.where(DecidedAnswer.decision_id.in_(decisions))))
    if not themes:
        return found
    found.update(session.scalars(said.where(DecidedAnswer.theme_id.in_(themes))))
    live = select(Run.id).where(Run.workspace_id == workspace_id, Run.state.in_(LIVE))
    # Of an undone proposal's answers, the run before it says where they stand.
    undone = undone_proposals(session, workspace_id)
    runs = [*session.scalars(live), *(one.before for one in undone)]
    found.update(
        session.scalars(
            select(Assignment.answer_id).where(
                Assignment.workspace_id == workspace_id,
                Assignment.run_id.in_(runs),
                Assignment.theme_id.in_(themes),
            )
        )
    )
    # What is shown elsewhere already may come back.
    rows = session.execute(
        select(Overruled.answer_id, Overruled.placings).where(
            Overruled.workspace_id == workspace_id, Overruled.run_id.in_(runs)
        )
    )
    found.update(row.answer_id for row in rows if any(one[0] in themes for one in row.placings))
    return found


def show_touched(
    session: Session, decision: Decision, answer_ids: Sequence[int]
) -> tuple[int, int]:
    """Show as many of a step's answers as its person waits for, and leave the others to the worker.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    decision : Decision
        The step.
    answer_ids : sequence of int
        The answers it touches, in an order that every process keeps to.

    Returns
    -------
    moved, later : int
        How many are in other themes now, and how many are left.
    """
    moved = show_anew(session, decision.workspace_id, answer_ids[:AT_ONCE])
    left = answer_ids[AT_ONCE:]
    if left:
        _leave_to_the_worker(session, decision, left)
    return moved, len(left)


def _leave_to_the_worker(session: Session, decision: Decision, answer_ids: Sequence[int]) -> None:
    dialect = session.get_bind().dialect.name
    upsert = (sqlite if dialect == "sqlite" else postgresql).insert(table_of(ToShow))
    place = {"workspace_id": decision.workspace_id, "decision_id": decision.id}
    rows = [place | {"answer_id": answer_id} for answer_id in answer_ids]
    session.execute(upsert.on_conflict_do_nothing(), rows)


def answers_to_show(session: Session) -> bool:
    """Whether a large step left answers to the worker."""
    return session.scalar(select(ToShow.answer_id).limit(1)) is not None


def show_some(session: Session, limit: int) -> bool:
    """Show some of the answers that a large step left to the worker; False when none are left.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    limit : int
        At most so many, so that the transaction stays short.
    """
    workspace_id = session.scalar(select(ToShow.workspace_id).limit(1))
    if workspace_id is None:
        return False
    lock_current_run(session, workspace_id)
    rows = session.execute(
        select(ToShow.answer_id, ToShow.decision_id)
        .where(ToShow.workspace_id == workspace_id)
        .order_by(ToShow.answer_id)
        .limit(limit)
    ).all()
    by_decision: dict[int, list[int]] = {}
    for row in rows:
        by_decision.setdefault(row.decision_id, []).append(row.answer_id)
    for decision_id, answer_ids in by_decision.items():
        moved = show_anew(session, workspace_id, answer_ids)
        session.execute(
            update(Decision)
            .where(Decision.workspace_id == workspace_id, Decision.id == decision_id)
            .values(answers=Decision.answers + moved)
            .execution_options(synchronize_session=False)
        )
    done = [row.answer_id for row in rows]
    session.execute(
        delete(ToShow).where(ToShow.workspace_id == workspace_id, ToShow.answer_id.in_(done))
    )
    return bool(rows)
