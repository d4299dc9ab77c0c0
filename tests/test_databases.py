"""The one PostgreSQL database that tests share holds nothing of the test before."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from tests.support.databases import OneAfterTheOther

SOMEBODY: LiteralString = (
    "INSERT INTO person (id, email, name, password_hash, created_at)"
    " VALUES (1, 'mo@example.org', 'Mo', '', now())"
)
READ_ONLY: LiteralString = (
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
    " current_database()); END $$"
)
CHANGES: list[LiteralString] = [
    "ALTER TABLE person DROP COLUMN name",
    "ALTER TABLE person ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE person ALTER COLUMN name SET DEFAULT 'Mo'",
    "ALTER TABLE person DISABLE TRIGGER ALL",
    "CREATE INDEX one_more ON person (name)",
    "CREATE SCHEMA beside",
    "CREATE TYPE mood AS ENUM ('fine')",
    "SELECT lo_create(0)",
    READ_ONLY,
]


@pytest.fixture(scope="module")
def databases(postgres_url: str) -> Iterator[OneAfterTheOther]:
    lender = OneAfterTheOther(postgres_url)
    yield lender
    lender.drop()


def _run(url: str, statement: LiteralString) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        done = connection.execute(statement)
        return done.fetchone() if done.description else None


def test_what_a_test_wrote_is_gone_for_the_next(databases: OneAfterTheOther) -> None:
    first = databases.lend()
    _run(first, SOMEBODY)
    databases.take_back()
    second = databases.lend()
    assert second == first
    assert _run(second, "SELECT count(*) FROM person") == (0,)
    databases.take_back()


@pytest.mark.parametrize("change", CHANGES)
def test_a_database_that_a_test_changed_is_lent_to_nobody_else(
    databases: OneAfterTheOther, change: LiteralString
) -> None:
    first = databases.lend()
    _run(first, change)
    databases.take_back()
    assert databases.lend() != first
    databases.take_back()


def test_one_database_is_not_lent_twice(databases: OneAfterTheOther) -> None:
    databases.lend()
    with pytest.raises(AssertionError, match="not taken back"):
        databases.lend()
    databases.take_back()
