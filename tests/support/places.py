"""Workspaces that programs may enter, made the short way."""

from dataclasses import dataclass

from survey.account.actions import create_key
from survey.clock import utc_now
from survey.records.database import Database
from tests.support.people import Business, make_business


@dataclass(frozen=True)
class PlaceForTest:
    """A workspace with an API key."""

    business: Business
    key: str

    @property
    def id(self) -> int:
        """The workspace's id."""
        return self.business.workspace_id

    @property
    def authorised(self) -> dict[str, str]:
        """Headers with which a program gets in."""
        return {"Authorization": f"Bearer {self.key}"}


def make_place(database: Database, name: str = "Hill Street Dental") -> PlaceForTest:
    """Make a workspace and a key of it."""
    business = make_business(database, name)
    with database.writing() as session:
        return PlaceForTest(business, create_key(session, business.workspace_id, "test", utc_now()))
