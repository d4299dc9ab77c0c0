"""Proposed runs: what they would change, and what people decide about them.

A page writes the decision; the worker acts on it, since answers that came in since the proposal
was made have to be sorted its way first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError, NotFoundError
from survey.records.deciding import Decision
from survey.records.ledger import Step, take_step
from survey.records.runs import lock_current_run
from survey.records.theming import Run

ACCEPT, REFUSE = "accept_run", "refuse_run"


@dataclass(frozen=True)
class ProposedTheme:
    """A theme a proposal would change; `before` is its present name, empty for a new one.

    Parameters
    ----------
    fate : str
        ``new``, ``renamed``, ``kept`` or ``gone``.
    name, before : str
        Its name afterwards and now.
    joined, left : int
        Answers that would come into it and go out of it.
    """

    fate: str
    name: str
    before: str
    joined: int
    left: int


@dataclass(frozen=True)
class Proposal:
    """A run that waits for a yes or a no.

    Parameters
    ----------
    run_id : int
        The run.
    kind : str
        ``emerging`` (new themes among answers that fit none) or ``resort`` (a newer engine).
    made_at : datetime
        When it was ready.
    answers, moved : int
        How many answers it covers, and how many of them would have other themes than now.
    themes : tuple of ProposedTheme
        The themes that would change.
    decided : str or None
        ``accept`` or ``refuse`` once somebody decided and until the worker has acted.
    """

    run_id: int
    kind: str
    made_at: datetime
    answers: int
    moved: int
    themes: tuple[ProposedTheme, ...]
    decided: Literal["accept", "refuse"] | None

    def count(self, fate: str) -> int:
        """Count the themes of one fate."""
        return sum(theme.fate == fate for theme in self.themes)


def open_proposals(session: Session, workspace_id: int) -> tuple[Proposal, ...]:
    """Return the proposals that are still open, the newest first."""
    runs = session.scalars(
        select(Run)
        .where(Run.workspace_id == workspace_id, Run.state == "proposed")
        .order_by(Run.finished_at.desc(), Run.id)
    ).all()
    decided = _decided(session, workspace_id)
    return tuple(_proposal(run, decided.get(run.id)) for run in runs)


def decide(
    session: Session,
    workspace_id: int,
    run_id: int,
    *,
    accept: bool,
    person_id: int | None,
    now: datetime,
) -> None:
    """Write down a yes or a no; the worker acts on it.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, run_id : int
        Which proposal.
    accept : bool
        Yes or no.
    person_id : int or None
        Who decides.
    now : datetime
        The present moment.

    Raises
    ------
    NotFoundError
        When this workspace has no such run.
    ConflictError
        When somebody has decided already.
    """
    lock_current_run(session, workspace_id)
    run = session.scalar(
        select(Run).where(Run.workspace_id == workspace_id, Run.id == run_id).with_for_update()
    )
    if run is None:
        raise NotFoundError("There is no such proposal here.")
    if run.state != "proposed" or run.decided_at is not None:
        raise ConflictError("Somebody has decided about this proposal already.")
    session.execute(
        update(Run)
        .where(Run.workspace_id == workspace_id, Run.id == run_id)
        .values(decided_at=now, decided_by=person_id)
    )
    step = Step(ACCEPT if accept else REFUSE, run_id=run_id)
    take_step(session, workspace_id, step, person_id, now)


def _decided(session: Session, workspace_id: int) -> dict[int, Literal["accept", "refuse"]]:
    rows = session.execute(
        select(Decision.run_id, Decision.kind).where(
            Decision.workspace_id == workspace_id,
            Decision.kind.in_((ACCEPT, REFUSE)),
            Decision.run_id.is_not(None),
        )
    )
    return {row.run_id: "accept" if row.kind == ACCEPT else "refuse" for row in rows}


def _proposal(run: Run, decided: Literal["accept", "refuse"] | None) -> Proposal:
    summary: dict[str, Any] = run.summary
    return Proposal(
        run_id=run.id,
        kind=run.kind,
        made_at=run.finished_at or run.started_at,
        answers=summary.get("answers", 0),
        moved=summary.get("moved", 0),
        themes=tuple(ProposedTheme(**theme) for theme in summary.get("themes", ())),
        decided=decided,
    )
