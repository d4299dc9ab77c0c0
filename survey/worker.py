"""The worker's way in: a few loops that run the parts' work, side by side, until told to stop."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from survey.answer.import_work import ImportRound
from survey.answer.mailbox import LOOK_EVERY, MailboxRound
from survey.ask.work import MailRound, mailer_of, settle
from survey.guard.danger import read_rules
from survey.loopback import answering
from survey.records.anonymity import let_go, let_in, ready_to_be_let_in, shuffle_held
from survey.records.arrivals import arrivals_wait, take_in
from survey.records.counts import fold, waiting_changes
from survey.records.database import Database, database_now, what_failed
from survey.records.heartbeat import beat, forget_beats
from survey.records.withdrawal import expire, hold_answer, overdue
from survey.respond.urgent.work import UrgentRound
from survey.respond.work import ReplyRound
from survey.settings import Settings
from survey.show.tell.posting import PostRound
from survey.show.tell.work import TellRound
from survey.understand.work import Understanding

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
BEAT_SECONDS = 5.0
LONGEST_PAUSE = 60.0  # after a round that broke, doubling from one second
STOP_WITHIN = 10.0

Round = Callable[[], bool]  # does some work; True when there may be more at once


@dataclass(frozen=True)
class Loop:
    """Rounds that take turns in one thread; mail has its own, so that it never waits for sorting.

    Parameters
    ----------
    name : str
        What it does, for the heartbeat and the log.
    prepare : callable
        Makes the rounds, in the loop's own thread: loading an engine holds nobody else up.
    every : float
        Seconds between two looks when there is nothing to do.
    """

    name: str
    prepare: Callable[[], Sequence[Round]]
    every: float = POLL_SECONDS


@dataclass
class Doing:
    """What each loop is at, for the heartbeat."""

    now: dict[str, str] = field(default_factory=dict)


def run_worker(settings: Settings) -> int:
    """Run until a signal says stop; the exit code.

    Parameters
    ----------
    settings : Settings
        Checked settings; the database is migrated.

    Returns
    -------
    int
        0 after a clean stop.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    database = Database(settings.database_url)
    try:
        left = run_loops(database, worker_loops(database, settings, stop), stop)
    finally:
        database.close()
    if left:  # safe: what they hold is due again when its lease ends
        log.warning("stopped in the middle of: %s", ", ".join(left))
        logging.shutdown()
        os._exit(0)  # an interpreter that ends under a running engine may crash
    return 0


def worker_loops(database: Database, settings: Settings, stop: threading.Event) -> list[Loop]:
    """Compose what the worker does; one line a part."""
    mailer = mailer_of(settings)
    mail = MailRound(database, settings, mailer, stop.is_set)
    replies = ReplyRound(database, settings, mailer, stop.is_set)
    news = TellRound(database, settings, mailer, stop.is_set)
    posts = PostRound(database, settings, stop.is_set)
    danger = UrgentRound(database, settings, mailer, stop.is_set)
    imports = ImportRound(database, stop.is_set)
    understanding = Understanding(database, settings.model, stopping=stop.is_set)
    return [
        Loop("mail", lambda: [mail, replies, danger]),
        Loop("themes", understanding.rounds),
        Loop("meaning", lambda: [answering_by_meaning(database, settings, understanding, stop)]),
        Loop("counts", lambda: _counting(database)),
        Loop("imports", lambda: [imports]),
        *_mailbox_loops(database, settings, stop),
        Loop(
            "anonymous",
            lambda: [lambda: _shuffle_held(database), lambda: _let_in_together(database)],
            every=2.0,
        ),
        Loop(
            "keeping",
            lambda: [
                lambda: let_old_answers_go(database),
                lambda: _let_held_go(database),
                imports.forget_old,
            ],
            every=60.0,
        ),
        Loop("settle", lambda: [lambda: settle(database)], every=30.0),
        Loop("news", lambda: [news], every=15.0),
        Loop("webhooks", lambda: [posts], every=5.0),
    ]


def answering_by_meaning(
    database: Database, settings: Settings, understanding: Understanding, stop: threading.Event
) -> Round:
    """Answer the web's questions of meaning until told to stop; in between, keep up to date."""

    def until_stopped() -> bool:
        from survey.understand.meaning import Meaning

        meaning = Meaning(database, understanding.sentence_model)
        with answering(settings.data_dir, settings.secret_key, meaning.answer):
            while not stop.is_set():
                meaning.refresh()
                stop.wait(POLL_SECONDS)
        return False

    return until_stopped


