"""A poster with the question, a QR code and the address in letters: pure, as SVG and as PDF.

There is nothing else on it, so that it speaks whatever language the question does.
"""

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import segno

WIDTH, HEIGHT = 420, 595  # A5, in points; printed larger, it stays sharp
_MARGIN = 36
_CODE = 230  # points a side, quiet zone and all
_QUIET = 4  # modules
_BIG, _SMALL, _LINE = 36, 13, 1.25


@dataclass(frozen=True)
class Poster:
    """What a poster says.

    Parameters
    ----------
    business, question, address : str
        Who asks, what, and where to answer.
    language : str
        The question's.
    """

    business: str
    question: str
    address: str
    language: str


@dataclass(frozen=True)
class _Line:
    words: str
    size: int
    y: float  # from the top
    bold: bool = False


def poster_svg(poster: Poster) -> str:
    """Draw a poster as SVG, in whatever script the question is."""
    lines = "".join(
        f'<text x="{WIDTH / 2}" y="{line.y:.1f}" font-size="{line.size}"'
        f"{' font-weight=' + chr(34) + '600' + chr(34) if line.bold else ''}"
        f' text-anchor="middle">{escape(line.words)}</text>'
        for line in _lines(poster)
    )
    left, top, module = _place_of_code(poster)
    code = "".join(
        f"M{left + x * module:.2f} {top + y * module:.2f}h{run * module:.2f}v{module:.2f}"
        f"h-{run * module:.2f}z"
        for x, y, run in _runs(poster.address)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}pt" height="{HEIGHT}pt"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" lang="{escape(poster.language)}" role="img"'
        f' font-family="Seravek, Ubuntu, Calibri, DejaVu Sans, Segoe UI, sans-serif">'
        f"<title>{escape(poster.question)}</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{lines}<path d="{code}"/></svg>'
    )


def can_be_pdf(poster: Poster) -> bool:
    """Whether the fonts that every PDF reader has can write this poster: Western letters only."""
    try:
        f"{poster.business}{poster.question}{poster.address}".encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def poster_pdf(poster: Poster) -> bytes:
    """Draw a poster as PDF (ISO 32000, one page, the standard Helvetica).

    Raises
    ------
    UnicodeEncodeError
        Where `can_be_pdf` is False.
    """
    page = "".join(
        f"BT /F{2 if line.bold else 1} {line.size} Tf {(WIDTH - _width(line)) / 2:.2f}"
        f" {HEIGHT - line.y:.2f} Td ({_pdf_string(line.words)}) Tj ET\n"
        for line in _lines(poster)
    )
    left, top, module = _place_of_code(poster)
    page += "".join(
        f"{left + x * module:.2f} {HEIGHT - top - (y + 1) * module:.2f}"
        f" {run * module:.2f} {module:.2f} re\n"
        for x, y, run in _runs(poster.address)
    )
    return _pdf(f"{page}f\n".encode("cp1252"))


def _pdf_string(words: str) -> str:
    return words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _pdf(page: bytes) -> bytes:
    font = b"<</Type/Font/Subtype/Type1/Encoding/WinAnsiEncoding/BaseFont/"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]".encode()
        + b"/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(page), page),
        font + b"Helvetica>>",
        font + b"Helvetica-Bold>>",
    ]
    made, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return bytes(made + b"startxref\n%d\n%%%%EOF\n" % table)


def _lines(poster: Poster) -> Iterator[_Line]:
    y = float(_MARGIN + _SMALL)
    for words in _wrapped(poster.business, _SMALL):
        yield _Line(words, _SMALL, y)
        y += _SMALL * _LINE
    room = _top_of_code(poster) - y
    size = _size_of_question(poster, room)
    question = _wrapped(poster.question, size)
    y += (room - len(question) * size * _LINE) / 2 + size
    for words in question:
        yield _Line(words, size, y, bold=True)
        y += size * _LINE
    y = _top_of_code(poster) + _CODE + _SMALL
    for words in _wrapped(poster.address, _SMALL):
        yield _Line(words, _SMALL, y)
        y += _SMALL * _LINE


def _size_of_question(poster: Poster, room: float) -> int:
    """Return the largest size of letters in which the question fits above the code."""
    sizes = (size for size in range(_BIG, 7, -1))
    return next(
        (size for size in sizes if len(_wrapped(poster.question, size)) * size * _LINE < room), 7
    )


def _top_of_code(poster: Poster) -> float:
    """The code stands at the foot, above the address."""
    foot = len(_wrapped(poster.address, _SMALL)) * _SMALL * _LINE + _SMALL
    return HEIGHT - _MARGIN - foot - _CODE


def _place_of_code(poster: Poster) -> tuple[float, float, float]:
    """Return left and top of the first module, and the side of one."""
    module = _CODE / (len(_matrix(poster.address)) + 2 * _QUIET)
    return (WIDTH - _CODE) / 2 + _QUIET * module, _top_of_code(poster) + _QUIET * module, module


def _runs(address: str) -> Iterator[tuple[int, int, int]]:
    """Yield column, row and length of each unbroken row of dark modules."""
    for y, row in enumerate(_matrix(address)):
        x = 0
        while x < len(row):
            run = 0
            while x + run < len(row) and row[x + run]:
                run += 1
            if run:
                yield x, y, run
            x += run or 1


def _matrix(address: str) -> Sequence[Sequence[int]]:
    return segno.make(address, error="m", micro=False).matrix


def _wrapped(words: str, size: int) -> list[str]:
    """Wrap words to the poster's width, by what letters are wide on average."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in words)
    per_sign = size * (0.56 + 0.46 * wide / max(1, len(words)))
    return textwrap.wrap(words, max(8, int((WIDTH - 2 * _MARGIN) / per_sign))) or [""]


# Widths of Helvetica's letters from space to tilde, in thousandths (Adobe's font metrics).
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip


def _width(line: _Line) -> float:
    at = (ord(sign) - 32 for sign in line.words)
    widths = (_WIDTHS[n] if 0 <= n < len(_WIDTHS) else 556 for n in at)
    return sum(widths) * line.size / 1000 * (1.06 if line.bold else 1)
