"""How long a search takes, by words and by meaning: ``python -m bench.search [ANSWERS]``.

The page is opened through the whole application; it asks a worker's process over the loopback
socket, which embeds the sentence with the real model, looks for the nearest vectors and answers.
Takes the places that ``bench.pages`` takes (``--url``, ``--postgres``, ``--keep``). Each answer's
vector is made of its clauses' real ones and some noise, so that nearly all of them differ.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.filling import put_many
from bench.pages import Filled, filled, measure, opened
from survey.app import create_app
from survey.records import Answer, AnswerText, TextVector
from survey.records.text import text_digest
from survey.settings import Settings, read_settings
from tests.support.browser import Browser
from tests.support.people import signed_in
from tests.support.postgres import running_postgres
from tests.support.sayings import SAYINGS

SEARCHES = (
    ("a rare word", "parking"),
    ("a common word", "the"),
    ("two words", "nobody said"),
    ("a sentence", "I was left sitting there and no one told me anything"),
)
READY_WITHIN = 300.0  # seconds: the model, and a table of vectors


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", nargs="?", type=int, default=100_000)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--days", type=int, default=1095)
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("--answer", action="store_true", help="be the worker")
    given = arguments.parse_args()
    if given.answer:
        answer_for_ever(read_settings(os.environ))
        return
    with ExitStack() as stack:
        directory = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_postgres()) if given.postgres else given.url
        bench = filled(directory, given.answers, url, given.days)
        keep_vectors(bench)
        worker = subprocess.Popen(
            [sys.executable, "-m", "bench.search", "--answer"],
            env={**os.environ, **environment(bench.settings)},
        )
        stack.callback(worker.wait)
        stack.callback(worker.terminate)
        report(bench)


def environment(settings: Settings) -> dict[str, str]:
    return {
        "SURVEY_DATA_DIR": str(settings.data_dir),
        "SURVEY_DATABASE_URL": settings.database_url,
        "SURVEY_SECRET_KEY": "k" * 40,
        "SURVEY_BASE_URL": "http://localhost",
        "HF_HUB_OFFLINE": "1",
    }


def answer_for_ever(settings: Settings) -> None:
    """Do what the worker does for questions of meaning, and nothing else."""
    from survey.records.database import Database
    from survey.understand.work import Understanding
    from survey.worker import answering_by_meaning

    database = Database(settings.database_url)
    understanding = Understanding(database, settings.model)
    answering_by_meaning(database, settings, understanding, threading.Event())()


def keep_vectors(bench: Filled) -> None:
    """Give every text a vector, as sorting would have left it."""
    import numpy as np

    from survey.understand.work import Understanding

    with bench.database.reading() as session:
        if session.scalar(select(func.count()).select_from(TextVector)):
            return
        bodies = set(session.scalars(select(AnswerText.body).where(AnswerText.body != "")))
    embedder = Understanding(bench.database, bench.settings.model).sentence_model()
    clauses = sorted({words for _, _, wish, praise in SAYINGS.values() for words in wish + praise})
    known = dict(zip(clauses, embedder.encode(clauses), strict=True))
    dice = np.random.default_rng(1)
    rows = []
    for body in sorted(bodies):
        said = [known[one] for one in clauses if one.rstrip(".,") in body]
        vector = np.sum(said, axis=0) if said else np.zeros(embedder.dimension)
        vector = vector + dice.normal(0, 0.02, embedder.dimension)
        packed = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
        rows.append(
            {"workspace_id": bench.business.workspace_id, "text_sha256": text_digest(body),
             "model_digest": embedder.digest, "vector": packed}
        )  # fmt: skip
    put_many(bench.database, TextVector, rows)


def report(bench: Filled) -> None:
    app = create_app(bench.settings)
    app.test_client_class = Browser
    browser = signed_in(app, bench.person_id)
    database, at = app.extensions["afterword"].database, bench.business.at
    wait_for_the_worker(browser, at("search?q=parking"))
    with database.reading() as session:
        like = session.scalars(
            select(AnswerText.answer_id)
            .join(Answer, Answer.id == AnswerText.answer_id)
            .where(AnswerText.body.like("%waiting%"))
        ).first()
    for name, words in SEARCHES:
        query = words.replace(" ", "+")
        measure(f"words only, {name}", partial(opened, browser, at(f"answers?q={query}")), database)
        for beside, more in (
            ("", ""),
            (", one segment", "&segment.Branch=Riverside"),
            (", one theme", f"&theme={bench.themes[SAYINGS['waiting'][0]]}"),
        ):
            both = partial(opened, browser, at(f"search?q={query}{more}"))
            measure(f"words and meaning, {name}{beside}", both, database)
    measure("answers like this one", partial(opened, browser, at(f"search?like={like}")), database)
    database.close()


def wait_for_the_worker(browser: Browser, page: str) -> None:
    """Ask until the worker has its model and its table."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        told: Any = browser.get(page).get_data(as_text=True)
        if "the nearest in meaning first" in told:
            return
        time.sleep(1)
    raise SystemExit("the worker did not get ready")


if __name__ == "__main__":
    main()
