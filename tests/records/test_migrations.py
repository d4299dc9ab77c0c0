"""The same revisions lead to the same tables on both kinds of database, and back."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select

from survey.records import Answer, DecidedAnswer, Decision, Question, Theme, new_id
from survey.records.database import Database
from survey.records.deciding import ToShow
from survey.records.migrate import alembic_config, migrate, newest_revision, pending_revision
from survey.records.workspaces import create_workspace

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_the_models_and_the_revisions_agree(database: Database) -> None:
    with database.engine.begin() as connection:
        command.check(alembic_config(connection))  # raises where a model has drifted


def test_what_alembic_says_goes_to_todays_output(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.engine.connect() as connection:
        alembic_config(connection).print_stdout("Nothing to do.")
    assert capsys.readouterr().out == "Nothing to do.\n"


def test_a_database_can_go_all_the_way_back_and_up_again(database: Database) -> None:
    migrate(database.engine, "base")
    with database.engine.begin() as connection:
        assert pending_revision(connection) is not None
    migrate(database.engine)
    with database.engine.begin() as connection:
        assert pending_revision(connection) is None
        command.check(alembic_config(connection))


def test_a_change_of_the_ledgers_kinds_keeps_what_its_steps_hold(database: Database) -> None:
    with database.writing() as session:
        workspace = create_workspace(session, "Hill Street Dental", NOW)
        question = session.scalars(
            select(Question.id).where(Question.workspace_id == workspace.id)
        ).one()
        here = {"workspace_id": workspace.id}
        theme = Theme(**here, id=new_id(), name="Waiting", origin="found", created_at=NOW)
        answer = Answer(**here, id=new_id(), question_id=question, answered_on=NOW.date())
        step = Decision(**here, id=new_id(), kind="belongs", theme_id=theme.id, decided_at=NOW)
        session.add_all([theme, answer, step])
        session.flush()
        put_in = {"decision_id": step.id, "answer_id": answer.id, "theme_id": theme.id}
        session.add(DecidedAnswer(**here, **put_in, version=1, belongs=True))
        session.add(ToShow(**here, answer_id=answer.id, decision_id=step.id))
    for revision in ("-1", "head"):
        migrate(database.engine, revision)
    with database.reading() as session:
        assert session.scalars(select(DecidedAnswer.tone)).all() == ["unclear"]
        assert session.scalars(select(ToShow.answer_id)).all() == [answer.id]
        assert session.scalars(select(Decision.kind)).all() == ["belongs"]


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database.engine)
    with database.engine.begin() as connection:
        assert pending_revision(connection) is None


def test_alembic_finds_the_same_newest_revision(database: Database) -> None:
    with database.engine.begin() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    assert scripts.get_heads() == [newest_revision()]
