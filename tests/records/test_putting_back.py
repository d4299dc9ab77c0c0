"""An accepted proposal is undone in one step: everything it moved goes back, and nothing else."""

import random
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError
from survey.records import DecidedAnswer, Decision, Run, Sorting, Theme
from survey.records.base import new_id
from survey.records.database import Database
from survey.records.ledger import Said, Step, undo_step
from survey.records.proposals import decide
from survey.records.runs import make_current
from survey.records.shown import Placing, SortedAnswer
from survey.records.sortings import seen_and_made, write_sortings
from survey.show.ledger.queries import moved_by_undoing
from tests.records.test_ledger import NOW, Scene, make_scene

Standing = dict[int, tuple[str, frozenset[tuple[int, str, float]]]]


@dataclass
class Proposals:
    """A scene in which runs take each other's place."""

    scene: Scene

    @property
    def session(self) -> Session:
        return self.scene.session

    def standing(self) -> Standing:
        """Return the outcome of each answer, and its themes with tone and confidence."""
        session, place = self.session, self.scene
        ids = session.scalars(select(Sorting.answer_id).where(Sorting.run_id == place.run_id)).all()
        seen, _ = seen_and_made(session, place.workspace_id, place.run_id, ids)
        return {
            key: (
                one.outcome,
                frozenset((put.theme_id, put.tone, put.confidence) for put in one.placings),
            )
            for key, one in seen.items()
        }

    def propose(self, moves: dict[int, list[int]], outcomes: dict[int, str] | None = None) -> int:
        """Lay a run before the owner in which some answers are in other themes than now."""
        place, run_id = self.scene, new_id()
        self.session.add(
            Run(
                workspace_id=place.workspace_id, id=run_id, kind="resort", state="proposed",
                engine="e2", started_at=place.now, finished_at=place.now,
                summary={
                    "moved": len(moves),
                    "themes": [
                        {
                            "theme": str(theme), "fate": "kept", "name": "A", "before": "A",
                            "joined": 1, "left": 1,
                        }
                        for theme in place.themes
                    ],
                },
            )
        )  # fmt: skip
        self.session.flush()
        ids = list(place.made)
        _, made = seen_and_made(self.session, place.workspace_id, place.run_id, ids)
        write_sortings(
            self.session,
            place.workspace_id,
            run_id,
            [self._moved(one, moves, outcomes or {}) for one in made.values()],
        )
        return run_id

    @staticmethod
    def _moved(
        one: SortedAnswer, moves: dict[int, list[int]], outcomes: dict[int, str]
    ) -> SortedAnswer:
        if one.answer_id not in moves:
            return one
        placings = tuple(Placing(theme, 1, 3, "wish", 0.5) for theme in moves[one.answer_id])
        outcome = "themes" if placings else outcomes.get(one.answer_id, "unsorted")
        return SortedAnswer(one.answer_id, one.version, outcome, placings)

    def accept(self, run_id: int, *, in_place: bool = True) -> int:
        decide(
            self.session, self.scene.workspace_id, run_id, accept=True, person_id=None,
            now=self.scene.now,
        )  # fmt: skip
        if in_place:
            make_current(self.session, self.scene.workspace_id, run_id, self.scene.now)
            self.scene.run_id = run_id
        return self.latest()

    def latest(self) -> int:
        query = select(Decision.id).order_by(Decision.number.desc()).limit(1)
        return self.session.scalars(query).one()

    def undo(self, decision_id: int) -> int:
        """Undo a step, having been told rightly how many answers would move; return the undoing."""
        told = moved_by_undoing(self.session, self.scene.workspace_id, decision_id)
        before = self._themes()
        done = undo_step(self.session, self.scene.workspace_id, decision_id, None, self.scene.now)
        after = self._themes()
        assert told == done.moved == sum(before[key] != after[key] for key in before)
        assert self.scene.counts_agree()
        return done.decision_id

    def _themes(self) -> dict[int, set[int]]:
        return {key: {put[0] for put in one[1]} for key, one in self.standing().items()}


def _proposals(session: Session) -> Proposals:
    return Proposals(make_scene(session, answers=12))


