"""Mails as customers' programs and mail servers write them."""

from email.message import EmailMessage

from tests.support.invitations import Invited

ASKED = "What would have been more helpful?"


def reply_to(
    invited: Invited,
    words: str = "Less waiting.",
    *,
    message_id: str = "<one@customer.example>",
    by: str = "address",
    **headers: str,
) -> bytes:
    """Write a reply, that names its invitation in the address or by what it refers to."""
    mail = EmailMessage()
    mail["From"] = "Mo <mo@customer.example>"
    mail["Message-ID"] = message_id
    mail["Subject"] = f"Re: {ASKED}"
    token = invited.reply_token
    mail["To"] = f"Answers+{token.upper()}@example.org" if by == "address" else "ask@example.org"
    if by == "references":
        mail["References"] = f"<other@x.example> <question.{token}@hill.example>"
    if by == "in-reply-to":
        mail["In-Reply-To"] = f"<question.{token}@hill.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"{words}\n\nOn 17 Nov 2026 at 14:03, Hill Street wrote:\n> {ASKED}\n")
    return mail.as_bytes()


def bounce_of(invited: Invited, *, action: str = "failed") -> bytes:
    """Write what a mail server sends when a mail of ours cannot be delivered."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@relay.example\r\nTo: ask@hill.example\r\n"
        f"Message-ID: <{action}@relay.example>\r\nAuto-Submitted: auto-replied\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay\r\n\r\n"
        f"Final-Recipient: rfc822; mo@example.org\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: <question.{invited.reply_token}@hill.example>\r\nSubject: x\r\n--b--\r\n"
    ).encode()
