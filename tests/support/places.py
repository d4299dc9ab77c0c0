"""Workspaces, people and keys for tests, made with the records as they are."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient

from survey.clock import utc_now
from survey.records import ApiKey, Link, Member, Person, SignInSession, new_id
from survey.records.database import Database
from survey.records.workspaces import create_workspace
from survey.tokens import random_token, token_sha256


@dataclass(frozen=True)
class PlaceForTest:
    """A workspace with an API key."""

    id: int
    slug: str
    key: str

    @property
    def authorised(self) -> dict[str, str]:
        """Headers with which a program gets in."""
        return {"Authorization": f"Bearer {self.key}"}


def make_place(database: Database, name: str = "Hill Street Dental") -> PlaceForTest:
    """Make a workspace and a key of it."""
    now, key, key_id = utc_now(), random_token(), new_id()
    with database.writing() as session:
        workspace = create_workspace(session, name, now)
        session.add(ApiKey(workspace_id=workspace.id, id=key_id, label="test", created_at=now))
        session.add(
            Link(
                token_sha256=token_sha256(key),
                workspace_id=workspace.id,
                kind="api_key",
                target_id=key_id,
            )
        )
        return PlaceForTest(workspace.id, workspace.slug, key)


def signed_in(app: Flask, place: PlaceForTest, role: str = "owner") -> FlaskClient:
    """Return a browser signed in as a fresh member of `place`."""
    database: Database = app.extensions["afterword"].database
    now, token, person_id = utc_now(), random_token(), new_id()
    with database.writing() as session:
        person = Person(
            id=person_id, email=f"{person_id}@example.org", password_hash="-", created_at=now
        )
        session.add(person)
        session.flush()
        session.add(Member(workspace_id=place.id, person_id=person_id, role=role, joined_at=now))
        session.add(
            SignInSession(
                token_sha256=token_sha256(token),
                person_id=person_id,
                created_at=now,
                expires_at=now.replace(year=now.year + 1),
            )
        )
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["sid"] = token
    return client
