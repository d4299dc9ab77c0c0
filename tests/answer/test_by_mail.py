"""A mail that comes in is filed under its question, once, whatever it is."""

import threading
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from survey.answer.by_mail import take_mail
from survey.answer.incoming import read_mail
from survey.clock import utc_now
from survey.records import (
    Answer,
    AnswerText,
    IncomingMail,
    Invitation,
    Message,
    Question,
)
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.talks import write_letter
from survey.settings import Settings
from tests.support.invitations import Invited, invite
from tests.support.mails import bounce_of, reply_to
from tests.support.people import Business, make_business


@pytest.fixture
def hill(database: Database) -> Business:
    return make_business(database, "Hill Street Dental")


@pytest.fixture
def invited(database: Database, hill: Business) -> Invited:
    return invite(database, hill, served_by="Sam", segments={"branch": "North"})


def _take(database: Database, settings: Settings, raw: bytes) -> str:
    return take_mail(database, settings, raw, utc_now()).outcome


def _texts(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AnswerText.body)))


def _letters(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Message.body).where(Message.author == "customer")))


@pytest.mark.parametrize("by", ["address", "references", "in-reply-to"])
def test_a_reply_is_the_answer_of_its_invitation(
    database: Database, settings: Settings, invited: Invited, by: str
) -> None:
    assert _take(database, settings, reply_to(invited, by=by)) == "answered"
    with database.reading() as session:
        answer = session.scalars(select(Answer)).one()
        assert answer.invitation_id == invited.invitation_id
        assert answer.served_by == "Sam"
        assert session.scalars(select(Invitation.state)).one() == "answered"
    assert _texts(database) == ["Less waiting."]


def test_the_same_mail_again_is_taken_once(
    database: Database, settings: Settings, invited: Invited
) -> None:
    mail = reply_to(invited)
    assert [_take(database, settings, mail) for _ in range(3)] == ["answered", "known", "known"]
    assert (_texts(database), _letters(database)) == (["Less waiting."], [])


def test_the_same_mail_by_all_entrances_at_once_is_taken_once(
    database: Database, settings: Settings, invited: Invited
) -> None:
    mail, outcomes = reply_to(invited), []
    threads = [
        threading.Thread(target=lambda: outcomes.append(_take(database, settings, mail)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["answered", "known", "known", "known"]


def test_a_second_reply_keeps_every_word_as_a_letter(
    database: Database, settings: Settings, invited: Invited
) -> None:
    _take(database, settings, reply_to(invited))
    second = reply_to(invited, "And parking.", message_id="<two@customer.example>")
    assert _take(database, settings, second) == "added"
    assert (_texts(database), _letters(database)) == (["Less waiting."], ["And parking."])


def test_a_reply_after_the_page_was_used_is_a_letter(
    database: Database, settings: Settings, hill: Business, invited: Invited
) -> None:
    _take(database, settings, reply_to(invited, message_id="<a@x.example>"))
    long = "word " * 5000
    assert _take(database, settings, reply_to(invited, long, message_id="<b@x.example>")) == "added"
    assert "".join(_letters(database)).split() == long.split()


def test_words_beyond_what_an_answer_takes_go_on_as_letters(
    database: Database, settings: Settings, invited: Invited
) -> None:
    long = " ".join(f"w{n}" for n in range(9000))
    assert _take(database, settings, reply_to(invited, long)) == "answered"
    (first,) = _texts(database)
    assert len(first) == 20_000
    assert first + "".join(_letters(database)) == long


def test_an_answer_taken_back_takes_no_more_words(
    database: Database, settings: Settings, invited: Invited
) -> None:
    _take(database, settings, reply_to(invited))
    with database.writing() as session:
        session.execute(update(Answer).values(state="withdrawn"))
        session.execute(update(Invitation).values(state="withdrawn"))
    more = reply_to(invited, "Wait.", message_id="<two@x.example>")
    assert take_mail(database, settings, more, utc_now()).is_left
    assert _letters(database) == []


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "auto_reply"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"List_Id": "<x.example>"},
    ],
)
def test_an_automatic_reply_is_no_answer(
    database: Database, settings: Settings, invited: Invited, header: dict[str, str]
) -> None:
    mail = reply_to(invited, "I am away until Monday.", **header)
    assert _take(database, settings, mail) == "automatic"
    assert _texts(database) == []


