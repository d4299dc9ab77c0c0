"""A page that waits looks again by itself; one that failed does not."""

import pytest
from flask import Flask

from survey.web.again import look_again


@pytest.mark.parametrize(("status", "seconds"), [(200, "5"), (500, None), (404, None)])
def test_only_a_page_that_came_is_opened_again(status: int, seconds: str | None) -> None:
    app = Flask("waiting")

    @app.get("/")
    def page() -> tuple[str, int]:
        look_again()
        return "Working", status

    assert app.test_client().get("/").headers.get("Refresh") == seconds


def test_a_page_that_breaks_off_after_saying_so_is_not_opened_again() -> None:
    app = Flask("broken")

    @app.get("/")
    def page() -> str:
        look_again()
        raise ZeroDivisionError

    came = app.test_client().get("/")
    assert (came.status_code, came.headers.get("Refresh")) == (500, None)
