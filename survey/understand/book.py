"""The book of themes that comes with the product, and whatever book is read beside it."""

import functools
from pathlib import Path

from survey.book import Book, BookTheme, parse_book, read_book

__all__ = ["SHIPPED", "Book", "BookTheme", "parse_book", "read_book", "shipped_book"]

SHIPPED = Path(__file__).parent / "shipped" / "book.yaml"


@functools.cache
def shipped_book() -> Book:
    """Give the book that comes with the product."""
    return read_book(SHIPPED)
