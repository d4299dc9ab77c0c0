"""Whatever somebody types: no failure, and the text comes back as it is stored."""

import html
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, select

from survey.app import create_app
from survey.records import Answer, AnswerText, Link, Workspace
from survey.records.base import table_of
from survey.records.database import Database
from survey.records.guarding import SHOW
from survey.records.straight import Prepared
from survey.records.text import LONGEST_ANSWER, as_stored
from survey.settings import read_settings
from survey.tokens import token_sha256
from tests.support.invitations import SECRET_KEY
from tests.support.many_links import ask_many
from tests.support.people import make_business

PART = 2_000  # texts
URLENCODED = "application/x-www-form-urlencoded"
# Everything, lone surrogates and NUL too; then what trips parsers, and what is very long.
ODD = (
    *("\0", "\ud83d", "\r\n", "\r", "\u2028", "\ufeff", "\u200d", "\u202e"),
    *("</textarea>", "{{ 7*7 }}", "&lt;", "%00", "+", "'", "🦷"),
)
TYPED = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(st.one_of(st.sampled_from(ODD), st.text(st.characters(), max_size=9))).map("".join),
    st.builds(
        lambda piece, times: piece * times,
        st.text(st.characters(), min_size=1, max_size=30),
        st.integers(1, 1500),
    ),
)


class Texts:
    """Links without end, each to be answered by one text; every so many are changed, too."""

    def __init__(self, app: Flask, change_every: int = 1) -> None:
        self._texts, self._change_every = count(), change_every
        self.database: Database = app.extensions["afterword"].database
        self.client = app.test_client()
        self.workspace_id = make_business(self.database, "Hill Street").workspace_id
        self._links: list[str] = []
        with self.database.writing() as session:  # what is masked has tests of its own
            session.get_one(Workspace, self.workspace_id).personal_data = SHOW

    def link(self) -> str:
        """Return a link that nobody has answered with."""
        if not self._links:
            with self.database.writing() as session:
                self._links = ask_many(session, self.workspace_id, 200, SECRET_KEY)
        return self._links.pop()

    def hold(self, typed: str) -> None:
        """Send a text, change it to itself and another, and look at what comes back."""
        link, stored = self.link(), as_stored(typed)
        body = f"answer={quote(typed, errors='surrogatepass')}"
        sent = self.client.post(link, data=body, content_type=URLENCODED)
        assert sent.status_code in (303, 422), sent.status_code
        if sent.status_code == 422:
            assert len(stored) > LONGEST_ANSWER or not re.search(r"\w", stored)
            assert _in_box(sent.get_data(as_text=True)) == stored
            return
        assert self._kept(link) == stored
        assert _in_box(self.client.get(f"{link}?change").get_data(as_text=True)) == stored
        shown = html.unescape(self.client.get(link).get_data(as_text=True))
        assert stored in shown
        if next(self._texts) % self._change_every:
            return
        change = f"do=change&seen=1&answer=x{quote(typed, errors='surrogatepass')}"
        changed = self.client.post(link, data=change, content_type=URLENCODED)
        assert changed.status_code == (422 if len(stored) == LONGEST_ANSWER else 303)
        if changed.status_code == 303:
            assert self._kept(link) == "x" + stored

    def _kept(self, link: str) -> str:
        """Return what the answer that was given with a link says now."""
        token = token_sha256(link.removeprefix("/a/"))
        with self.database.looking() as straight:
            ((body,),) = straight.rows(_WORDS_UNDER, {"token": token})
        return str(body)


_link, _answer, _words = (table_of(record).c for record in (Link, Answer, AnswerText))
_WORDS_UNDER = Prepared(
    select(_words.body)
    .select_from(table_of(Link))
    .join(
        table_of(Answer),
        (_answer.workspace_id == _link.workspace_id) & (_answer.invitation_id == _link.target_id),
    )
    .join(
        table_of(AnswerText),
        (_words.workspace_id == _answer.workspace_id)
        & (_words.answer_id == _answer.id)
        & (_words.version == _answer.version),
    )
    .where(_link.token_sha256 == bindparam("token"))
)


def _in_box(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.S)
    assert found
    return html.unescape(found.group(1))


@contextmanager
def _served(template: Path, change_every: int = 1) -> Iterator[Texts]:
    """One application for many texts, its database in memory where there is a place for that."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        copy = Path(directory) / "afterword.db"
        copy.write_bytes(template.read_bytes())
        app = create_app(
            read_settings(
                {
                    "SURVEY_DATA_DIR": directory,
                    "SURVEY_DATABASE_URL": f"sqlite:///{copy}",
                    "SURVEY_SECRET_KEY": SECRET_KEY.decode(),
                    "SURVEY_BASE_URL": "http://localhost",
                }
            )
        )
        yield Texts(app, change_every)
        app.extensions["afterword"].database.close()


def _every_text(texts: Texts, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(TYPED)
    def hold(typed: str) -> None:
        texts.hold(typed)

    hold()


def test_any_text_is_kept_and_comes_back_as_stored(sqlite_template: Path) -> None:
    with _served(sqlite_template) as texts:
        _every_text(texts, 300)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_texts_are_kept_and_come_back_as_stored(sqlite_template: Path) -> None:
    """In parts, on all processors: tables, and the generator's memory of what it tried, stay small;
    what fails must do so for its text alone.
    """
    parts = [sqlite_template] * (100_000 // PART)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        assert sum(processes.map(_part, parts)) == 100_000


def _part(template: Path) -> int:
    with _served(template, change_every=4) as texts:  # a change takes longer than all the rest
        _every_text(texts, PART)
    return PART
