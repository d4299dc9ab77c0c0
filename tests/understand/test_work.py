"""The worker sorts what is due, finds themes, proposes changes, and survives what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import func, select, update

from survey.clock import utc_now
from survey.errors import EngineError
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    Exemplar,
    Run,
    Sorting,
    TextVector,
    Theme,
    Workspace,
)
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.ledger import entries_of, undo_step
from survey.records.proposals import decide, open_proposals
from survey.records.workspaces import create_workspace
from survey.understand.actions import claim_answers
from survey.understand.engine import Engine
from survey.understand.work import Understanding
from tests.support.past import LONG_AGO, give_answers
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

KINDS = {
    "parking": "no parking spaces behind the building again number{}",
    "radio": "loud radio adverts played during drilling session{}",
    "chairs": "hard plastic chairs froze everybody waiting seat{}",
    "fish": "the tropical fish tank looked green and murky week{}",
}


def _about(*kinds: str, count: int = 14, first: int = 0) -> list[str]:
    return [KINDS[kind].format(number) for kind in kinds for number in range(first, first + count)]


@dataclass
class Worker:
    """An understanding, its database and a workspace."""

    database: Database
    embedder: Any
    workspace_id: int
    texts: list[str] = field(default_factory=list)

    def understanding(self, **more: Any) -> Understanding:
        return Understanding(self.database, load=self.engine, **more)

    def engine(self) -> Engine:
        return Engine(self.embedder, lambda *_given: RuleListener())

    def give(self, texts: Sequence[str], **more: Any) -> None:
        give_answers(self.database, self.workspace_id, texts, **more)

    def work(self, **more: Any) -> Understanding:
        """Work until nothing is due."""
        understanding = self.understanding(**more)
        while any(one() for one in understanding.rounds()):
            pass
        return understanding

    def themes(self, state: str = "active") -> dict[int, str]:
        with self.database.reading() as session:
            found = select(Theme.id, Theme.name).where(
                Theme.origin == "found", Theme.state == state
            )
            return {row.id: row.name for row in session.execute(found)}

    def placed(self) -> dict[str, set[int]]:
        """Return the found themes of each text, in the current run."""
        with self.database.reading() as session:
            rows = session.execute(
                select(AnswerText.body, Assignment.theme_id)
                .join(Assignment, Assignment.answer_id == AnswerText.answer_id)
                .join(Theme, Theme.id == Assignment.theme_id)
                .join(Workspace, Workspace.current_run_id == Assignment.run_id)
                .where(Theme.origin == "found")
            ).all()
        found: dict[str, set[int]] = {}
        for body, theme_id in rows:
            found.setdefault(body, set()).add(theme_id)
        return found

    def current_run(self) -> int | None:
        with self.database.reading() as session:
            return session.scalar(select(Workspace.current_run_id))

    def count(self, table: type[Any], *conditions: Any) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

    def counts_agree(self) -> bool:
        with self.database.writing() as session:
            counted = counts_now(session, self.workspace_id)
            rebuild(session, self.workspace_id)
            return counts_now(session, self.workspace_id) == counted


@pytest.fixture
def worker(database: Database, words: WordEmbedder) -> Worker:
    with database.writing() as session:
        workspace = create_workspace(session, "Hill Street Dental", LONG_AGO)
    return Worker(database, words, workspace.id)


def test_every_answer_is_sorted_once_with_its_counts(worker: Worker) -> None:
    worker.give(["Nothing", "n/a", *_about("parking", count=3)])
    worker.work()
    assert worker.count(Answer, Answer.sorted_by.is_(None)) == 0
    assert worker.count(Sorting) == 5
    assert worker.count(Sorting, Sorting.outcome == "nothing") == 2
    assert worker.count(Theme, Theme.origin == "book", Theme.state == "active") == 20
    assert worker.counts_agree()


def test_every_answer_has_a_vector_for_the_map_and_the_search(
    worker: Worker, words: WordEmbedder
) -> None:
    said = ["Nothing", "I waited an hour.", *_about("parking", count=2)]
    worker.give(said)
    worker.work()
    with worker.database.reading() as session:
        kept = session.scalars(select(TextVector.vector)).all()
    wholes = [np.frombuffer(packed, "<f2")[: words.dimension] for packed in kept]
    assert len(wholes) == len(said)
    assert all(whole.any() for whole in wholes)


def test_vectors_are_kept_in_their_stored_form(worker: Worker, words: WordEmbedder) -> None:
    text = "no parking spaces anywhere"
    worker.give([text])
    worker.work()
    with worker.database.reading() as session:
        kept = session.execute(select(TextVector.model_digest, TextVector.vector)).one()
    rows = np.frombuffer(kept.vector, "<f2").reshape(-1, words.dimension)
    assert kept.model_digest == words.digest
    assert np.array_equal(rows[-1], words.encode([text])[0].astype(np.float16))


def test_the_first_discovery_applies_itself(worker: Worker) -> None:
    worker.give(_about("parking", "radio", "chairs"))
    worker.work()
    themes = worker.themes()
    assert themes
    placed = worker.placed()
    assert len(placed) >= 36
    assert set().union(*placed.values()) == set(themes)
    assert worker.count(Exemplar) > 0
    assert worker.count(Run, Run.state == "current") == 1
    assert worker.counts_agree()


def test_a_handful_of_answers_is_not_enough_to_find_themes(worker: Worker) -> None:
    worker.give(_about("parking", count=20))
    worker.work()
    assert worker.themes() == {}


def test_new_answers_join_and_nobody_is_moved(worker: Worker) -> None:
    worker.give(_about("parking", "radio", "chairs"))
    worker.work()
    before, themes, run = worker.placed(), worker.themes(), worker.current_run()
    worker.give(_about("parking", "radio", first=50, count=5))
    worker.work()
    after = worker.placed()
    assert {body: after[body] for body in before} == before
    assert worker.themes() == themes
    assert worker.current_run() == run
    joined = set(after) - set(before)
    assert len(joined) >= 3


def _with_a_proposal(worker: Worker) -> int:
    worker.give(_about("parking", "radio", "chairs"))
    worker.work()
    worker.give(_about("fish", count=40), now=LONG_AGO + timedelta(hours=1))
    worker.work()
    with worker.database.reading() as session:
        (proposal,) = open_proposals(session, worker.workspace_id)
    assert proposal.count("new") >= 1
    assert proposal.moved >= 30
    return proposal.run_id


def _decide(worker: Worker, run_id: int, *, accept: bool) -> None:
    with worker.database.writing() as session:
        decide(session, worker.workspace_id, run_id, accept=accept, person_id=None, now=utc_now())


def test_later_discoveries_wait_as_proposals(worker: Worker) -> None:
    worker.give(_about("parking", "radio", "chairs"))
    worker.work()
    before, run = worker.themes(), worker.current_run()
    worker.give(_about("fish", count=40), now=LONG_AGO + timedelta(hours=1))
    worker.work()
    assert worker.themes() == before
    assert worker.current_run() == run
    assert worker.themes("proposed")


def test_an_accepted_proposal_becomes_what_is_shown(worker: Worker) -> None:
    run_id = _with_a_proposal(worker)
    before, themes = worker.placed(), worker.themes()
    worker.give(_about("fish", first=90, count=3), now=LONG_AGO + timedelta(hours=2))
    _decide(worker, run_id, accept=True)
    worker.work()
    after = worker.placed()
    assert worker.current_run() == run_id
    assert themes.items() < worker.themes().items()
    assert {body: after[body] for body in before} == before
    assert len([body for body in after if "fish" in body]) >= 38
    assert worker.counts_agree()


def _undo_last(worker: Worker) -> None:
    with worker.database.writing() as session:
        last = entries_of(session, worker.workspace_id)[-1]
        undo_step(session, worker.workspace_id, last.id, None, utc_now())


@pytest.mark.parametrize("in_place", [True, False])
def test_an_accepted_proposal_is_undone_in_one_step_and_done_again(
    worker: Worker, in_place: bool
) -> None:
    run_id = _with_a_proposal(worker)
    before, themes = worker.placed(), worker.themes()
    _decide(worker, run_id, accept=True)
    if in_place:
        worker.work()
    _undo_last(worker)
    worker.work()
    assert (worker.placed(), worker.themes()) == (before, themes)
    assert worker.counts_agree()
    with worker.database.reading() as session:
        assert open_proposals(session, worker.workspace_id) == (), "nor is it proposed again"
    _undo_last(worker)
    worker.work()
    assert len([body for body in worker.placed() if "fish" in body]) >= 35
    assert themes.items() < worker.themes().items()
    assert worker.counts_agree()


def test_a_refused_proposal_is_dropped_and_not_made_again(worker: Worker) -> None:
    run_id = _with_a_proposal(worker)
    before, themes = worker.placed(), worker.themes()
    _decide(worker, run_id, accept=False)
    worker.work()
    assert worker.count(Sorting, Sorting.run_id == run_id) == 0
    assert (worker.placed(), worker.themes()) == (before, themes)
    worker.give(_about("fish", first=200, count=40), now=LONG_AGO + timedelta(hours=3))
    worker.work()
    with worker.database.reading() as session:
        assert open_proposals(session, worker.workspace_id) == ()
    assert worker.counts_agree()


def test_a_run_that_is_broken_off_is_completed_and_never_seen_half_written(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.understand.filling.BATCH", 8)
    monkeypatch.setattr("survey.understand.filling.CHUNK", 4)
    worker.give(_about("parking", "radio", "chairs"))
    understanding = worker.understanding()
    while understanding.sort_round():
        pass
    first = worker.current_run()

    steps = iter(range(100))
    stopped = worker.understanding(stopping=lambda: next(steps) >= 5)
    assert not stopped.theme_round()
    assert worker.current_run() == first
    assert worker.themes() == {}
    written = worker.count(Sorting, Sorting.run_id != first)
    assert 0 < written < 42

    worker.work()  # at once: whoever stops in good order gives the work back
    assert worker.current_run() != first
    assert worker.count(Sorting, Sorting.run_id != first) == 42
    assert worker.count(Run) == 2
    assert worker.themes()
    assert worker.counts_agree()


def _end_leases(worker: Worker) -> None:
    ago = utc_now() - timedelta(seconds=1)
    with worker.database.writing() as session:
        for table in (Workspace, Answer):
            session.execute(
                update(table).where(table.lease_id.is_not(None)).values(lease_until=ago)
            )


def test_answers_of_a_worker_that_died_are_sorted_when_its_lease_ends(worker: Worker) -> None:
    worker.give(_about("parking", count=5))
    with worker.database.writing() as session:
        claim_answers(session, worker.workspace_id, utc_now(), 3)
    worker.work()
    assert worker.count(Sorting) == 2
    _end_leases(worker)
    worker.work()
    assert worker.count(Sorting) == 5


def test_answers_of_a_worker_that_stops_are_sorted_at_once_by_the_next(worker: Worker) -> None:
    worker.give(_about("parking", count=5))
    worker.understanding(stopping=lambda: True).sort_round()
    assert worker.count(Sorting) == 0
    worker.work()
    assert worker.count(Sorting) == 5


@dataclass(frozen=True)
class Choking(WordEmbedder):
    """Breaks on one text."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("bone" in text for text in texts):
            raise RuntimeError("it stuck in the throat")
        return super().encode(texts)


