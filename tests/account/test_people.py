"""Asking people to join, joining, and leaving."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.clock import utc_now
from survey.records import Joining, Member, Person
from survey.records.database import Database
from tests.support.browser import Browser
from tests.support.people import PASSWORD, Business, make_member, signed_in


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _ask(owner: Browser, business: Business, email: str, role: str = "teammate") -> str:
    made = owner.send(business.at("people"), email=email, role=role)
    found = re.search(r"http://localhost(/join/[\w-]+)", made.get_data(as_text=True))
    assert found, made.get_data(as_text=True)
    return found.group(1)


def _said(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())


def test_somebody_new_joins_with_a_password_of_their_own(
    app: Flask, business: Business, owner: Browser, client: Browser
) -> None:
    link = _ask(owner, business, " Ada@Example.org ")
    assert "Join Hill Street Dental" in client.get(link).get_data(as_text=True)
    assert client.send(link, password="a good long one").location == business.at()
    assert client.get(business.at("ask")).status_code == 200
    assert client.get(business.at("people")).status_code == 403


def test_the_link_works_once(business: Business, owner: Browser, client: Browser) -> None:
    link = _ask(owner, business, "ada@example.org")
    client.send(link, password="a good long one")
    assert client.get(link).status_code == 404


def test_somebody_known_signs_in_to_join(
    app: Flask, business: Business, elsewhere: Business, owner: Browser, outsider: Browser,
    client: Browser,
) -> None:  # fmt: skip
    link = _ask(owner, business, "other@example.org", "owner")
    opened = client.get(link).get_data(as_text=True)
    assert f"/sign-in?next={link}" in html.unescape(opened)
    sent = client.send(f"/sign-in?next={link}", email="other@example.org", password=PASSWORD)
    assert sent.location == link
    assert client.send(link).location == business.at()
    assert client.get(business.at("people")).status_code == 200
    assert client.get(elsewhere.at("ask")).status_code == 200


def test_a_link_is_no_use_to_somebody_else(
    business: Business, owner: Browser, outsider: Browser, database: Database
) -> None:
    link = _ask(owner, business, "ada@example.org")
    assert "this link is for ada@example.org" in outsider.get(link).get_data(as_text=True)
    assert outsider.send(link, password="a good long one").status_code == 422
    assert outsider.get(business.at("ask")).status_code == 404


def test_a_known_persons_password_cannot_be_set_with_a_link(
    business: Business, owner: Browser, outsider: Browser, client: Browser
) -> None:
    link = _ask(owner, business, "other@example.org")
    token = client.get("/sign-in")  # any page gives this browser a CSRF field
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', token.get_data(as_text=True))
    assert found
    sent = client.post(link, data={"csrf_token": found.group(1), "password": "taken over now"})
    assert sent.status_code == 422
    assert client.send("/sign-in", email="other@example.org", password=PASSWORD).location == "/"


def test_asking_again_or_taking_back_ends_the_earlier_link(
    business: Business, owner: Browser, client: Browser
) -> None:
    first = _ask(owner, business, "ada@example.org")
    second = _ask(owner, business, "ada@example.org")
    assert client.get(first).status_code == 404
    page = owner.get(business.at("people")).get_data(as_text=True)
    take_back = re.search(r'action="([^"]+/take-back)"', page)
    assert take_back
    owner.send(business.at("people"), to=take_back.group(1))
    assert client.get(second).status_code == 404


def test_a_link_ends_after_its_days(
    business: Business, owner: Browser, client: Browser, database: Database
) -> None:
    link = _ask(owner, business, "ada@example.org")
    with database.writing() as session:
        session.execute(update(Joining).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert client.get(link).status_code == 404
    page = _said(owner.get(business.at("people")).get_data(as_text=True))
    assert "the link is too old" in page


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [
        ("nobody", "teammate", "one e-mail address"),
        ("\0@x", "teammate", "one e-mail address"),
        ("owner@example.org", "teammate", "belong to this workspace already"),
        ("ada@example.org", "emperor", "choose owner or teammate"),
    ],
)
def test_who_cannot_be_asked_is_said(
    business: Business, owner: Browser, email: str, role: str, said: str
) -> None:
    sent = owner.send(business.at("people"), email=email, role=role)
    assert sent.status_code == 422
    assert said in sent.get_data(as_text=True)


def test_who_is_removed_is_out_at_once(
    app: Flask, business: Business, owner: Browser, teammate: Browser, database: Database
) -> None:
    with database.reading() as session:
        mate = session.scalars(select(Person.id).where(Person.email == "mate@example.org")).one()
    assert teammate.get(business.at("ask")).status_code == 200
    owner.send(business.at("people"), to=business.at(f"people/{mate}/let-go"))
    assert teammate.get(business.at("ask")).status_code == 404
    assert teammate.get("/").status_code == 404
    assert "You belong to no workspace" in teammate.get("/").get_data(as_text=True)


def test_the_last_owner_stays(
    business: Business, owner: Browser, teammate: Browser, database: Database
) -> None:
    with database.reading() as session:
        me = session.scalars(select(Person.id).where(Person.email == "owner@example.org")).one()
    sent = owner.send(business.at("people"), to=business.at(f"people/{me}/let-go"))
    assert sent.status_code == 409
    assert "needs an owner" in sent.get_data(as_text=True)


def test_other_workspaces_people_and_keys_are_out_of_reach(
    app: Flask, business: Business, elsewhere: Business, owner: Browser, outsider: Browser,
    database: Database,
) -> None:  # fmt: skip
    stranger = make_member(database, elsewhere, "second@example.org", "teammate")
    made = outsider.send(elsewhere.at("people"), to=elsewhere.at("keys"), label="theirs")
    key_id = re.findall(r"/keys/(\d+)/revoke", made.get_data(as_text=True))[0]
    _ask(outsider, elsewhere, "ada@example.org")
    with database.reading() as session:
        joining_id = session.scalars(select(Joining.id)).one()
    for rest in (
        f"people/{stranger}/let-go",
        f"keys/{key_id}/revoke",
        f"people/asked/{joining_id}/take-back",
    ):
        assert owner.send(business.at("people"), to=business.at(rest)).status_code == 404
    with database.reading() as session:
        assert session.get(Member, (elsewhere.workspace_id, stranger))
        assert session.scalars(select(Joining.id)).all() == [joining_id]


@pytest.mark.parametrize("number", ["9223372036854775808", "-1", "x", "9" * 400])
def test_impossible_ids_are_not_found(business: Business, owner: Browser, number: str) -> None:
    sent = owner.send(business.at("people"), to=business.at(f"keys/{number}/revoke"))
    assert sent.status_code == 404


@pytest.mark.parametrize("label", ["", "   ", "x" * 121, "\0"])
def test_a_key_needs_a_label(business: Business, owner: Browser, label: str) -> None:
    sent = owner.send(business.at("people"), to=business.at("keys"), label=label)
    assert (sent.status_code == 422) == (label != "\0")


def test_a_key_is_shown_once(business: Business, owner: Browser) -> None:
    made = owner.send(business.at("people"), to=business.at("keys"), label="till")
    assert "afterword_" in made.get_data(as_text=True)
    assert "afterword_" not in owner.get(business.at("people")).get_data(as_text=True)


def test_the_first_of_several_workspaces_opens_first(
    app: Flask, business: Business, elsewhere: Business, database: Database
) -> None:
    person_id = make_member(database, business, "mo@example.org", "teammate")
    with database.writing() as session:
        session.add(
            Member(
                workspace_id=elsewhere.workspace_id,
                person_id=person_id,
                role="owner",
                joined_at=utc_now(),
            )
        )
    browser = signed_in(app, person_id)
    assert browser.get("/").location == business.at()
    assert elsewhere.at() in browser.get("/account").get_data(as_text=True)
