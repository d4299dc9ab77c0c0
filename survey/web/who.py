"""Which workspace a person or a key may enter."""

from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.records import ApiKey, Link, Member, Workspace
from survey.tokens import token_sha256
from survey.web.current import Place

_PLACE = (
    Workspace.id,
    Workspace.slug,
    Workspace.name,
    Workspace.time_zone,
    Workspace.is_sample,
)


def place_of_member(session: Session, person_id: int, slug: str, now: datetime) -> Place | None:
    """Return the workspace named `slug` if the person belongs to it, else None."""
    query = (
        select(*_PLACE, Member.role)
        .join(Member, Member.workspace_id == Workspace.id)
        .where(Workspace.slug == slug, Member.person_id == person_id, Member.joined_at <= now)
    )
    row = session.execute(query).one_or_none()
    return Place(*row) if row else None


def place_of_key(session: Session, key: str) -> Place | None:
    """Return the workspace of an API key that has not been revoked, else None."""
    query = (
        select(*_PLACE)
        .join(Link, Link.workspace_id == Workspace.id)
        .join(
            ApiKey,
            and_(ApiKey.workspace_id == Link.workspace_id, ApiKey.id == Link.target_id),
        )
        .where(
            Link.token_sha256 == token_sha256(key),
            Link.kind == "api_key",
            ApiKey.revoked_at.is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    return Place(*row, "key") if row else None
