"""Common names of what customers speak about, kept in a plain file beside the book.

A phrase that somebody typed is often a piece of a story: "want a wheelchair", "had to wait". Where
a theme's clauses keep using the words of a name that is on the list, the list's name says the same
and reads as a heading. What a trade has for itself is not on the list, and is named by what was
typed.
"""

import functools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LIST = Path(__file__).parent / "shipped" / "common_names.txt"
OWN_MATTER = 0.15
"""Share of all clauses that speak of a thing from which the whole service is about it."""
LONGEST_SIGN = 3
"""Words of a sign such as 'on my own'."""

Words = tuple[str, ...]


@dataclass(frozen=True)
class CommonName:
    """A name, and the signs of it: each is a set of stretches that one clause must all hold.

    `is_bare` marks the name of a bare thing ("Hospital"), which names nothing in a hospital;
    `is_wide` one whose signs are so many that some stand in any theme.
    """

    name: str
    signs: tuple[frozenset[Words], ...]
    is_bare: bool
    is_wide: bool


@functools.cache
def common_names(stem: Callable[[str], str]) -> tuple[CommonName, ...]:
    """Read the list.

    Parameters
    ----------
    stem : callable
        Cuts a word's ending.

    Returns
    -------
    tuple of CommonName
        In the order of the file.
    """
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    told = (line.partition(": ") for line in lines if line and line[0] not in "#=")
    return tuple(
        CommonName(name.rstrip("*~"), _signs(words, stem), name.endswith("*"), name.endswith("~"))
        for name, _, words in told
    )


@functools.cache
def one_matter() -> Mapping[str, str]:
    """Return, for each name that says the same as others, the first of them."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    alike = (line.lstrip("=*").split("; ") for line in lines if line.startswith("="))
    return {name.strip(): names[0].strip() for names in alike for name in names}


def own_matters(clauses: Sequence[Sequence[str]], stem: Callable[[str], str]) -> frozenset[str]:
    """Return the names of what the whole service is about: they tell nobody anything there.

    Parameters
    ----------
    clauses : sequence of sequence of str
        The stems of each clause's words, in order.
    stem : callable
        Cuts a word's ending.

    Returns
    -------
    frozenset of str
        Such as "Calling 111" where one clause in four speaks of calls.
    """
    things = _things(stem)
    share = shares(clauses, [one for one, _ in things], len(clauses))
    return frozenset(
        name for one, names in things if share.get(one.name, 0.0) >= OWN_MATTER for name in names
    )


def own_words(
    clauses: Sequence[Sequence[str]], stem: Callable[[str], str], least: float
) -> frozenset[str]:
    """Return the stems that alone name what the whole service is about.

    Parameters
    ----------
    clauses : sequence of sequence of str
        The stems of each clause's words, in order.
    stem : callable
        Cuts a word's ending.
    least : float
        Share of all clauses that must hold one of a bare name's stems.

    Returns
    -------
    frozenset of str
        Such as "phone" and "call" on a helpline; "operator", of which few speak, is not among them.
    """
    own = own_matters(clauses, stem)
    bare = [one for one in common_names(stem) if one.is_bare and one.name in own]
    share = shares(clauses, bare, len(clauses))
    return frozenset(
        word for one in bare if share.get(one.name, 0.0) >= least for word in words_of(one)
    )


def words_of(name: CommonName) -> frozenset[str]:
    """Return all stems of a name's signs."""
    return frozenset(word for sign in name.signs for stretch in sign for word in stretch)


@functools.cache
def _things(stem: Callable[[str], str]) -> tuple[tuple[CommonName, frozenset[str]], ...]:
    """Return what a service may be all about: one name with all signs, and whose they are."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    by_name = {one.name: one for one in common_names(stem)}
    alike = (line[2:].split("; ") for line in lines if line.startswith("=*"))
    things = []
    for names in alike:
        said = [by_name[name.strip()] for name in names]
        signs = tuple(sign for one in said for sign in one.signs)
        whole = CommonName(said[0].name, signs, is_bare=False, is_wide=False)
        things.append((whole, frozenset(one.name for one in said)))
    return tuple(things)


def _signs(words: str, stem: Callable[[str], str]) -> tuple[frozenset[Words], ...]:
    return tuple(
        frozenset(tuple(map(stem, stretch.split())) for stretch in sign.strip().split("+"))
        for sign in words.split(",")
    )


def shares(
    clauses: Iterable[Sequence[str]], names: Sequence[CommonName], size: int
) -> Mapping[str, float]:
    """Count how large a share of a theme's clauses shows a sign of each name.

    Parameters
    ----------
    clauses : iterable of sequence of str
        The stems of each clause's words, in order.
    names : sequence of CommonName
        As `common_names` gives them.
    size : int
        How many clauses there are.

    Returns
    -------
    mapping of str to float
        0 to 1, by name; names without a sign are left out. A word that stands in a longer sign is
        no sign by itself there: who speaks of the waiting room need not have waited.
    """
    signs_of: dict[Words, list[tuple[str, frozenset[Words]]]] = {}
    for one in names:
        for sign in one.signs:
            signs_of.setdefault(min(sign), []).append((one.name, sign))
    counts: Counter[str] = Counter()
    longer = {stretch for one in names for sign in one.signs for stretch in sign if stretch[1:]}
    for stems in clauses:
        held = _stretches(stems)
        alone = _stretches(stems, but=_places_of(stems, longer))
        counts.update(
            {
                name
                for stretch in held & signs_of.keys()
                for name, sign in signs_of[stretch]
                if sign <= (held if sign & longer or len(sign) > 1 else alone)
            }
        )
    return {name: count / max(size, 1) for name, count in counts.items()}


def _stretches(stems: Sequence[str], but: frozenset[int] = frozenset()) -> set[Words]:
    """Return the stretches of a clause, but for single words at some places."""
    return {
        tuple(stems[start : start + length])
        for length in range(1, LONGEST_SIGN + 1)
        for start in range(len(stems) - length + 1)
        if length > 1 or start not in but
    }


def _places_of(stems: Sequence[str], stretches: Collection[Words]) -> frozenset[int]:
    """Return the places of a clause's words that stand within one of some stretches."""
    return frozenset(
        at
        for length in range(2, LONGEST_SIGN + 1)
        for start in range(len(stems) - length + 1)
        if tuple(stems[start : start + length]) in stretches
        for at in range(start, start + length)
    )
