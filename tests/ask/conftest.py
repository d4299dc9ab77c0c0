"""A workspace that asks, for the tests of asking."""

import pytest

from survey.records.database import Database
from tests.support.places import PlaceForTest, make_place


@pytest.fixture
def asking(database: Database) -> PlaceForTest:
    """A workspace with an API key."""
    return make_place(database)
