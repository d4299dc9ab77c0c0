"""A real browser (Debian's chromium) against a real `survey serve` in a fresh data directory."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from tests.support.postgres import free_port

HOW_TO_INSTALL = "sudo apt-get install chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


@dataclass
class Served:
    """A running installation, as its operator sees it."""

    url: str
    data_dir: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def start_link(self) -> str:
        """Return the one-time link that was printed for the first owner."""
        for _ in range(300):
            found = re.search(r"https?://\S+/start/\S+", "\n".join(self.said))
            if found:
                return found.group()
            time.sleep(0.1)
        raise AssertionError(f"no link was printed:\n{''.join(self.said)}")


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's chromium, without a network of its own."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail(f"chromium is not installed; install it with: {HOW_TO_INSTALL}")
    launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield launched
    launched.close()


@pytest.fixture(params=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    """The two widths everything must work at."""
    return PHONE if request.param == "phone" else DESKTOP


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def person(
    request: pytest.FixtureRequest, browser: Browser, size: dict[str, int]
) -> Iterator[BrowserContext]:
    """A person's browser: nothing stored, at one width, with or without JavaScript."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        java_script_enabled=request.param == "with JavaScript",
        accept_downloads=True,
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """`survey serve`, as `make run` starts it: web and worker, SQLite, mails kept in the Outbox."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("SURVEY_")}
    env |= {"SURVEY_DATA_DIR": str(tmp_path / "data"), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "survey", "serve"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Served(f"http://127.0.0.1:{port}", tmp_path / "data", process)
    reader = threading.Thread(target=_listen, args=(running,), daemon=True)
    reader.start()
    try:
        _wait_until_healthy(running)
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        reader.join(timeout=5)
        if process.stdout:
            process.stdout.close()


def _listen(running: Served) -> None:
    for line in running.process.stdout or ():
        running.said.append(line)


def _wait_until_healthy(running: Served) -> None:
    for _ in range(600):
        if running.process.poll() is not None:
            raise AssertionError(f"survey serve ended:\n{''.join(running.said)}")
        try:
            with urllib.request.urlopen(f"{running.url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"not healthy within a minute:\n{''.join(running.said)}")
