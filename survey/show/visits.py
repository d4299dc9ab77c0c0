"""When a reader was here last: kept in the browser, for reading changes nothing in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

A_VISIT = timedelta(hours=4)  # looking again within that time is the same visit
_MOST_WORKSPACES = 20


@dataclass(frozen=True)
class Visit:
    """This visit and the one before; None at the first."""

    before: datetime | None
    latest: datetime


def visit_now(kept: Mapping[str, Any] | None, now: datetime) -> Visit:
    """Return the visit that a look at this moment belongs to.

    Parameters
    ----------
    kept : mapping or None
        What `as_kept` gave at the last look; anything else counts as nothing.
    now : datetime
        The present moment.
    """
    latest, before = _moment(kept, "latest"), _moment(kept, "before")
    if latest is None or latest > now:
        return Visit(None, now)
    return Visit(latest if now - latest > A_VISIT else before, now)


def as_kept(visit: Visit) -> dict[str, str]:
    """Return a visit as the browser keeps it."""
    before = {"before": visit.before.isoformat()} if visit.before else {}
    return {"latest": visit.latest.isoformat(), **before}


def with_latest(kept: Mapping[str, Any], workspace: str, visit: Visit) -> dict[str, Any]:
    """Return what the browser keeps of all workspaces, this one the newest."""
    others = {name: one for name, one in kept.items() if name != workspace}
    newest = dict(list(others.items())[1 - _MOST_WORKSPACES :])
    return {**newest, workspace: as_kept(visit)}


def _moment(kept: Mapping[str, Any] | None, name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat((kept or {})[name])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
