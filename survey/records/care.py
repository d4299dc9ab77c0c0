"""Taking care of what people type: personal data masked before it is kept, the original sealed.

Whatever keeps an answer asks `cared_for` for the text that readers may see, keeps that, and hands
on the original, which is sealed for the row that it is kept under. Everything derived (themes,
quotes, search, exports) sees the masked text alone.
"""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.guard.personal import is_masked, masked, may_hold_personal_data, personal_data
from survey.guard.sealing import Place, seal, unseal
from survey.guard.turning import country_of
from survey.records.accounts import Workspace
from survey.records.guarding import KEEP, SHOW, SealedText
from survey.records.straight import Prepared, Straight, inserting
from survey.records.talks import Letter

_SEALED = Prepared(inserting(SealedText, "workspace_id", "answer_id", "version", "sealed"))


@dataclass(frozen=True)
class Original:
    """What was typed, until the row is known that it is sealed for; never kept as it is."""

    workspace_id: int
    text: str = field(repr=False)
    secret_key: bytes = field(repr=False)

    def sealed_for_answer(self, answer_id: int, version: int) -> bytes:
        """Return it encrypted, to be opened at one version of one answer alone."""
        place = Place("answer", self.workspace_id, answer_id, version)
        return seal(self.secret_key, place, self.text)

    def sealed_for_letter(self, letter_id: int) -> bytes:
        """Return it encrypted, to be opened at one letter alone."""
        return seal(self.secret_key, Place("letter", self.workspace_id, letter_id), self.text)


@dataclass(frozen=True)
class Cared:
    """A text as it may be kept.

    Parameters
    ----------
    text : str
        What readers see: the analysed text.
    original : Original or None
        What was typed, where something was masked and the workspace keeps it.
    """

    text: str
    original: Original | None = None


@dataclass(frozen=True)
class Masking:
    """How a workspace wants personal data treated."""

    workspace_id: int
    personal_data: str
    countries: tuple[str, ...]


def masking_of(session: Session, workspace_id: int) -> Masking:
    """Return how a workspace wants personal data treated, and whose phone numbers it knows."""
    row = session.execute(
        select(Workspace.personal_data, Workspace.country, Workspace.time_zone).where(
            Workspace.id == workspace_id
        )
    ).one()
    country = country_of(row.country, row.time_zone)
    return Masking(workspace_id, row.personal_data, (country,) if country else ())


def cared_for(
    session: Session, secret_key: bytes, workspace_id: int, text: str, *, keep: bool = True
) -> Cared:
    """Return a text as it may be kept; an ordinary one as it is, without asking the database.

    Parameters
    ----------
    session : Session
        A reading session.
    secret_key : bytes
        The installation's key.
    workspace_id : int
        Whose answer it is.
    text : str
        As stored (see `as_stored`).
    keep : bool
        False where the original must go in any case, since nobody may be known by it.
    """
    if not may_hold_personal_data(text):
        return Cared(text)
    return care(masking_of(session, workspace_id), secret_key, text, keep=keep)


def care(masking: Masking, secret_key: bytes, text: str, *, keep: bool = True) -> Cared:
    """As `cared_for`, with the workspace's wish known already."""
    if masking.personal_data == SHOW:
        return Cared(text)
    found = personal_data(text, masking.countries)
    if not found:
        return Cared(text)
    keeps = keep and masking.personal_data == KEEP
    original = Original(masking.workspace_id, text, secret_key) if keeps else None
    return Cared(masked(text, found), original)


def keep_sealed_straight(
    straight: Straight, workspace_id: int, answer_id: int, version: int, original: Original | None
) -> None:
    """Seal the original of one version of an answer, if there is any, and keep it."""
    if original is not None:
        straight.run(
            _SEALED,
            {
                "workspace_id": workspace_id,
                "answer_id": answer_id,
                "version": version,
                "sealed": original.sealed_for_answer(answer_id, version),
            },
        )


@dataclass(frozen=True)
class OwnWords:
    """A text for the one who wrote it; `masked` where the original is not there any more."""

    text: str
    masked: bool


def own_words(
    session: Session, secret_key: bytes, version: tuple[int, int, int], text: str
) -> OwnWords:
    """Return an answer as it was typed, as far as that is kept.

    Parameters
    ----------
    session, secret_key
        As in `cared_for`.
    version : tuple of int
        Workspace, answer and number of the version.
    text : str
        What readers see of it.
    """
    if not is_masked(text):
        return OwnWords(text, masked=False)
    kept = session.get(SealedText, version)
    return _opened(secret_key, Place("answer", *version), kept.sealed if kept else None, text)


def own_letter(secret_key: bytes, workspace_id: int, letter: Letter) -> OwnWords:
    """As `own_words`, of a letter about an answer."""
    if not is_masked(letter.body):
        return OwnWords(letter.body, masked=False)
    return _opened(secret_key, Place("letter", workspace_id, letter.id), letter.sealed, letter.body)


def _opened(secret_key: bytes, place: Place, sealed: bytes | None, text: str) -> OwnWords:
    original = unseal(secret_key, place, sealed) if sealed else None
    return OwnWords(text, masked=True) if original is None else OwnWords(original, masked=False)