def test_an_undone_proposal_leaves_every_answer_as_it_was(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        scene = here.scene
        quiet, *others = scene.made
        scene.made[quiet] = {}
        write_sortings(
            session, scene.workspace_id, scene.run_id, [SortedAnswer(quiet, 1, "nothing")]
        )
        fresh = scene.add_theme("New")
        before = here.standing()
        moves = {quiet: [fresh], others[0]: [fresh], others[1]: [], others[2]: scene.themes[:2]}
        accepted = here.accept(here.propose(moves))
        after = here.standing()
        assert after != before
        undone = here.undo(accepted)
        assert here.standing() == before, "tone, confidence and 'nothing' too"
        again = here.undo(undone)
        assert here.standing() == after
        here.undo(again)
        assert here.standing() == before


def test_what_was_decided_since_stays_when_a_proposal_is_undone(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        scene = here.scene
        first, second, third, fourth = list(scene.made)[:4]
        a, b, c = scene.themes[:3]
        for one in (first, second, third, fourth):
            scene.made[one] = {a: 0.9}
            scene.sort(one)
        accepted = here.accept(here.propose({one: [b] for one in (first, second, third, fourth)}))
        scene.take(Step("belongs", a, said=(Said(first, 1, a, True), Said(second, 1, c, True))))
        scene.take(Step("does_not_belong", a, said=(Said(third, 1, a, False),)))
        scene.arrive(random.Random(3))
        came_since = max(scene.made, key=list(scene.made).index)
        since = here.standing()[came_since]
        here.accept(here.propose({fourth: [c]}))
        here.undo(accepted)
        themes = here._themes()
        assert themes[first] == {a}
        assert themes[second] == {a, c}, "what a person put in stays beside what comes back"
        assert themes[third] == set(), "out of b, and a person said that it is not in a"
        assert themes[fourth] == {c}, "a later proposal has the last word"
        assert here.standing()[came_since] == since


def test_every_later_sorting_keeps_what_was_put_back(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        place, one = here.scene, next(iter(here.scene.made))
        a, b, c = place.themes[:3]
        place.made[one] = {a: 0.9}
        place.sort(one)
        here.undo(here.accept(here.propose({one: [b]})))
        place.made[one] = {b: 0.9, c: 0.8}
        place.sort(one)
        assert here._themes()[one] == {a, c}


def test_a_proposal_that_is_not_in_place_yet_is_undone_a_moment_later(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one = next(iter(here.scene.made))
        accepted = here.accept(here.propose({one: here.scene.themes[3:5]}), in_place=False)
    with database.writing() as session, pytest.raises(ConflictError, match="in a moment"):
        undo_step(session, here.scene.workspace_id, accepted, None, NOW)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DecidedAnswer)) == 0


def test_words_that_the_customer_changed_since_stay_where_they_are_sorted(
    database: Database,
) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one = next(iter(here.scene.made))
        accepted = here.accept(here.propose({one: here.scene.themes[3:5]}))
        place = here.scene
        write_sortings(
            session, place.workspace_id, place.run_id,
            [SortedAnswer(one, 2, "themes", (Placing(place.themes[3], 0, 1, "wish", 0.8),))],
        )  # fmt: skip
        here.undo(accepted)
        assert here._themes()[one] == {place.themes[3]}


def test_an_answer_that_was_in_a_theme_merged_since_goes_back_to_where_that_is_shown(
    database: Database,
) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one = next(iter(here.scene.made))
        a, b, c = here.scene.themes[:3]
        here.scene.made[one] = {a: 0.9}
        here.scene.sort(one)
        accepted = here.accept(here.propose({one: [b]}))
        here.scene.take(Step("merge", a, c))
        here.undo(accepted)
        assert here._themes()[one] == {c}


def test_new_themes_of_a_proposal_that_moved_others_go_and_come_with_it(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one, other = list(here.scene.made)[:2]
        fresh = here.scene.add_theme("Found")
        run_id = here.propose({one: [fresh], other: [fresh]})
        session.execute(
            update(Theme).where(Theme.id == fresh).values(run_id=run_id, state="proposed")
        )
        run = session.scalars(select(Run).where(Run.id == run_id)).one()
        changes = [{**theme, "fate": "new"} if theme["theme"] == str(fresh) else theme
                   for theme in run.summary["themes"]]  # fmt: skip
        session.execute(
            update(Run).where(Run.id == run_id).values(summary={**run.summary, "themes": changes})
        )
        before = here.standing()
        accepted = here.accept(run_id)
        undone = here.undo(accepted)
        assert here.standing() == before
        assert session.scalar(select(Theme.state).where(Theme.id == fresh)) == "refused"
        here.undo(undone)
        assert fresh in here._themes()[one]
        assert session.scalar(select(Theme.state).where(Theme.id == fresh)) == "active"


orders = st.tuples(st.integers(0, 10**6), st.permutations(range(3)))
_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=8, deadline=None, suppress_health_check=_QUIET)
@given(orders)
def test_proposals_undone_in_any_order_leave_what_there_was(
    database: Database, order: tuple[int, list[int]]
) -> None:
    seed, permutation = order
    dice = random.Random(seed)
    with database.writing() as session:
        here = _proposals(session)
        before = here.standing()
        answers, themes = list(here.scene.made), here.scene.themes
        accepted = [
            here.accept(
                here.propose(
                    {one: dice.sample(themes, dice.choice((0, 1, 2)))
                     for one in dice.sample(answers, 6)}
                )
            )
            for _ in range(3)
        ]  # fmt: skip
        for one in permutation:
            here.undo(accepted[one])
        assert here._themes() == {key: {put[0] for put in one[1]} for key, one in before.items()}
        session.rollback()  # each example begins with nothing
