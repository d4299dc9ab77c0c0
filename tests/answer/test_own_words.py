"""A reply's own words come out of what mail programs of many languages make of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.answer.html_words import words_of_html
from survey.answer.own_words import own_words

SAID = "The wait was long.\n\nBut Sam was kind."
QUOTED = "> What would have been more helpful?\n>\n> You can answer here\n"
WROTE = [
    "On Tue, 17 Nov 2026 at 14:03, Hill Street <ask@hill.example> wrote:",
    "On Tue, 17 Nov 2026 at 14:03, Hill Street Dental Practice\n<ask@hill.example> wrote:",
    "Am 17.11.2026 um 14:03 schrieb Hill Street:",
    "Am Di., 17. Nov. 2026 um 14:03 Uhr schrieb Hill Street <\nask@hill.example>:",
    "Le mar. 17 nov. 2026 à 14:03, Hill Street <ask@hill.example> a écrit :",
    "El mar, 17 nov 2026 a las 14:03, Hill Street (<ask@hill.example>) escribió:",
    "Il giorno mar 17 nov 2026 alle ore 14:03 Hill Street <ask@hill.example> ha scritto:",
    "Em ter., 17 de nov. de 2026 às 14:03, Hill Street <ask@hill.example> escreveu:",
    "Op di 17 nov 2026 om 14:03 schreef Hill Street <ask@hill.example>:",
    "W dniu 17.11.2026 o 14:03, Hill Street pisze:",
    "wt., 17 lis 2026 o 14:03 Hill Street <ask@hill.example> napisał(a):",
    "Den tis 17 nov. 2026 kl 14:03 skrev Hill Street <ask@hill.example>:",
    "tir. 17. nov. 2026 kl. 14:03 skrev Hill Street <ask@hill.example>:",
    "ti 17. marrask. 2026 klo 14.03 Hill Street (ask@hill.example) kirjoitti:",
    "Hill Street <ask@hill.example>, 17 Kas 2026 Sal, 14:03 tarihinde şunu yazdı:",
    "17 ноября 2026 г., 14:03 пользователь Hill Street <ask@hill.example> написал:",
    "вт, 17 лист. 2026 р. о 14:03 Hill Street <ask@hill.example> пише:",
    "في الثلاثاء، ١٧ نوفمبر 2026 في 14:03 كتب Hill Street <ask@hill.example>:",
    "בתאריך יום ג׳, 17 בנוב׳ 2026 ב-14:03 מאת Hill Street <ask@hill.example> כתב:",
    "Hill Street <ask@hill.example> 于2026年11月17日周二 14:03写道：",
    "2026年11月17日(火) 14:03 Hill Street <ask@hill.example> さんは書きました:",
    "2026년 11월 17일 (화) 오후 2:03, Hill Street <ask@hill.example>님이 작성:",
    "Vào 14:03, Th 3, 17 thg 11, 2026 Hill Street <ask@hill.example> đã viết:",
]
COPIES = [
    "-----Original Message-----\nFrom: Hill Street\nSent: Tuesday",
    "-----Ursprüngliche Nachricht-----\nVon: Hill Street",
    "----- Message d'origine -----\nDe : Hill Street",
    "________________________________\nFrom: Hill Street <ask@hill.example>\n"
    "Sent: 17 November 2026 14:03\nTo: Mo\nSubject: One question",
    "Von: Hill Street <ask@hill.example>\nGesendet: Dienstag, 17.11.2026\nAn: Mo\nBetreff: x",
    "De : Hill Street <ask@hill.example>\nEnvoyé : mardi 17 novembre 2026\nÀ : Mo\nObjet : x",
    "De: Hill Street\nEnviado el: martes\nPara: Mo\nAsunto: x",
    "Da: Hill Street\nInviato: martedì\nA: Mo\nOggetto: x",
    "Van: Hill Street\nVerzonden: dinsdag\nAan: Mo\nOnderwerp: x",
    "*From:* Hill Street\n*Date:* Tuesday\n*To:* Mo\n*Subject:* x",
    "发件人: Hill Street\n发送时间: 2026年11月17日\n收件人: Mo\n主题: x",
    "差出人: Hill Street\n送信日時: 2026年11月17日\n宛先: Mo\n件名: x",
    "От: Hill Street\nОтправлено: вторник\nКому: Mo\nТема: x",
    "من: Hill Street\nتم الإرسال: الثلاثاء\nإلى: Mo\nالموضوع: x",
]
FOOTERS = [
    "Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone",
    "Enviado desde mi iPhone", "Inviato da iPhone", "Enviado do meu iPhone",
    "Verstuurd vanaf mijn iPhone", "Skickat från min iPhone", "Sendt fra min iPhone",
    "Отправлено с iPhone", "iPhone'umdan gönderildi", "发自我的iPhone", "iPhoneから送信",
    "나의 iPhone에서 보냄", "Get Outlook for Android", "Sent from Yahoo Mail on Android",
    "Gesendet mit der GMX Mail App",
]  # fmt: skip
SIGNATURES = [
    "-- \nMo Smith\nTel. 0123 456", "--\nMo Smith", "Kind regards,\nMo Smith\n0123 456",
    "Mit freundlichen Grüßen\nMo Smith", "Viele Grüße\n\nMo", "Cordialement,\nMo Smith",
    "Saludos,\nMo", "Cordiali saluti\nMo", "Atenciosamente,\nMo", "Met vriendelijke groet,\nMo",
    "Pozdrawiam\nMo", "Med venlig hilsen\nMo", "С уважением,\nМо", "مع تحياتي\nمو",
]  # fmt: skip


@pytest.mark.parametrize("wrote", WROTE)
def test_a_marked_quote_goes(wrote: str) -> None:
    assert own_words(f"{SAID}\n\n{wrote}\n\n{QUOTED}") == SAID


@pytest.mark.parametrize("wrote", WROTE)
def test_a_quote_without_marks_goes(wrote: str) -> None:
    assert own_words(f"{SAID}\n\n{wrote}\n\nWhat would have been more helpful?") == SAID


@pytest.mark.parametrize("copy", COPIES)
def test_a_copied_mail_goes(copy: str) -> None:
    assert own_words(f"{SAID}\n\n{copy}\n\nWhat would have been more helpful?") == SAID


@pytest.mark.parametrize("footer", FOOTERS)
def test_what_a_phone_adds_goes(footer: str) -> None:
    assert own_words(f"{SAID}\n\n{footer}\n\n{WROTE[0]}\n{QUOTED}") == SAID
    assert own_words(footer) == ""


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_goes(signature: str) -> None:
    assert own_words(f"{SAID}\n\n{signature}\n") == SAID


@pytest.mark.parametrize("wrote", WROTE)
def test_an_answer_below_or_between_the_quoted_lines_stays(wrote: str) -> None:
    assert own_words(f"{wrote}\n{QUOTED}\nLess waiting.\n") == "Less waiting."
    between = f"{wrote}\n> What would have been more helpful?\nLess waiting.\n> Thank you\nBye."
    assert own_words(between) == "Less waiting.\nBye."


@pytest.mark.parametrize(
    "said",
    [
        "My sister wrote:\nshe will never come back.",
        "From: the moment I came in it was chaos.\nTo: say it kindly.",
        "Thanks to Sam. Regards to the team!\nThey were great.",
        "Thanks",
        "- no call back\n- no price\n-- and no apology",
        "Kind regards,\nis what the letter said. It was not kind.",
        "On Tuesday I waited. The letter said: nothing.",
        "I sent this from my mobile because your site did not work.\nPlease mend it.",
        "a > b, she said.",
        "___\nthat is all I got on the form",
        "Von: der Praxis kam nichts.",
    ],
)
def test_no_words_of_a_customer_are_lost(said: str) -> None:
    assert own_words(said) == said


def test_a_line_with_the_customers_own_link_never_comes_in() -> None:
    link = "https://ask.example.org/a/Zk3p9s"
    copied = f"{SAID}\n{link}\nThank you"
    assert link not in own_words(copied, ("https://ask.example.org/a/",))


def test_an_html_mails_words_come_in_lines_without_its_quote() -> None:
    page = (
        "<html><head><style>p{}</style></head><body><p>Less  waiting,<br>please &amp; thanks</p>"
        "<div>Really.</div><!-- <p>not this</p> --><script>no()</script>"
        '<div class="gmail_quote gmail_quote_container"><div>On … wrote:</div>'
        "<blockquote>What would</blockquote></div></body></html>"
    )
    assert own_words(words_of_html(page)) == "Less waiting,\nplease & thanks\n\nReally."


@pytest.mark.parametrize(
    "copied",
    [
        '<blockquote type="cite">asked</blockquote>',
        '<div id="divRplyFwdMsg"><b>From:</b> x</div>',
        '<div class="moz-cite-prefix">On … wrote:</div>',
        '<div class="yahoo_quoted"><div>asked</div></div>',
        "<div class=gmail_signature>Mo</div>",
    ],
)
def test_what_html_mail_programs_copy_is_left_out(copied: str) -> None:
    assert words_of_html(f"<p>Less waiting.</p>{copied}") == "Less waiting."


def test_a_smaller_sign_in_html_is_no_tag() -> None:
    assert words_of_html("<p>5 < 6, and 2 &lt; 3</p>") == "5 < 6, and 2 < 3"


@given(st.text(max_size=400))
def test_whatever_is_written_ends_in_words(text: str) -> None:
    said = own_words(text)
    assert len(said) <= len(text)
    words_of_html(text)


@given(st.lists(st.sampled_from(["<", ">", "p", "div", " class=", '"', "!--", "/", "a", "&#"])))
def test_whatever_html_is_made_of_it_ends_in_words(pieces: list[str]) -> None:
    assert isinstance(words_of_html("".join(pieces)), str)