def test_one_answer_that_cannot_be_sorted_holds_up_no_other(worker: Worker) -> None:
    worker.embedder = Choking()
    worker.give([*_about("parking", count=5), "there was a fish bone in it"])
    worker.work()
    assert worker.count(Sorting) == 5
    with worker.database.reading() as session:
        waiting = session.execute(
            select(Answer.last_error, Answer.attempts, Answer.next_try_at).where(
                Answer.sorted_by.is_(None)
            )
        ).one()
    assert "stuck in the throat" in (waiting.last_error or "")
    assert waiting.attempts == 1
    assert waiting.next_try_at is not None


def test_an_engine_that_cannot_be_loaded_loses_nothing_and_says_so(worker: Worker) -> None:
    def refuse() -> Any:
        raise EngineError("The model is not the one that was measured.")

    worker.give(_about("parking", count=2))
    understanding = Understanding(worker.database, load=refuse)
    assert not understanding.sort_round()
    assert not understanding.sort_round()
    with worker.database.reading() as session:
        assert "not the one" in (session.scalar(select(Workspace.last_error)) or "")
    assert worker.count(Answer, Answer.lease_id.is_not(None)) == 0
    worker.work()
    assert worker.count(Sorting) == 2


def test_an_answer_changed_while_it_was_read_is_left_for_its_new_words(worker: Worker) -> None:
    @dataclass(frozen=True)
    class Slow(WordEmbedder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            with worker.database.writing() as session:
                session.execute(update(Answer).values(version=2))
            return super().encode(texts)

    worker.embedder = Slow()
    worker.give(_about("parking", count=2))
    worker.understanding().sort_round()
    assert worker.count(Sorting) == 0
    assert worker.count(Answer, Answer.sorted_by.is_not(None)) == 0


def test_another_engine_is_offered_as_a_proposal_or_changes_nothing(worker: Worker) -> None:
    worker.give(_about("parking", "radio", "chairs"))
    worker.work()
    before = worker.placed()
    with worker.database.writing() as session:
        session.execute(update(Run).values(engine="an older one"))
    worker.give(["Nothing"])  # the engine is loaded with the first answer
    worker.work()
    with worker.database.reading() as session:
        runs = session.execute(select(Run.kind, Run.state).where(Run.kind == "resort")).all()
    assert runs == [("resort", "current")]  # it moves nobody, so there is nothing to ask
    assert worker.placed() == before


def test_the_sample_business_is_loaded_and_sorted_by_the_worker(worker: Worker) -> None:
    with worker.database.writing() as session:
        session.execute(update(Workspace).values(is_sample=True))
    worker.work()
    answers = worker.count(Answer)
    assert answers >= 300
    assert worker.count(Answer, Answer.sorted_by.is_(None)) == 0
    assert worker.counts_agree()
    worker.work()
    assert worker.count(Answer) == answers


def test_a_proposal_is_accepted_in_part_and_what_was_left_out_never_comes_back(
    worker: Worker,
) -> None:
    worker.give(_about("parking", "radio", "chairs"))
    worker.work()
    before = worker.placed()
    lift = [f"broken lift between both upper floors today{number}" for number in range(40)]
    worker.give([*_about("fish", count=40), *lift], now=LONG_AGO + timedelta(hours=1))
    worker.work()
    with worker.database.reading() as session:
        (proposal,) = open_proposals(session, worker.workspace_id)
    fish = [one.theme for one in proposal.themes if _is_about(worker, one.theme, "fish")]
    assert len(proposal.themes) > len(fish) > 0
    with worker.database.writing() as session:
        decide(
            session, worker.workspace_id, proposal.run_id, accept=True, person_id=None,
            now=utc_now(), without={theme for theme in fish if theme},
        )  # fmt: skip
    worker.work()
    after = worker.placed()
    assert worker.current_run() == proposal.run_id
    assert {body: after[body] for body in before} == before
    assert len([body for body in after if "lift" in body]) >= 38
    assert not [body for body in after if "fish" in body]
    assert worker.counts_agree()
    worker.give(_about("fish", first=300, count=40), now=LONG_AGO + timedelta(hours=2))
    worker.work()
    with worker.database.reading() as session:
        assert open_proposals(session, worker.workspace_id) == ()
    # Undone, what was accepted goes; done again, only that comes back.
    with worker.database.reading() as session:
        accepted = entries_of(session, worker.workspace_id)[-1]
    _undo_last(worker)
    worker.work()
    assert worker.placed().keys() == before.keys()
    _undo_last(worker)
    worker.work()
    again = worker.placed()
    assert len([body for body in again if "lift" in body]) >= 38
    assert not [body for body in again if "fish" in body]
    assert set(accepted.makes()) <= worker.themes().keys()
    assert worker.counts_agree()


def _is_about(worker: Worker, theme: str | None, word: str) -> bool:
    with worker.database.reading() as session:
        bodies = session.scalars(
            select(AnswerText.body)
            .join(Assignment, Assignment.answer_id == AnswerText.answer_id)
            .where(Assignment.theme_id == int(theme or 0))
        ).all()
    return sum(word in body for body in bodies) * 2 > len(bodies)
