"""Proposed runs: what they would change, and what people decide about them.

A page writes the decision; the worker acts on it, since answers that came in since the proposal
was made have to be sorted its way first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records.deciding import Decision
from survey.records.ledger import Step, take_step
from survey.records.putting_back import ACCEPT
from survey.records.runs import lock_current_run
from survey.records.theming import Run

REFUSE = "refuse_run"


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
    theme : str or None
        The theme's id, as text.
    """

    fate: str
    name: str
    before: str
    joined: int
    left: int
    theme: str | None = None


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
    without: Collection[str] = (),
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
    without : collection of str
        Themes left out of a yes, by id: a new one is refused for good, any other keeps the answers
        it has.

    Raises
    ------
    NotFoundError
        When this workspace has no such run.
    ConflictError
        When somebody has decided already.
    FieldError
        When every theme is left out of a yes.
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
    parts = _in_part(run, without) if accept else {}
    details: dict[str, Any] = {**parts, **_proposed(run)}
    if accept:
        details["added"] = sorted(_new_themes(run) - set(parts.get("refused", ())))
        details["themes"] = sorted(_changed_themes(run) - set(parts.get("kept", ())))
        if _moves_others(run, parts.get("kept", ())):
            details["moves"] = True
    step = Step(ACCEPT if accept else REFUSE, run_id=run_id, details=details)
    take_step(session, workspace_id, step, person_id, now)


def _proposed(run: Run) -> dict[str, int]:
    """Return what a proposal was to do: the ledger tells it when the proposal is long gone."""
    new = sum(one["fate"] == "new" for one in run.summary.get("themes", ()))
    return {"would_move": run.summary.get("moved", 0), "new_themes": new}


def _moves_others(run: Run, kept: Collection[int]) -> bool:
    """Whether themes that were there gain or lose answers, but for those left as they are."""
    as_they_are = {str(theme) for theme in kept}
    return any(
        (one["joined"] or one["left"]) and one.get("theme") not in as_they_are
        for one in run.summary.get("themes", ())
        if one["fate"] != "new"
    )


def _changed_themes(run: Run) -> set[int]:
    return {int(one["theme"]) for one in run.summary.get("themes", ()) if one.get("theme")}


def _new_themes(run: Run) -> set[int]:
    return {
        int(one["theme"])
        for one in run.summary.get("themes", ())
        if one["fate"] == "new" and one.get("theme")
    }


def _in_part(run: Run, without: Collection[str]) -> dict[str, list[int]]:
    """Return which themes of a proposal are refused, and which keep the answers they have."""
    fates = {one.get("theme"): one["fate"] for one in run.summary.get("themes", ())}
    fates.pop(None, None)
    left_out = {theme: fate for theme, fate in fates.items() if theme in without}
    if left_out and len(left_out) == len(fates):
        raise FieldError(
            "theme", "Nothing is ticked. Tick what you want, or refuse the whole proposal."
        )
    parts = {
        "refused": [int(theme) for theme, fate in left_out.items() if fate == "new"],
        "kept": [int(theme) for theme, fate in left_out.items() if fate != "new"],
    }
    return {name: themes for name, themes in parts.items() if themes}


def kept_as_they_are(session: Session, workspace_id: int, run_id: int) -> frozenset[int]:
    """Return the themes that an accepted proposal is to leave as they are."""
    details = session.scalar(
        select(Decision.details).where(
            Decision.workspace_id == workspace_id,
            Decision.run_id == run_id,
            Decision.kind == ACCEPT,
        )
    )
    return frozenset((details or {}).get("kept", ()))


def note_in_place(
    session: Session, workspace_id: int, run_id: int, before: int, moved: int
) -> None:
    """Note in the ledger that an accepted proposal is in place.

    Parameters
    ----------
    session : Session
        The writing session in which its run becomes current.
    workspace_id, run_id : int
        Which proposal.
    before : int
        The run whose place it takes: to that, its answers go back when it is undone.
    moved : int
        How many answers it moves.
    """
    decision = session.scalar(
        select(Decision).where(
            Decision.workspace_id == workspace_id,
            Decision.run_id == run_id,
            Decision.kind == ACCEPT,
        )
    )
    if decision is not None:
        decision.details = {**decision.details, "before": before}
        decision.answers = moved


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
