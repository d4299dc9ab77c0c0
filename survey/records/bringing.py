"""Files of past answers that somebody chose in the browser, until they are imported.

The file itself lies in the database, a piece a row, so that whichever process takes it up can read
it, and goes as soon as it is imported. What came of it stays for a day, to be read.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import DueWork, Record, owned_by, row_id

COMING, HERE, DUE, DONE, REFUSED = "coming", "here", "due", "done", "refused"


class ImportFile(DueWork, Record):
    """One file; due for the worker once somebody said how it is to be read."""

    __tablename__ = "import_file"
    __table_args__ = (
        CheckConstraint("state IN ('coming', 'here', 'due', 'done', 'refused')", name="state"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    file_name: Mapped[str]
    file_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default=COMING)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the columns, as chosen
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what came of it


class ImportPart(Record):
    """A piece of a file, in order."""

    __tablename__ = "import_part"
    __table_args__ = (owned_by("file_id", table="import_file"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]
