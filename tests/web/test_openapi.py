"""``/openapi.json`` describes what is there: every route for programs, and what each gives."""

import re
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from survey.account.actions import create_key
from survey.ask.interaction import LONGEST, MOST_SEGMENTS
from survey.clock import utc_now
from survey.export.api import LARGEST_PAGE, USUAL_PAGE
from survey.records.database import Database
from survey.web.access import rule_of
from tests.support.answers import fill
from tests.support.browser import Browser
from tests.support.people import Business

_NOT_DESCRIBED = {"/openapi.json", "/healthz", "/metrics"}


@pytest.fixture
def spec(client: Browser) -> dict[str, Any]:
    found = client.get("/openapi.json").json
    assert isinstance(found, dict)
    return found


def _of(spec: dict[str, Any], name: str) -> Any:
    """Return a check of one of the description's schemas."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def test_every_route_for_programs_is_described_and_nothing_else(
    app: Flask, spec: dict[str, Any]
) -> None:
    there = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule_of(app, rule.endpoint) == "key" or rule.rule.startswith("/api/")
    }
    described = {
        (method.upper(), path) for path, methods in spec["paths"].items() for method in methods
    }
    assert described == there
    assert spec["openapi"] == "3.1.0"
    assert spec["servers"] == [{"url": "http://localhost"}]
    operations = [one["operationId"] for path in spec["paths"].values() for one in path.values()]
    assert len(set(operations)) == len(operations)
    assert not _NOT_DESCRIBED & set(spec["paths"])


def test_its_schemas_are_sound_and_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    for schema in spec["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": _DIALECT, **schema})
    names = set(re.findall(r"#/components/schemas/(\w+)", str(spec)))
    assert names == set(spec["components"]["schemas"])


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def test_what_the_api_gives_is_as_described(
    app: Flask, business: Business, database: Database, spec: dict[str, Any]
) -> None:
    with database.writing() as session:
        fill(session, business.workspace_id, 60, utc_now().date())
        key = create_key(session, business.workspace_id, "test", utc_now())
    browser, bearer = app.test_client(), {"Authorization": f"Bearer {key}"}
    for path, schema, status in (
        ("/api/v1/answers?limit=40", "AnswerPage", 200),
        ("/api/v1/themes", "ThemePage", 200),
        ("/api/v1/answers?limit=none", "Refusal", 422),
        ("/export.xlsx?since=soon", "Refusal", 422),
        ("/export.zip?theme=blue", "Refusal", 422),
    ):
        answer = browser.get(path, headers=bearer)
        assert answer.status_code == status, path
        _of(spec, schema).validate(answer.json)
    _of(spec, "Refusal").validate(browser.get("/api/v1/themes").json)
    body = {
        "customer": {"email": "mo@example.org", "name": "Mo", "language": "de"},
        "served_by": "Sam",
        "occurred_at": "2026-11-20T10:00:00Z",
        "segments": {"branch": "Hill Street"},
    }
    _of(spec, "NewInteraction").validate(body)
    made = browser.post("/api/v1/interactions", json=body, headers=bearer)
    assert made.status_code == 201
    _of(spec, "Recorded").validate(made.json)
    odd = browser.post("/api/v1/interactions", json={**body, "stars": 5}, headers=bearer)
    assert odd.status_code == 422
    assert not _of(spec, "NewInteraction").is_valid({**body, "stars": 5})
    _of(spec, "Refusal").validate(odd.json)


def test_its_limits_are_those_of_the_code(spec: dict[str, Any]) -> None:
    fields = spec["components"]["schemas"]["NewInteraction"]["properties"]
    customer = fields["customer"]["properties"]
    told = {f"customer.{name}": customer[name] for name in ("name", "language")} | {
        name: fields[name] for name in LONGEST if name in fields
    }
    for name, schema in told.items():
        assert schema["anyOf"][0]["maxLength"] == LONGEST[name], name
    assert fields["segments"]["anyOf"][0]["maxProperties"] == MOST_SEGMENTS
    sizes = spec["paths"]["/api/v1/answers"]["get"]["parameters"]
    size = next(one["schema"] for one in sizes if one["name"] == "limit")
    assert (size["default"], size["maximum"]) == (USUAL_PAGE, LARGEST_PAGE)
