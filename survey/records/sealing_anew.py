"""Sealing originals anew that were sealed for their workspace alone, once, by who migrates.

Readers open nothing of the old kind: until this is done, an answer shows its masked text.
"""

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session

from survey.guard.sealing import MARK, Place, seal, unseal_of_old
from survey.records.database import Database
from survey.records.guarding import SealedText

_AT_ONCE = 200  # a write transaction should stay short


def seal_all_anew(database: Database, secret_key: bytes) -> int:
    """Bind every original to its answer and version; how many were. Safe to break off and repeat.

    Parameters
    ----------
    database : Database
        At the newest revision.
    secret_key : bytes
        The installation's key. What was sealed under another stays as it is, unread.
    """
    done, after = 0, (-1, -1, -1)
    while True:
        with database.writing() as session:
            old = _of_old(session, after)
            done += sum(_seal_anew(session, secret_key, one) for one in old)
        if not old:
            return done
        after = (old[-1].workspace_id, old[-1].answer_id, old[-1].version)


def _of_old(session: Session, after: tuple[int, int, int]) -> list[SealedText]:
    key = (SealedText.workspace_id, SealedText.answer_id, SealedText.version)
    query = (
        select(SealedText)
        .where(
            func.substr(SealedText.sealed, 1, len(MARK)) != MARK,
            tuple_(*key) > tuple_(*map(literal, after)),
        )
        .order_by(*key)
        .limit(_AT_ONCE)
        .with_for_update()
    )
    return list(session.scalars(query))


def _seal_anew(session: Session, secret_key: bytes, one: SealedText) -> bool:
    original = unseal_of_old(secret_key, one.workspace_id, one.sealed)
    if original is None:
        return False
    one.sealed = seal(
        secret_key, Place("answer", one.workspace_id, one.answer_id, one.version), original
    )
    session.flush()
    return True