@pytest.mark.parametrize(
    "subject",
    ["Automatic reply: One question", "Abwesenheitsnotiz: Frage", "Réponse automatique : x",
     "自动回复: x", "Автоответ: x", "Out of office"],
)  # fmt: skip
def test_an_automatic_subject_is_no_answer(invited: Invited, subject: str) -> None:
    raw = reply_to(invited).replace(b"Subject: Re: ", f"Subject: {subject} ".encode())
    assert read_mail(raw).kind == "automatic"


def test_a_person_who_says_no_to_auto_submitted_is_heard(invited: Invited) -> None:
    assert read_mail(reply_to(invited, Auto_Submitted="no")).kind == "reply"


def test_a_mail_that_came_back_fails_its_invitation_and_was_never_asked(
    database: Database, settings: Settings, hill: Business, invited: Invited
) -> None:
    with database.writing() as session:
        rebuild(session, hill.workspace_id)
    for action in ("delayed", "expanded", "relayed"):  # it arrived, or may yet (RFC 3464)
        assert _take(database, settings, bounce_of(invited, action=action)) == "automatic"
    assert _take(database, settings, bounce_of(invited)) == "bounced"
    with database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        assert invitation.state == "failed"
        assert "No such user here" in (invitation.last_error or "")
        before = counts_now(session, hill.workspace_id)
        rebuild(session, hill.workspace_id)
        assert before == counts_now(session, hill.workspace_id) == {}


def test_a_mail_that_came_back_takes_no_answer_away(
    database: Database, settings: Settings, invited: Invited
) -> None:
    _take(database, settings, reply_to(invited))
    assert _take(database, settings, bounce_of(invited)) == "automatic"
    with database.reading() as session:
        assert session.scalars(select(Invitation.state)).one() == "answered"


def test_a_letter_of_the_team_that_came_back_says_so_where_it_was_written(
    database: Database, settings: Settings, hill: Business, invited: Invited
) -> None:
    _take(database, settings, reply_to(invited))
    with database.writing() as session:
        answer_id = session.scalars(select(Answer.id)).one()
        letter_id = write_letter(
            session, hill.workspace_id, answer_id, "Sorry.", utc_now(), signed="Sam", mail="sent"
        )
    back = bounce_of(invited).replace(
        b"Subject: x\r\n", f"Message-ID: <reply.{letter_id:x}@hill.example>\r\n".encode()
    )
    assert _take(database, settings, back) == "bounced"
    with database.reading() as session:
        letter = session.scalars(select(Message)).one()
        assert (letter.mail, "No such user" in (letter.last_error or "")) == ("failed", True)
        assert session.scalars(select(Invitation.state)).one() == "answered"


def test_mail_that_is_not_ours_is_left_and_counted(
    database: Database, settings: Settings, invited: Invited
) -> None:
    stranger = Invited(1, "", "a" * 26)
    for raw in (reply_to(stranger), b"", b"\0\xff" * 500, b"Subject: x\n\nhello"):
        assert take_mail(database, settings, raw, utc_now()).is_left
    with database.reading() as session:
        unknown = IncomingMail.outcome == "unknown"
        count = session.scalar(select(func.count()).where(unknown)) or 0
        assert count == 4
        assert _texts(database) == []


def test_the_links_own_token_files_no_mail(
    database: Database, settings: Settings, invited: Invited
) -> None:
    forged = Invited(1, "", invited.token.lower().replace("_", "a").replace("-", "b") + "aaaa")
    assert _take(database, settings, reply_to(forged)) == "unknown"


def test_a_token_of_another_workspace_reaches_its_own_invitation_alone(
    database: Database, settings: Settings, hill: Business, invited: Invited
) -> None:
    other = make_business(database, "Valley Boilers")
    theirs = invite(database, other)
    assert _take(database, settings, reply_to(theirs)) == "answered"
    with database.reading() as session:
        assert session.scalars(select(Answer.workspace_id)).all() == [other.workspace_id]
        states = select(Invitation.state).where(Invitation.workspace_id == hill.workspace_id)
        assert session.scalars(states).all() == ["sent"]


