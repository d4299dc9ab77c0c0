"""One thread that makes all short transactions of a process, one after the other.

SQLite has one writer at a time, and Python runs one thread at a time. Writers that queue on a lock
hand on both at every commit, and whoever just got its answer takes the interpreter away from the
next writer at each statement, while the processor has nothing to do once that one waits for the
disk. A thread of its own goes from one transaction to the next, its memory warm, and lets go
whoever waits only as the next transaction is about to wait for the disk.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from survey.records.straight import Straight

STILL_SECONDS = 0.02  # longer than a queue of sixteen; who waited so long need not be let go

Result = TypeVar("Result")
Act = Callable[[Straight], Any]


class OneWriter:
    """Makes transactions in the order in which they are asked for.

    Parameters
    ----------
    transaction : callable
        Opens a transaction; leaving its block commits, raising rolls back.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Straight]]) -> None:
        self._transaction = transaction
        self._asking = threading.Lock()
        self._thread: _Writer | None = None

    def do(self, act: Callable[[Straight], Result]) -> Result:
        """Return what `act` returns, once it is committed; raise what it or the commit raises."""
        turn = _Turn(act)
        with self._asking:
            if self._thread is None or not self._thread.is_alive():  # as in a forked process
                thread = _Writer(self._transaction)
                thread.start()  # where that is refused, whoever asks next tries again
                self._thread = thread
            self._thread.asked.put(turn)
        return cast(Result, turn.outcome())

    def close(self) -> None:
        """End the thread, after what was asked for so far."""
        with self._asking:
            thread, self._thread = self._thread, None
            if thread is not None:
                thread.asked.put(None)
        if thread is not None:
            thread.join(timeout=10)


class _Writer(threading.Thread):
    """The thread, with a queue of its own: what one has left undone is no other's to do."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[Straight]]) -> None:
        super().__init__(name="writer", daemon=True)
        self.asked: SimpleQueue[_Turn | None] = SimpleQueue()
        self._transaction = transaction
        self._still: _Turn | None = None

    def run(self) -> None:
        while (turn := self.asked.get()) is not None:
            self._make(turn)
            self._still, turn = turn, None  # nobody's words stay until the next one comes
            if self.asked.empty():
                self._let_go()

    def _make(self, turn: "_Turn") -> None:
        try:
            with self._transaction() as straight:
                result = turn.act(straight)
                self._let_go()  # leaving the block waits for the disk
            turn.result = result
        except BaseException as error:  # whoever asked raises it
            turn.error = error
        finally:
            self._let_go()
        turn.act = _nothing
        turn.over = True

    def _let_go(self) -> None:
        still, self._still = self._still, None
        if still is not None:
            still.lock.release()


class _Turn:
    """A transaction that somebody waits for."""

    __slots__ = ("act", "error", "lock", "over", "result")

    def __init__(self, act: Act) -> None:
        self.act = act
        self.result: Any = None
        self.error: BaseException | None = None
        self.over = False
        self.lock = threading.Lock()
        self.lock.acquire()

    def outcome(self) -> Any:
        while not self.lock.acquire(timeout=STILL_SECONDS):
            if self.over:  # and the next one waits for another process
                break
        error, self.error = self.error, None
        try:
            if error is not None:
                raise error
            return self.result
        finally:
            del error  # or it and its frames, with the words in them, would hold one another


def _nothing(_: Straight) -> None:
    """Stand for an act that is done."""
