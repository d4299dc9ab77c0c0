"""The same revisions lead to the same tables on both kinds of database, and back."""

from alembic import command
from alembic.script import ScriptDirectory

from survey.records.database import Database
from survey.records.migrate import alembic_config, migrate, newest_revision, pending_revision


def test_the_models_and_the_revisions_agree(database: Database) -> None:
    with database.engine.begin() as connection:
        command.check(alembic_config(connection))  # raises where a model has drifted


def test_a_database_can_go_all_the_way_back_and_up_again(database: Database) -> None:
    migrate(database.engine, "base")
    with database.engine.begin() as connection:
        assert pending_revision(connection) is not None
    migrate(database.engine)
    with database.engine.begin() as connection:
        assert pending_revision(connection) is None
        command.check(alembic_config(connection))


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database.engine)
    with database.engine.begin() as connection:
        assert pending_revision(connection) is None


def test_alembic_finds_the_same_newest_revision(database: Database) -> None:
    with database.engine.begin() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    assert scripts.get_heads() == [newest_revision()]
