"""One thread makes the short transactions; whoever asked learns how theirs ended."""

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from survey.records import Workspace
from survey.records.base import table_of
from survey.records.database import Database, sqlite_module
from survey.records.migrate import migrate
from survey.records.one_writer import OneWriter
from survey.records.straight import Prepared, Straight
from tests.support.people import make_business

_workspace = table_of(Workspace)
RENAME = Prepared(_workspace.update().values(name=bindparam("wanted")))
NAME = Prepared(select(_workspace.c.name))


def renaming(name: str) -> Callable[[Straight], str]:
    def act(straight: Straight) -> str:
        straight.run(RENAME, {"wanted": name})
        return str(straight.rows(NAME, {})[0][0])

    return act


def name_in(database: Database) -> str:
    with database.reading() as session:
        return session.execute(select(Workspace.name)).scalar_one()


def writers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "writer"]


def test_what_was_done_is_returned_and_kept(database: Database) -> None:
    make_business(database, "Hill Street")
    assert database.in_turn(renaming("Molar")) == "Molar"
    assert name_in(database) == "Molar"


def test_what_fails_is_told_to_who_asked_and_leaves_nothing(database: Database) -> None:
    make_business(database, "Hill Street")

    def failing(straight: Straight) -> None:
        renaming("Lost")(straight)
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        database.in_turn(failing)
    assert name_in(database) == "Hill Street"
    assert database.in_turn(renaming("Molar")) == "Molar", "the next is served"


def test_everybody_of_many_gets_their_own_result(database: Database) -> None:
    make_business(database, "Hill Street")
    wanted = [f"Practice {number}" for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda name: database.in_turn(renaming(name)), wanted))
    assert got == wanted
    assert name_in(database) in wanted


def test_who_is_done_does_not_wait_for_a_next_one_that_is_held_up() -> None:
    let_in, held_up = threading.Event(), threading.Event()
    opened: list[int] = []

    @contextmanager
    def transaction() -> Iterator[Any]:
        opened.append(1)
        if len(opened) == 2:
            held_up.set()
            assert let_in.wait(20)
        yield None

    def while_the_second_queues(_: Straight) -> str:
        asked.append(pool.submit(writer.do, lambda _: "second"))
        time.sleep(0.2)
        return "first"

    asked: list[Any] = []
    writer = OneWriter(transaction)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.do, while_the_second_queues)
        assert held_up.wait(20)
        assert first.result(timeout=10) == "first"
        assert not asked[0].done()
        let_in.set()
        assert asked[0].result(timeout=10) == "second"
    writer.close()


def test_a_file_that_somebody_else_holds_is_told_and_the_next_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.records.database.BUSY_MILLISECONDS", 50)
    here = Database(f"sqlite:///{tmp_path / 'one.db'}")
    migrate(here.engine)
    make_business(here, "Hill Street")
    elsewhere = sqlite_module().connect(tmp_path / "one.db", isolation_level=None)
    elsewhere.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exception, match="locked"):
        here.in_turn(renaming("Molar"))
    elsewhere.execute("ROLLBACK")
    elsewhere.close()
    assert here.in_turn(renaming("Molar")) == "Molar"
    here.close()


@contextmanager
def nothing_kept() -> Iterator[Any]:
    yield None


def test_a_commit_that_fails_is_told_to_who_asked_and_the_next_is_served() -> None:
    fails = iter([True, False])

    @contextmanager
    def transaction() -> Iterator[Any]:
        yield None
        if next(fails):
            raise OSError("the disk is full")

    writer = OneWriter(transaction)
    with pytest.raises(OSError, match="disk is full"):
        writer.do(lambda _: "kept")
    assert writer.do(lambda _: "next") == "next"
    writer.close()


@pytest.mark.parametrize("how", [SystemExit, KeyboardInterrupt, MemoryError])
def test_not_even_what_ends_a_process_ends_the_thread(how: type[BaseException]) -> None:
    def ending(_: Straight) -> None:
        raise how

    writer = OneWriter(nothing_kept)
    with pytest.raises(how):
        writer.do(ending)
    assert writer.do(lambda _: "next") == "next"
    writer.close()


def test_a_thread_that_could_not_start_is_started_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    writer = OneWriter(nothing_kept)
    with monkeypatch.context() as here:
        here.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError, match="new thread"):
            writer.do(lambda _: "first")
    assert writer.do(lambda _: "next") == "next"
    writer.close()


def test_who_is_done_is_let_go_as_the_next_commits_and_the_last_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "survey.records.one_writer.STILL_SECONDS", 30.0
    )  # so nobody looks by itself
    let_go = threading.Event()

    @contextmanager
    def transaction() -> Iterator[Any]:
        yield None
        if len(asked) == 2:  # the second waits for the disk until the first was let go
            assert let_go.wait(10)

    def first_act(_: Straight) -> str:
        asked.append(pool.submit(writer.do, lambda _: asked.append(None)))
        time.sleep(0.2)
        return "first"

    asked: list[Any] = []
    writer = OneWriter(transaction)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.do, first_act)
        assert first.result(timeout=10) == "first"
        let_go.set()
        asked[0].result(timeout=10)
    writer.close()


def test_nobodys_words_stay_in_memory_once_they_are_kept() -> None:
    class Words(str):
        """Something that can be looked for."""

    def asked_with(words: Words) -> None:
        writer.do(lambda _: len(words))
        with pytest.raises(LookupError):
            writer.do(lambda _: failing(words))

    def failing(words: Words) -> None:
        raise LookupError(len(words))

    writer = OneWriter(nothing_kept)
    words = Words("I was ashamed")
    gone = weakref.ref(words)
    asked_with(words)
    del words
    deadline = time.monotonic() + 10
    while gone() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gone() is None
    writer.close()


def test_closing_waits_for_what_was_asked_and_may_come_twice() -> None:
    done: list[str] = []

    @contextmanager
    def transaction() -> Iterator[Any]:
        yield None
        time.sleep(0.1)
        done.append("committed")

    before = len(writers())
    writer = OneWriter(transaction)
    writer.close()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(writer.do, lambda _: 1)
        deadline = time.monotonic() + 10
        while len(writers()) == before and time.monotonic() < deadline:
            time.sleep(0.001)
        writer.close()
        assert done == ["committed"]
        assert asked.result(timeout=10) == 1
    writer.close()
    assert len(writers()) == before
    assert writer.do(lambda _: 2) == 2, "who asks after all is served"
    writer.close()
