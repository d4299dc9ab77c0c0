"""What a theme of the shipped book is called where it is praised.

Most of the book's names say what was amiss. Above praise that reads as its opposite, so there
such a theme has another name, also after its owner renamed it: a new name for what was amiss is no
name for praise. One of the owner's own or found has none.
"""

# By key: the name as shipped, and the one that praises.
PRAISED = {
    "waiting": ("Being kept waiting", "Being seen on time"),
    "cost_shame": ("Awkwardness about money", "Tact about money"),
    "belittled": ("Being talked down to", "Being spoken to as an equal"),
    "blamed": ("Being blamed", "Not being blamed"),
    "rigid_rules": ("Rules over common sense", "Common sense over rules"),
    "passed_around": ("Being passed around", "One person to turn to"),
    "treated_as_number": ("Being treated as a number", "Being treated as a person"),
    "canned_replies": ("Canned replies", "Replies written for me"),
    "pressure": ("Being pushed", "Being left to decide"),
}


def praised_name(key: str | None, name: str, *, own: bool) -> str:
    """Return what a theme is called above praise.

    Parameters
    ----------
    key : str or None
        The theme's key; a found theme has none.
    name : str
        Its name now, which is returned where it has no other.
    own : bool
        Whether a person made it: a book of one's own may use a shipped key for something else.
    """
    return name if own else PRAISED.get(key or "", ("", name))[1]
