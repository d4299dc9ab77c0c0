"""A backup is whole, taken while others write, and put back whole or not at all."""

import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, inspect, select, text

from survey.cli import main
from survey.clock import utc_now
from survey.errors import ConflictError, FileError, InputError
from survey.records import Workspace
from survey.records.backup import backup, key_mark, own_tables, restore
from survey.records.database import Database
from survey.records.heartbeat import beat
from survey.records.in_use import alone_with
from survey.records.migrate import migrate, newest_revision, require_newest_revision
from survey.records.workspaces import create_workspace
from survey.settings import Settings
from tests.support.past import give_answers
from tests.support.processes import our_environment

KEY, OTHER_KEY = b"k" * 40, b"o" * 40


def _names(url: str) -> list[str]:
    with closing(Database(url)) as database, database.reading() as session:
        return sorted(session.scalars(select(Workspace.name)))


def _make(database: Database, name: str) -> None:
    with database.writing() as session:
        workspace_id = create_workspace(session, name, utc_now()).id
    give_answers(database, workspace_id, [f"Words of {name}"])


def _found(url: str, word: str) -> int:
    """Count what the word index, which no model describes, finds."""
    with closing(Database(url)) as database, database.reading() as session:
        found = "answer_search MATCH" if database.on_sqlite else "document @@ to_tsquery"
        query = text(f"SELECT count(*) FROM answer_search WHERE {found} (:word)")
        return int(session.execute(query, {"word": word}).scalar_one())


