"""People and places for tests, made the short way: no password is hashed, no page is opened."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask

from survey.clock import utc_now
from survey.records import Member, Person, SignInSession, new_id
from survey.records.database import Database
from survey.records.workspaces import create_workspace
from survey.tokens import random_token, token_sha256
from tests.support.browser import Browser

# argon2id of "correct horse battery", so that a test may also sign in through the page.
PASSWORD = "correct horse battery"
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$ykjpnZMCbJWq8+wvKs9Zyw$iFAu09b4Ingkckgz+MxxETru2sn9kKQIMaNV8RXqYZA"
)


@dataclass(frozen=True)
class Business:
    """A workspace under test."""

    workspace_id: int
    slug: str
    name: str

    def at(self, rest: str = "") -> str:
        """Return the address of one of its pages."""
        return f"/w/{self.slug}/{rest}"


def make_business(database: Database, name: str) -> Business:
    """Make a workspace with its default question."""
    with database.writing() as session:
        made = create_workspace(session, name, utc_now())
        return Business(made.id, made.slug, made.name)


def make_member(database: Database, business: Business, email: str, role: str) -> int:
    """Make a person with a place in a workspace."""
    now = utc_now()
    with database.writing() as session:
        person = Person(id=new_id(), email=email, password_hash=PASSWORD_HASH, created_at=now)
        session.add(person)
        session.flush()
        session.add(
            Member(
                workspace_id=business.workspace_id, person_id=person.id, role=role, joined_at=now
            )
        )
    return person.id


def signed_in(app: Flask, person_id: int) -> Browser:
    """Return a browser in which a person is signed in."""
    token, now = random_token(), utc_now()
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        session.add(
            SignInSession(
                token_sha256=token_sha256(token),
                person_id=person_id,
                created_at=now,
                expires_at=now + timedelta(days=1),
            )
        )
    browser = app.test_client()
    assert isinstance(browser, Browser)
    with browser.session_transaction() as cookie:
        cookie["sid"] = token
    return browser
