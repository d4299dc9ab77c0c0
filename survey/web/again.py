"""A page that waits for the worker looks again by itself, without JavaScript."""

from flask import Response, after_this_request


def look_again(seconds: int = 5) -> None:
    """Let the browser open the page of this request anew.

    Parameters
    ----------
    seconds : int
        After how long.
    """

    @after_this_request
    def refresh(response: Response) -> Response:
        if response.status_code == 200:  # a page that failed is not asked for over and over
            response.headers["Refresh"] = str(seconds)
        return response
