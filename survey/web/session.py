"""Signed-in browsers: the cookie holds a random token, the database holds the authority."""

from datetime import timedelta

from flask import Flask, Request
from flask import session as cookie
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy import delete, select

from survey.clock import utc_now
from survey.records import Person, SignInSession
from survey.tokens import random_token, token_sha256
from survey.web.current import Visitor, database

WITHOUT = ("/a/", "/o/", "/r/", "/static/", "/api/")  # neither read a cookie nor set one, ever
LASTS = timedelta(days=30)
_TOKEN = "sid"  # noqa: S105  the name of a field, not a secret


class BrowserSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, left alone where nobody signs in."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; on pages without one, give a session that refuses to be written."""
        if request.path.startswith(WITHOUT):
            return NullSession()
        return super().open_session(app, request)


def sign_in(person_id: int) -> None:
    """Start a fresh session for a person whose password was checked."""
    cookie.clear()
    token, now = random_token(), utc_now()
    with database().writing() as session:
        session.execute(delete(SignInSession).where(SignInSession.expires_at <= now))
        session.add(
            SignInSession(
                token_sha256=token_sha256(token),
                person_id=person_id,
                created_at=now,
                expires_at=now + LASTS,
            )
        )
    cookie[_TOKEN] = token
    cookie.permanent = True


def sign_out() -> None:
    """End this browser's session; the token is worthless from now on."""
    token = cookie.get(_TOKEN)
    if isinstance(token, str):
        with database().writing() as session:
            session.execute(
                delete(SignInSession).where(SignInSession.token_sha256 == token_sha256(token))
            )
    cookie.clear()


def signed_in_visitor() -> Visitor | None:
    """Return who this browser is signed in as."""
    token = cookie.get(_TOKEN)
    if not isinstance(token, str):
        return None
    query = (
        select(Person.id, Person.email, Person.name)
        .join(SignInSession, SignInSession.person_id == Person.id)
        .where(
            SignInSession.token_sha256 == token_sha256(token),
            SignInSession.expires_at > utc_now(),
        )
    )
    with database().glancing() as session:
        row = session.execute(query).one_or_none()
    return Visitor(row.id, row.email, row.name) if row else None
