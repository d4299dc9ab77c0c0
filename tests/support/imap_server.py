"""A real, small IMAP server on loopback: one user, one mailbox, the commands that we use."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from survey.settings import ImapSettings


@dataclass
class Kept:
    """A mail in the mailbox, and the flags on it."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ImapServer:
    """The mailbox, and how its server behaves.

    Parameters
    ----------
    port : int
        On 127.0.0.1.
    mails : dict
        By uid.
    keywords : bool
        Whether flags of the reader's own are kept.
    cut_after : str
        The command at which the line is cut.
    """

    port: int = 0
    mails: dict[int, Kept] = field(default_factory=dict)
    keywords: bool = True
    cut_after: str = ""
    commands: list[str] = field(default_factory=list)

    @property
    def settings(self) -> ImapSettings:
        """How to reach it."""
        return ImapSettings("127.0.0.1", self.port, "answers", "secret", "none", "INBOX")

    def receive(self, raw: bytes) -> int:
        """Put a mail into the mailbox; its uid."""
        uid = len(self.mails) + 1
        self.mails[uid] = Kept(raw)
        return uid


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self._say("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            box = self.server.box
            box.commands.append(rest)
            if box.cut_after and box.cut_after in rest:
                return
            if not self._answered(tag, rest):
                return

    def _answered(self, tag: str, rest: str) -> bool:
        command, _, more = rest.partition(" ")
        box = self.server.box
        if command == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1")
        elif command == "LOGIN" and more != 'answers "secret"':
            self._say(f"{tag} NO wrong")
            return True
        elif command == "SELECT":
            if more != '"INBOX"':
                self._say(f"{tag} NO none")
                return True
            flags = r"\Seen \*" if box.keywords else r"\Seen"
            self._say(rf"* OK [PERMANENTFLAGS ({flags})] kept")
            self._say(f"* {len(box.mails)} EXISTS")
        elif command == "UID":
            self._uid(more)
        elif command == "LOGOUT":
            self._say("* BYE")
            self._say(f"{tag} OK")
            return False
        self._say(f"{tag} OK done")
        return True

    def _uid(self, more: str) -> None:
        kind, _, rest = more.partition(" ")
        mails = self.server.box.mails
        if kind == "SEARCH":
            unwanted = re.search(r"UNKEYWORD (\w+)", rest)
            flag = unwanted.group(1) if unwanted else "\\Seen"
            uids = [str(uid) for uid, mail in mails.items() if flag not in mail.flags]
            self._say(f"* SEARCH {' '.join(uids)}".rstrip())
            return
        uid, _, rest = rest.partition(" ")
        mail = mails[int(uid)]
        if kind == "FETCH":
            most = re.search(r"<0\.(\d+)>", rest)
            assert most is not None
            part = mail.raw[: int(most.group(1))]
            self._say(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(part)}}}")
            self.wfile.write(part + b")\r\n")
        elif kind == "STORE":
            told = re.search(r"\((.*)\)", rest)
            assert told is not None
            mail.flags |= set(told.group(1).split())

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    box: ImapServer


@contextmanager
def running_imap_server() -> Iterator[ImapServer]:
    """Run a server for a block."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.box = ImapServer(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.box
        finally:
            server.shutdown()
            thread.join()
