"""A real PostgreSQL for one test run: started here, on loopback, and stopped by its process id."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOW_TO_INSTALL = "sudo apt-get install postgresql"


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    raise RuntimeError(f"PostgreSQL is not installed; install it with: {HOW_TO_INSTALL}")


def _as_server_user() -> dict[str, int]:
    """PostgreSQL refuses to run as root, so root hands it to the user its package made."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid}


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server in a fresh directory and give the URL of its ``postgres`` database."""
    binaries, identity, port = _binaries(), _as_server_user(), free_port()
    home = Path(tempfile.mkdtemp(prefix="afterword-pg-"))
    if identity:
        os.chown(home, identity["user"], identity["group"])
    data = home / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8",
         "--locale=C.UTF-8", "--no-sync"],
        check=True, capture_output=True, cwd=home, **identity,  # type: ignore[call-overload]
    )  # fmt: skip
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port),
             "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={home}",
             "-c", "fsync=off", "-c", "full_page_writes=off"],
            cwd=home, stdout=log, stderr=log, **identity,  # type: ignore[call-overload]
        )  # fmt: skip
    try:
        _wait_until_open(server, port)
        yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_open(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended at start with code {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not open its port within 15 s")
