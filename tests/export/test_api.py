"""Answers and themes for programs: pages by cursor, the dashboard's filters, clear refusals."""

import pytest
from flask import Flask

from tests.export.conftest import ANSWERS, Program
from tests.support.browser import Browser


@pytest.mark.usefixtures("themes")
def test_pages_follow_one_another_and_hold_every_answer_once(program: Program) -> None:
    seen: list[str] = []
    address = "/api/v1/answers?limit=40"
    while address:
        page = program.json(address)
        seen += [item["id"] for item in page["items"]]
        address = f"/api/v1/answers?limit=40&cursor={page['next']}" if page["next"] else ""
    assert len(seen) == len(set(seen)) == ANSWERS


@pytest.mark.usefixtures("themes")
def test_an_answer_comes_with_its_themes_and_their_evidence(program: Program) -> None:
    items = program.json("/api/v1/answers?limit=200")["items"]
    sorted_ones = [item for item in items if item["sorted_as"] == "themes"]
    assert sorted_ones
    for item in sorted_ones:
        assert set(item) >= {"id", "text", "answered_at", "segments", "state", "themes"}
        for theme in item["themes"]:
            assert set(theme) >= {"id", "name", "origin", "confidence", "evidence", "tone"}
            assert theme["evidence"] in item["text"]
            assert 0 <= theme["confidence"] <= 1
    assert all(not item["themes"] for item in items if item["sorted_as"] != "themes")


def test_answers_can_be_filtered_as_on_the_dashboard(
    program: Program, themes: dict[str, int]
) -> None:
    theme_id = str(themes["waiting"])
    found = program.json(f"/api/v1/answers?limit=200&theme={theme_id}&tone=wish")["items"]
    assert found
    for item in found:
        said = [(theme["id"], theme["tone"]) for theme in item["themes"]]
        assert (theme_id, "wish") in said
    branch = program.json("/api/v1/answers?limit=200&segment.Branch=Riverside")["items"]
    assert {item["segments"]["Branch"] for item in branch} == {"Riverside"}


@pytest.mark.usefixtures("themes")
def test_themes_are_counted_as_their_answers_are(program: Program) -> None:
    listed = program.json("/api/v1/themes")
    assert listed["next"] is None
    counts = [theme["answers"] for theme in listed["items"]]
    assert counts == sorted(counts, reverse=True)
    for theme in listed["items"][:5]:
        answers = program.json(f"/api/v1/answers?limit=200&theme={theme['id']}")["items"]
        assert len(answers) == theme["answers"] == sum(theme["tones"].values())
        assert theme["share"] == pytest.approx(theme["answers"] / ANSWERS, abs=1e-4)


@pytest.mark.usefixtures("themes")
def test_themes_can_be_counted_within_a_view(program: Program) -> None:
    everywhere = {t["id"]: t["answers"] for t in program.json("/api/v1/themes")["items"]}
    branch = program.json("/api/v1/themes?segment.Branch=Riverside")["items"]
    assert 0 < sum(theme["answers"] for theme in branch) < sum(everywhere.values())
    praise = program.json("/api/v1/themes?tone=praise")["items"]
    assert {tone for theme in praise for tone in theme["tones"]} == {"praise"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1000", "limit"),
        ("limit=many", "limit"),
        ("limit=00000002000000", "limit"),
        ("cursor=elsewhere", "cursor"),
        ("cursor=2026-01-01~99999999999999999999", "cursor"),
        ("since=2026-13-01", "since"),
        ("theme=blue", "theme"),
        ("tone=loud", "tone"),
    ],
)
def test_what_cannot_be_is_refused_by_name(program: Program, query: str, field: str) -> None:
    response = program.get(f"/api/v1/answers?{query}")
    assert response.status_code == 422
    assert response.get_json()["error"]["field"] == field


@pytest.mark.parametrize("address", ["/api/v1/answers", "/api/v1/themes", "/export.csv"])
def test_without_a_key_nothing_leaves(app: Flask, owner: Browser, address: str) -> None:
    for browser in (app.test_client(), owner):
        response = browser.get(address)
        assert response.status_code == 401
        assert response.get_json()["error"]["code"] == "unauthorised"


def test_an_empty_workspace_gives_empty_lists(program: Program) -> None:
    assert program.json("/api/v1/answers") == {"items": [], "next": None}
    assert program.json("/api/v1/themes") == {"items": [], "next": None}
