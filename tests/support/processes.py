"""Real processes of ours, started for a test and ended by their own process id."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from survey.settings import Settings

Process = subprocess.Popen[str]


def our_environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return an environment in which our commands find what `settings` say."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SURVEY_")}
    return plain | {
        "SURVEY_DATA_DIR": str(settings.data_dir),
        "SURVEY_DATABASE_URL": settings.database_url,
        "SURVEY_SECRET_KEY": settings.secret_key.decode(),
        "SURVEY_BASE_URL": settings.base_url,
        **more,
    }


@contextmanager
def running(*arguments: str, env: Mapping[str, str]) -> Iterator[Process]:
    """Run ``survey …`` for a block; kill it at the end if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-m", "survey.cli", *arguments],
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def wait_until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something to become true; fail with a sentence when it does not."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.02)
