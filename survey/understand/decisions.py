"""What people decided about themes, as the engine keeps it in every later fit.

belongs  the answer is in the theme, whatever the engine thinks
not      the answer is not in the theme
merged   the theme is part of another one, for ever
split    the theme and the other one are two, and never become one
renamed  the theme lasts and is called this
pinned   the theme lasts, even while no answer says it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from survey.understand.blocks import unit
from survey.understand.found import FoundTheme

Kind = Literal["belongs", "not", "merged", "split", "renamed", "pinned"]


@dataclass(frozen=True)
class Constraint:
    """One decision, in the order of deciding: a later one wins over an earlier one.

    `theme` is a theme's id; `answer` the id of an answer (belongs, not); `other` the theme that
    it was merged into or split from; `name` the new name.
    """

    kind: Kind
    theme: str
    answer: str | None = None
    other: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Decided:
    """Constraints, read once: what holds after the last of them."""

    inside: Mapping[str, frozenset[str]]
    outside: Mapping[str, frozenset[str]]
    merged: Mapping[str, str]
    names: Mapping[str, str]
    lasting: frozenset[str]

    def final(self, theme: str) -> str:
        """Follow a theme through all it was merged into."""
        seen = {theme}
        while (into := self.merged.get(theme)) is not None and into not in seen:
            seen.add(into)
            theme = into
        return theme


def read_decisions(constraints: Sequence[Constraint]) -> Decided:
    """Work out what holds after a sequence of decisions.

    Parameters
    ----------
    constraints : sequence of Constraint
        In the order they were made.

    Returns
    -------
    Decided
        Themes named by their last ids; answers by theirs.
    """
    merged: dict[str, str] = {}
    names: dict[str, str] = {}
    placed: dict[tuple[str, str], bool] = {}
    touched: set[str] = set()
    for one in constraints:
        if one.kind in {"belongs", "not"} and one.answer is not None:
            placed.pop((one.answer, one.theme), None)  # so that the order is that of the last word
            placed[one.answer, one.theme] = one.kind == "belongs"
        elif one.kind == "merged" and one.other is not None:
            _merge(merged, one.theme, one.other)
        elif one.kind == "renamed" and one.name is not None:
            names[one.theme] = one.name
        if one.kind == "split":
            for part in filter(None, (one.theme, one.other)):
                merged.pop(part, None)
        if one.kind != "not":
            touched.update(filter(None, (one.theme, one.other)))
    return _settled(merged, names, placed, touched)


def _merge(merged: dict[str, str], theme: str, into: str) -> None:
    """Point a theme at another; a circle is cut where it would close, so the later one wins."""
    merged.pop(into, None)
    if theme != into:
        merged[theme] = into


def _settled(
    merged: Mapping[str, str],
    names: Mapping[str, str],
    placed: Mapping[tuple[str, str], bool],
    touched: set[str],
) -> Decided:
    bare = Decided({}, {}, merged, {}, frozenset())
    last: dict[tuple[str, str], bool] = {}
    for (answer, theme), belongs in placed.items():
        last[answer, bare.final(theme)] = belongs
    sides: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})
    for (answer, theme), belongs in last.items():
        sides[0 if belongs else 1].setdefault(answer, set()).add(theme)
    inside, outside = ({key: frozenset(ids) for key, ids in side.items()} for side in sides)
    kept_names = {theme: name for theme, name in names.items() if theme not in merged}
    return Decided(
        inside, outside, merged, kept_names, frozenset(bare.final(theme) for theme in touched)
    )


def lasting_themes(before: Sequence[FoundTheme], decided: Decided) -> tuple[FoundTheme, ...]:
    """Give the themes that a fit must keep, merged and named as was decided.

    Parameters
    ----------
    before : sequence of FoundTheme
        The themes as they are.
    decided : Decided
        What people decided about them.

    Returns
    -------
    tuple of FoundTheme
        Each once, in the order of `before`; a merged theme brings its points into the other.
    """
    by_id = {theme.id: theme for theme in before}
    gathered: dict[str, list[FoundTheme]] = {}
    for theme in before:
        final = decided.final(theme.id)
        if final in by_id and (final in decided.lasting or final != theme.id):
            gathered.setdefault(final, []).append(theme)
    return tuple(
        _together(by_id[id], gathered[id], decided.names.get(id)) for id in by_id if id in gathered
    )


def _together(theme: FoundTheme, parts: Sequence[FoundTheme], name: str | None) -> FoundTheme:
    if len(parts) == 1:
        return replace(theme, name=name or theme.name)
    weights = np.array([max(part.clauses, 1) for part in parts], dtype=np.float32)
    centres = np.stack([part.centroid for part in parts]).astype(np.float32)
    return replace(
        theme,
        name=name or theme.name,
        centroid=unit((centres * weights[:, None]).sum(axis=0, keepdims=True))[0].astype(
            np.float16
        ),
        points=np.concatenate([part.points for part in parts]),
        radius=min(part.radius for part in parts),
        pull=max(part.pull for part in parts),
    )
