"""Places: open links that anybody may follow, on a poster, a counter or a web page."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import Record, owned_by, row_id


class Place(Record):
    """An open link for a place or a person; a closed one opens nothing more."""

    __tablename__ = "place"
    __table_args__ = (
        owned_by("question_id", table="question"),
        UniqueConstraint("workspace_id", "name"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    question_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    served_by: Mapped[str | None]
    about: Mapped[str | None]
    segments: Mapped[dict[str, str]] = mapped_column(JSON)
    sites: Mapped[list[str]] = mapped_column(JSON)  # origins that may show it in a frame
    nonce: Mapped[bytes]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
