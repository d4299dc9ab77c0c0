"""Every route, seen by everybody: a route without an expectation here fails, and so does a stale
expectation. The views themselves are replaced by a probe, so that what answers is the guard alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from survey.account.actions import create_key
from survey.clock import utc_now
from survey.records.database import Database
from survey.web.access import Rule, open_to, rule_of
from tests.support.browser import Browser
from tests.support.people import Business

INSIDE = "the guard let this through"
EVERYBODY = ("owner", "teammate", "outsider", "nobody", "key")
MAY_ENTER = {
    "public": EVERYBODY,
    "customer": EVERYBODY,
    "signed_in": ("owner", "teammate", "outsider"),
    "teammate": ("owner", "teammate"),
    "owner": ("owner",),
    "key": ("key",),
}
EXPECTED = {
    "GET /": "signed_in",
    "GET /a/": "customer",
    "POST /a/": "customer",
    "GET /a/<token>": "customer",
    "POST /a/<token>": "customer",
    "GET /o/": "customer",
    "POST /o/": "customer",
    "GET /o/<token>": "customer",
    "POST /o/<token>": "customer",
    "GET /r/": "customer",
    "POST /r/": "customer",
    "GET /r/<token>": "customer",
    "POST /r/<token>": "customer",
    "GET /account": "signed_in",
    "POST /account": "signed_in",
    "GET /d/<token>": "customer",
    "POST /d/<token>": "customer",
    "GET /feed/<token>": "customer",
    "GET /healthz": "public",
    "GET /join/<token>": "public",
    "POST /join/<token>": "public",
    "GET /metrics": "public",
    "GET /openapi.json": "public",
    "GET /sign-in": "public",
    "POST /sign-in": "public",
    "POST /sign-out": "signed_in",
    "GET /start/<token>": "public",
    "POST /start/<token>": "public",
    "GET /static/<filename>": "public",
    "GET /u/<token>": "customer",
    "POST /u/<token>": "customer",
    "GET /w/<workspace>/": "teammate",
    "GET /w/<workspace>/answers": "teammate",
    "GET /w/<workspace>/search": "teammate",
    "GET /w/<workspace>/answers/<answer_id>/as-typed": "owner",
    "GET /w/<workspace>/anonymous": "owner",
    "POST /w/<workspace>/anonymous": "owner",
    "GET /w/<workspace>/places": "owner",
    "POST /w/<workspace>/places": "owner",
    "GET /w/<workspace>/places/<place_id>": "owner",
    "POST /w/<workspace>/places/<place_id>": "owner",
    "POST /w/<workspace>/places/<place_id>/close": "owner",
    "GET /w/<workspace>/places/<place_id>/poster.<kind>": "owner",
    "GET /w/<workspace>/ask": "teammate",
    "POST /w/<workspace>/ask": "teammate",
    "GET /w/<workspace>/ask/list": "owner",
    "POST /w/<workspace>/ask/list": "owner",
    "GET /w/<workspace>/begin": "owner",
    "POST /w/<workspace>/begin": "owner",
    "GET /w/<workspace>/book": "owner",
    "POST /w/<workspace>/book": "owner",
    "GET /w/<workspace>/book/<theme_id>": "owner",
    "POST /w/<workspace>/book/<theme_id>": "owner",
    "GET /w/<workspace>/book/away": "owner",
    "POST /w/<workspace>/book/away": "owner",
    "POST /w/<workspace>/book/file": "owner",
    "GET /w/<workspace>/charts/map.svg": "teammate",
    "GET /w/<workspace>/charts/themes.svg": "teammate",
    "GET /w/<workspace>/charts/themes/<theme_id>/segments.svg": "teammate",
    "GET /w/<workspace>/charts/themes/<theme_id>/trend.svg": "teammate",
    "GET /w/<workspace>/checks/<review_id>": "teammate",
    "POST /w/<workspace>/checks/<review_id>": "teammate",
    "POST /w/<workspace>/checks/<review_id>/keep": "teammate",
    "GET /w/<workspace>/export": "teammate",
    "GET /w/<workspace>/export.csv": "teammate",
    "GET /w/<workspace>/export.xlsx": "teammate",
    "GET /w/<workspace>/export.zip": "teammate",
    "GET /w/<workspace>/import": "owner",
    "POST /w/<workspace>/import": "owner",
    "GET /w/<workspace>/import/<file_id>": "owner",
    "POST /w/<workspace>/import/<file_id>": "owner",
    "POST /w/<workspace>/keys": "owner",
    "POST /w/<workspace>/keys/<key_id>/revoke": "owner",
    "GET /w/<workspace>/ledger": "teammate",
    "POST /w/<workspace>/ledger/sort-anew": "teammate",
    "GET /w/<workspace>/ledger/<decision_id>/undo": "teammate",
    "POST /w/<workspace>/ledger/<decision_id>/undo": "teammate",
    "GET /w/<workspace>/map": "teammate",
    "GET /w/<workspace>/map/answers": "teammate",
    "GET /w/<workspace>/map/points": "teammate",
    "GET /w/<workspace>/news": "teammate",
    "POST /w/<workspace>/news": "teammate",
    "POST /w/<workspace>/news/feed": "teammate",
    "POST /w/<workspace>/news/webhook": "owner",
    "GET /w/<workspace>/outbox": "owner",
    "POST /w/<workspace>/outbox/try-again": "owner",
    "GET /w/<workspace>/people": "owner",
    "POST /w/<workspace>/people": "owner",
    "POST /w/<workspace>/people/<person_id>/let-go": "owner",
    "POST /w/<workspace>/people/asked/<joining_id>/take-back": "owner",
    "GET /w/<workspace>/answers/<answer_id>/tone": "teammate",
    "GET /w/<workspace>/pick": "teammate",
    "POST /w/<workspace>/pick": "teammate",
    "GET /w/<workspace>/pick/plan": "teammate",
    "GET /w/<workspace>/print": "teammate",
    "GET /w/<workspace>/proposals": "teammate",
    "GET /w/<workspace>/proposals/<run_id>": "teammate",
    "POST /w/<workspace>/proposals/<run_id>": "teammate",
    "GET /w/<workspace>/replies": "teammate",
    "GET /w/<workspace>/replies/<answer_id>": "teammate",
    "POST /w/<workspace>/replies/<answer_id>": "teammate",
    "POST /w/<workspace>/replies/<answer_id>/changes": "teammate",
    "POST /w/<workspace>/replies/<answer_id>/hand-over": "teammate",
    "POST /w/<workspace>/replies/<answer_id>/mail-again/<message_id>": "teammate",
    "POST /w/<workspace>/replies/<answer_id>/settle": "teammate",
    "POST /w/<workspace>/changes/<note_id>/remove": "teammate",
    "GET /w/<workspace>/themes/<theme_id>/changes": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/changes": "teammate",
    "GET /w/<workspace>/settings": "owner",
    "POST /w/<workspace>/settings": "owner",
    "POST /w/<workspace>/settings/test-mail": "owner",
    "GET /w/<workspace>/settings/care": "owner",
    "POST /w/<workspace>/settings/care": "owner",
    "GET /w/<workspace>/urgent": "teammate",
    "POST /w/<workspace>/urgent/<answer_id>": "teammate",
    "GET /w/<workspace>/themes/<theme_id>": "teammate",
    "GET /w/<workspace>/themes/<theme_id>/check": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/check": "teammate",
    "GET /w/<workspace>/themes/<theme_id>/merge": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/merge": "teammate",
    "GET /w/<workspace>/themes/<theme_id>/rename": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/rename": "teammate",
    "GET /w/<workspace>/themes/<theme_id>/set/<kind>": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/set/<kind>": "teammate",
    "GET /w/<workspace>/themes/<theme_id>/split": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/split": "teammate",
    "POST /w/<workspace>/themes/<theme_id>/split/suggest": "teammate",
    "GET /api/v1/answers": "key",
    "POST /api/v1/interactions": "key",
    "POST /api/v1/mail": "customer",
    "GET /api/v1/themes": "key",
    "GET /export.csv": "key",
    "GET /export.xlsx": "key",
    "GET /export.zip": "key",
}


def _walk(app: Flask) -> Iterator[tuple[str, str, Route]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            plain = re.sub(r"<\w+(\([^)]*\))?:", "<", rule.rule)
            yield f"{method} {plain}", method, rule


def _address(rule: Route, business: Business) -> str:
    """Fill in a rule's arguments: the business under test, and ids of nothing."""
    filled = rule.rule.replace("<workspace>", business.slug)
    filled = re.sub(r"<int[^>]*>", "7", filled)
    return re.sub(r"<[^>]*>", "nothing", filled)


