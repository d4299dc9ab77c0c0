"""The way around a workspace: what the header of every owner page offers to whoever looks."""

from dataclasses import dataclass

from flask import Flask, current_app, request
from sqlalchemy import func, select

from survey.records import Run
from survey.records.guarding import open_flags
from survey.records.talks import replies_waiting
from survey.web.access import rule_of
from survey.web.current import database, place

# Word and path under /w/<workspace>/, in the order of the story. A page that this version does
# not have is left out, so that a part brings its own entry simply by being there.
_PAGES = (
    ("Overview", ""),
    ("Urgent", "urgent"),
    ("Answers", "answers"),
    ("Search", "search"),
    ("Replies", "replies"),
    ("Ask", "ask"),
    ("Places", "places"),
    ("Outbox", "outbox"),
    ("Proposals", "proposals"),
    ("Ledger", "ledger"),
    ("Export", "export"),
    ("People", "people"),
    ("Settings", "settings"),
)
_WHEN_WAITING = ("urgent",)  # in the header only while something waits there
_ROOT = "/w/<workspace>/"


@dataclass(frozen=True)
class NavEntry:
    """One word in the header.

    Parameters
    ----------
    label, address : str
        What it says and where it leads.
    here : bool
        Whether the reader is on that page now.
    waiting : int
        How many things wait there for a person.
    """

    label: str
    address: str
    here: bool
    waiting: int = 0


def offer_nav(app: Flask) -> None:
    """Let every template ask for the header's entries."""
    app.jinja_env.globals["nav_entries"] = nav_entries


def nav_entries() -> list[NavEntry]:
    """Return what the reader may open in the workspace of this request."""
    inside = place()
    root = _ROOT.replace("<workspace>", inside.slug)
    waiting = _waiting(inside.workspace_id)
    return [
        NavEntry(
            label=label,
            address=root + path,
            here=request.path == root + path or bool(path and request.path.startswith(root + path)),
            waiting=waiting.get(path, 0),
        )
        for label, path in _PAGES
        if _may_open(current_app, _ROOT + path, inside.role)
        and (path not in _WHEN_WAITING or waiting.get(path) or request.path == root + path)
    ]


def _may_open(app: Flask, pattern: str, role: str) -> bool:
    rules = {
        rule_of(app, rule.endpoint) for rule in app.url_map.iter_rules() if rule.rule == pattern
    }
    return bool(rules) and (role == "owner" or rules != {"owner"})


def _waiting(workspace_id: int) -> dict[str, int]:
    """Return how many things wait for a person, by the path of their page."""
    proposed = select(func.count()).where(Run.workspace_id == workspace_id, Run.state == "proposed")
    with database().reading() as session:
        return {
            "proposals": session.execute(proposed).scalar_one(),
            "urgent": open_flags(session, workspace_id),
            "replies": replies_waiting(session, workspace_id),
        }
