"""``survey check``: look at everything an installation stands on, and name each fault."""

from collections.abc import Iterator, Mapping

from survey.answer.mailbox import opened_mailbox
from survey.clock import utc_now
from survey.errors import AfterwordError, SettingsError
from survey.mail import SmtpRelay
from survey.records.database import Database, sqlite_warning
from survey.records.heartbeat import LATE_AFTER, last_beat
from survey.records.migrate import reachable, require_newest_revision
from survey.settings import Settings, read_settings


def faults(environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield what is wrong, a line each; nothing where all is well.

    Parameters
    ----------
    environ : Mapping, optional
        The environment; that of the process by default.
    """
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        yield str(error)
        return
    for look in (_database_faults, _mail_faults, _mailbox_faults, _model_faults):
        try:
            yield from look(settings)
        except AfterwordError as error:
            yield str(error)


def _database_faults(settings: Settings) -> Iterator[str]:
    """Look at the database, and in it for the worker's heartbeat."""
    warning = sqlite_warning() if settings.on_sqlite else None
    if warning:
        yield warning
    with reachable(Database(settings.database_url)) as database:
        require_newest_revision(database)
        with database.reading() as session:
            beat = last_beat(session)
    now = utc_now()
    if beat is None:
        yield "No worker is running; start one with: survey serve"
    elif now - beat > LATE_AFTER:
        seconds = (now - beat).total_seconds()
        yield f"The worker was last heard of {seconds:,.0f} s ago; start it with: survey serve"


def _mail_faults(settings: Settings) -> Iterator[str]:
    """Knock at the relay; without one, mails are kept for the Outbox and nothing can be wrong."""
    if settings.smtp is not None:
        with SmtpRelay(settings.smtp, settings.mail_from).opened() as outlet:
            outlet.knock()
    yield from ()


def _mailbox_faults(settings: Settings) -> Iterator[str]:
    """Open the mailbox that replies come to, where there is one."""
    if settings.imap is not None:
        with opened_mailbox(settings.imap):
            pass
    yield from ()


def _model_faults(settings: Settings) -> Iterator[str]:
    """Check the packaged model and the shipped reader by digest, or load the one that was named."""
    from survey.understand.embed import (
        PACKAGED_SHA256,
        load_embedder,
        packaged_folder,
        verify_files,
    )
    from survey.understand.trained import SECOND, SHIPPED, WEIGHTS, read_manifest

    verify_files(packaged_folder(), PACKAGED_SHA256)
    manifest = read_manifest()
    verify_files(SHIPPED, {WEIGHTS: manifest.sha256, SECOND: manifest.second_sha256})
    if settings.model is not None:
        load_embedder(settings.model)
    yield from ()
