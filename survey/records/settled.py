"""What holds after a ledger's decisions: pure, so that it can be asked of any date.

Decisions are read in their order and a later one wins. Undoing one reads the ledger as if it had
never been made; what was decided afterwards stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One decision, as far as themes are concerned.

    Parameters
    ----------
    id, number : int
        Which, and its place in the workspace's order.
    kind : str
        As in `deciding.KINDS`.
    theme_id, other_theme_id : int or None
        The theme; what it was merged into, what was split from it, or where answers went.
    undoes_id : int or None
        The decision that an ``undo`` takes back.
    details : mapping
        ``after`` (words by field), ``words`` (the same by theme); ``added``, ``off``, ``on``,
        ``refused`` and, of an undo, ``themes`` (lists of theme ids). What is ``refused`` with a
        proposal stays away, whatever becomes of the rest. ``moves`` marks a proposal that moves
        answers of themes that were there, ``before`` is the run before it, once it is in place.
    """

    id: int
    number: int
    kind: str
    theme_id: int | None = None
    other_theme_id: int | None = None
    undoes_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def themes(self) -> set[int]:
        """Return every theme it speaks of."""
        lists = (self.details.get(name, ()) for name in ("added", "off", "on", "refused", "themes"))
        worded = map(int, self.details.get("words", {}))
        named = {self.theme_id, self.other_theme_id} - {None}
        return {*named, *worded, *(id for ids in lists for id in ids)}

    def makes(self) -> Sequence[int]:
        """Return the themes that are there because of it."""
        if self.kind == "new_theme" and self.theme_id is not None:
            return (self.theme_id,)
        if self.kind == "split" and self.other_theme_id is not None:
            return (self.other_theme_id,)
        return tuple(self.details.get("added", ())) if self.kind in ("book", "accept_run") else ()

    @property
    def can_be_undone(self) -> bool:
        """Whether a step takes it back: anything but a refusal, and a yes that changed nothing."""
        if self.kind == "accept_run":
            return bool(self.makes()) or "moves" in self.details
        return self.kind != "refuse_run"

    @property
    def is_on_its_way(self) -> bool:
        """Whether it is a proposal that moves answers and that the worker is still to act on."""
        return "moves" in self.details and "before" not in self.details


@dataclass(frozen=True)
class Settled:
    """What holds: which themes there are, what they are called, and which are part of others.

    Parameters
    ----------
    holding : frozenset of int
        Decisions that were not undone, by id.
    gone : frozenset of int
        Themes that are not there: their making was undone, or they were put away.
    parents : mapping of int to int
        For a theme that was split from another: the other.
    merged : mapping of int to int
        Where a theme was merged into, one step.
    words : mapping of int to mapping
        Changed words by field, for each theme.
    pinned, hidden : frozenset of int
        Themes pinned and hidden.
    """

    holding: frozenset[int]
    gone: frozenset[int]
    parents: Mapping[int, int]
    merged: Mapping[int, int]
    words: Mapping[int, Mapping[str, Any]]
    pinned: frozenset[int]
    hidden: frozenset[int]

    def final(self, theme_id: int) -> int | None:
        """Return where a theme's answers are shown: itself, another theme, or nowhere (None)."""
        seen: set[int] = set()
        at: int | None = theme_id
        while at is not None and at not in seen:
            seen.add(at)
            if at in self.gone:
                at = self.parents.get(at)
            elif at in self.merged:
                at = self.merged[at]
            else:
                return at
        return None


def holding(entries: Sequence[Entry]) -> frozenset[int]:
    """Return which decisions hold; an undo may itself be undone.

    Parameters
    ----------
    entries : sequence of Entry
        In their order.
    """
    undone: set[int | None] = set()
    kept = set()
    for entry in reversed(entries):
        if entry.id in undone:
            continue
        kept.add(entry.id)
        if entry.kind == "undo":
            undone.add(entry.undoes_id)
    return frozenset(kept)


def settle(entries: Sequence[Entry]) -> Settled:
    """Work out what holds after a ledger's decisions.

    Parameters
    ----------
    entries : sequence of Entry
        All of a workspace's decisions up to a moment, in their order, undone ones included.
    """
    kept = holding(entries)
    standing = [entry for entry in entries if entry.id in kept]
    gone = _gone(entries, standing)
    flags: dict[str, set[int]] = {"pin": set(), "hide": set()}
    words: dict[int, dict[str, Any]] = {}
    merged: dict[int, int] = {}
    for entry in standing:
        theme_id, other = entry.theme_id, entry.other_theme_id
        for id, after in entry.details.get("words", {}).items():
            words.setdefault(int(id), {}).update(after)
        if theme_id is None:
            continue
        if entry.kind in flags:
            flags[entry.kind].add(theme_id)
        elif entry.kind in ("unpin", "show"):
            flags["pin" if entry.kind == "unpin" else "hide"].discard(theme_id)
        elif entry.kind in ("rename", "words"):
            words.setdefault(theme_id, {}).update(entry.details.get("after", {}))
        elif entry.kind == "merge" and other is not None and other not in gone:
            merged.pop(other, None)  # a circle is cut where it would close: the later one wins
            if theme_id != other:
                merged[theme_id] = other
    return Settled(
        holding=kept,
        gone=gone,
        parents={
            entry.other_theme_id: entry.theme_id
            for entry in entries
            if entry.kind == "split" and entry.theme_id and entry.other_theme_id
        },
        merged=merged,
        words=words,
        pinned=frozenset(flags["pin"]),
        hidden=frozenset(flags["hide"]),
    )


def _gone(entries: Iterable[Entry], standing: Iterable[Entry]) -> frozenset[int]:
    """Return the themes whose making does not hold, or that were put away or refused."""
    gone = {
        theme for entry in entries for theme in (*entry.makes(), *entry.details.get("refused", ()))
    }
    for entry in standing:
        gone.difference_update(entry.makes())
        gone.difference_update(entry.details.get("on", ()))
        gone.update((*entry.details.get("off", ()), *entry.details.get("refused", ())))
    return frozenset(gone)
