"""Settings: read from the environment once, at start; a wrong one is refused with one line."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from survey.errors import SettingsError

DATABASE_SCHEMES = ("sqlite", "postgresql+psycopg")
LONGEST_REPLY_NAME = 37  # with a plus and a token, 64 signs: RFC 5321
TLS_MODES = ("starttls", "implicit", "none")


@dataclass(frozen=True)
class SmtpSettings:
    """Where outgoing mail is handed over.

    Parameters
    ----------
    host, port : str, int
        The relay.
    user, password : str or None
        Credentials, if the relay wants them.
    tls : str
        ``starttls``, ``implicit`` or ``none``.
    """

    host: str
    port: int
    user: str | None
    password: str | None
    tls: str


@dataclass(frozen=True)
class ImapSettings:
    """The mailbox that replies come to.

    Parameters
    ----------
    host, port : str, int
        The server.
    user, password : str
        Who reads.
    tls : str
        ``implicit``, ``starttls`` or ``none``.
    mailbox : str
        Which of the user's mailboxes, usually ``INBOX``.
    """

    host: str
    port: int
    user: str
    password: str
    tls: str
    mailbox: str


@dataclass(frozen=True)
class Settings:
    """Everything the operator decides; see docs/settings.md."""

    data_dir: Path
    database_url: str
    base_url: str
    secret_key: bytes
    smtp: SmtpSettings | None
    mail_from: str
    broker_url: str | None
    model: str | None
    trusted_proxies: int
    reply_address: str | None = None
    imap: ImapSettings | None = None
    mail_webhook_secret: bytes | None = None
    webhooks_inside: bool = False

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def secure(self) -> bool:
        """Whether visitors come by https."""
        return self.base_url.startswith("https://")

    @property
    def only_here(self) -> bool:
        """Whether links begin with an address that only this computer can open."""
        host = urlsplit(self.base_url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings.

    Parameters
    ----------
    environ : Mapping, optional
        The environment; that of the process by default.

    Returns
    -------
    Settings
        Checked settings. The data directory exists and can be written.

    Raises
    ------
    SettingsError
        With one line that names the setting and says what it should be.
    """
    env = _with_secret_files(os.environ if environ is None else environ)
    data_dir = _data_dir(env.get("SURVEY_DATA_DIR") or "data")
    database_url = _database_url(env.get("SURVEY_DATABASE_URL"), data_dir)
    base_url = _base_url(env.get("SURVEY_BASE_URL"), env.get("PORT"))
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        base_url=base_url,
        secret_key=_secret_key(env.get("SURVEY_SECRET_KEY"), data_dir, database_url),
        smtp=_smtp(env.get("SURVEY_SMTP_URL")),
        mail_from=_mail_from(env.get("SURVEY_MAIL_FROM"), base_url, env.get("SURVEY_SMTP_URL")),
        broker_url=_broker_url(env.get("SURVEY_BROKER_URL")),
        model=env.get("SURVEY_MODEL") or None,
        trusted_proxies=_whole_number("SURVEY_TRUSTED_PROXIES", env.get("SURVEY_TRUSTED_PROXIES")),
        reply_address=_reply_address(env.get("SURVEY_REPLY_ADDRESS")),
        imap=_imap(env.get("SURVEY_IMAP_URL")),
        mail_webhook_secret=_webhook_secret(env.get("SURVEY_MAIL_WEBHOOK_SECRET")),
        webhooks_inside=_yes_or_no("SURVEY_WEBHOOKS_INSIDE", env.get("SURVEY_WEBHOOKS_INSIDE")),
    )


def _with_secret_files(environ: Mapping[str, str]) -> dict[str, str]:
    env = dict(environ)
    for name, path in environ.items():
        if not (name.startswith("SURVEY_") and name.endswith("_FILE") and path):
            continue
        try:
            env[name.removesuffix("_FILE")] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}: cannot read {path}: {_reason(error)}.") from error
    return env


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _data_dir(value: str) -> Path:
    path = Path(value).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / f".write-probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"SURVEY_DATA_DIR: cannot write in {path} ({_reason(error)}); "
            "name a directory this user may write in."
        ) from error
    return path


def _database_url(value: str | None, data_dir: Path) -> str:
    if not value:
        return f"sqlite:///{data_dir / 'afterword.db'}"
    scheme = value.partition("://")[0]
    if "://" not in value or scheme not in DATABASE_SCHEMES:
        raise SettingsError(
            "SURVEY_DATABASE_URL: should begin with sqlite:/// or postgresql+psycopg://."
        )
    return value


