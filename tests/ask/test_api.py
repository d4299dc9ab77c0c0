"""Interactions by program: recorded once, refused with one clear sentence."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from survey.clock import utc_now
from survey.records import Interaction, InteractionSegment, Invitation, Link, Workspace
from survey.records.database import Database
from tests.support.places import PlaceForTest, make_place

URL = "/api/v1/interactions"
MO = {"customer": {"email": "mo@example.org", "name": "Mo"}, "served_by": "Sam"}


def _post(client: FlaskClient, place: PlaceForTest, body: Any, **headers: str) -> Any:
    return client.post(URL, json=body, headers=place.authorised | headers)


def _interactions(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(Interaction)).scalar_one()


def test_an_interaction_is_kept_and_its_invitation_queued(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    answer = _post(
        client,
        asking,
        MO
        | {
            "about": "your boiler",
            "channel": "visit",
            "occurred_at": "2026-11-17T14:30:00+00:00",
            "segments": {"branch": "North", "year": 2026},
            "note": "third visit",
        },
    )
    assert answer.status_code == 201
    assert answer.json["invitation"]["state"] == "queued"
    assert isinstance(answer.json["id"], str)
    due_at = datetime.fromisoformat(answer.json["invitation"]["due_at"])
    assert abs(due_at - utc_now()) < timedelta(minutes=1)  # no delay was set
    assert "skipped_because" not in answer.json["invitation"]
    with database.reading() as session:
        kept = session.scalars(select(Interaction)).one()
        assert (kept.customer_name, kept.about, kept.note) == ("Mo", "your boiler", "third visit")
        query = select(InteractionSegment.name, InteractionSegment.value)
        segments = {row.name: row.value for row in session.execute(query)}
        kinds = set(session.scalars(select(Link.kind)))
    assert segments == {"branch": "North", "year": "2026"}
    assert kinds == {"answer", "reply", "unsubscribe", "api_key"}


def test_an_invitation_waits_for_the_delay_of_its_workspace(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    with database.writing() as session:
        session.execute(update(Workspace).values(delay_minutes=120))
    answer = _post(client, asking, MO)
    due_at = datetime.fromisoformat(answer.json["invitation"]["due_at"])
    assert timedelta(minutes=119) < due_at - utc_now() <= timedelta(minutes=120)


def test_an_appointment_to_come_is_asked_about_after_it(
    client: FlaskClient, asking: PlaceForTest
) -> None:
    tomorrow = utc_now() + timedelta(days=1)
    answer = _post(client, asking, MO | {"occurred_at": tomorrow.isoformat()})
    assert datetime.fromisoformat(answer.json["invitation"]["due_at"]) == tomorrow


def test_the_same_reference_again_gives_the_first_result(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    first = _post(client, asking, MO | {"reference": "job 7"})
    again = _post(client, asking, MO | {"reference": "job 7", "about": "something else"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert _interactions(database) == 1


def test_the_same_key_with_the_same_body_gives_the_first_result(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    first = _post(client, asking, MO, **{"Idempotency-Key": "k1"})
    reordered = dict(reversed(MO.items()))
    again = _post(client, asking, reordered, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert _interactions(database) == 1


def test_the_same_key_with_another_body_is_a_conflict(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    _post(client, asking, MO, **{"Idempotency-Key": "k1"})
    other = _post(client, asking, MO | {"about": "a roof"}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 409
    assert other.json["error"]["code"] == "conflict"
    assert _interactions(database) == 1


def test_a_key_that_came_with_a_known_reference_belongs_to_it(
    client: FlaskClient, asking: PlaceForTest
) -> None:
    body = MO | {"reference": "job 7"}
    _post(client, asking, body)
    assert _post(client, asking, body, **{"Idempotency-Key": "k1"}).status_code == 200
    assert _post(client, asking, MO, **{"Idempotency-Key": "k1"}).status_code == 409


def test_json_that_is_nested_without_end_is_refused(
    client: FlaskClient, asking: PlaceForTest
) -> None:
    endless = b'{"note":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = client.post(
        URL, data=endless, headers=asking.authorised, content_type="application/json"
    )
    assert answer.status_code in (400, 422)


def test_keys_and_references_of_two_workspaces_do_not_meet(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    elsewhere = make_place(database, "Elsewhere")
    body = MO | {"reference": "job 7"}
    first = _post(client, asking, body, **{"Idempotency-Key": "k1"})
    other = _post(client, elsewhere, body | {"about": "a roof"}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.json["id"] != other.json["id"]


def test_many_posts_of_one_reference_at_once_record_one_interaction(
    app: Flask, asking: PlaceForTest, database: Database
) -> None:
    statuses: list[int] = []
    ids: set[str] = set()
    barrier = threading.Barrier(6)

    def post() -> None:
        barrier.wait()
        answer = _post(app.test_client(), asking, MO | {"reference": "job 7"})
        statuses.append(answer.status_code)
        ids.add(answer.json["id"])

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [201]
    assert len(ids) == 1
    assert _interactions(database) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer": {"email": "nobody"}}, "customer.email"),
        ({"question": "unheard_of"}, "question"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_and_nothing_is_kept(
    client: FlaskClient, asking: PlaceForTest, database: Database, wrong: Any, field: str
) -> None:
    answer = _post(client, asking, MO | wrong)
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "bad_field"
    assert answer.json["error"]["field"] == field
    assert _interactions(database) == 0


@pytest.mark.parametrize("body", [[], "text", 5])
def test_json_that_is_no_object_is_refused(
    client: FlaskClient, asking: PlaceForTest, body: Any
) -> None:
    answer = _post(client, asking, body)
    assert answer.status_code == 422
    assert "JSON object" in answer.json["error"]["message"]


def test_what_is_no_json_is_refused(client: FlaskClient, asking: PlaceForTest) -> None:
    headers = asking.authorised
    broken = client.post(URL, data=b"{", headers=headers, content_type="application/json")
    form = client.post(URL, data={"a": "b"}, headers=headers)
    assert (broken.status_code, form.status_code) == (400, 415)


@pytest.mark.parametrize("key", ["", "wrong", "x" * 5000])
def test_without_a_valid_key_nothing_is_recorded(
    client: FlaskClient, asking: PlaceForTest, database: Database, key: str
) -> None:
    answer = client.post(URL, json=MO, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401
    assert _interactions(database) == 0


def test_signs_no_database_keeps_become_one_that_it_does(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    body = '{"customer": {"email": "mo@example.org", "name": "M\\u0000o \\ud800\\nBcc: x"}}'
    answer = client.post(URL, data=body, headers=asking.authorised, content_type="application/json")
    assert answer.status_code == 201
    with database.reading() as session:
        assert session.scalars(select(Interaction.customer_name)).one() == "M�o � Bcc: x"


def test_an_answered_invitation_tells_its_state_when_asked_again(
    client: FlaskClient, asking: PlaceForTest, database: Database
) -> None:
    body = MO | {"reference": "job 7"}
    _post(client, asking, body)
    with database.writing() as session:
        session.execute(update(Invitation).values(state="answered"))
    assert _post(client, asking, body).json["invitation"]["state"] == "answered"
