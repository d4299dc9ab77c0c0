"""Signing in: the right people get in, the wrong ones learn nothing and are slowed down."""

import statistics
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from survey.account.actions import set_password
from survey.account.passwords import hash_password
from survey.account.queries import Known, person_with
from survey.web.limits import FAILED_SIGN_INS
from tests.support.browser import Browser
from tests.support.people import PASSWORD, Business, make_member

ALLOWED = int(FAILED_SIGN_INS.partition("/")[0])


@pytest.fixture
def person(app: Flask, business: Business) -> str:
    make_member(app.extensions["afterword"].database, business, "mo@example.org", "owner")
    return "mo@example.org"


def test_the_right_password_leads_to_the_workspace(
    client: Browser, person: str, business: Business
) -> None:
    sent = client.send("/sign-in", email=" MO@example.org ", password=PASSWORD)
    assert (sent.status_code, sent.location) == (302, "/")
    assert client.get("/").location == business.at()


def test_who_signs_in_while_the_password_is_changed_does_not_stay_in_with_the_old_one(
    client: Browser, person: str, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = client.application.extensions["afterword"].database

    def changed_meanwhile(session: Session, email: str, password: str) -> Known | None:
        known = person_with(session, email, password)
        assert known is not None
        with database.writing() as other:
            set_password(other, known.person_id, hash_password("a better long one"))
        return known

    monkeypatch.setattr("survey.account.pages.person_with", changed_meanwhile)
    assert client.send("/sign-in", email=person, password=PASSWORD).status_code == 422
    assert client.get("/").location != business.at()
    monkeypatch.undo()
    assert client.send("/sign-in", email=person, password="a better long one").status_code == 302
    assert client.get("/").location == business.at()


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(
    client: Browser, person: str
) -> None:
    wrong = client.send("/sign-in", email=person, password="not this one")
    unknown = client.send("/sign-in", email="nobody@example.org", password="not this one")
    assert wrong.status_code == unknown.status_code == 422
    plain = [page.get_data(as_text=True).replace(person, "X") for page in (wrong, unknown)]
    strip = plain[1].replace("nobody@example.org", "X")
    assert _without_tokens(plain[0]) == _without_tokens(strip)


def _without_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf_token" not in line)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(client: Browser, person: str) -> None:
    def seconds(email: str) -> float:  # of the processor: a busy machine stretches the clock's
        began = time.process_time()
        client.send("/sign-in", email=email, password="not this one")
        return time.process_time() - began

    client.application.extensions["afterword"].limits.used_up = lambda *_: False
    seconds(person)
    known = statistics.median(seconds(person) for _ in range(5))
    unknown = statistics.median(seconds("nobody@example.org") for _ in range(5))
    assert unknown > known / 2  # no hash at all would take a twentieth


def test_failed_sign_ins_are_limited_and_good_ones_are_not(client: Browser, person: str) -> None:
    for _ in range(ALLOWED):
        assert client.send("/sign-in", email=person, password="wrong").status_code == 422
    refused = client.send("/sign-in", email=person, password=PASSWORD)
    assert refused.status_code == 429
    assert "Please wait a few minutes" in refused.get_data(as_text=True)


def test_a_typed_address_survives_a_wrong_password(client: Browser, person: str) -> None:
    sent = client.send("/sign-in", email=person, password="wrong")
    assert f'value="{person}"' in sent.get_data(as_text=True)
    assert "wrong" not in sent.get_data(as_text=True).replace('class="wrong"', "")


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(owner: Browser) -> None:
    cookie = owner.get_cookie("afterword")
    assert cookie is not None
    owner.send("/account", to="/sign-out")
    owner.set_cookie("afterword", cookie.value)
    assert owner.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/account", "/account"),
        ("//evil.example", "/"),
        ("//[", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\tevil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_site(
    client: Browser, person: str, wanted: str, reached: str
) -> None:
    from urllib.parse import quote

    sent = client.send(f"/sign-in?next={quote(wanted)}", email=person, password=PASSWORD)
    assert sent.location == reached


@pytest.mark.parametrize("password", ["", "\0", "x" * 100_000, "\ud800", "صحيح 🐎"])
@pytest.mark.parametrize("email", ["", "\0", "a" * 100_000, "mo@example.org", "٠@٠"])
def test_absurd_sign_ins_are_refused_in_words(
    client: Browser, person: str, email: str, password: str
) -> None:
    fields: dict[str, Any] = {
        "email": email.encode("utf-8", "surrogatepass"),
        "password": password.encode("utf-8", "surrogatepass"),
    }
    assert client.send("/sign-in", **fields).status_code == 422


def test_a_sign_in_without_the_forms_own_field_is_refused(client: Browser, person: str) -> None:
    sent = client.post("/sign-in", data={"email": person, "password": PASSWORD})
    assert sent.status_code == 400


def test_a_new_password_signs_every_other_browser_out(app: Flask, business: Business) -> None:
    from tests.support.people import signed_in

    person_id = make_member(
        app.extensions["afterword"].database, business, "mo@example.org", "owner"
    )
    here, there = signed_in(app, person_id), signed_in(app, person_id)
    sent = here.send("/account", present=PASSWORD, new="another good one")
    assert sent.status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    fresh = app.test_client()
    assert isinstance(fresh, Browser)
    assert (
        fresh.send("/sign-in", email="mo@example.org", password="another good one").location == "/"
    )


@pytest.mark.parametrize(
    ("present", "new", "said"),
    [
        ("wrong", "another good one", "not your present password"),
        (PASSWORD, "short", "at least 10 characters"),
    ],
)
def test_a_password_change_that_cannot_be_is_explained(
    owner: Browser, present: str, new: str, said: str
) -> None:
    sent = owner.send("/account", present=present, new=new)
    assert sent.status_code == 422
    assert said in sent.get_data(as_text=True)
