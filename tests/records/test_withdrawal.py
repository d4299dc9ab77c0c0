"""What an answer leaves behind when it is changed, taken back or too old: nothing of its words."""

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from survey.clock import utc_now
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    ChangeNote,
    Decision,
    Exemplar,
    Interaction,
    Invitation,
    Message,
    Overruled,
    Record,
    Run,
    Sorting,
    Talk,
    TextVector,
    Theme,
    ThemeCut,
    ThemeExample,
    Workspace,
)
from survey.records.answering import Locked
from survey.records.arrivals import take_in
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.erasure import erase
from survey.records.runs import NewTheme, add_themes, begin_run
from survey.records.search import index_answer
from survey.records.talks import Consent, set_consent, write_letter
from survey.records.text import text_digest
from survey.records.verbatim import NAMELESS
from survey.records.withdrawal import expire, hold_answer, months_before, overdue, reword, withdraw
from survey.worker import let_old_answers_go
from tests.support.given import Given, give, sort_into, theme_of
from tests.support.people import Business, make_business

SECRET = "Zanzibar"  # stands in no other row


@pytest.fixture
def business(database: Database) -> Business:
    return make_business(database, "Hill Street Dental")


def _spread(database: Database, business: Business) -> Given:
    """An answer whose word is everywhere it can get to."""
    given = give(database, business, f"{SECRET} parking was full", served_by="Sam")
    theme = theme_of(
        database, business, f"{SECRET} parking", definition=f"Answers like “{SECRET} parking”"
    )
    sort_into(database, business, theme, given)
    inside, now = business.workspace_id, utc_now()
    with database.writing() as session:
        index_answer(session, inside, given.id, f"{SECRET} parking was full")
        session.add(
            TextVector(
                workspace_id=inside, text_sha256=text_digest(f"{SECRET} parking was full"),
                model_digest="m", vector=b"v",
            )
        )  # fmt: skip
        place: dict[str, Any] = {"workspace_id": inside, "theme_id": theme, "number": 0}
        session.add(Exemplar(**place, answer_id=given.id, version=1, start=0, end=8, vector=b"v"))
        session.add(ThemeExample(**place, example=f"{SECRET} parking"))
        run = session.scalars(select(Run)).one()
        run.summary = {"themes": [{"fate": "new", "name": f"{SECRET} parking", "before": ""}]}
        set_consent(session, inside, given.id, Consent(True, "phone", f"{SECRET} 0123456"), now)
        write_letter(session, inside, given.id, f"{SECRET}?", now, signed="Sam")
        write_letter(session, inside, given.id, f"{SECRET}!", now)
        session.add(
            ChangeNote(
                workspace_id=inside, answer_id=given.id, body=SECRET, noted_at=now,
                noted_on=now.date(),
            )
        )  # fmt: skip
    return given


def _tables_that_say(database: Database, word: str) -> set[str]:
    """Every table with the word in a row of it, and the word index."""
    with database.reading() as session:
        found = {
            name
            for name, table in Record.metadata.tables.items()
            if any(word in repr(tuple(row)) for row in session.execute(select(table)))
        }
        vectors = session.scalar(select(func.count()).select_from(TextVector))
        found |= {"text_vector"} if vectors else set()
        found |= {"answer_search"} if _indexed(session) else set()
    return found


def _indexed(session: Any) -> int:
    count: int = session.execute(text("SELECT count(*) FROM answer_search")).scalar_one()
    return count


def _held(session: Any, business: Business, given: Given) -> Locked:
    answer = hold_answer(session, business.workspace_id, given.id)
    assert answer is not None
    return answer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_file_itself_forgets_what_was_taken_back(
    database: Database, business: Business, tmp_path: Path
) -> None:
    given = _spread(database, business)
    long = give(database, business, f"{SECRET} and so on. " * 900)  # over more than one page
    with database.writing() as session:
        index_answer(session, business.workspace_id, long.id, f"{SECRET} and so on. " * 900)
    assert _in_files(database, tmp_path)
    for one in (given, long):
        with database.writing() as session:
            withdraw(session, _held(session, business, one), utc_now())
    assert not _in_files(database, tmp_path)


