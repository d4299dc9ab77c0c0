"""Answers as the service would leave them: rows of a run with their counts, made in bulk."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from survey.records import (
    Answer,
    AnswerSegment,
    AnswerText,
    Assignment,
    Question,
    Run,
    Sorting,
    Theme,
    Workspace,
    new_id,
)
from survey.records.base import Record, table_of
from survey.records.counts import know_the_tables, rebuild
from survey.records.search import index_new_answers
from tests.support.sayings import FOREIGN, FOUND, NOTHING, OTHER, SAYINGS

BRANCHES = ("Hill Street", "Market Place", "Riverside")
SERVICES = ("Check-up", "Hygienist", "Emergency")
CHANNELS = ("visit", "phone", None)
LANGUAGES = ("en", "cy")
STAFF = ("Sam", "Priya", "Jo", None)
_CHUNK = 5_000

Put = Callable[[Session, type[Record], list[dict[str, Any]]], None]
Index = Callable[[Session, int, Mapping[int, str]], None]


@dataclass(frozen=True)
class Said:
    """What one answer says: clauses with the theme and tone each speaks to, or a pile."""

    clauses: tuple[tuple[str, str, str], ...]  # theme key, tone, words
    outcome: str = "themes"

    @property
    def body(self) -> str:
        return " ".join(words for _, _, words in self.clauses)


def make_run(session: Session, workspace_id: int, now: datetime) -> tuple[int, dict[str, int]]:
    """Make the current run of a workspace and its themes; return their ids."""
    run_id, themes = new_id(), {key: new_id() for key in SAYINGS}
    session.execute(
        insert(Run).values(
            workspace_id=workspace_id, id=run_id, kind="first", state="current",
            engine="e" * 64, started_at=now, finished_at=now, summary={},
        )
    )  # fmt: skip
    session.execute(
        insert(Theme),
        [
            {
                "workspace_id": workspace_id, "id": themes[key], "name": name,
                "key": None if key in FOUND else key, "definition": definition, "not_this": "",
                "origin": "found" if key in FOUND else "book", "state": "active",
                "run_id": run_id, "pinned": False, "created_at": now,
            }
            for key, (name, definition, _, _) in SAYINGS.items()
        ],
    )  # fmt: skip
    session.execute(
        update(Workspace).where(Workspace.id == workspace_id).values(current_run_id=run_id)
    )
    return run_id, themes


def said_at_random(dice: random.Random, late: float) -> Said:
    """Return a plausible answer; `late` goes from 0 to 1 over the days, and lateness with it."""
    kind = dice.random()
    if kind < 0.28:
        return Said((("", "", dice.choice(NOTHING)),), "nothing")
    if kind < 0.32:
        return Said((("", "", dice.choice(OTHER)),), "unsorted")
    if kind < 0.335:
        return Said((("", "", dice.choice(FOREIGN)),), "other_language")
    keys = list(SAYINGS)
    weights = [1 / (1 + rank) for rank in range(len(keys))]
    weights[0] *= 0.6 + 1.2 * late
    chosen = dict.fromkeys(dice.choices(keys, weights, k=dice.choice((1, 1, 1, 2, 2, 3))))
    return Said(tuple(clause for key in chosen if (clause := _clause(dice, key))), "themes")


def _clause(dice: random.Random, key: str) -> tuple[str, str, str] | None:
    _, _, wishes, praise = SAYINGS[key]
    if not wishes and not praise:
        return None
    tone = "praise" if praise and (not wishes or dice.random() < len(praise) / 6) else "wish"
    if tone == "wish" and dice.random() < 0.08:
        tone = "unclear"
    words = dice.choice(praise if tone == "praise" else wishes)
    return key, tone, words if words.endswith(".") else f"{words},"


def _insert(session: Session, record: type[Record], rows: list[dict[str, Any]]) -> None:
    session.execute(insert(table_of(record)), rows)


def add_answers(
    session: Session,
    workspace_id: int,
    said: Sequence[tuple[date, Said]],
    run: tuple[int, dict[str, int]],
    dice: random.Random,
    *,
    counted: bool = True,
    put: Put = _insert,
    index: Index = index_new_answers,
) -> list[int]:
    """Insert answers with what a run made of them, then count from scratch; return their ids."""
    question = session.execute(
        select(Question.id).where(Question.workspace_id == workspace_id)
    ).scalar_one()
    ids: list[int] = []
    for first in range(0, len(said), _CHUNK):
        rows = [
            _rows(workspace_id, question, run, day, one, dice)
            for day, one in said[first : first + _CHUNK]
        ]
        tables = (Answer, AnswerText, AnswerSegment, Sorting, Assignment)
        for number, table in enumerate(tables):
            made = [row for all_rows in rows for row in all_rows[number]]
            if made:
                put(session, table, made)
        ids += [all_rows[0][0]["id"] for all_rows in rows]
        bodies = {one["answer_id"]: one["body"] for all_rows in rows for one in all_rows[1]}
        index(session, workspace_id, bodies)
    if counted:
        rebuild(session, workspace_id)
    return ids


def _rows(
    workspace_id: int,
    question_id: int,
    run: tuple[int, dict[str, int]],
    day: date,
    said: Said,
    dice: random.Random,
) -> tuple[list[dict[str, Any]], ...]:
    run_id, themes = run
    moment = datetime.combine(day, time(12), UTC)
    key = {"workspace_id": workspace_id, "answer_id": new_id()}
    waits = said.outcome == "waiting"
    answer = {
        "workspace_id": workspace_id, "id": key["answer_id"], "question_id": question_id,
        "origin": "sample", "state": "given", "version": 1, "anonymous": False,
        "answered_at": moment, "answered_on": day, "said_nothing": False,
        "served_by": dice.choice(STAFF), "channel": dice.choice(CHANNELS),
        "language": dice.choice(LANGUAGES),
        "sorted_by": None if waits else "e" * 64, "attempts": 0,
    }  # fmt: skip
    segments = [
        {**key, "name": "Branch", "value": dice.choice(BRANCHES)},
        {**key, "name": "Service", "value": dice.choice(SERVICES)},
    ]
    text = {**key, "version": 1, "body": said.body, "written_at": moment}
    sorting = {**key, "run_id": run_id, "version": 1, "outcome": said.outcome}
    assignments, at = [], 0
    for theme, tone, words in said.clauses:
        if theme:
            assignments.append(
                {
                    **key, "run_id": run_id, "theme_id": themes[theme], "version": 1,
                    "start": at, "end": at + len(words), "tone": tone,
                    "confidence": round(dice.uniform(0.35, 0.99), 3),
                }
            )  # fmt: skip
        at += len(words) + 1
    if said.outcome == "themes" and not assignments:
        sorting["outcome"] = "unsorted"
    return [answer], [text], segments, [] if waits else [sorting], assignments


def fill(
    session: Session,
    workspace_id: int,
    answers: int,
    today: date,
    *,
    days: int = 182,
    seed: int = 1,
    put: Put = _insert,
    index: Index = index_new_answers,
) -> tuple[int, dict[str, int]]:
    """Fill a workspace with made-up answers over some days; return its run and themes."""
    dice = random.Random(seed)
    run = make_run(session, workspace_id, datetime.combine(today, time(12), UTC))
    for first in range(0, answers, _CHUNK):
        said = []
        for _ in range(min(_CHUNK, answers - first)):
            back = dice.randrange(days)
            said.append((today - timedelta(days=back), said_at_random(dice, 1 - back / days)))
        add_answers(session, workspace_id, said, run, dice, counted=False, put=put, index=index)
    if answers > _CHUNK:
        know_the_tables(session)
    rebuild(session, workspace_id)
    return run
