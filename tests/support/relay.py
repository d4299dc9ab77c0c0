"""A real mail relay on loopback that takes, refuses, puts off, stalls or drops, as a test wants."""

import asyncio
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller

from survey.settings import SmtpSettings
from tests.support.postgres import free_port


@dataclass
class Relay:
    """What a relay took, and how it behaves.

    Parameters
    ----------
    port : int
        On 127.0.0.1.
    to_recipient : dict
        Replies to RCPT by address, where they are not 250.
    to_data : list of str
        Replies to the next messages, first one first; when used up, 250. ``drop`` cuts the line
        after the message was read, ``stall`` never replies.
    """

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    connections: int = 0
    to_sender: str = "250 OK"
    to_recipient: dict[str, str] = field(default_factory=dict)
    to_data: list[str] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    holding: threading.Event = field(default_factory=threading.Event)

    @property
    def settings(self) -> SmtpSettings:
        """How to reach it."""
        return SmtpSettings("127.0.0.1", self.port, None, None, "none")

    @property
    def recipients(self) -> list[str]:
        """Whom mails went to, in order."""
        return [to for _, tos in self.envelopes for to in tos]

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, replies: list[str]
    ) -> list[str]:
        """Count a connection."""
        session.host_name = hostname
        self.connections += 1
        return replies

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Answer the sender."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.to_sender

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Answer a recipient."""
        reply = self.to_recipient.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message, or not."""
        reply = self.to_data.pop(0) if self.to_data else "250 taken"
        if reply.startswith("250"):
            parser = BytesParser(policy=email.policy.default)
            message = parser.parsebytes(envelope.content)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.envelopes.append((envelope.mail_from, tuple(envelope.rcpt_tos)))
        if reply == "250 taken, then hold":
            self.holding.set()
            while not self.hold.is_set():
                await asyncio.sleep(0.01)
        if reply == "stall":
            await asyncio.sleep(3600)
        if reply == "drop":
            server.transport.abort()
        return reply


@contextmanager
def running_relay() -> Iterator[Relay]:
    """Run a relay for a block."""
    relay = Relay(free_port())
    controller = Controller(
        relay, hostname="127.0.0.1", port=relay.port, enable_SMTPUTF8=False, ready_timeout=20
    )
    controller.start()
    relay.connections = 0
    try:
        yield relay
    finally:
        controller.stop()


@contextmanager
def trickling_server() -> Iterator[SmtpSettings]:
    """Run a server that greets one byte at a time, and never comes to an end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def trickle() -> None:
            while not over.is_set():
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    while not over.wait(0.05):
                        try:
                            line.sendall(b"2")
                        except OSError:
                            break

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        port: int = listener.getsockname()[1]
        try:
            yield SmtpSettings("127.0.0.1", port, None, None, "none")
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join(5)
