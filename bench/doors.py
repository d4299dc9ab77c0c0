"""The doors a person uses on a running installation: the commands, the pages and the API."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

EMAIL, PASSWORD = "owner@example.org", "a long enough password"


class Site:
    """The running web process, as a browser or a program with a key sees it."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self.cookie = ""

    def get(self, address: str, *, by_key: bool = False) -> str:
        """Open an address; anything but 200 is an error."""
        headers = {"Authorization": f"Bearer {self._key}"} if by_key else {"Cookie": self.cookie}
        status, body = self._request("GET", address, headers, None)
        if status != 200:
            raise SystemExit(f"{address} answered {status}: {body[:300]}")
        return body

    def json(self, address: str) -> dict[str, object]:
        """Open an address of the API."""
        found: dict[str, object] = json.loads(self.get(address, by_key=True))
        return found

    def sign_in(self) -> None:
        """Sign in through the form, as a person does."""
        form = self.get("/sign-in")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        fields = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        headers = {
            "Cookie": self.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        status, body = self._request("POST", "/sign-in", headers, urllib.parse.urlencode(fields))
        if status not in (302, 303):
            raise SystemExit(f"signing in answered {status}: {body[:300]}")

    def _request(
        self, method: str, address: str, headers: dict[str, str], body: str | None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request(method, address, body, headers)
        response = connection.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.cookie = value.partition(";")[0]
        text = response.read().decode("utf-8")
        connection.close()
        return response.status, text


def run_survey(arguments: Sequence[str], env: dict[str, str], typed: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "survey.cli", *arguments],
        env=env,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"survey {arguments[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(port: int, env: dict[str, str]) -> Iterator[None]:
    """Run `survey serve` for a block, and stop it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "survey.cli", "serve", "--port", str(port)],
        env=env,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise SystemExit(f"survey serve ended with {process.returncode}.")
        time.sleep(0.1)
    raise SystemExit("survey serve did not answer within a minute.")
