"""Signed-in browsers: the cookie holds a random token, the database holds the authority."""

from datetime import timedelta

from flask import Flask, Request
from flask import session as cookie
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

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


def sign_in(person_id: int, checked: str | None = None) -> bool:
    """Start a fresh session for a person.

    Parameters
    ----------
    person_id : int
        Who.
    checked : str, optional
        The hash that their password was checked against, where that was not just made.

    Returns
    -------
    bool
        False, and no session, where they have another password by now: changing it signs out
        everywhere, and whoever still had the old one must not slip in beside it.
    """
    cookie.clear()
    token, now = random_token(), utc_now()
    with database().writing() as session:
        if checked is not None and not _has_still(session, person_id, checked):
            return False
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
    return True


def _has_still(session: Session, person_id: int, password_hash: str) -> bool:
    """Whether a person has this password, and has it until the transaction ends."""
    held = select(Person.id).where(Person.id == person_id, Person.password_hash == password_hash)
    return session.scalar(held.with_for_update(read=True)) is not None


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
