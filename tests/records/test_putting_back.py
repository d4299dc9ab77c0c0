"""An accepted proposal is undone in one step: everything it moved goes back, and nothing else."""

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError
from survey.records import Decision, Review, Run, Sorting, Theme
from survey.records.base import new_id
from survey.records.database import Database
from survey.records.ledger import Said, Step, latest_number, undo_step
from survey.records.made import seen_and_made
from survey.records.proposals import decide, note_in_place
from survey.records.putting_back import moved_between
from survey.records.runs import make_current
from survey.records.shown import Placing, SortedAnswer
from survey.records.sortings import write_sortings
from survey.show.ledger.queries import moved_by_undoing
from survey.show.ledger.trust import trust_in
from tests.records.test_ledger import NOW, Scene, make_scene, play

_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
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
            self.put_in_place(run_id)
        return self.latest()

    def put_in_place(self, run_id: int) -> None:
        """Do as the worker does in one transaction."""
        place, before = self.scene, self.scene.run_id
        moved = moved_between(self.session, place.workspace_id, before, run_id)
        make_current(self.session, place.workspace_id, run_id, place.now)
        note_in_place(self.session, place.workspace_id, run_id, before, moved)
        self.session.flush()
        place.run_id = run_id

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
        later = here.propose({one: [b, c]})
        make_current(session, place.workspace_id, later, place.now)
        place.run_id = later
        assert here._themes()[one] == {a, c}


def test_a_proposal_that_is_not_in_place_yet_is_undone_a_moment_later(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one = next(iter(here.scene.made))
        accepted = here.accept(here.propose({one: here.scene.themes[3:5]}), in_place=False)
    with database.writing() as session, pytest.raises(ConflictError, match="in a moment"):
        undo_step(session, here.scene.workspace_id, accepted, None, NOW)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1


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


def _chain(here: Proposals) -> tuple[int, dict[int, str], list[int]]:
    """Let one proposal move an answer from a to b, and another on to c."""
    one, (a, b, c) = next(iter(here.scene.made)), here.scene.themes[:3]
    here.scene.made[one] = {a: 0.9}
    here.scene.sort(one)
    accepted = []
    for theme in (b, c):
        accepted.append(here.accept(here.propose({one: [theme]})))
        here.scene.now += timedelta(hours=1)
    return one, {a: "a", b: "b", c: "c"}, accepted


@settings(max_examples=4, deadline=None, suppress_health_check=_QUIET)
@given(st.lists(st.integers(0, 1), min_size=2, max_size=6))
def test_it_does_not_matter_in_which_order_proposals_are_undone_and_done_again(
    database: Database, presses: list[int]
) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one, names, last = _chain(here)
        holds = [True, True]
        for which in presses:
            last[which] = here.undo(last[which])
            holds[which] = not holds[which]
            expected = "c" if holds[1] else "b" if holds[0] else "a"
            assert {names[theme] for theme in here._themes()[one]} == {expected}
        session.rollback()  # each example begins with nothing


@settings(max_examples=4, deadline=None, suppress_health_check=_QUIET)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 2), max_size=5))
def test_what_is_shown_depends_on_which_proposals_hold_and_not_on_how_it_came_to_that(
    database: Database, seed: int, presses: list[int]
) -> None:
    dice = random.Random(seed)
    with database.writing() as session:
        here = _proposals(session)
        answers, themes = list(here.scene.made), here.scene.themes
        seen = {frozenset[int](): here._themes()}
        last = []
        for number in range(3):
            some = dice.sample(answers, 6)
            moves = {one: dice.sample(themes, dice.choice((0, 1, 2))) for one in some}
            last.append(here.accept(here.propose(moves)))
            seen[frozenset(range(number + 1))] = here._themes()
        holding = {0, 1, 2}
        for which in [*presses, *({0, 1, 2} - {one for one in presses if presses.count(one) % 2})]:
            last[which] = here.undo(last[which])
            holding ^= {which}
            assert seen.setdefault(frozenset(holding), here._themes()) == here._themes()
        assert not holding, "all are undone in the end"
        session.rollback()


