"""A wrong setting is refused at start, with one line that names it and says what to do."""

from pathlib import Path

import pytest

from survey.errors import SettingsError
from survey.settings import read_settings


def _read(tmp_path: Path, **env: str) -> object:
    return read_settings({"SURVEY_DATA_DIR": str(tmp_path / "data"), **env})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SURVEY_DATABASE_URL", "mysql://somewhere"),
        ("SURVEY_BASE_URL", "ask.example.org"),
        ("SURVEY_BASE_URL", "http://host:notaport"),
        ("SURVEY_SECRET_KEY", "short"),
        ("SURVEY_SMTP_URL", "http://host"),
        ("SURVEY_SMTP_URL", "smtp://host:587?tls=maybe"),
        ("SURVEY_MAIL_FROM", "nobody"),
        ("SURVEY_MAIL_FROM", "a@b\r\nBcc: all@example.org"),
        ("SURVEY_BROKER_URL", "redis://host"),
        ("SURVEY_TRUSTED_PROXIES", "-1"),
        ("SURVEY_TRUSTED_PROXIES", "two"),
    ],
)
def test_a_setting_that_does_not_parse_is_named_in_one_line(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        _read(tmp_path, **{name: value})
    assert str(refused.value).startswith(f"{name}:")
    assert "\n" not in str(refused.value)


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("I am a file")
    with pytest.raises(SettingsError, match="SURVEY_DATA_DIR: cannot write"):
        _read(tmp_path)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s" * 40 + "\n")
    settings = read_settings(
        {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_SECRET_KEY_FILE": str(tmp_path / "key")}
    )
    assert settings.secret_key == b"s" * 40


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SURVEY_SECRET_KEY_FILE: cannot read"):
        _read(tmp_path, SURVEY_SECRET_KEY_FILE=str(tmp_path / "absent"))


def test_the_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    env = {"SURVEY_DATA_DIR": str(tmp_path)}
    first, second = read_settings(env), read_settings(env)
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_postgresql_wants_a_secret_that_all_machines_share(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SURVEY_SECRET_KEY: must be set"):
        _read(tmp_path, SURVEY_DATABASE_URL="postgresql+psycopg://db/afterword")


def test_a_relay_is_read_with_its_credentials(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(tmp_path),
            "SURVEY_SMTP_URL": "smtp://us%40er:p%3Aw@relay.example.org:2525?tls=none",
            "SURVEY_MAIL_FROM": "ask@example.org",
        }
    )
    assert settings.smtp is not None
    assert (settings.smtp.user, settings.smtp.password) == ("us@er", "p:w")
    assert (settings.smtp.host, settings.smtp.port, settings.smtp.tls) == (
        "relay.example.org",
        2525,
        "none",
    )


@pytest.mark.parametrize(
    ("address", "only_here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://ask.example.org", False),
        ("http://192.168.1.20:8000", False),
        ("https://localhost.example.org", False),
    ],
)
def test_an_address_that_only_this_computer_can_open_is_known(
    tmp_path: Path, address: str, only_here: bool
) -> None:
    given = {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_BASE_URL": address}
    assert read_settings(given).only_here is only_here
