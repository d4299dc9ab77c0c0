"""GET and HEAD change nothing, on any page: scanners, previews and robots open every link."""

import re
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from survey.account.actions import first_owner_link
from survey.account.member_actions import ask_to_join
from survey.clock import utc_now
from survey.records import FirstOwnerLink, Record
from survey.records.base import table_of
from survey.records.database import Database
from survey.tokens import token_sha256
from tests.support.browser import Browser
from tests.support.invitations import invite
from tests.support.people import Business


def test_reading_changes_nothing(
    app: Flask, business: Business, owner: Browser, client: Browser
) -> None:
    database: Database = app.extensions["afterword"].database
    values = _things_to_read(database, business, client)
    before = _everything(database)
    opened = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        for address in _addresses(rule.rule, values):
            for browser in (owner, client):
                for method in ("GET", "HEAD"):
                    with browser.open(address, method=method) as answer:
                        assert answer.status_code < 500, address
                    opened += 1
    assert opened > 50
    assert _everything(database) == before


def _things_to_read(
    database: Database, business: Business, client: Browser
) -> dict[str, list[str]]:
    asked, answered = (invite(database, business, served_by="Sam") for _ in range(2))
    client.post(answered.link, data={"answer": "Less waiting."})
    with database.writing() as session:
        joining = ask_to_join(
            session, business.workspace_id, "ada@example.org", "teammate", utc_now()
        )
        start = first_owner_link(session, utc_now()) or "an-unused-link"
        session.merge(FirstOwnerLink(token_sha256=token_sha256(start), created_at=utc_now()))
    tokens = [asked.token, answered.token, joining, start, "unknown"]
    return {"workspace": [business.slug], "token": tokens, "filename": ["tokens.css"]}


def _addresses(rule: str, values: dict[str, list[str]]) -> list[str]:
    plain = re.sub(r"<int[^>]*>", "7", re.sub(r"<path:", "<", rule))
    filled = [plain]
    for name, choices in values.items():
        filled = [
            address.replace(f"<{name}>", choice)
            for address in filled
            for choice in (choices if f"<{name}>" in address else choices[:1])
        ]
    return sorted(set(filled))


def _everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, and the word index."""
    with database.reading() as session:
        rows = {
            name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for name, table in Record.metadata.tables.items()
        }
        indexed = session.execute(text("SELECT count(*) FROM answer_search")).scalar_one()
        return rows | {"answer_search": [indexed]}


def test_the_dump_notices_a_change(app: Flask, business: Business) -> None:
    database: Database = app.extensions["afterword"].database
    before = _everything(database)
    assert table_of(FirstOwnerLink).name in before
    with database.writing() as session:
        first_owner_link(session, utc_now())
    assert _everything(database) != before
