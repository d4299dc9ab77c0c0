"""The web's way in: compose the parts into one WSGI application, nothing else."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from survey.account import owner_pages as account_owner_pages
from survey.account import pages as account_pages
from survey.answer import import_pages, mail_api, open_pages, receipt_pages
from survey.answer import pages as answer_pages
from survey.answer.ordinary import OrdinaryPosts
from survey.ask import api as ask_api
from survey.ask import list_pages as ask_list_pages
from survey.ask import owner_pages as ask_owner_pages
from survey.ask import pages as ask_pages
from survey.ask import place_pages
from survey.export import api as export_api
from survey.export import pages as export_pages
from survey.records.database import Database
from survey.respond import pages as respond_pages
from survey.respond.urgent import pages as urgent_pages
from survey.settings import Settings, read_settings
from survey.show import map_pages as show_map_pages
from survey.show import pages as show_pages
from survey.show import print_pages as show_print_pages
from survey.show import search_pages as show_search_pages
from survey.show.ledger import book_pages as ledger_book_pages
from survey.show.ledger import history_pages as ledger_history_pages
from survey.show.ledger import pages as ledger_pages
from survey.show.ledger import pick_pages as ledger_pick_pages
from survey.show.ledger import review_pages as ledger_review_pages
from survey.show.tell import pages as tell_pages
from survey.web import health, openapi
from survey.web.access import guard, open_to
from survey.web.current import Composed, compose, place
from survey.web.forms import first_fault
from survey.web.headers import headers_of_all, set_headers
from survey.web.language import speak_languages
from survey.web.limits import Limits
from survey.web.nav import offer_nav
from survey.web.problems import handle_problems
from survey.web.session import LASTS, BrowserSessions

PROJECT = Path(__file__).resolve().parents[1]
# The longest settings page, forty languages and all, is 150 kB; a customer's page takes more.
LARGEST_REQUEST = 256 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Compose the application.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment by default.

    Returns
    -------
    Flask
        A WSGI application whose every route has an access rule.
    """
    settings = settings or read_settings()
    app = Flask("survey", template_folder=str(PROJECT / "templates"))
    app.config.update(
        SECRET_KEY=hashlib.sha256(b"cookie\0" + settings.secret_key).digest(),
        SESSION_COOKIE_NAME="afterword",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PERMANENT_SESSION_LIFETIME=LASTS,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
    )
    app.session_interface = BrowserSessions()
    compose(app, Composed(settings, Database(settings.database_url), Limits()))
    _take_ordinary_posts(app, settings)
    _stand_behind_proxies(app, settings.trusted_proxies)
    _register_parts(app)
    open_to("public")(app.view_functions["static"])
    speak_languages(app)
    app.jinja_env.globals.update(
        static_url=static_url,
        place=place,
        base_url=settings.base_url,
        only_here=settings.only_here,
        first_fault=first_fault,
    )
    offer_nav(app)
    set_headers(app, secure=settings.secure)
    handle_problems(app)
    guard(app)
    return app


def _register_parts(app: Flask) -> None:
    """Register every part's pages and api; one line a part."""
    app.register_blueprint(account_pages.blueprint)
    app.register_blueprint(account_owner_pages.blueprint)
    app.register_blueprint(answer_pages.blueprint)
    app.register_blueprint(open_pages.blueprint)
    app.register_blueprint(receipt_pages.blueprint)
    app.url_defaults(_stay_in_workspace)
    app.register_blueprint(ask_pages.blueprint)
    app.register_blueprint(ask_list_pages.blueprint)
    app.register_blueprint(ask_owner_pages.blueprint)
    app.register_blueprint(place_pages.blueprint)
    app.register_blueprint(ask_api.blueprint)
    app.register_blueprint(import_pages.blueprint)
    app.register_blueprint(show_pages.blueprint)
    app.register_blueprint(tell_pages.blueprint)
    app.register_blueprint(show_search_pages.blueprint)
    app.register_blueprint(show_map_pages.blueprint)
    app.register_blueprint(show_print_pages.blueprint)
    app.register_blueprint(ledger_pages.blueprint)
    app.register_blueprint(ledger_pick_pages.blueprint)
    app.register_blueprint(ledger_history_pages.blueprint)
    app.register_blueprint(ledger_review_pages.blueprint)
    app.register_blueprint(ledger_book_pages.blueprint)
    app.register_blueprint(respond_pages.blueprint)
    app.register_blueprint(urgent_pages.blueprint)
    app.register_blueprint(export_pages.blueprint)
    app.register_blueprint(export_api.blueprint)
    app.register_blueprint(mail_api.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(openapi.blueprint)


def _stay_in_workspace(endpoint: str, values: dict[str, Any]) -> None:
    """Let ``url_for`` inside a workspace name it by itself."""
    inside = g.get("place")
    if inside and current_app.url_map.is_endpoint_expecting(endpoint, "workspace"):
        values.setdefault("workspace", inside.slug)


def _take_ordinary_posts(app: Flask, settings: Settings) -> None:
    app.wsgi_app = OrdinaryPosts(  # type: ignore[method-assign]
        app.wsgi_app,
        app.extensions["afterword"].database,
        [settings.base_url.rstrip("/")],
        headers_of_all(secure=settings.secure),
    )


def _stand_behind_proxies(app: Flask, count: int) -> None:
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def static_url(name: str) -> str:
    """Return a static file's address with its digest, so that browsers may keep it for ever."""
    return url_for("static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    content = (Path(__file__).parent / "static" / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]
