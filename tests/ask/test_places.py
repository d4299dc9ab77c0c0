"""Owners make open links, print them, and close them; nobody else reaches them."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from survey.ask.poster import Poster, can_be_pdf, poster_pdf, poster_svg
from survey.clock import utc_now
from survey.records import HeldAnswer, Question
from survey.records.database import Database
from survey.records.workspaces import add_question_version, usual_wordings
from tests.support.browser import Browser
from tests.support.people import Business

POSTER = Poster(
    "Hill Street Dental",
    "What would have been more helpful?",
    "https://ask.example.org/o/" + "x" * 22,
    "en",
)


def _make(owner: Browser, business: Business, **fields: str) -> str:
    made = owner.send(business.at("places"), **{"name": "Waiting room", **fields})
    assert made.status_code == 303, made.get_data(as_text=True)
    assert made.location
    return made.location


def test_a_place_takes_a_name_and_gives_link_poster_and_snippet(
    owner: Browser, client: Browser, business: Business
) -> None:
    page = owner.get(_make(owner, business)).get_data(as_text=True)
    link = re.search(r'<a href="http://localhost(/o/[\w-]{22})">', page)
    assert link
    assert client.get(link.group(1)).status_code == 200
    assert f'a href="http://localhost{link.group(1)}" data-afterword' in page.replace("&#34;", '"')
    assert "/static/embed.js" in page


def test_what_is_wrong_is_said_at_its_field_and_kept(owner: Browser, business: Business) -> None:
    _make(owner, business)
    for fields, told in (
        ({"name": ""}, "1 to 120"),
        ({"name": "x" * 121}, "1 to 120"),
        ({"name": "Waiting room"}, "of this name"),
        ({"name": "Door", "segments": "North"}, "branch: North"),
        ({"name": "Door", "served_by": "x" * 200}, "at most 120"),
    ):
        answer = owner.send(business.at("places"), **fields)
        assert answer.status_code == 422
        assert told in answer.get_data(as_text=True)


def test_the_poster_holds_question_and_address_in_letters(
    owner: Browser, business: Business
) -> None:
    place = _make(owner, business)
    svg = owner.get(f"{place}/poster.svg")
    told = svg.get_data(as_text=True)
    assert svg.mimetype == "image/svg+xml"
    assert "helpful?" in told
    assert "http://localhost/o/" in "".join(re.findall(r">([^<]+)</text>", told))
    pdf = owner.get(f"{place}/poster.pdf")
    assert (pdf.mimetype, pdf.get_data()[:8]) == ("application/pdf", b"%PDF-1.4")
    assert owner.get(f"{place}/poster.exe").status_code == 404


def test_a_pdf_is_offered_only_in_letters_that_it_can_write(
    owner: Browser, business: Business, app: Flask
) -> None:
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        question = session.scalars(select(Question)).one()
        add_question_version(session, question, 2, usual_wordings(), utc_now())
    place = _make(owner, business)
    page = owner.get(place).get_data(as_text=True)
    offered = set(re.findall(r"poster\.pdf\?language=([\w-]+)", page))
    drawn = set(re.findall(r"poster\.svg\?language=([\w-]+)", page))
    assert {"en", "de"} <= offered < drawn
    for tag in drawn:
        answer = owner.get(f"{place}/poster.pdf?language={tag}")
        assert (answer.mimetype == "application/pdf") == (tag in offered)


def test_another_workspace_finds_no_place(
    owner: Browser, outsider: Browser, business: Business, elsewhere: Business
) -> None:
    place = _make(owner, business)
    number = place.rpartition("/")[2]
    for address in (elsewhere.at(f"places/{number}"), elsewhere.at(f"places/{number}/poster.svg")):
        assert outsider.get(address).status_code == 404
    closed = outsider.send(elsewhere.at("places"), to=elsewhere.at(f"places/{number}/close"))
    assert closed.status_code == 404
    assert owner.get(business.at(f"places/{2**70}")).status_code == 404


def test_sites_can_be_allowed_later(owner: Browser, business: Business) -> None:
    place = _make(owner, business)
    assert owner.send(place, sites="shop.example").status_code == 303
    assert "https://shop.example</textarea>" in owner.get(place).get_data(as_text=True)


@pytest.mark.parametrize(
    "question",
    ["What would have been more helpful?", "Was hätte mehr geholfen?", "x" * 300,
     "何があればもっと助けになりましたか？", "ما الذي كان سيساعدك أكثر؟", "(a) \\ <b> & 'c'"],
)  # fmt: skip
def test_a_poster_is_drawn_in_any_script_and_fits(question: str) -> None:
    poster = Poster("Hill (Street) & Sons", question, POSTER.address, "en")
    svg = poster_svg(poster)
    heights = [float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"', svg)]
    assert heights == sorted(heights)
    assert heights[-1] < 595
    code = re.search(r'<path d="M[\d.]+ ([\d.]+)', svg)
    assert code
    question_ends = [h for h in heights if h < float(code.group(1))]
    assert len(question_ends) >= 2
    if can_be_pdf(poster):
        made = poster_pdf(poster)
        table = int(made.rsplit(b"startxref\n", 1)[1].split()[0])
        assert made[table : table + 4] == b"xref"


def test_the_code_leads_to_the_address() -> None:
    svg = poster_svg(POSTER)
    assert svg == poster_svg(POSTER)
    assert svg != poster_svg(Poster(POSTER.business, POSTER.question, "https://x.example", "en"))


def test_anonymous_asking_is_switched_by_owners_for_their_own_questions(
    owner: Browser, outsider: Browser, business: Business, elsewhere: Business
) -> None:
    page = owner.get(business.at("anonymous")).get_data(as_text=True)
    found = re.search(r'name="question" value="(\d+)"', page)
    assert found
    stolen = outsider.send(elsewhere.at("anonymous"), question=found.group(1), ask="anonymously")
    assert stolen.status_code == 404
    owner.send(business.at("anonymous"), question=found.group(1), ask="anonymously")
    assert "Asked anonymously." in owner.get(business.at("anonymous")).get_data(as_text=True)
    owner.send(business.at("anonymous"), question=found.group(1), ask="with names")
    assert "Asked with names" in owner.get(business.at("anonymous")).get_data(as_text=True)


def test_the_company_it_takes_can_be_changed_but_not_below_what_was_promised(
    app: Flask, owner: Browser, client: Browser, business: Business
) -> None:
    page = business.at("anonymous")
    assert owner.send(page, company="8").status_code == 303
    for wrong in ("1", "101", "", "many", "9" * 30):
        refused = owner.send(page, company=wrong)
        assert refused.status_code == 422
        assert "2 to 100" in refused.get_data(as_text=True)
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        question_id = session.scalars(
            select(Question.id).where(Question.workspace_id == business.workspace_id)
        ).one()
        session.add(
            HeldAnswer(workspace_id=business.workspace_id, id=7, question_id=question_id, body="x")
        )
    assert owner.send(page, company="5").status_code == 422
    assert owner.send(page, company="9").status_code == 303
    assert "shown once 9 have come" in owner.get(page).get_data(as_text=True)
