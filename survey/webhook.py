"""Posting a signed message to somebody else's server, and saying in words what went wrong.

Whoever owns a workspace names the address, so it must not become a way into the network we stand
in: only public addresses are spoken to, at the very address that was checked (a name may answer
otherwise the second time), and a redirect is not followed.
"""

import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Protocol
from urllib.parse import urlsplit

from survey.errors import FieldError, WebhookError

ANSWER_WITHIN = 10.0  # seconds for each step
DONE_WITHIN = 20.0  # seconds in all, however slowly the other side trickles
LONGEST_URL = 2000
FIELD = "webhook_url"
_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 seen through a translator


@dataclass(frozen=True)
class Target:
    """Where a message goes: parts of a checked address."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Signed:
    """A message with the headers that prove whose it is."""

    body: bytes
    headers: dict[str, str]


class Poster(Protocol):
    """Something that hands messages over; `post` is the real one."""

    def __call__(self, url: str, message: Signed, *, inside: bool) -> None:
        """Hand a message over; returning means that it was taken.

        Raises
        ------
        WebhookError
            It was not.
        """


def target_of(url: str, *, inside: bool) -> Target:
    """Read an address that news may be sent to.

    Parameters
    ----------
    url : str
        As its owner typed it.
    inside : bool
        Whether plain http and private addresses are allowed here.

    Raises
    ------
    FieldError
        Saying what it should be.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise FieldError(FIELD, "This is not an address; please copy the whole of it.") from error
    schemes = ("https", "http") if inside else ("https",)
    if len(url) > LONGEST_URL or any(sign <= " " or sign == "\x7f" for sign in url):
        raise FieldError(FIELD, "Please give one address, without spaces.")
    if parts.scheme not in schemes or not host:
        raise FieldError(FIELD, "Please give an address that begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise FieldError(FIELD, "Please give an address without a user name or password.")
    if not inside and _is_private_name(host):
        raise FieldError(FIELD, "This address leads inside; please give a public one.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise FieldError(FIELD, "Please write other signs than plain letters as %-codes.")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def _is_private_name(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, whatever form it comes in.

    Raises
    ------
    ValueError
        When it is no IP address.
    """
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _TRANSLATED:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
        elif found.is_site_local:  # given up long ago, and still routed inside
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def signed(secret: str, name: str, body: bytes, now: datetime) -> Signed:
    """Sign a message.

    Parameters
    ----------
    secret : str
        What the owner was shown.
    name : str
        The message's own, the same each time it is tried.
    body : bytes
        What it says.
    now : datetime
        The moment of sending; whoever receives it should refuse what is minutes old.

    Returns
    -------
    Signed
        ``Afterword-Signature: t=…,v1=…``: the seconds since 1970, and the hexadecimal HMAC-SHA256
        (RFC 2104) of them, a full stop and the body; as for a reply that is posted to us.
    """
    stamp = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return Signed(
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": "Afterword",
            "Afterword-Delivery": name,
            "Afterword-Signature": f"t={stamp},v1={digest}",
        },
    )


def post(url: str, message: Signed, *, inside: bool) -> None:
    """Hand a message over; see `Poster`."""
    try:
        target = target_of(url, inside=inside)
    except FieldError as error:
        raise WebhookError(str(error), for_good=True) from error
    connection = _connection(target, _checked_address(target, inside=inside))
    timer = threading.Timer(DONE_WITHIN, _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", target.path, message.body, message.headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise WebhookError(f"{target.host} could not be reached: {_reason(error)}") from error
    finally:
        timer.cancel()
        connection.close()
    _judge(target, status)


def _judge(target: Target, status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise WebhookError(
            f"{target.host} answered with a redirect ({status}), which is not followed. "
            "Please give the address it leads to.",
            for_good=True,
        )
    raise WebhookError(f"{target.host} answered with {status}.", for_good=status == 410)


def _checked_address(target: Target, *, inside: bool) -> str:
    """Return the address to speak to: one that the name stands for now, all of them public."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookError(f"{target.host} could not be found: {_reason(error)}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not inside and not all(map(is_public, addresses)):
        raise WebhookError(
            f"{target.host} leads inside our own network, where nothing is sent.", for_good=True
        )
    return addresses[0]


def _connection(target: Target, address: str) -> http.client.HTTPConnection:
    made: http.client.HTTPConnection
    if target.scheme == "https":
        made = http.client.HTTPSConnection(
            target.host, target.port, timeout=ANSWER_WITHIN, context=ssl.create_default_context()
        )
    else:
        made = http.client.HTTPConnection(target.host, target.port, timeout=ANSWER_WITHIN)

    def connect_there(
        _asked: tuple[str, int], timeout: float, *_: object, **__: object
    ) -> socket.socket:
        return socket.create_connection((address, target.port), timeout)

    made._create_connection = connect_there  # type: ignore[attr-defined]  # the name stays for TLS
    return made


def _cut(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):  # it is gone already
            sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(said.split())[:200]
