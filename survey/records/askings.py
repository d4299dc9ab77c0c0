"""Askings as the counts see them."""

from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from survey.records.asking import Interaction, InteractionSegment, Invitation
from survey.records.counts import Counted

# What `counted_asking` needs of an invitation, and its day.
ASKING = (
    Invitation.workspace_id,
    Invitation.interaction_id,
    Invitation.question_id,
    Invitation.language,
    Invitation.asked_on,
)


def counted_asking(
    session: Session, asked: Invitation | Row[*tuple[Any, ...]], day: date
) -> Counted:
    """Return an asking with its faces.

    Parameters
    ----------
    session : Session
        An open session.
    asked : Invitation or Row
        With its workspace, interaction, question and language.
    day : date
        The workspace's own day on which it was sent.
    """
    key = (asked.workspace_id, asked.interaction_id)
    of = session.execute(
        select(Interaction.served_by, Interaction.channel).where(
            Interaction.workspace_id == key[0], Interaction.id == key[1]
        )
    ).one()
    segments = session.execute(
        select(InteractionSegment.name, InteractionSegment.value).where(
            InteractionSegment.workspace_id == key[0], InteractionSegment.interaction_id == key[1]
        )
    )
    return Counted(
        asked.workspace_id,
        asked.question_id,
        day,
        tuple((row.name, row.value) for row in segments),
        served_by=of.served_by,
        channel=of.channel,
        language=asked.language,
    )
