"""What is shown is a run plus the decisions that hold, whatever is done and in whatever order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    Decision,
    Overruled,
    Question,
    Run,
    Sorting,
    Theme,
)
from survey.records.base import new_id
from survey.records.counts import Counted, Measure, count, counts_now, fold, rebuild
from survey.records.database import Database
from survey.records.erasure import erase
from survey.records.grafting import answers_to_graft, graft
from survey.records.ledger import Said, Step, take_step, undo_step
from survey.records.replay import members_at, themes_at
from survey.records.showing import show_some
from survey.records.shown import Placing, SortedAnswer
from survey.records.sortings import write_sortings
from survey.records.verbatim import NAMELESS
from survey.records.workspaces import create_workspace

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
THEMES = 5


@dataclass
class Scene:
    """A workspace, its themes and answers, and every step that was taken, kept beside it."""

    session: Session
    workspace_id: int
    run_id: int
    question_id: int
    themes: list[int] = field(default_factory=list)
    made: dict[int, dict[int, float]] = field(default_factory=dict)  # what the run alone says
    steps: list[tuple[int, Step]] = field(default_factory=list)
    now: datetime = NOW

    def add_theme(self, name: str) -> int:
        theme_id = new_id()
        self.session.add(
            Theme(
                workspace_id=self.workspace_id,
                id=theme_id,
                name=name,
                origin="found",
                created_at=self.now,
            )
        )
        self.session.flush()
        self.themes.append(theme_id)
        return theme_id

    def arrive(self, dice: random.Random) -> None:
        answer_id = new_id()
        self.session.add(
            Answer(
                workspace_id=self.workspace_id,
                id=answer_id,
                question_id=self.question_id,
                answered_on=DAY,
                answered_at=self.now,
                sorted_by="e",
            )
        )
        self.session.flush()
        count(
            self.session, 1, Counted(self.workspace_id, self.question_id, DAY),
            (Measure("answered"),),
        )  # fmt: skip
        chosen = dice.sample(self.themes[:THEMES], dice.choice((0, 1, 1, 2, 3)))
        self.made[answer_id] = {theme: round(dice.random(), 3) for theme in chosen}
        self.sort(answer_id)

    def sort(self, answer_id: int) -> None:
        placings = tuple(
            Placing(theme, 0, 4, "wish", sure) for theme, sure in self.made[answer_id].items()
        )
        outcome = "themes" if placings else "unsorted"
        made = SortedAnswer(answer_id, 1, outcome, placings)
        write_sortings(self.session, self.workspace_id, self.run_id, [made])

    def take(self, step: Step) -> int:
        done = take_step(self.session, self.workspace_id, step, None, self.now)
        self.steps.append((done.decision_id, step))
        return done.moved

    def undo(self, decision_id: int) -> None:
        done = undo_step(self.session, self.workspace_id, decision_id, None, self.now)
        self.steps.append((done.decision_id, Step("undo", undoes_id=decision_id)))

    def shown(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {
            answer: set()
            for answer in self.session.scalars(
                select(Sorting.answer_id).where(Sorting.run_id == self.run_id)
            )
        }
        for row in self.session.execute(
            select(Assignment.answer_id, Assignment.theme_id).where(
                Assignment.run_id == self.run_id
            )
        ):
            found[row.answer_id].add(row.theme_id)
        return found

    def tones(self) -> dict[tuple[int, int], str]:
        rows = self.session.execute(
            select(Assignment.answer_id, Assignment.theme_id, Assignment.tone).where(
                Assignment.run_id == self.run_id
            )
        )
        return {(row.answer_id, row.theme_id): row.tone for row in rows}

    def by_theme(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for answer, themes in self.shown().items():
            for theme in themes:
                found.setdefault(theme, set()).add(answer)
        return found

    def replayed(self, moment: datetime) -> dict[int, set[int]]:
        """Return the themes of a moment with their answers, checked against their counts."""
        found = {}
        for theme in themes_at(self.session, self.workspace_id, moment, DAY):
            members = members_at(self.session, self.workspace_id, theme.id, moment, DAY)
            assert len(members) == theme.answers
            if members:
                found[theme.id] = set(members)
        return found

    def expected(self) -> dict[int, set[int]]:
        """Work it out in the plainest way: read the steps that hold, one after the other."""
        return self._expected()[0]

    def tones_are_as_said(self) -> bool:
        """Whether each answer has the tone that was said last; 'praise' only where it was."""
        said = self._expected()[1]
        return all(
            tone == said[place] if place in said else tone != "praise"
            for place, tone in self.tones().items()
        )

    def _expected(self) -> tuple[dict[int, set[int]], dict[tuple[int, int], str]]:
        holding = self._holding()
        standing = [step for id, step in self.steps if id in holding]
        makers = [
            (id, step, step.other_theme_id if step.kind == "split" else step.theme_id)
            for id, step in self.steps
            if step.kind in ("split", "new_theme")
        ]
        gone = {theme for id, _, theme in makers if id not in holding}
        parent = {theme: step.theme_id for _, step, theme in makers if step.kind == "split"}
        into: dict[Any, Any] = {}
        for step in standing:
            if step.kind == "merge" and step.other_theme_id not in gone:
                into.pop(step.other_theme_id, None)
                into[step.theme_id] = step.other_theme_id

        def final(theme: Any) -> Any:
            for _ in range(50):
                if theme in gone:
                    theme = parent.get(theme)
                elif theme in into:
                    theme = into[theme]
            return theme

        found = {}
        tones = {
            (said.answer_id, final(said.theme_id)): said.tone
            for step in standing
            if step.kind == "tone"
            for said in step.said
        }
        standing = [step for step in standing if step.kind != "tone"]
        for answer, themes in self.made.items():
            inside = {final(theme) for theme in themes} - {None}
            for step in standing:
                for said in sorted(step.said, key=lambda one: one.belongs):
                    if said.answer_id == answer and final(said.theme_id) is not None:
                        (inside.add if said.belongs else inside.discard)(final(said.theme_id))
            found[answer] = inside
        return found, tones

    def _holding(self) -> set[int]:
        undone: set[Any] = set()
        holding = set()
        for id, step in reversed(self.steps):
            if id not in undone:
                holding.add(id)
                undone |= {step.undoes_id} if step.kind == "undo" else set()
        return holding

    def counts_agree(self) -> bool:
        counted = counts_now(self.session, self.workspace_id)
        rebuild(self.session, self.workspace_id)
        return counts_now(self.session, self.workspace_id) == counted


def make_scene(session: Session, answers: int = 9, seed: int = 1) -> Scene:
    workspace = create_workspace(session, "Hill Street Dental", NOW)
    question = session.scalars(
        select(Question.id).where(Question.workspace_id == workspace.id)
    ).one()
    scene = Scene(session, workspace.id, new_id(), question)
    session.add(
        Run(
            workspace_id=workspace.id, id=scene.run_id, kind="first", state="current",
            engine="e1", started_at=NOW, finished_at=NOW, summary={},
        )
    )  # fmt: skip
    workspace.current_run_id = scene.run_id
    session.flush()
    for number in range(THEMES):
        scene.add_theme(f"Theme {number}")
    dice = random.Random(seed)
    for _ in range(answers):
        scene.arrive(dice)
    return scene


edits = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "arrive",
                "again",
                "in",
                "out",
                "move",
                "merge",
                "merge",
                "split",
                "new",
                "tone",
                "tone",
                "undo",
                "undo",
            ]
        ),
        st.integers(0, 999),
        st.integers(0, 999),
        st.integers(0, 999),
    ),
    min_size=1,
    max_size=12,
)


def play(scene: Scene, kind: str, one: int, two: int, three: int) -> None:
    answers = list(scene.made)
    theme, other = (scene.themes[at % len(scene.themes)] for at in (one, two))
    some = [answers[(three + step) % len(answers)] for step in range(1 + two % 3)]
    if kind == "arrive":
        scene.arrive(random.Random(one))
    elif kind == "again":  # the answer is sorted again, as after a change
        scene.sort(answers[one % len(answers)])
    elif kind in ("in", "out"):
        said = tuple(Said(answer, 1, theme, kind == "in") for answer in some)
        scene.take(Step("belongs" if kind == "in" else "does_not_belong", theme, said=said))
    elif kind == "move" and theme != other:
        scene.take(Step("move", theme, other, said=_moved(some, theme, other)))
    elif kind == "merge" and theme != other:
        scene.take(Step("merge", theme, other))
    elif kind == "split":
        fresh = scene.add_theme("A part")
        scene.take(Step("split", theme, fresh, said=_moved(some, theme, fresh)))
    elif kind == "new":
        fresh = scene.add_theme("New")
        scene.take(Step("new_theme", fresh, said=tuple(Said(one, 1, fresh, True) for one in some)))
    elif kind == "tone":
        tone = ("praise", "unclear")[one % 2]
        said = tuple(Said(answer, 1, theme, True, tone=tone) for answer in some)
        scene.take(Step("tone", theme, said=said))
    elif kind == "undo" and (holding := sorted(scene._holding())):
        scene.undo(holding[one % len(holding)])


def _moved(answers: Sequence[int], theme: int, to: int) -> tuple[Said, ...]:
    return tuple(
        said
        for answer in answers
        for said in (Said(answer, 1, theme, False), Said(answer, 1, to, True))
    )


_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=5, deadline=None, suppress_health_check=_QUIET)
@given(edits)
def test_what_is_shown_is_the_run_plus_the_decisions_that_hold(
    database: Database, steps: list[tuple[str, int, int, int]]
) -> None:
    _hold_after(database, steps, moments=2)


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=_QUIET)
@given(edits)
def test_it_holds_after_many_more_sequences(
    database: Database, steps: list[tuple[str, int, int, int]]
) -> None:
    _hold_after(database, steps)


def _hold_after(
    database: Database, steps: list[tuple[str, int, int, int]], moments: int = 99
) -> None:
    with database.writing() as session:
        scene = make_scene(session)
        was = []
        for step in steps:
            scene.now += timedelta(minutes=1)
            play(scene, *step)
            was.append((scene.now, scene.by_theme()))
        while fold(session, limit=500) == 500:
            pass
        assert scene.shown() == scene.expected()
        assert scene.tones_are_as_said()
        assert scene.counts_agree()
        for moment, themes in was[-moments:]:
            assert scene.replayed(moment) == themes
        _undo_everything(scene)
        assert scene.shown() == {answer: set(themes) for answer, themes in scene.made.items()}
        assert set(scene.tones().values()) <= {"wish"}
        assert scene.counts_agree()
        assert session.scalar(select(func.count()).select_from(Overruled)) == 0
        session.rollback()


def test_a_step_that_moves_many_leaves_the_rest_to_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.records.showing.AT_ONCE", 3)
    with database.writing() as session:
        scene = make_scene(session, answers=12)
        scene.take(Step("merge", scene.themes[0], scene.themes[1]))
        scene.take(Step("merge", scene.themes[2], scene.themes[1]))
        assert scene.replayed(scene.now) == _by_theme(scene.expected())
        while show_some(session, 2):
            pass
        assert scene.shown() == scene.expected()
        assert scene.counts_agree()
        session.rollback()


def _by_theme(shown: dict[int, set[int]]) -> dict[int, set[int]]:
    themes = {theme for inside in shown.values() for theme in inside}
    return {
        theme: {answer for answer, inside in shown.items() if theme in inside} for theme in themes
    }


def test_a_name_out_of_an_answer_leaves_the_ledger_with_it(database: Database) -> None:
    with database.writing() as session:
        scene = make_scene(session, answers=0)
        theme_id = scene.add_theme("Broken lift")
        scene.arrive(random.Random(1))
        (answer,) = scene.made
        scene.made[answer] = {theme_id: 0.9}
        scene.sort(answer)
        session.add(
            AnswerText(
                workspace_id=scene.workspace_id, answer_id=answer, version=1,
                body="That broken lift again.",
            )
        )  # fmt: skip
        after = {"after": {"name": "Lift"}, "before": {"name": "Broken lift"}}
        scene.take(Step("rename", theme_id, value="Lift", details=after))
        renaming = scene.steps[-1][0]
        erase(session, scene.workspace_id, answer)
        scene.undo(renaming)
        assert session.get_one(Theme, (scene.workspace_id, theme_id)).name == NAMELESS
        told = session.scalars(select(Decision.details)).all()
        assert "Broken lift" not in str(told)
        session.rollback()


def test_a_theme_left_out_of_a_proposal_keeps_its_answers(database: Database) -> None:
    with database.writing() as session:
        scene = make_scene(session, answers=0)
        kept, other = scene.themes[:2]
        said: tuple[dict[int, float], ...] = (
            {kept: 0.9},
            {kept: 0.9, other: 0.5},
            {other: 0.7},
            {},
        )
        for themes in said:
            scene.arrive(random.Random(1))
            answer = list(scene.made)[-1]
            scene.made[answer] = themes
            scene.sort(answer)
        runs = (scene.run_id, _proposed_run(scene, kept, other))
        ids = answers_to_graft(session, scene.workspace_id, runs, {kept})
        for _ in range(2):
            graft(session, scene.workspace_id, runs, {kept}, ids)
        scene.run_id = runs[1]
        shown = scene.shown()
        assert [shown[one] for one in scene.made] == [{kept}, {kept, other}, {other}, {other}]
        assert scene.counts_agree()
        session.rollback()


def _proposed_run(scene: Scene, kept: int, other: int) -> int:
    """Make a run that puts the answers elsewhere: into the other theme, or nowhere, or swapped."""
    run_id = new_id()
    scene.session.add(
        Run(
            workspace_id=scene.workspace_id, id=run_id, kind="resort", state="proposed",
            engine="e2", started_at=NOW, summary={},
        )
    )  # fmt: skip
    scene.session.flush()
    made: tuple[dict[int, float], ...] = ({}, {other: 0.5}, {kept: 0.4, other: 0.6}, {other: 0.8})
    for answer, themes in zip(list(scene.made), made, strict=True):
        placings = tuple(Placing(theme, 0, 4, "wish", sure) for theme, sure in themes.items())
        sorted_answer = SortedAnswer(answer, 1, "themes" if placings else "unsorted", placings)
        write_sortings(scene.session, scene.workspace_id, run_id, [sorted_answer])
    return run_id


def _undo_everything(scene: Scene) -> None:
    plain = [id for id, step in scene.steps if step.kind != "undo"]
    for decision_id in plain:
        if decision_id in scene._holding():
            scene.undo(decision_id)