def _split(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise SettingsError(f"{name}: this is not an address: {error}.") from error
    return parts


def _base_url(value: str | None, port: str | None) -> str:
    if not value:
        return f"http://127.0.0.1:{port or 8000}"
    parts = _split("SURVEY_BASE_URL", value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise SettingsError(
            "SURVEY_BASE_URL: should be the address people open, like https://ask.example.org."
        )
    return value.rstrip("/")


def _secret_key(value: str | None, data_dir: Path, database_url: str) -> bytes:
    if value:
        if len(value) < 32:
            raise SettingsError("SURVEY_SECRET_KEY: should have at least 32 characters.")
        return value.encode()
    if not database_url.startswith("sqlite"):
        raise SettingsError(
            "SURVEY_SECRET_KEY: must be set (32 characters or more) when the database is not "
            "SQLite, so that every machine makes the same links."
        )
    return _kept_secret(data_dir / "secret_key")


def _kept_secret(path: Path) -> bytes:
    """Make the key once; two processes that start together must agree, so creation is exclusive."""
    fresh = secrets.token_hex(32)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        if not path.exists():
            with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(fresh)
                file.flush()
                os.fsync(file.fileno())  # links go out that only this key can make again
            try:
                os.link(scratch, path)
                _fsync_directory(path.parent)
            except FileExistsError:
                pass
            finally:
                scratch.unlink()
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"SURVEY_SECRET_KEY: cannot keep one in {path}: {error}.") from error
    if len(kept) < 32:
        raise SettingsError(f"SURVEY_SECRET_KEY: {path} is too short; restore it from a backup.")
    return kept.encode()


def key_kept_in(settings: Settings) -> str:
    """Say where the secret key is kept, for whoever backs it up."""
    path = settings.data_dir / "secret_key"
    return "SURVEY_SECRET_KEY" if os.environ.get("SURVEY_SECRET_KEY") else str(path)


def _fsync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _smtp(value: str | None) -> SmtpSettings | None:
    if not value:
        return None
    parts = _split("SURVEY_SMTP_URL", value)
    options = parse_qs(parts.query)
    tls = options.get("tls", ["implicit" if parts.scheme == "smtps" else "starttls"])[0]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or tls not in TLS_MODES:
        raise SettingsError(
            "SURVEY_SMTP_URL: should look like smtp://user:pass@host:587?tls=starttls "
            "(tls may be starttls, implicit or none)."
        )
    return SmtpSettings(
        host=parts.hostname,
        port=parts.port or (465 if tls == "implicit" else 587),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
    )


def _mail_from(value: str | None, base_url: str, smtp_url: str | None) -> str:
    if not value:
        if smtp_url:
            raise SettingsError(
                "SURVEY_MAIL_FROM: must be set when SURVEY_SMTP_URL is, like ask@example.org."
            )
        return f"afterword@{urlsplit(base_url).hostname}"
    local, _, domain = value.rpartition("@")
    if not local or not domain or any(c in value for c in "\r\n <>,"):
        raise SettingsError("SURVEY_MAIL_FROM: should be one plain address, like ask@example.org.")
    return value


def _reply_address(value: str | None) -> str | None:
    """A token of 26 signs and a plus have to fit in front of the @, which takes 64."""
    if not value:
        return None
    local, _, domain = value.rpartition("@")
    if not local or not domain or "+" in local or any(c in value for c in "\r\n <>,"):
        raise SettingsError(
            "SURVEY_REPLY_ADDRESS: should be one plain address without a plus sign, like "
            "answers@example.org."
        )
    if len(local) > LONGEST_REPLY_NAME:
        raise SettingsError(
            f"SURVEY_REPLY_ADDRESS: should have at most {LONGEST_REPLY_NAME} characters in front "
            "of the @, so that each customer's token fits behind them."
        )
    return value


def _imap(value: str | None) -> ImapSettings | None:
    if not value:
        return None
    parts = _split("SURVEY_IMAP_URL", value)
    usual = "implicit" if parts.scheme == "imaps" else "starttls"
    tls = parse_qs(parts.query).get("tls", [usual])[0]
    known = parts.scheme in ("imap", "imaps") and tls in TLS_MODES
    if not known or not (parts.hostname and parts.username and parts.password):
        raise SettingsError(
            "SURVEY_IMAP_URL: should look like imaps://user:password@host:993/INBOX "
            "(with imap://, tls may be starttls, implicit or none)."
        )
    return ImapSettings(
        host=parts.hostname or "",
        port=parts.port or (993 if tls == "implicit" else 143),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        mailbox=unquote(parts.path.strip("/")) or "INBOX",
    )


def _webhook_secret(value: str | None) -> bytes | None:
    if value and len(value) < 32:
        raise SettingsError("SURVEY_MAIL_WEBHOOK_SECRET: should have at least 32 characters.")
    return value.encode() if value else None


def _broker_url(value: str | None) -> str | None:
    if not value:
        return None
    raise SettingsError(
        "SURVEY_BROKER_URL: a broker is not supported yet; unset it, and the workers poll the "
        "database, which is as safe."
    )


def _whole_number(name: str, value: str | None) -> int:
    if not value:
        return 0
    if not value.isascii() or not value.isdigit() or int(value) > 100:
        raise SettingsError(f"{name}: should be a whole number from 0 to 100.")
    return int(value)


def _yes_or_no(name: str, value: str | None) -> bool:
    if value not in (None, "", "0", "1"):
        raise SettingsError(f"{name}: should be 1 for yes or 0 for no.")
    return value == "1"