def _in_files(database: Database, folder: Path) -> bool:
    """Whether the word stands anywhere on the disk, once the log is written over."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    word = SECRET[1:].encode()  # the index keeps small letters
    return any(word in path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_a_theme_that_an_answer_was_moved_out_of_forgets_its_words(
    database: Database, business: Business
) -> None:
    given = give(database, business, f"{SECRET} parking was full")
    named = theme_of(database, business, f"{SECRET} parking")
    other = theme_of(database, business, "Somewhere else")
    sort_into(database, business, other, given)
    with database.writing() as session:
        run_id = session.scalars(select(Run.id)).one()
        session.add(
            Overruled(
                workspace_id=business.workspace_id, run_id=run_id, answer_id=given.id, version=1,
                outcome="themes", placings=[[named, 0, 8, "wish", 0.9]],
            )
        )  # fmt: skip
    with database.writing() as session:
        withdraw(session, _held(session, business, given), utc_now())
    assert _tables_that_say(database, SECRET) == set()


@pytest.mark.parametrize("state", ["working", "refused"])
def test_a_theme_whose_run_knows_no_members_forgets_its_words(
    database: Database, business: Business, state: str
) -> None:
    given = give(database, business, f"{SECRET} parking was full")
    give(database, business, "parking was dear")
    inside, now = business.workspace_id, utc_now()
    with database.writing() as session:
        run_id = begin_run(session, inside, "emerging", "e" * 64, now)
        found = [NewTheme(f"{SECRET} parking", "found"), NewTheme("parking", "found")]
        add_themes(session, inside, run_id, found, now)
        session.execute(update(Run).values(state=state))
    with database.writing() as session:
        withdraw(session, _held(session, business, given), utc_now())
    with database.reading() as session:
        assert set(session.scalars(select(Theme.name))) == {NAMELESS, "parking"}


def test_a_cut_that_is_being_worked_out_is_begun_anew(
    database: Database, business: Business
) -> None:
    given = give(database, business, f"{SECRET} parking was full")
    theme, now = theme_of(database, business, "Parking"), utc_now()
    with database.writing() as session:
        session.add(
            ThemeCut(
                workspace_id=business.workspace_id, theme_id=theme, asked_at=now, lease_id="mine",
                lease_until=now + timedelta(minutes=5),
            )
        )  # fmt: skip
    with database.writing() as session:
        withdraw(session, _held(session, business, given), utc_now())
    with database.reading() as session:
        assert session.scalars(select(ThemeCut.lease_id)).all() == [None]


def test_a_word_that_is_everywhere_is_nowhere_once_the_answer_is_taken_back(
    database: Database, business: Business
) -> None:
    given = _spread(database, business)
    assert _tables_that_say(database, SECRET) == {
        "answer_text", "theme", "theme_example", "run", "talk", "message", "change_note",
        "text_vector", "answer_search",
    }  # fmt: skip
    with database.writing() as session:
        withdraw(session, _held(session, business, given), utc_now())
    assert _tables_that_say(database, SECRET) == set()
    with database.reading() as session:
        assert session.scalars(select(Theme.name).where(Theme.origin == "found")).one() == NAMELESS
        assert session.scalars(select(Answer.state)).one() == "withdrawn"
        assert session.scalars(select(Invitation.state)).one() == "withdrawn"
        for record in (Exemplar, Sorting, Assignment, Message, Talk):
            assert session.scalar(select(func.count()).select_from(record)) == 0


def test_new_words_leave_nothing_of_the_old_but_when_they_changed(
    database: Database, business: Business
) -> None:
    given = _spread(database, business)
    with database.writing() as session:
        reword(session, _held(session, business, given), "Kind people", utc_now())
    # Letters and notes are not the answer's words; they stay with what they are about.
    assert _tables_that_say(database, SECRET) == {"talk", "message", "change_note", "answer_search"}
    with database.reading() as session:
        texts = session.execute(
            select(AnswerText.version, AnswerText.body, AnswerText.written_at).order_by(
                AnswerText.version
            )
        ).all()
        answer = session.scalars(select(Answer)).one()
        assert [row[:2] for row in texts] == [(1, ""), (2, "Kind people")]
        assert all(row.written_at for row in texts)
        assert (answer.version, answer.sorted_by, answer.lease_id) == (2, None, None)
        assert _indexed(session) == 1


def test_a_name_that_others_say_too_or_that_a_person_gave_stays(
    database: Database, business: Business
) -> None:
    one, other = (give(database, business, f"The car park {n}") for n in ("full", "dear"))
    shared = theme_of(database, business, "Car park")
    sort_into(database, business, shared, one, other)
    with database.writing() as session:
        withdraw(session, _held(session, business, one), utc_now())
    with database.reading() as session:
        assert session.get_one(Theme, (business.workspace_id, shared)).name == "Car park"


def test_a_name_goes_although_its_answer_was_no_exemplar_and_the_ledger_forgets_it_too(
    database: Database, business: Business
) -> None:
    given = give(database, business, f"{SECRET} parking was full")
    theme = theme_of(database, business, f"{SECRET} parking")
    sort_into(database, business, theme, given)
    words = {"name": f"{SECRET} parking", "examples": [f"{SECRET} parking", "Else"]}
    with database.writing() as session:
        found = session.get_one(Theme, (business.workspace_id, theme))
        found.first_words = words
        session.add(
            Decision(
                workspace_id=business.workspace_id, theme_id=theme, kind="rename", number=1,
                value="Parking", details={"before": words}, decided_at=utc_now(),
            )
        )  # fmt: skip
    with database.writing() as session:
        withdraw(session, _held(session, business, given), utc_now())
    assert _tables_that_say(database, SECRET) == set()
    with database.reading() as session:
        found = session.get_one(Theme, (business.workspace_id, theme))
        assert found.first_words == {"name": NAMELESS, "examples": ["Else"]}


@pytest.mark.parametrize("taken_in", [True, False])
def test_the_vector_of_a_text_that_another_answer_has_too_stays(
    database: Database, business: Business, taken_in: bool
) -> None:
    one, _ = (give(database, business, "Too slow.") for _ in range(2))
    with database.writing() as session:
        if taken_in:
            take_in(session, utc_now(), limit=9)
        session.add(
            TextVector(
                workspace_id=business.workspace_id, text_sha256=text_digest("Too slow."),
                model_digest="m", vector=b"v",
            )
        )  # fmt: skip
        erase(session, business.workspace_id, one.id)
    assert "text_vector" in _tables_that_say(database, "Too slow.")


def test_whatever_happens_the_counts_are_those_of_counting_from_scratch(
    database: Database, business: Business
) -> None:
    dice = random.Random(4)
    theme = theme_of(database, business, "Parking")
    answers = [
        give(
            database,
            business,
            dice.choice(("", "Slow.", "Kind.")),
            segments={"Branch": "North"},
            served_by="Sam",
            channel="visit",
        )
        for _ in range(12)
    ]
    for answer in answers:
        if dice.random() < 0.7:
            sort_into(database, business, theme, answer)
        for _ in range(dice.randrange(3)):
            with database.writing() as session:
                held = _held(session, business, answer)
                if held.state == "given":
                    _one_of_three(dice)(session, held)
    with database.writing() as session:
        found = _answers_counted(session, business)
        rebuild(session, business.workspace_id)
        assert found == _answers_counted(session, business)
        assert {cell[2] for cell in found} >= {"answered", "withdrawn"}


def _answers_counted(session: Any, business: Business) -> dict[tuple[object, ...], int]:
    counts = counts_now(session, business.workspace_id)
    return {cell: answers for cell, answers in counts.items() if cell[2] != "asked"}


def _one_of_three(dice: random.Random) -> Any:
    now = utc_now()
    return dice.choice(
        (
            lambda session, held: reword(session, held, "Other words.", now),
            lambda session, held: withdraw(session, held, now),
            lambda session, held: expire(session, held, now, now.date()),
        )
    )


def test_what_is_too_old_goes_with_who_said_it(database: Database, business: Business) -> None:
    old, new = (give(database, business, words) for words in ("Old words", "New words"))
    now = utc_now()
    with database.writing() as session:
        session.get_one(Workspace, business.workspace_id).keep_months = 6
        answered_on = months_before(now.date(), 6)
        session.get_one(Answer, (business.workspace_id, old.id)).answered_on = answered_on
    assert let_old_answers_go(database)
    assert not let_old_answers_go(database)
    assert _tables_that_say(database, "Old words") <= {"answer_search"}  # it holds the new one
    with database.reading() as session:
        assert overdue(session, now, 20) is None
        names = session.execute(select(Interaction.customer_email, Interaction.customer_name))
        assert sorted(map(tuple, names), key=str) == [("", None), ("mo@example.org", "Mo")]
        assert session.get_one(Answer, (business.workspace_id, new.id)).state == "given"


def test_who_took_an_answer_back_is_forgotten_in_time_as_well(
    database: Database, business: Business
) -> None:
    given, now = give(database, business, "Old words"), utc_now()
    with database.writing() as session:
        withdraw(session, _held(session, business, given), now)
        session.get_one(Workspace, business.workspace_id).keep_months = 6
    with database.reading() as session:
        assert overdue(session, now, 20) is None
    with database.writing() as session:
        answer = session.get_one(Answer, (business.workspace_id, given.id))
        answer.answered_on = months_before(now.date(), 6)
        session.flush()
        rebuild(session, business.workspace_id)
    assert let_old_answers_go(database)
    assert not let_old_answers_go(database)
    with database.writing() as session:
        assert session.scalars(select(Interaction.customer_name)).all() == [None]
        assert session.get_one(Answer, (business.workspace_id, given.id)).expired_on is None
        counted = counts_now(session, business.workspace_id)
        rebuild(session, business.workspace_id)
        assert counts_now(session, business.workspace_id) == counted


def test_without_months_of_keeping_nothing_is_ever_too_old(
    database: Database, business: Business
) -> None:
    given = give(database, business, "Old words")
    with database.writing() as session:
        session.get_one(Workspace, business.workspace_id).keep_months = None
        session.get_one(Answer, (business.workspace_id, given.id)).answered_on = date(2001, 1, 1)
    with database.reading() as session:
        assert overdue(session, utc_now(), 20) is None


@pytest.mark.parametrize("origin", ["import", "sample"])
def test_past_answers_of_other_tools_are_their_owners_to_remove(
    database: Database, business: Business, origin: str
) -> None:
    given = give(database, business, "Old words")
    with database.writing() as session:
        session.get_one(Workspace, business.workspace_id).keep_months = 1
        answer = session.get_one(Answer, (business.workspace_id, given.id))
        answer.answered_on, answer.origin = date(2001, 1, 1), origin
    with database.reading() as session:
        assert overdue(session, utc_now(), 20) is None


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 15), 12, date(2025, 1, 15)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 31), 600, date(1976, 12, 31)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before


def test_months_before_never_skips_a_day() -> None:
    days = [date(2023, 12, 1) + timedelta(days=n) for n in range(500)]
    assert [months_before(day, 12) for day in days] == sorted(months_before(d, 12) for d in days)
