"""Whoever presses, however often and at once: one link, one answer."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.records import Answer, AnswerText, CountDelta
from survey.records.database import Database
from tests.support.invitations import invite
from tests.support.people import Business


@pytest.mark.parametrize("at_once", [2, 8])
def test_posts_at_the_same_moment_make_one_answer(
    app: Flask, business: Business, at_once: int
) -> None:
    database: Database = app.extensions["afterword"].database
    links = [invite(database, business).link for _ in range(10)]
    statuses: list[int] = []
    ready = threading.Barrier(at_once)

    def send(words: str) -> None:
        browser = app.test_client()
        for link in links:
            ready.wait()
            statuses.append(browser.post(link, data={"answer": words}).status_code)

    threads = [threading.Thread(target=send, args=(f"Words {n}.",)) for n in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(303) == len(links)
    assert statuses.count(409) == len(links) * (at_once - 1)
    with database.reading() as session:
        for record in (Answer, AnswerText, CountDelta):
            assert session.scalar(select(func.count()).select_from(record)) == len(links)
