"""Tell a wish or complaint from praise: the same theme, and the opposite news."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from survey.understand.trained import TONES

Tone = Literal["wish", "praise", "unclear"]
MARGIN = 0.2
"""How far, in log-odds, the one must lie above the other before the tone is told."""


def tones(wish: NDArray[np.floating], praise: NDArray[np.floating]) -> list[Tone]:
    """Decide the tone of clauses or answers.

    Parameters
    ----------
    wish, praise : ndarray, shape (n,)
        Log-odds that a wish or a complaint, and that praise, is in the text.

    Returns
    -------
    list of str
        'wish', 'praise', or 'unclear' where the two lie within MARGIN of one another.
    """
    gap = np.asarray(wish) - np.asarray(praise)
    return ["wish" if g > MARGIN else "praise" if g < -MARGIN else "unclear" for g in gap.tolist()]


def tone_columns(outputs: tuple[str, ...]) -> tuple[int, int]:
    """Find the reader's two tone outputs.

    Parameters
    ----------
    outputs : tuple of str
        `Manifest.outputs`.

    Returns
    -------
    tuple of int
        The columns of wish and of praise.
    """
    return outputs.index(TONES[0]), outputs.index(TONES[1])
