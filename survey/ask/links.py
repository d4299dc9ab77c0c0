"""The addresses that stand in a mail, rebuilt from an invitation's id and nonce."""

from survey.ask.letter import Links
from survey.settings import Settings
from survey.tokens import make_token


def links_of(settings: Settings, invitation_id: int, nonce: bytes) -> Links:
    """Return an invitation's links; the same every time, so that a retried mail has the same.

    Parameters
    ----------
    settings : Settings
        Base URL and key.
    invitation_id : int
        Whose links.
    nonce : bytes
        The invitation's nonce.
    """
    answer, unsubscribe = (
        make_token(settings.secret_key, kind, invitation_id, nonce)
        for kind in ("answer", "unsubscribe")
    )
    return Links(f"{settings.base_url}/a/{answer}", f"{settings.base_url}/u/{unsubscribe}")