@pytest.fixture
def probed(app: Flask) -> Flask:
    """The application with every view replaced by a probe under the same rule."""
    for endpoint in list(app.view_functions):
        if endpoint not in ("account.account", "account.sign_in"):  # they hand out CSRF fields
            app.view_functions[endpoint] = open_to(_rule_of(app, endpoint))(_probe())
    return app


def _rule_of(app: Flask, endpoint: str) -> Rule:
    found = rule_of(app, endpoint)
    assert found
    return found


def _probe() -> Callable[..., str]:
    return lambda **_arguments: INSIDE


@pytest.fixture
def visitors(
    app: Flask, business: Business, owner: Browser, teammate: Browser, outsider: Browser,
    client: Browser,
) -> dict[str, Browser]:  # fmt: skip
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        key = create_key(session, business.workspace_id, "till", utc_now())
    program = app.test_client()
    assert isinstance(program, Browser)
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return dict(zip(EVERYBODY, (owner, teammate, outsider, client, program), strict=True))


def _csrf(browser: Browser, who: str) -> dict[str, str]:
    page = browser.get("/account" if who in MAY_ENTER["signed_in"] else "/sign-in")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
    assert found
    return {"csrf_token": found.group(1)}


def _entered(answer: TestResponse) -> bool:
    text = answer.get_data(as_text=True)
    return answer.status_code == 200 and (INSIDE in text or answer.request.path in _UNPROBED)


