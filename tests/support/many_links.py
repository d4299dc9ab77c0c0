"""Many customers asked at once, straight into the tables."""

from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from survey.clock import utc_now
from survey.records import Interaction, Invitation, Link, Question, QuestionVersion, new_id
from survey.tokens import make_token, new_nonce, token_sha256


def ask_many(session: Session, workspace_id: int, count: int, secret_key: bytes) -> list[str]:
    """Ask `count` customers of a workspace; return the paths of their pages."""
    now = utc_now()
    question_id, version_id = session.execute(
        select(Question.id, QuestionVersion.id)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(Question.workspace_id == workspace_id)
    ).one()
    interactions, invitations, links, paths = [], [], [], []
    for _ in range(count):
        interaction_id, invitation_id, nonce = new_id(), new_id(), new_nonce()
        token = make_token(secret_key, "answer", invitation_id, nonce)
        paths.append(f"/a/{token}")
        interactions.append(
            {
                "workspace_id": workspace_id, "id": interaction_id, "created_at": now,
                "customer_email": "mo@example.org", "customer_name": "Mo", "served_by": "Sam",
                "about": "your visit", "occurred_at": now,
            }
        )  # fmt: skip
        invitations.append(
            {
                "workspace_id": workspace_id, "id": invitation_id, "nonce": nonce,
                "interaction_id": interaction_id, "question_id": question_id,
                "question_version_id": version_id, "language": "en", "state": "sent",
                "created_at": now, "due_at": now, "sent_at": now, "asked_on": now.date(),
                "expires_at": now + timedelta(days=90),
            }
        )  # fmt: skip
        links.append(
            {
                "workspace_id": workspace_id, "token_sha256": token_sha256(token),
                "kind": "answer", "target_id": invitation_id,
            }
        )  # fmt: skip
    for record, rows in ((Interaction, interactions), (Invitation, invitations), (Link, links)):
        session.execute(insert(record), rows)
    return paths
