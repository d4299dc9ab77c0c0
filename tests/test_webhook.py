"""News is posted to public servers only, signed, and what goes wrong is said in words."""

import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from survey import webhook
from survey.errors import FieldError, WebhookError
from survey.webhook import Signed, is_public, post, signed, target_of

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
BODY = b'{"kind":"week"}'


class Server:
    """A server on loopback that keeps what is posted and answers as a test wants."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.headers = 200, {}  # type: ignore[var-annotated]
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.taken.append((self.path, dict(self.headers), body))
                self.send_response(server.status)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._http = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/news?to=us"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def _message() -> Signed:
    return signed("secret", "7f", BODY, NOW)


def test_a_message_arrives_with_its_signature(server: Server) -> None:
    post(server.url, _message(), inside=True)
    ((path, headers, body),) = server.taken
    stamp = headers["Afterword-Signature"].partition(",")[0].removeprefix("t=")
    expected = hmac.new(b"secret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert path == "/news?to=us"
    assert body == BODY
    assert headers["Afterword-Signature"] == f"t={stamp},v1={expected}"
    assert headers["Afterword-Delivery"] == "7f"
    assert stamp == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/",
        "http://example.org/",
        "https://",
        "https://user:secret@example.org/",
        "https://localhost/",
        "https://printer.local/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/",
        "https://example.org/\r\nHost: other",
        "https://example.org:99999/",
        "https://[::1",
        "javascript:alert(1)",
        "https://example.org/" + "a" * 3000,
        "https://example.org/ä",
    ],
)
def test_an_address_that_leads_elsewhere_is_refused_when_it_is_typed(url: str) -> None:
    with pytest.raises(FieldError):
        target_of(url, inside=False)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
     "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0",
     "fc00::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1"],
)  # fmt: skip
def test_addresses_inside_are_not_public_in_any_form(address: str) -> None:
    assert not is_public(address)


def test_addresses_outside_are_public() -> None:
    assert is_public("1.1.1.1")
    assert is_public("2606:4700:4700::1111")


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:127.0.0.1"]])
def test_a_public_name_that_stands_for_an_inside_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, server: Server, answers: list[str]
) -> None:
    port = int(server.url.split(":")[2].split("/")[0])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(WebhookError, match="inside our own network") as refused:
        post(f"https://rebind.example.org:{port}/", _message(), inside=False)
    assert refused.value.for_good
    assert server.taken == []


def test_the_address_that_was_checked_is_the_one_spoken_to(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    port = int(server.url.split(":")[2].split("/")[0])
    asked: list[str] = []

    def found(host: str, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    real = socket.create_connection
    spoken: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        spoken.append(address)
        monkeypatch.undo()
        return real(address, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(socket, "create_connection", connect)
    post(f"http://hooks.example.org:{port}/", _message(), inside=True)
    assert asked == ["hooks.example.org"]
    assert spoken == [("127.0.0.1", port)]
    assert server.taken[0][1]["Host"] == f"hooks.example.org:{port}"


def test_a_redirect_to_loopback_is_not_followed(server: Server) -> None:
    other = Server()
    try:
        server.status, server.headers = 307, {"Location": other.url}
        with pytest.raises(WebhookError, match="redirect") as refused:
            post(server.url, _message(), inside=True)
        assert refused.value.for_good
        assert other.taken == []
    finally:
        other.close()


@pytest.mark.parametrize(
    ("status", "for_good"), [(500, False), (429, False), (404, False), (410, True)]
)
def test_an_answer_that_is_no_yes_is_tried_again_unless_it_is_gone(
    server: Server, status: int, for_good: bool
) -> None:
    server.status = status
    with pytest.raises(WebhookError, match=str(status)) as refused:
        post(server.url, _message(), inside=True)
    assert refused.value.for_good is for_good


def test_a_server_that_is_away_or_trickles_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(webhook, "DONE_WITHIN", 0.3)
        with pytest.raises(WebhookError, match="could not be reached"):
            post(f"http://127.0.0.1:{port}/", _message(), inside=True)
    with pytest.raises(WebhookError, match="could not be reached") as refused:
        post(f"http://127.0.0.1:{port}/", _message(), inside=True)
    assert not refused.value.for_good