_UNPROBED = ("/account", "/sign-in")


def test_every_route_has_an_expectation_and_every_expectation_a_route(app: Flask) -> None:
    assert {name for name, _, _ in _walk(app)} == set(EXPECTED)


def test_everybody_enters_where_they_may_and_nowhere_else(
    probed: Flask, business: Business, visitors: dict[str, Browser]
) -> None:
    tokens = {who: _csrf(browser, who) for who, browser in visitors.items()}
    wrong = []
    for name, method, rule in _walk(probed):
        for who, browser in visitors.items():
            address = _address(rule, business)
            sent: dict[str, Any] = {} if method == "GET" else {"data": tokens[who]}
            if (name, who) == ("GET /sign-in", "owner"):
                continue
            answer = browser.open(address, method=method, **sent)
            may = who in MAY_ENTER[EXPECTED[name]] or _leads_on(name, who)
            if may != (_entered(answer) or _leads_on(name, who)):
                wrong.append(f"{who}: {name} gave {answer.status_code}")
    assert wrong == []


def _leads_on(name: str, who: str) -> bool:
    """Whoever is signed in is led on from the sign-in page, which is not probed."""
    return name == "GET /sign-in" and who in MAY_ENTER["signed_in"]


def test_refusals_tell_each_what_they_may_know(
    probed: Flask, business: Business, visitors: dict[str, Browser]
) -> None:
    tokens = {who: _csrf(browser, who) for who, browser in visitors.items()}
    wrong = []
    for name, method, rule in _walk(probed):
        for who, browser in visitors.items():
            if who in MAY_ENTER[EXPECTED[name]]:
                continue
            sent: dict[str, Any] = {} if method == "GET" else {"data": tokens[who]}
            answer = browser.open(_address(rule, business), method=method, **sent)
            if (answer.status_code, _to_sign_in(answer)) != _refusal(name, method, who):
                wrong.append(f"{who}: {name} gave {answer.status_code}")
    assert wrong == []


def _refusal(name: str, method: str, who: str) -> tuple[int, bool]:
    if EXPECTED[name] == "key":
        return 401, False
    if who in ("nobody", "key"):
        return (302, True) if method == "GET" else (401, False)
    return (404, False) if who == "outsider" else (403, False)


def _to_sign_in(answer: TestResponse) -> bool:
    return (answer.location or "").startswith("/sign-in?next=")


def test_a_forged_post_is_refused_everywhere(
    probed: Flask, business: Business, visitors: dict[str, Browser]
) -> None:
    """Without the form's own field nothing is done; customers' links instead look at the Origin."""
    wrong = []
    for name, method, rule in _walk(probed):
        if method == "GET" or EXPECTED[name] == "key":
            continue
        answer = visitors["owner"].open(
            _address(rule, business), method=method, headers={"Origin": "https://evil.example"}
        )
        if answer.status_code not in (400, 403) or _entered(answer):
            wrong.append(f"{name} gave {answer.status_code}")
    assert wrong == []


def test_a_revoked_key_and_a_mangled_one_open_nothing(
    app: Flask, business: Business, owner: Browser, client: Browser
) -> None:
    made = owner.send(business.at("people"), to=business.at("keys"), label="till")
    found = re.search(r"afterword_[\w-]+", made.get_data(as_text=True))
    assert found
    key = found.group()
    assert _api(client, f"Bearer {key}") != 401
    for mangled in (
        "",
        "Bearer",
        f"Bearer {key}x",
        f"Basic {key}",
        f"Bearer {key[:-1]}",
        "Bearer \udcff",
    ):
        assert _api(client, mangled) == 401
    revoke = re.search(r'action="([^"]+/revoke)"', made.get_data(as_text=True))
    assert revoke
    owner.send(business.at("people"), to=revoke.group(1))
    assert _api(client, f"Bearer {key}") == 401


def _api(client: Browser, authorization: str) -> int:
    headers = {"Authorization": authorization.encode("utf-8", "replace").decode("latin-1")}
    return client.post("/api/v1/interactions", json={}, headers=headers).status_code