def test_an_expired_link_takes_no_mail(
    database: Database, settings: Settings, hill: Business
) -> None:
    old = invite(database, hill, expires_at=utc_now() - timedelta(days=1))
    assert _take(database, settings, reply_to(old)) == "unknown"


def test_a_reply_to_an_anonymous_question_is_left_and_not_noted_with_who(
    database: Database, settings: Settings, invited: Invited
) -> None:
    with database.writing() as session:
        session.execute(update(Question).values(anonymous=True))
    assert _take(database, settings, reply_to(invited)) == "anonymous"
    with database.reading() as session:
        row = session.scalars(select(IncomingMail)).one()
        assert (row.workspace_id, row.invitation_id) == (None, None)
    assert _texts(database) == []


def test_a_reply_that_says_nothing_is_left(
    database: Database, settings: Settings, invited: Invited
) -> None:
    assert _take(database, settings, reply_to(invited, "")) == "blank"
    assert _take(database, settings, reply_to(invited, message_id="<b@x.example>")) == "answered"


def test_a_link_that_a_mail_filter_wrapped_never_becomes_an_answer(
    database: Database, settings: Settings, invited: Invited
) -> None:
    ours = replace(settings, base_url="https://ask.example.org")
    wrapped = quote(f"https://ask.example.org{invited.link}", safe="")
    words = f"Less waiting.\nhttps://safe.example/?url={wrapped}&data=1\nThank you."
    assert _take(database, ours, reply_to(invited, words)) == "answered"
    with database.reading() as session:
        assert session.scalars(select(AnswerText.body)).one() == "Less waiting.\nThank you."


def test_the_customers_own_link_in_a_quote_never_becomes_an_answer(
    database: Database, settings: Settings, invited: Invited
) -> None:
    secret = replace(settings, base_url="https://ask.example.org")
    words = f"Less waiting.\nhttps://ask.example.org/a/{invited.token}"
    assert _take(database, secret, reply_to(invited, words)) == "answered"
    assert _texts(database) == ["Less waiting."]


def test_odd_signs_are_kept_as_an_answer_keeps_them(
    database: Database, settings: Settings, invited: Invited
) -> None:
    raw = reply_to(invited).replace(b"Less waiting.", b"Less\x00 waiting \xff\xf0.")
    assert _take(database, settings, raw) == "answered"
    (text,) = _texts(database)
    assert text.startswith("Less� waiting")


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b\nContent-Type: text/plain; " + b"a*0*=x; " * 20_000 + b"\n\nhi",
        b"From: a@b\nContent-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 200_000,
        b"From: a@b\n" + b"Content-Type: message/rfc822\n\n" * 60_000,
        b"From: a@b\nContent-Type: text/html\n\n" + b"<a b='" * 300_000,
        b"From: a@b\nContent-Type: text/html\n\n" + b"<!--" * 400_000,
        b"To: " + b"a@b, " * 100_000 + b"\n\nhi",
        b"From: mailer-daemon@b\nContent-Type: multipart/report\n\n" + b" \n" * 800_000,
        b"From: a@b\n\n" + b"On 12:30 a wrote:\n> q\n" * 80_000,
        b'Content-Type: text/plain; charset="no such"\n\nhi \xff',
        b"Content-Transfer-Encoding: base64\nContent-Type: text/plain\n\n!!!===",
        b'Content-Type: multipart/alternative; boundary=""\n\n--\n\nx',
        b"Subject: " + b"=?utf-8?b?//8=?= " * 20_000 + b"\n\nhi",
    ],
)
def test_a_mail_made_to_be_hard_to_read_is_read_soon(raw: bytes) -> None:
    assert read_mail(raw * 2).tokens == ()  # the test's own time limit is the judge


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=600), st.sampled_from(["", "Content-Type: multipart/mixed; boundary=x"]))
def test_any_bytes_at_all_are_read(raw: bytes, header: str) -> None:
    read_mail(f"{header}\n\n".encode() + raw)
    read_mail(raw)
