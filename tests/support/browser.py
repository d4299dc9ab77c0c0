"""A browser without JavaScript: it opens a page and sends that page's form, CSRF field and all."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_CSRF_FIELD = re.compile(r'name="csrf_token"[^>]*\bvalue="([^"]+)"')


class Browser(FlaskClient):
    """What a visitor holds in hand."""

    def send(self, page: str, to: str | None = None, **fields: Any) -> TestResponse:
        """Open `page` and send its form with `fields`, to the page itself or to another address."""
        opened = self.get(page)
        found = _CSRF_FIELD.search(opened.get_data(as_text=True))
        assert found, f"{page} ({opened.status_code}) holds no form"
        return self.post(to or page, data={"csrf_token": found.group(1), **fields})
