"""The sample business is whole: asked, answered, in segments, and written by people."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from survey.records import Answer, Invitation
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.sample import load_sample, sample_visits, workspace_to_fill
from survey.records.workspaces import create_workspace

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_half_a_year_of_visits_ends_yesterday() -> None:
    visits = list(sample_visits(NOW, ZoneInfo("Europe/London")))
    answers = [visit.answer for visit in visits if visit.answer]
    days = [visit.asked_on for visit in visits]
    assert max(days) == NOW.date() - timedelta(days=1)
    assert timedelta(days=175) <= max(days) - min(days) <= timedelta(days=185)
    assert 290 <= len(answers) <= 330
    assert len(set(answers)) == len(answers)
    assert 0.5 < len(answers) / len(visits) < 0.7
    assert {visit.served_by for visit in visits} == {"Sam", "Priya", "Lorna"}
    assert {name for visit in visits for name, _ in visit.segments} == {"branch", "visit"}


def test_no_answer_of_the_sample_is_made_from_another() -> None:
    openings = Counter(
        " ".join(visit.answer.lower().split()[:4])
        for visit in sample_visits(NOW, ZoneInfo("UTC"))
        if visit.answer and len(visit.answer.split()) > 6
    )
    assert max(openings.values()) <= 2


def test_loading_it_counts_like_counting_from_scratch_and_happens_once(
    database: Database,
) -> None:
    with database.writing() as session:
        workspace = create_workspace(session, "Hill Street Dental", NOW)
        workspace.is_sample = True
        session.flush()
        assert workspace_to_fill(session) == workspace.id
        loaded = load_sample(session, workspace.id, NOW)
        assert workspace_to_fill(session) is None
        assert load_sample(session, workspace.id, NOW) == 0
        counted = counts_now(session, workspace.id)
        rebuild(session, workspace.id)
        assert counts_now(session, workspace.id) == counted
        given = session.scalar(select(func.count()).select_from(Answer))
        asked = session.scalar(select(func.count()).select_from(Invitation))
    assert given == loaded
    everything = {cell[2]: 0 for cell in counted}
    for cell, amount in counted.items():
        everything[cell[2]] += amount if cell[6] == "" else 0
    assert everything == {"asked": asked, "replied": loaded, "answered": loaded}
