"""The worker's side of an import on the page: claim a file, bring it in, say what came of it."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from survey.answer.import_file import (
    MOST_REASONS,
    MOST_ROWS,
    GivenFile,
    Imported,
    bring_in,
    by_reason,
    columns_read,
)
from survey.answer.uploads import (
    bytes_of_upload,
    close_upload,
    forget_old_uploads,
    wanted_from,
)
from survey.clock import utc_now
from survey.errors import InputError
from survey.records import ImportFile, Workspace
from survey.records.bringing import DONE, DUE, REFUSED
from survey.records.database import Database, database_now, what_failed
from survey.records.due import claim, give_back, renew, try_later, unclaimed

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
CHUNK = 50  # a write transaction should stay under 20 ms


class _DropItError(Exception):
    """The lease was lost, or the worker stops: whoever comes next goes on."""


class ImportRound:
    """Imports one file that is due; killed half-way, the next worker goes on where it ended.

    Parameters
    ----------
    database : Database
        The queue and the store.
    stopping : callable
        Says whether to come to an end.
    """

    def __init__(self, database: Database, stopping: Callable[[], bool]) -> None:
        self.database = database
        self.stopping = stopping
        self._jitter = random.Random()  # noqa: S311  spreads retries, keeps no secret

    def __call__(self) -> bool:
        """Import one file; True when there may be more."""
        with self.database.reading() as session:  # an idle worker takes no write lock
            now = database_now(session)
            if not session.scalar(select(exists().where(*_due(now)))):
                return False
        with self.database.writing() as session:
            claimed = claim(
                session,
                ImportFile,
                ImportFile.state == DUE,
                order=ImportFile.created_at,
                now=database_now(session),
                limit=1,
                lease=LEASE,
            )
        for key in claimed.keys:
            self._import(key[0], key[1], claimed.lease_id)
        return bool(claimed.keys)

    def forget_old(self) -> bool:
        """Forget files that nobody imported for a day; True when there may be more."""
        with self.database.writing() as session:
            return forget_old_uploads(session, database_now(session)) > 0

    def _import(self, workspace_id: int, file_id: int, lease_id: str) -> None:
        def beside(session: Session) -> None:
            until = database_now(session) + LEASE
            if self.stopping() or not renew(session, ImportFile, lease_id, until):
                raise _DropItError

        state, report = DONE, {}
        try:
            report = self._bring_in(workspace_id, file_id, beside)
        except _DropItError:
            with self.database.writing() as session:
                give_back(session, ImportFile, lease_id)
            return
        except InputError as error:  # the page looked; but a day may have gone by since
            state, report = REFUSED, {"why": str(error)}
        except Exception as error:  # it is due again, and said on the page
            log.error("an import did not go through\n%s", what_failed(error))
            self._try_later(workspace_id, file_id, lease_id)
            return
        with self.database.writing() as session:
            close_upload(session, workspace_id, file_id, state, report)

    def _bring_in(
        self, workspace_id: int, file_id: int, beside: Callable[[Session], None]
    ) -> dict[str, Any]:
        with self.database.reading() as session:
            file = session.get_one(ImportFile, (workspace_id, file_id))
            zone = session.get_one(Workspace, workspace_id).time_zone
            raw = bytes_of_upload(session, workspace_id, file_id)
            given = GivenFile(workspace_id, zone, file.file_name, raw, batch_id=file_id)
            wanted = wanted_from(file.wanted)
        done = bring_in(self.database, given, wanted, utc_now(), chunk=CHUNK, beside=beside)
        return report_of(done)

    def _try_later(self, workspace_id: int, file_id: int, lease_id: str) -> None:
        with self.database.writing() as session:
            file = session.get_one(ImportFile, (workspace_id, file_id))
            try_later(
                session,
                ImportFile,
                [ImportFile.workspace_id == workspace_id, ImportFile.id == file_id],
                lease_id,
                now=database_now(session),
                error="The last try did not go through.",
                attempts=file.attempts,
                jitter=self._jitter,
            )


def report_of(done: Imported) -> dict[str, Any]:
    """Return what came of an import, as it is kept for the page."""
    reasons = by_reason(done.skipped, MOST_ROWS)
    return {
        "imported": done.imported,
        "here_already": done.here_already,
        "skipped": len(done.skipped),
        "read": columns_read(done.columns),
        "reasons": reasons[:MOST_REASONS],
        "more_reasons": max(0, len(reasons) - MOST_REASONS),
    }


def _due(now: datetime) -> tuple[Any, ...]:
    return ImportFile.state == DUE, unclaimed(ImportFile, now)
