"""The way around a workspace: what the header of every owner page offers to whoever looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Flask, current_app, g, request

from survey.records.tasks import Tasks, tasks_waiting
from survey.web.access import Rule, rule_of
from survey.web.current import database, place

# Word and path under /w/<workspace>/, in the order of the story: a section, and the pages that the
# header offers only inside it. A page that this version does not have, or that the reader may not
# open, is left out; a section whose first page is left out begins with its next.
_SECTIONS = (
    (("Overview", ""), ("Map", "map"), ("News", "news")),
    (("Urgent", "urgent"),),
    (("Proposals", "proposals"),),
    (("Answers", "answers"), ("Search", "search")),
    (("Replies", "replies"),),
    (("Ask", "ask"), ("Places", "places"), ("Outbox", "outbox"), ("Import", "import")),
    (("Ledger", "ledger"), ("Proposals", "proposals"), ("Book", "book")),
    (("Export", "export"),),
    (("Settings", "settings"), ("People", "people")),
)
_WHEN_WAITING = ("urgent", "proposals")  # a section only while something waits there
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


@dataclass(frozen=True)
class Nav:
    """What the header offers.

    Parameters
    ----------
    sections : tuple of NavEntry
        Always there.
    inside : tuple of NavEntry
        The pages of the section that the reader is in, itself included; empty where it has one.
    """

    sections: tuple[NavEntry, ...]
    inside: tuple[NavEntry, ...]

    @property
    def waiting(self) -> int:
        """How many things wait for a person anywhere."""
        return sum(one.waiting for one in self.sections)


def offer_nav(app: Flask) -> None:
    """Let every template ask for the header's entries."""
    app.jinja_env.globals["nav"] = nav


def nav() -> Nav:
    """Return what the reader may open in the workspace of this request."""
    waiting = _waiting()
    offered = [
        [_entry(label, path, waiting) for label, path in pages if _may_open(path)]
        for pages in _SECTIONS
        if _is_due(pages, waiting)
    ]
    offered = [entries for entries in offered if entries]
    inside = next((pages for pages in offered if any(one.here for one in pages)), [])
    sections = tuple(replace(pages[0], here=pages is inside) for pages in offered)
    return Nav(sections, tuple(inside) if len(inside) > 1 else ())


def _is_due(pages: Sequence[tuple[str, str]], waiting: Mapping[str, int]) -> bool:
    """Whether a section stands in the header; one page alone may come only when it is needed."""
    path = pages[0][1]
    if path not in _WHEN_WAITING or waiting.get(path):
        return True
    return _is_here(path) and not any(pages[0] in other[1:] for other in _SECTIONS)


def _entry(label: str, path: str, waiting: Mapping[str, int]) -> NavEntry:
    return NavEntry(label, _address(path), _is_here(path), waiting.get(path, 0))


def _address(path: str) -> str:
    return _ROOT.replace("<workspace>", place().slug) + path


def _is_here(path: str) -> bool:
    address = _address(path)
    return request.path == address or bool(path and request.path.startswith(f"{address}/"))


def _may_open(path: str) -> bool:
    rules = _rules_of_pages(current_app._get_current_object()).get(_ROOT + path, frozenset())  # type: ignore[attr-defined]
    return bool(rules) and (place().role == "owner" or rules != {"owner"})


@lru_cache(maxsize=8)
def _rules_of_pages(app: Flask) -> dict[str, frozenset[Rule | None]]:
    """Return who may open what, by pattern; an application's routes stand once it serves."""
    found: dict[str, frozenset[Rule | None]] = {}
    for rule in app.url_map.iter_rules():
        found[rule.rule] = found.get(rule.rule, frozenset()) | {rule_of(app, rule.endpoint)}
    return found


def tasks_here() -> Tasks:
    """Return what waits for a person of the workspace of this request, asked once."""
    inside = place().workspace_id
    asked: tuple[int, Tasks] | None = g.get("tasks")
    if asked is None or asked[0] != inside:
        with database().glancing() as session:
            asked = g.tasks = (inside, tasks_waiting(session, inside))
    return asked[1]


def _waiting() -> dict[str, int]:
    """Return how many things wait for a person, by the path of their page."""
    found = tasks_here()
    return {"proposals": found.proposals, "urgent": found.dangers, "replies": found.replies}
