"""A workspace full of answers, and a program that may read it."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from survey.account.actions import create_key
from survey.clock import utc_now
from survey.records import Answer
from survey.records.database import Database
from tests.support.answers import fill
from tests.support.people import Business

ANSWERS = 130


@dataclass(frozen=True)
class Program:
    """Something with an API key."""

    app: Flask
    key: str

    def get(self, address: str) -> TestResponse:
        return self.app.test_client().get(address, headers={"Authorization": f"Bearer {self.key}"})

    def json(self, address: str) -> Any:
        response = self.get(address)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()


def database_of(app: Flask) -> Database:
    found: Database = app.extensions["afterword"].database
    return found


@pytest.fixture
def themes(app: Flask, business: Business) -> dict[str, int]:
    """Fill the workspace with sorted answers, one of them anonymous; its themes by key."""
    with database_of(app).writing() as session:
        _, themes = fill(session, business.workspace_id, ANSWERS, utc_now().date())
        _make_one_anonymous(session)
    return themes


def _make_one_anonymous(session: Session) -> None:
    one = session.query(Answer.id).order_by(Answer.id).limit(1).scalar()
    session.execute(update(Answer).where(Answer.id == one).values(anonymous=True))


@pytest.fixture
def program(app: Flask, business: Business) -> Program:
    with database_of(app).writing() as session:
        return Program(app, create_key(session, business.workspace_id, "test", utc_now()))
