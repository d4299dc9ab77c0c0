"""Themes and decisions as rows: what goes along with the answers when everything is taken along."""

import json
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.export.queries import themes_counted
from survey.records import Decision, Person, Theme, ThemeExample
from survey.records.filters import AnswerFilter

THEME_COLUMNS = (
    "id",
    "key",
    "name",
    "definition",
    "not",
    "examples",
    "origin",
    "state",
    "pinned",
    "merged_into",
    "created_at",
    "answers",
    "wish",
    "praise",
    "unclear",
)
DECISION_COLUMNS = (
    "number",
    "decided_at",
    "who",
    "kind",
    "theme",
    "theme_id",
    "other_theme",
    "other_theme_id",
    "answers",
    "holds",
    "undoes",
    "details",
)
_SHOWN = ("active", "hidden", "merged")
_NAMES = "names"  # in a decision's details: what its themes were called then


def theme_rows(session: Session, workspace_id: int, run_id: int | None) -> Iterator[list[str]]:
    """Yield the names of the columns, then a row a theme, in the order they were made."""
    yield list(THEME_COLUMNS)
    counted = {one.id: one for one in themes_counted(session, workspace_id, run_id, AnswerFilter())}
    examples = _examples(session, workspace_id)
    themes = session.scalars(
        select(Theme)
        .where(Theme.workspace_id == workspace_id, Theme.state.in_(_SHOWN))
        .order_by(Theme.created_at, Theme.id)
    )
    for theme in themes:
        count = counted.get(theme.id)
        tones = dict(count.tones) if count else {}
        yield [
            str(theme.id),
            theme.key or "",
            theme.name,
            theme.definition,
            theme.not_this,
            " | ".join(examples.get(theme.id, ())),
            theme.origin,
            theme.state,
            "yes" if theme.pinned else "no",
            str(theme.merged_into or ""),
            theme.created_at.isoformat().replace("+00:00", "Z"),
            str(count.answers) if count else "",
            *(str(tones.get(tone, 0)) if count else "" for tone in ("wish", "praise", "unclear")),
        ]


def _examples(session: Session, workspace_id: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in session.execute(
        select(ThemeExample.theme_id, ThemeExample.example)
        .where(ThemeExample.workspace_id == workspace_id)
        .order_by(ThemeExample.theme_id, ThemeExample.number)
    ):
        found.setdefault(row.theme_id, []).append(row.example)
    return found


def decision_rows(session: Session, workspace_id: int) -> Iterator[list[str]]:
    """Yield the names of the columns, then a row a step of the ledger, the oldest first."""
    yield list(DECISION_COLUMNS)
    numbers: dict[int, int] = {}
    steps = session.execute(
        select(Decision, Person.name, Person.email)
        .outerjoin(Person, Person.id == Decision.person_id)
        .where(Decision.workspace_id == workspace_id)
        .order_by(Decision.number, Decision.id)
        .execution_options(yield_per=500)
    )
    for step, name, email in steps:
        numbers[step.id] = step.number
        names = step.details.get(_NAMES, {})
        details = {key: value for key, value in step.details.items() if key != _NAMES}
        yield [
            str(step.number),
            step.decided_at.isoformat().replace("+00:00", "Z"),
            name or email or "",
            step.kind,
            names.get(str(step.theme_id), ""),
            str(step.theme_id or ""),
            names.get(str(step.other_theme_id), ""),
            str(step.other_theme_id or ""),
            str(step.answers),
            "yes" if step.holds else "no",
            str(numbers.get(step.undoes_id or 0, "")),
            json.dumps(details, ensure_ascii=False, sort_keys=True) if details else "",
        ]