def test_an_answer_that_somebody_moved_on_by_hand_stays_there(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        moved, parted = list(here.scene.made)[:2]
        a, b, c = here.scene.themes[:3]
        for one in (moved, parted):
            here.scene.made[one] = {a: 0.9}
            here.scene.sort(one)
        accepted = here.accept(here.propose({moved: [b], parted: [b]}))
        part = here.scene.add_theme("A part")
        for kind, one, to in (("move", moved, c), ("split", parted, part)):
            said = (Said(one, 1, b, False), Said(one, 1, to, True))
            here.scene.take(Step(kind, b, to, said=said))
        undone = here.undo(accepted)
        assert (here._themes()[moved], here._themes()[parted]) == ({c}, {part})
        here.undo(undone)
        assert (here._themes()[moved], here._themes()[parted]) == ({c}, {part})


def test_of_two_proposals_accepted_at_once_each_is_undone_by_itself(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        one, two, three = list(here.scene.made)[:3]
        a, b, c = here.scene.themes[:3]
        for answer in (one, two, three):
            here.scene.made[answer] = {a: 0.9}
            here.scene.sort(answer)
        runs = [here.propose({one: [b], two: [b]}), here.propose({one: [c], three: [c]})]
        accepted = [here.accept(run_id, in_place=False) for run_id in runs]
        here.put_in_place(runs[0])
        between = here.standing()
        undone = here.undo(accepted[0])  # while the other is on its way
        here.put_in_place(runs[1])
        assert here._themes()[one] == {c}
        here.undo(undone)
        here.undo(accepted[1])
        assert here.standing() == between


def test_tone_and_sureness_come_back_with_the_place(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        kept, into, left = list(here.scene.made)[:3]
        a, b, c, d = here.scene.themes[:4]
        praised = Placing(a, 0, 4, "praise", 0.9)
        beside = (praised, Placing(c, 5, 9, "wish", 0.3))
        for one, placings in ((kept, (praised,)), (into, (praised,)), (left, beside)):
            write_sortings(
                session,
                here.scene.workspace_id,
                here.scene.run_id,
                [SortedAnswer(one, 1, "themes", placings)],
            )
        before = here.standing()
        accepted = here.accept(here.propose({kept: [a, b], into: [b], left: [b]}))
        here.undo(accepted)
        assert {one: here.standing()[one] for one in (kept, into, left)} == {
            one: before[one] for one in (kept, into, left)
        }
        here.scene.take(Step("merge", a, d))
        here.scene.take(Step("merge", c, d))
        assert here.standing()[left] == ("themes", frozenset({(d, "praise", 0.9)}))


def test_what_came_too_late_for_the_proposal_goes_back_too(database: Database) -> None:
    """It was to bring a new theme alone; an answer given since left another one for it."""
    with database.writing() as session:
        here = _proposals(session)
        one, late = list(here.scene.made)[:2]
        a, fresh = here.scene.themes[0], here.scene.add_theme("Fresh")
        here.scene.made |= {one: {}, late: {a: 0.9}}
        for answer in (one, late):
            here.scene.sort(answer)
        run_id = here.propose({one: [fresh], late: [fresh]})
        session.execute(
            update(Theme).where(Theme.id == fresh).values(run_id=run_id, state="proposed")
        )
        new = {"theme": str(fresh), "fate": "new", "name": "Fresh", "before": "", "joined": 1,
               "left": 0}  # fmt: skip
        session.execute(
            update(Run).where(Run.id == run_id).values(summary={"moved": 1, "themes": [new]})
        )
        before = here.standing()
        here.undo(here.accept(run_id))
        assert here.standing() == before


steps = st.lists(
    st.tuples(
        st.sampled_from(["propose", "undo", "undo", "merge", "split", "move", "in", "out", "tone"]),
        st.integers(0, 999),
        st.integers(0, 999),
        st.integers(0, 999),
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=6, deadline=None, suppress_health_check=_QUIET)
@given(steps)
def test_whatever_is_done_between_it_is_told_beforehand_counted_and_replayed(
    database: Database, played: list[tuple[str, int, int, int]]
) -> None:
    _whatever_is_done_between(database, played)


@pytest.mark.soak
@settings(max_examples=200, deadline=None, suppress_health_check=_QUIET)
@given(steps)
def test_it_is_so_after_many_more_sequences(
    database: Database, played: list[tuple[str, int, int, int]]
) -> None:
    _whatever_is_done_between(database, played)


def _whatever_is_done_between(database: Database, played: list[tuple[str, int, int, int]]) -> None:
    with database.writing() as session:
        here = _proposals(session)
        scene = here.scene
        for kind, one, two, three in played:
            holding = session.scalars(select(Decision.id).where(Decision.holds.is_(True)))
            if kind == "propose":
                dice = random.Random(one)
                some = dice.sample(list(scene.made), 5)
                moves = {key: dice.sample(scene.themes[:5], two % 3) for key in some}
                here.accept(here.propose(moves))
            elif kind != "undo":
                play(scene, kind, one, two, three)
            elif steps_taken := holding.all():
                here.undo(steps_taken[one % len(steps_taken)])
            assert scene.replayed(scene.now) == scene.by_theme()
        assert scene.counts_agree()
        session.rollback()


@pytest.mark.parametrize("again", [False, True])
def test_a_check_expires_when_a_proposal_that_changed_the_theme_is_undone_or_done_again(
    database: Database, *, again: bool
) -> None:
    with database.writing() as session:
        here = _proposals(session)
        place, (a, b) = here.scene, here.scene.themes[:2]
        for one in place.made:
            place.made[one] = {a: 0.9}
            place.sort(one)
        pressed = here.accept(here.propose({one: [b] for one in list(place.made)[:9]}))
        if again:
            pressed = here.undo(pressed)
        theme = a if again else b
        place.take(Step("review", theme, details={"yes": 5, "no": 0, "unknown": 0}))
        number = latest_number(session, place.workspace_id)
        session.add(
            Review(
                workspace_id=place.workspace_id, id=new_id(), theme_id=theme, run_id=place.run_id,
                engine="e2", seed=1, population=9, number=number, begun_at=NOW, finished_at=NOW,
                decision_id=here.latest(),
            )
        )  # fmt: skip
        session.flush()
        checked = trust_in(session, place.workspace_id, theme)
        assert checked is not None
        assert checked.expired is None
        here.undo(pressed)
        checked = trust_in(session, place.workspace_id, theme)
        assert checked is not None
        assert checked.expired == "theme"


def test_the_past_is_as_it_was_whatever_was_undone_since(database: Database) -> None:
    with database.writing() as session:
        here = _proposals(session)
        scene, moments = here.scene, []
        one, names, (first, second) = _chain(here)

        def remember() -> None:
            themes: dict[int, set[int]] = {}
            for answer, inside in here._themes().items():
                for theme in inside:
                    themes.setdefault(theme, set()).add(answer)
            moments.append((scene.now, themes))
            scene.now += timedelta(hours=1)

        remember()
        undone = here.undo(second)
        remember()
        third = here.accept(here.propose({one: [next(iter(names))]}))
        remember()
        here.undo(first)
        remember()
        here.undo(undone)
        remember()
        here.undo(third)
        remember()
        for moment, themes in moments:
            assert scene.replayed(moment) == themes
