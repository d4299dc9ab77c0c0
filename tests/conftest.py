"""Fixtures for every test: real SQLite and real PostgreSQL, an application, people and places."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from survey.app import create_app
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.settings import Settings, read_settings
from tests.support.browser import Browser
from tests.support.databases import OneAfterTheOther
from tests.support.once import compile_once
from tests.support.people import Business, make_business, make_member, signed_in
from tests.support.postgres import running_postgres

BOTH = ("sqlite", "postgresql")
compile_once()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# A busy machine is no fault of the code under test: no deadline for a single example.
hypothesis.settings.register_profile("afterword", deadline=None)
hypothesis.settings.load_profile("afterword")


_DEAR = ("model", "browser", "long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long runs to ``make soak``, and begin with the dear files: they end no run late."""
    dear = {
        item.path: rank
        for rank, marker in reversed(list(enumerate(_DEAR)))
        for item in items
        if item.get_closest_marker(marker)
    }
    items.sort(key=lambda item: dear.get(item.path, len(_DEAR)))
    if os.environ.get("SURVEY_SOAK"):
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for this test run; its database ``template`` holds the newest revision."""
    with running_postgres() as url:
        _wait_until_answering(url)
        _execute(url, "CREATE DATABASE template")
        database = Database(_database_of(url, "template"))
        migrate(database.engine)
        database.close()
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> OneAfterTheOther:
    """What lends each test a database."""
    return OneAfterTheOther(postgres_url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "afterword.db"
    database = Database(f"sqlite:///{path}")
    migrate(database.engine)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.close()
    return path


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield _fresh_sqlite(request, tmp_path)
        return
    databases: OneAfterTheOther = request.getfixturevalue("postgres_databases")
    yield databases.lend()
    databases.take_back()


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database, for what does not depend on the kind."""
    return _fresh_sqlite(request, tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database of each kind."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings as an operator would have them, on each kind of database."""
    return read_settings(
        {
            "SURVEY_DATA_DIR": str(tmp_path / "data"),
            "SURVEY_DATABASE_URL": database_url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": "http://localhost",
        }
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application."""
    built = create_app(settings)
    built.test_client_class = Browser
    yield built
    built.extensions["afterword"].database.close()


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser without JavaScript that nobody has signed in with."""
    return _browser(app)


@pytest.fixture
def business(app: Flask) -> Business:
    """The workspace under test."""
    return make_business(_database(app), "Hill Street Dental")


@pytest.fixture
def owner(app: Flask, business: Business) -> Browser:
    """The browser of an owner of the workspace under test."""
    return signed_in(app, make_member(_database(app), business, "owner@example.org", "owner"))


@pytest.fixture
def teammate(app: Flask, business: Business) -> Browser:
    """The browser of a teammate in the workspace under test."""
    return signed_in(app, make_member(_database(app), business, "mate@example.org", "teammate"))


@pytest.fixture
def elsewhere(app: Flask) -> Business:
    """Another workspace, of other people."""
    return make_business(_database(app), "Valley Boilers")


@pytest.fixture
def outsider(app: Flask, elsewhere: Business) -> Browser:
    """The browser of an owner of another workspace."""
    return signed_in(app, make_member(_database(app), elsewhere, "other@example.org", "owner"))


def _browser(app: Flask) -> Browser:
    made = app.test_client()
    assert isinstance(made, Browser)
    return made


def _database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _fresh_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "afterword.db"
    if not path.exists():
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


def _database_of(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _wait_until_answering(url: str) -> None:
    for attempt in range(100):
        try:
            _execute(url, "SELECT 1")
        except OperationalError:
            if attempt == 99:
                raise
            time.sleep(0.1)
        else:
            return
