"""What belongs to the application and to the request at hand."""

from dataclasses import dataclass

from flask import Flask, current_app, g

from survey.records.database import Database
from survey.settings import Settings
from survey.web.limits import Limits

_KEY = "afterword"


@dataclass(frozen=True)
class Composed:
    """What an application was composed of."""

    settings: Settings
    database: Database
    limits: Limits


@dataclass(frozen=True)
class Visitor:
    """A signed-in person."""

    person_id: int
    email: str
    name: str


@dataclass(frozen=True)
class Place:
    """The workspace a request is in, and what its sender is there: owner, teammate or key.

    `has_sample` says that answers of the made-up practice stand in it, or are about to.
    """

    workspace_id: int
    slug: str
    name: str
    time_zone: str
    has_sample: bool
    role: str


def compose(app: Flask, composed: Composed) -> None:
    """Bind settings, database and limits to an application."""
    app.extensions[_KEY] = composed


def composed() -> Composed:
    """Return what the current application was composed of."""
    found: Composed = current_app.extensions[_KEY]
    return found


def settings() -> Settings:
    """Return the current application's settings."""
    return composed().settings


def database() -> Database:
    """Return the current application's database."""
    return composed().database


def limits() -> Limits:
    """Return the current application's limits."""
    return composed().limits


def visitor() -> Visitor | None:
    """Return who is signed in, if anybody."""
    found: Visitor | None = g.get("visitor")
    return found


def place() -> Place:
    """Return the workspace of this request; only routes whose rule sets one may ask."""
    found: Place = g.place
    return found
