"""The words of an HTML mail, without what it quotes. Pure, and linear in whatever it is given.

The standard library's parser takes minutes over a megabyte of opening brackets; mail comes from
anybody, so here every sign is looked at once.
"""

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})\b([^<>]*)>|<[!?/a-zA-Z][^<>]*>|[^<]+|<")
_COMMENT, _COMMENT_END = "<!--", "-->"
_ATTRIBUTE = re.compile(r"\b(class|type|id)\s{0,5}=\s{0,5}[\"']?([^\"'<>]{0,200})", re.IGNORECASE)
_UNSEEN = {"style", "script", "head", "title", "template"}
_EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_LINES = {
    "p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6",
    "blockquote", "section", "article", "pre", "hr",
}  # fmt: skip
# What mail programs put around the mail that is answered, and around signatures.
_COPIES = (
    "gmail_quote", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote",
    "tutanota_quote", "gmail_signature", "moz-signature",
)  # fmt: skip
_IDS = ("divrplyfwdmsg", "appendonsend", "reply-intro", "mail-editor-reference-message-container")


def words_of_html(page: str) -> str:
    """Return the text of an HTML mail, a line for each of its own, quoted mails left out.

    Parameters
    ----------
    page : str
        Anything at all.
    """
    said = html.unescape("".join(_seen(_without_comments(page))))
    lines = (" ".join(line.split()) for line in said.split("\n"))
    return "\n".join(lines).strip("\n")


def _without_comments(page: str) -> str:
    kept, at = [], 0
    while (begin := page.find(_COMMENT, at)) >= 0:
        kept.append(page[at:begin])
        end = page.find(_COMMENT_END, begin)
        at = len(page) if end < 0 else end + len(_COMMENT_END)
    return "".join([*kept, page[at:]])


def _seen(page: str) -> Iterator[str]:
    """Yield the text that a reader sees, with a line break at each element that begins a line."""
    hidden_by, depth = "", 0  # the hiding element, and how many of its name are open
    for match in _TAG.finditer(page):
        closing, tag, attributes = match.group(1), (match.group(2) or "").lower(), match.group(3)
        if hidden_by:
            if tag == hidden_by:
                depth += -1 if closing else 1
                hidden_by = hidden_by if depth else ""
        elif not tag:
            told = match.group()
            yield "" if told.startswith("<") and len(told) > 1 else told.replace("\n", " ")
        elif not closing and tag not in _EMPTY and _is_hidden(tag, attributes):
            hidden_by, depth = tag, 1
        elif tag in _LINES:
            yield "\n"


def _is_hidden(tag: str, attributes: str) -> bool:
    if tag in _UNSEEN:
        return True
    told = {name.lower(): value.lower() for name, value in _ATTRIBUTE.findall(attributes[:2000])}
    if tag == "blockquote" and (told.get("type", "").strip() == "cite" or "class" in told):
        return True
    marked = told.get("class", "")
    return any(name in marked for name in _COPIES) or told.get("id", "").strip() in _IDS