def test_what_was_backed_up_comes_back_and_nothing_else(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "whole.backup"
    _make(database, "Hill Street Dental")
    assert backup(database, database_url, path, KEY, utc_now()).key == key_mark(KEY)
    _make(database, "Valley Boilers")
    database.close()
    with pytest.raises(ConflictError, match="--replace"):
        restore(database_url, path, KEY, utc_now())
    assert _names(database_url) == ["Hill Street Dental", "Valley Boilers"]
    assert restore(database_url, path, KEY, utc_now(), replace=True).same_key
    assert _names(database_url) == ["Hill Street Dental"]
    assert (_found(database_url, "hill"), _found(database_url, "valley")) == (1, 0)
    with closing(Database(database_url)) as again:  # and it works on
        _make(again, "Mill Lane Garage")
    assert _found(database_url, "lane") == 1
    assert not restore(database_url, path, OTHER_KEY, utc_now(), replace=True).same_key
    assert [found.name for found in tmp_path.glob(".*")] == []  # nothing is left lying about


@contextmanager
def _somebody_writes(database: Database) -> Iterator[list[int]]:
    """Write two workspaces in one transaction again and again, beside whatever goes on."""
    ended, written = threading.Event(), [0]

    def write() -> None:
        while not ended.is_set():
            with database.writing() as session:
                for side in ("left", "right"):
                    create_workspace(session, f"{side} {written[0]}", utc_now())
            written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        ended.set()
        thread.join()


def test_a_backup_while_others_write_holds_one_state(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "while.backup"
    with _somebody_writes(database) as written:
        while written[0] < 5:
            pass
        before = written[0]
        backup(database, database_url, path, KEY, utc_now())
        after = written[0] + 1
    database.close()
    restore(database_url, path, KEY, utc_now(), replace=True)
    names = _names(database_url)
    sides = {
        side: {n.split()[1] for n in names if n.startswith(side)} for side in ("left", "right")
    }
    assert sides["left"] == sides["right"]  # no transaction was cut
    assert before <= len(sides["left"]) <= after


def test_nothing_is_restored_under_a_running_worker(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "whole.backup"
    backup(database, database_url, path, KEY, utc_now())
    with database.writing() as session:
        beat(session, "worker", "", utc_now())
    database.close()
    with pytest.raises(ConflictError, match="stop it first"):
        restore(database_url, path, KEY, utc_now(), replace=True)
    restore(database_url, path, KEY, utc_now() + timedelta(minutes=5))


_OPENS_AND_STAYS = """
import sys
from survey.records.database import Database
database = Database(sys.argv[1])
database.engine.connect().close()
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def _opened_elsewhere(url: str) -> Iterator["subprocess.Popen[str]"]:
    """Have another process open the database, which gives no other sign of life."""
    with subprocess.Popen(
        [sys.executable, "-c", _OPENS_AND_STAYS, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            yield process
        finally:
            process.kill()


def test_nothing_is_restored_while_a_process_has_the_database_open_and_a_killed_one_has_not(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "whole.backup"
    backup(database, database_url, path, KEY, utc_now())
    _make(database, "Hill Street Dental")
    database.close()
    with _opened_elsewhere(database_url) as process:
        with pytest.raises(ConflictError, match="stop it first"):
            restore(database_url, path, KEY, utc_now(), replace=True)
        assert _names(database_url) == ["Hill Street Dental"]
        process.kill()
        process.wait()
        _restore_once_gone(database_url, path)
    assert _names(database_url) == []


def _restore_once_gone(url: str, path: Path) -> None:
    """Restore; PostgreSQL may take a moment to see that its client is gone."""
    until = time.monotonic() + 10
    while True:
        try:
            restore(url, path, KEY, utc_now(), replace=True)
        except ConflictError:
            assert time.monotonic() < until, "the mark outlived its process"
            time.sleep(0.05)
        else:
            return


def test_a_mark_is_one_by_whatever_name_the_file_is_opened(sqlite_url: str, tmp_path: Path) -> None:
    other = tmp_path / "other-name.db"
    other.symlink_to(sqlite_url.removeprefix("sqlite:///"))
    with (
        closing(Database(sqlite_url)),
        pytest.raises(ConflictError),
        alone_with(f"sqlite:///{other}"),
    ):
        pass


def test_a_mark_that_root_makes_is_of_whoever_has_the_database(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    given: list[tuple[bool, int, int]] = []

    def give(descriptor: int, user: int, group: int) -> None:
        is_mark = os.path.samestat(os.fstat(descriptor), os.stat(f"{path}.in-use"))
        given.append((is_mark, user, group))

    if os.geteuid() == 0:  # else it is ours, whoever we are
        os.chown(path, 65534, 65534)
    theirs = os.stat(path)
    monkeypatch.setattr(os, "fchown", give)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    Database(sqlite_url).close()
    assert given == []
    os.unlink(f"{path}.in-use")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    Database(sqlite_url).close()
    assert given == [(True, theirs.st_uid, theirs.st_gid)]


def test_processes_of_one_number_on_hosts_of_one_name_are_told_apart() -> None:
    asked = "from survey.records import in_use; print(in_use.connection_name())"
    same = f"import os; os.getpid = lambda: 1; {asked}"
    names = {
        subprocess.run([sys.executable, "-c", same], capture_output=True, check=True).stdout
        for _time in range(2)
    }
    assert len(names) == 2


def test_nobody_opens_a_database_that_is_being_restored(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "whole.backup"
    with closing(Database(sqlite_url)) as database:
        backup(database, sqlite_url, path, KEY, utc_now())
    refused = []

    def migrate_while_somebody_comes(engine: Engine) -> None:
        with pytest.raises(ConflictError, match="is being restored"):
            Database(sqlite_url)
        refused.append(engine.url.database)

    monkeypatch.setattr("survey.records.backup.migrate", migrate_while_somebody_comes)
    restore(sqlite_url, path, KEY, utc_now())
    assert refused
    Database(sqlite_url).close()


def test_a_backup_of_an_older_revision_comes_back_at_the_newest(
    database: Database,
    database_url: str,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, older = tmp_path / "older.backup", f"{int(newest_revision()) - 3:04d}"
    for name, value in our_environment(settings).items():
        monkeypatch.setenv(name, value)
    _make(database, "Hill Street Dental")
    migrate(database.engine, "-3")
    database.close()
    assert main(["backup", str(path)]) == 0
    assert json.loads(zipfile.ZipFile(path).read("afterword-backup.json"))["revision"] == older
    assert main(["migrate"]) == 0
    with closing(Database(database_url)) as upgraded:
        _make(upgraded, "Valley Boilers")
    assert main(["restore", str(path), "--replace"]) == 0
    assert _names(database_url) == ["Hill Street Dental"]
    assert _found(database_url, "hill") == 1
    with closing(Database(database_url)) as again:
        require_newest_revision(again)
        _make(again, "Mill Lane Garage")


def test_every_table_of_every_revision_is_known_for_ours(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        for number in range(int(newest_revision()), 0, -1):
            there = inspect(database.engine).get_table_names()
            assert own_tables(database) == sorted(there), f"at revision {number}"
            migrate(database.engine, "-1")


def test_a_backup_of_a_database_that_was_just_upgraded_is_whole(
    sqlite_url: str, tmp_path: Path
) -> None:
    path, other = tmp_path / "upgraded.backup", f"sqlite:///{tmp_path / 'other.db'}"
    with closing(Database(sqlite_url)) as database:
        _make(database, "Hill Street Dental")
        migrate(database.engine, "-3")
        migrate(database.engine)
        _make(database, "Valley Boilers")
        assert (tmp_path / "afterword.db-wal").stat().st_size > 0  # not in the file itself yet
        backup(database, sqlite_url, path, KEY, utc_now())
    restore(other, path, KEY, utc_now())
    assert _names(other) == ["Hill Street Dental", "Valley Boilers"]
    assert (_found(other, "hill"), _found(other, "valley")) == (1, 1)


@pytest.mark.parametrize(
    ("revision", "said"), [(None, "nothing to back up"), ("9999", "A newer version")]
)
def test_what_cannot_be_backed_up_whole_is_refused_with_one_line(
    revision: str | None,
    said: str,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with closing(Database(sqlite_url)) as database, database.writing() as session:
        session.execute(
            text(
                f"UPDATE alembic_version SET version_num = '{revision}'"
                if revision
                else "DROP TABLE alembic_version"
            )
        )
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    assert main(["backup", str(tmp_path / "whole.backup")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "whole.backup").exists()


def _changed(path: Path, **values: object) -> Path:
    """Return a copy of a backup that says something else of itself."""
    other = path.with_name(f"{next(iter(values))}.backup")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            if name.endswith(".json"):
                raw = json.dumps({**json.loads(raw), **values}).encode()
            new.writestr(name, raw)
    return other


def _holding(path: Path, content: bytes) -> Path:
    """Return a copy of a backup that holds something else for a database."""
    other = path.with_name(f"{len(content)}.backup")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name.endswith(".json") else content)
    return other


def test_a_file_that_is_no_fitting_backup_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "whole.backup"
    with closing(Database(sqlite_url)) as database:
        _make(database, "Hill Street Dental")
        backup(database, sqlite_url, path, KEY, utc_now())
    no_backup = tmp_path / "notes.txt"
    no_backup.write_text("hello")
    cut = tmp_path / "cut.backup"
    cut.write_bytes(path.read_bytes()[:-2000])
    damaged = tmp_path / "damaged.backup"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    damaged.write_bytes(bytes(raw))
    for given, said in (
        (no_backup, "not a whole backup"),
        (cut, "not a whole backup"),
        (damaged, "not a whole backup"),
        (tmp_path / "none", "cannot be read: No such file"),
        (_changed(path, revision="9999"), "made by a newer version"),
        (_changed(path, kind="postgresql"), "not a whole backup"),
        (_holding(path, b""), "is damaged"),
        (_holding(path, b"hello" * 1000), "is damaged"),
    ):
        with pytest.raises(FileError, match=said):
            restore(sqlite_url, given, KEY, utc_now(), replace=True)
        assert _names(sqlite_url) == ["Hill Street Dental"]


def test_a_backup_of_the_other_kind_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "whole.backup"
    with closing(Database(sqlite_url)) as database:
        backup(database, sqlite_url, path, KEY, utc_now())
    with pytest.raises(FileError, match="of a SQLite database and this one is PostgreSQL"):
        restore("postgresql+psycopg://nobody@localhost/none", path, KEY, utc_now())


def test_postgresql_without_its_tools_is_told_what_to_install(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    url = f"{postgres_url.rpartition('/')[0]}/template"
    with closing(Database(url)) as database, pytest.raises(InputError, match="postgresql-client"):
        backup(database, url, tmp_path / "whole.backup", KEY, utc_now())


def test_the_commands_say_what_was_done_and_what_to_keep(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("SURVEY_SECRET_KEY", raising=False)
    with closing(Database(sqlite_url)) as database:
        _make(database, "Hill Street Dental")
    path = tmp_path / "whole.backup"
    assert main(["backup", str(path)]) == 0
    assert f"keep {tmp_path / 'data' / 'secret_key'} as well" in capsys.readouterr().out
    assert path.stat().st_mode & 0o077 == 0
    assert main(["restore", str(path)]) == 2
    assert "--replace" in capsys.readouterr().err
    (tmp_path / "data" / "secret_key").write_text("z" * 64)
    assert main(["restore", str(path), "--replace"]) == 0
    told = capsys.readouterr().out
    assert "Restored as it was on 20" in told
    assert "The secret key here is another one" in told
    with closing(Database(sqlite_url)) as database, database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Workspace)) == 1
    assert main(["backup", str(tmp_path / "no" / "folder.backup")]) == 2
    assert "cannot be written" in capsys.readouterr().err
