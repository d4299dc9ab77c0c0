"""``survey serve``: both processes run, come back when they die, and stop together."""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from survey.cli import main
from survey.records.database import Database
from survey.records.migrate import migrate, reachable
from survey.serve import web_command
from survey.settings import Settings, read_settings
from survey.web_worker import PATIENCE, THREADS
from tests.support.postgres import free_port
from tests.support.processes import Process, our_environment, running, wait_until

pytestmark = pytest.mark.long


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation that never ran before."""
    return read_settings({"SURVEY_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def env(settings: Settings, port: int) -> dict[str, str]:
    return our_environment(settings, PORT=str(port), SURVEY_BASE_URL=f"http://127.0.0.1:{port}")


@pytest.fixture
def serving(env: dict[str, str]) -> Iterator[Process]:
    with running("serve", env=env) as process:
        yield process


def _get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: str = answer.read().decode()
        return body


def _health(port: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_get(port, "/healthz"))
    return found


def _is_well(port: int) -> bool:
    try:
        return bool(_health(port)["status"] == "ok")
    except OSError:
        return False


def _descendants(pid: int) -> dict[int, str]:
    """Return the command lines below a process, by process id; what ends meanwhile is gone."""
    found: dict[int, str] = {}
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                found |= {int(child): command, **_descendants(int(child))}
    return found


def _one(process: Process, kind: str) -> int:
    """Return the process id of the topmost web process or worker."""
    named = [pid for pid, command in _descendants(process.pid).items() if kind in command]
    return named[0] if named else 0


def test_a_newcomer_is_led_to_the_page_that_makes_the_first_owner(
    serving: Process, port: int
) -> None:
    assert serving.stdout is not None
    said = [serving.stdout.readline() for _ in range(5)]
    assert said[0] == f"Afterword is at http://127.0.0.1:{port}/\n"
    (link,) = re.findall(rf"http://127.0.0.1:{port}(/start/\S+)", "".join(said))
    assert "Outbox" in "".join(said)
    wait_until(lambda: _is_well(port), "a healthy start")
    assert "csrf_token" in _get(port, link)


@contextmanager
def _patient_for(seconds: float, settings: Settings, env: dict[str, str]) -> Iterator[int]:
    """Run the web process alone, with less patience than it has by itself; give its port."""
    assert seconds < PATIENCE
    with reachable(Database(settings.database_url)) as database:
        migrate(database.engine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [*web_command(listener), str(seconds)]
        process = subprocess.Popen(command, env=env, pass_fds=(listener.fileno(),))
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_slow_senders_do_not_keep_the_site_from_everybody_else(
    settings: Settings, env: dict[str, str]
) -> None:
    with _patient_for(1.0, settings, env) as port:
        _fill_with_slow_senders(port)


def _is_served(port: int) -> bool:
    try:
        return "csrf_token" in _get(port, "/sign-in")
    except OSError:
        return False


def _fill_with_slow_senders(port: int) -> None:
    wait_until(lambda: _is_served(port), "a page")
    begun = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(2 * THREADS)]
    for number, sender in enumerate(slow):
        # Half of them stop within the body, half within the headers.
        sender.sendall(begun + kind + b"\r\na" if number % 2 else begun)
    try:
        wait_until(lambda: _is_served(port), "a page beside slow senders")
    finally:
        for sender in slow:
            sender.close()


@pytest.mark.parametrize("kind", ["survey.web_worker", "survey.cli worker"])
def test_a_process_that_is_killed_comes_back(serving: Process, port: int, kind: str) -> None:
    wait_until(lambda: _is_well(port), "a healthy start")
    before = _one(serving, kind)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: _one(serving, kind) not in (0, before), f"a new {kind}")
    wait_until(lambda: _is_well(port), "health")
    assert serving.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_cleanly(
    serving: Process, port: int, number: signal.Signals
) -> None:
    wait_until(lambda: _is_well(port), "a healthy start")
    below = list(_descendants(serving.pid))
    serving.send_signal(number)
    _, told = serving.communicate(timeout=30)
    assert serving.returncode == 0
    assert told == "survey: Stopped.\n"
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again


def test_processes_go_when_their_supervisor_is_killed_outright(serving: Process, port: int) -> None:
    wait_until(lambda: _is_well(port), "a healthy start")
    below = list(_descendants(serving.pid))
    serving.kill()
    serving.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), "the end of all")


@pytest.fixture
def refused(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run a command that must end with code 2 and one line, before it starts anything."""

    def run(command: str, **changed: str) -> str:
        for name, value in (env | changed).items():
            monkeypatch.setenv(name, value)
        assert main([command]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1, told
        return told

    return run


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_port_in_use_is_told_in_one_line(
    refused: Callable[..., str], port: int, command: str
) -> None:
    with socket.create_server(("127.0.0.1", port)):
        told = refused(command)
    assert told == (
        f"survey: Port {port} is in use; stop what runs there, or choose another with PORT=.\n"
    )


@pytest.mark.parametrize("value", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_none_is_told_in_one_line(refused: Callable[..., str], value: str) -> None:
    told = refused("serve", PORT=value)
    assert told == "survey: PORT: should be a whole number from 1 to 65535.\n"


@pytest.mark.parametrize("command", ["serve", "web", "worker", "migrate"])
def test_a_setting_that_does_not_parse_is_told_in_one_line(
    refused: Callable[..., str], command: str
) -> None:
    told = refused(command, SURVEY_SMTP_URL="mail.example.org")
    assert told.startswith("survey: SURVEY_SMTP_URL: should look like smtp://")


def test_a_data_directory_that_cannot_be_written_is_told_in_one_line(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    told = refused("serve", SURVEY_DATA_DIR=str(tmp_path / "file" / "data"))
    assert told.startswith("survey: SURVEY_DATA_DIR: cannot write in ")


@pytest.mark.parametrize("command", ["serve", "web", "worker", "migrate"])
def test_a_database_that_is_away_is_told_in_one_line(
    refused: Callable[..., str], command: str
) -> None:
    away = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/afterword"
    told = refused(command, SURVEY_DATABASE_URL=away)
    assert told.startswith("survey: SURVEY_DATABASE_URL: the database cannot be used: ")


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_database_of_an_older_revision_is_told_in_one_line(
    refused: Callable[..., str], command: str
) -> None:
    told = refused(command)
    assert told == "survey: The database is not up to date; run: survey migrate\n"
