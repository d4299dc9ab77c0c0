"""The worker gives every sorted answer a place on the map, once, and forgets it with the words."""

import threading

import pytest
from sqlalchemy import delete, func, select, update

from survey.records import Answer, MapLayout, MapPlace, MapWaiting, Run, TextVector, Workspace
from survey.records.database import Database
from survey.records.erasure import erase
from survey.records.workspaces import create_workspace
from survey.understand import laying
from survey.understand.engine import Engine
from survey.understand.laying import Laying
from survey.understand.work import Understanding
from tests.support.past import LONG_AGO, give_answers
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

TEXTS = [
    f"{words} number{n}"
    for words in ("no parking behind the building", "the chairs in the hall were hard")
    for n in range(12)
]


class Mapped:
    """A workspace whose answers are sorted and laid out."""

    def __init__(self, database: Database, words: WordEmbedder) -> None:
        self.database, self.words = database, words
        with database.writing() as session:
            self.workspace_id = create_workspace(session, "Hill Street", LONG_AGO).id

    def give(self, texts: list[str], first: int = 0) -> None:
        give_answers(self.database, self.workspace_id, texts)

    def engine(self) -> Engine:
        return Engine(self.words, lambda *_given: RuleListener())

    def work(self) -> None:
        understanding = Understanding(self.database, load=self.engine)
        while any(one() for one in understanding.rounds()):
            pass

    def places(self) -> dict[int, int]:
        with self.database.reading() as session:
            found = select(MapPlace.answer_id, MapPlace.spot).join(
                MapLayout,
                (MapLayout.workspace_id == MapPlace.workspace_id)
                & (MapLayout.id == MapPlace.layout_id),
            )
            return dict(session.execute(found.where(MapLayout.state == "current")).all())

    def answers(self) -> set[int]:
        with self.database.reading() as session:
            return set(session.scalars(select(Answer.id).where(Answer.state == "given")))

    def count(self, table: type[MapLayout] | type[MapPlace] | type[MapWaiting]) -> int:
        with self.database.reading() as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def mapped(database: Database, words: WordEmbedder) -> Mapped:
    return Mapped(database, words)


def test_every_sorted_answer_gets_a_place_and_a_new_one_moves_no_other(mapped: Mapped) -> None:
    mapped.give(TEXTS)
    mapped.work()
    before = mapped.places()
    assert before.keys() == mapped.answers()
    mapped.give(["no parking behind the building at all"])
    mapped.work()
    after = mapped.places()
    assert after.keys() == mapped.answers()
    assert {key: after[key] for key in before} == before
    assert mapped.count(MapWaiting) == 0


def test_the_map_is_laid_out_anew_when_the_themes_change_and_the_old_one_is_cleared(
    mapped: Mapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laying, "BATCH", 5)
    mapped.give(TEXTS)
    mapped.work()
    with mapped.database.writing() as session:
        run = session.scalars(select(Run).where(Run.state == "current")).one()
        other = Run(
            workspace_id=run.workspace_id, id=run.id ^ 1, kind="resort", state="current",
            engine="f" * 64, started_at=LONG_AGO, summary={},
        )  # fmt: skip
        session.add(other)
        session.flush()
        session.execute(update(Workspace).values(current_run_id=other.id))
    understanding = Laying(mapped.database, mapped.engine)
    understanding.round()  # begins
    understanding.round()  # the first five
    assert mapped.places().keys() == mapped.answers(), "until it is full the old one is seen"
    assert mapped.count(MapLayout) == 2
    mapped.give(["the chairs in the hall again"])
    while understanding.round():
        pass
    mapped.work()
    assert mapped.places().keys() == mapped.answers()
    assert mapped.count(MapLayout) == 1
    assert mapped.count(MapPlace) == len(mapped.answers())


def test_two_workers_at_once_lay_out_one_map(mapped: Mapped) -> None:
    mapped.give(TEXTS)
    understanding = Understanding(mapped.database, load=mapped.engine)
    while understanding.sort_round():
        pass
    while understanding.theme_round():
        pass
    start = threading.Barrier(2)
    broken: list[BaseException] = []

    def lay() -> None:
        mine = Laying(mapped.database, mapped.engine)
        start.wait()
        try:
            while mine.round():
                pass
        except Exception as error:  # told below, in the test's own thread
            broken.append(error)

    threads = [threading.Thread(target=lay) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mapped.work()
    assert broken == []
    assert mapped.count(MapLayout) == 1
    assert mapped.places().keys() == mapped.answers()


def test_a_place_goes_with_the_words_and_does_not_come_back(mapped: Mapped) -> None:
    mapped.give(TEXTS)
    mapped.work()
    gone = min(mapped.answers())
    with mapped.database.writing() as session:
        erase(session, mapped.workspace_id, gone)
        session.execute(update(Answer).where(Answer.id == gone).values(state="withdrawn"))
    mapped.work()
    assert gone not in mapped.places()
    assert mapped.count(MapPlace) == len(TEXTS) - 1


def test_vectors_that_sorting_needed_none_of_are_made_and_kept(mapped: Mapped) -> None:
    mapped.give(["Nothing", "n/a", *TEXTS])
    understanding = Understanding(mapped.database, load=mapped.engine)
    while understanding.sort_round():
        pass
    with mapped.database.writing() as session:
        session.execute(delete(TextVector))
    mapped.work()
    assert mapped.places().keys() == mapped.answers()
    with mapped.database.reading() as session:
        assert len(session.scalars(select(TextVector.vector)).all()) == len(TEXTS) + 2


def test_answers_without_any_words_wait_for_no_place(mapped: Mapped) -> None:
    mapped.give(["", "   "])
    mapped.work()
    assert mapped.places() == {}
    assert mapped.count(MapWaiting) == 0