def _counting(database: Database) -> list[Round]:
    read_rules()  # now, and not in the middle of the first write transaction
    return [lambda: _take_in(database), lambda: _fold_counts(database)]


def _take_in(database: Database) -> bool:
    """Take in a few at a time: a write transaction should stay under 20 ms."""
    limit = 50
    with database.reading() as session:
        if not arrivals_wait(session):
            return False
    with database.writing() as session:
        return take_in(session, database_now(session), limit=limit) > 0


def _fold_counts(database: Database) -> bool:
    """Fold a few at a time: a write transaction should stay under 20 ms."""
    limit = 80  # each is spread over some twenty cells
    with database.reading() as session:
        if not waiting_changes(session):
            return False
    with database.writing() as session:
        return fold(session, limit=limit) == limit


def _mailbox_loops(database: Database, settings: Settings, stop: threading.Event) -> list[Loop]:
    if settings.imap is None:
        return []
    mailbox = MailboxRound(database, settings, stop.is_set)
    return [Loop("mailbox", lambda: [mailbox], every=LOOK_EVERY)]


def _shuffle_held(database: Database) -> bool:
    """Take from anonymous answers what the database itself notes of how they came."""
    if database.on_sqlite:
        return False  # it keeps no such marks, and these rows in the order of their ids
    with database.writing() as session:
        return shuffle_held(session)


def _let_in_together(database: Database) -> bool:
    """Let anonymous answers in once enough of them wait."""
    with database.reading() as session:
        ready = ready_to_be_let_in(session)
    if ready is None:
        return False
    with database.writing() as session:
        return let_in(session, *ready, database_now(session)) > 0


def let_old_answers_go(database: Database, limit: int = 10) -> bool:
    """Erase a few answers that were kept as long as their workspace keeps them."""
    with database.reading() as session:
        found = overdue(session, database_now(session), limit)
    if found is None:
        return False
    for answer_id in found.answer_ids:
        with database.writing() as session:
            answer = hold_answer(session, found.workspace_id, answer_id)
            if answer is not None:
                expire(session, answer, database_now(session), found.today)
    return True  # there may be more, here or in another workspace


def _let_held_go(database: Database) -> bool:
    """Let anonymous answers go with age that never found company."""
    limit = 50
    with database.writing() as session:
        return let_go(session, database_now(session), limit=limit) == limit


def run_loops(database: Database, loops: Sequence[Loop], stop: threading.Event) -> list[str]:
    """Run every loop in a thread of its own, and the heartbeat here, until `stop` is set.

    Parameters
    ----------
    database : Database
        Where the heartbeat is written.
    loops : sequence of Loop
        What to run.
    stop : Event
        Ends it.

    Returns
    -------
    list of str
        Names of loops that did not come to an end in time.
    """
    doing = Doing()
    threads = [
        threading.Thread(target=_run_loop, args=(loop, stop, doing), name=loop.name, daemon=True)
        for loop in loops
    ]
    for thread in threads:
        thread.start()
    name = f"{socket.gethostname()}:{os.getpid()}"
    while not stop.is_set():
        _beat(database, name, doing)
        stop.wait(BEAT_SECONDS)
    until = time.monotonic() + STOP_WITHIN
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    with database.writing() as session:
        forget_beats(session, name)
    return [thread.name for thread in threads if thread.is_alive()]


def _run_loop(loop: Loop, stop: threading.Event, doing: Doing) -> None:
    rounds: Sequence[Round] = ()
    pause = 0.0
    while not stop.is_set():
        try:
            doing.now[loop.name] = "starting" if not rounds else "working"
            rounds = rounds or loop.prepare()
            more = any([one() for one in rounds])  # noqa: C419  every round gets its turn
        except Exception as error:  # a round that breaks is tried again; its work is still due
            log.error("the %s round broke\n%s", loop.name, what_failed(error))
            pause = min(LONGEST_PAUSE, pause * 2 or 1.0)
            doing.now[loop.name] = "broken, trying again"
            stop.wait(pause)
            continue
        pause = 0.0
        doing.now[loop.name] = "waiting"
        if not more:
            stop.wait(loop.every)


def _beat(database: Database, name: str, doing: Doing) -> None:
    told = ", ".join(f"{loop} {what}" for loop, what in sorted(doing.now.items()))
    try:
        with database.writing() as session:
            beat(session, name, told, database_now(session))
    except Exception as error:  # the database may be away for a moment; the next beat tells
        log.error("the heartbeat could not be written\n%s", what_failed(error))
