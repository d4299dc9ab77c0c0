"""A reply's own words: without what it quotes, without signature, in whatever language. Pure.

Libraries for this cut by guesses that also take words away (anything after "Best regards" or a
dash), and some take minutes over a hostile line. Here a cut needs two signs, an answer in the
midst of quoted lines stays, and every line is looked at once.
"""

import re
from collections.abc import Sequence

_MOST_LINES = 20_000
_LONGEST_LINE = 400  # signs of a line that are looked at
_ATTRIBUTION_LINES = 4  # over how many lines mail programs wrap "On …, … wrote:"

# How mail programs in many languages say that somebody wrote what follows.
_WROTE = re.compile(
    r"(\bwrote|\bschrieb|\ba écrit|\bescribió|\bha scritto|\bescreveu|\bschreef|\bnapisał(a|\(a\))?"
    r"|\bpisze|\bskrev|\bkirjoitti|\bnapsala?|\bnapsal\(a\)|\ba scris|\bírta|έγραψε|\byazdı"
    r"|пишет|написала?|писал\(а\)|написав|пише|đã viết|menulis|כתב(ה|/ה)?|كتب(ت)?|写道|寫道"
    r"|书き|書きました|のメール|のメッセージ|님이 작성|작성|लिखा)"
    r"[^:：]{0,120}[:：]\s*$",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{1,2}[:.]\d{2}|\b(19|20)\d\d\b|@|\d{1,4}[./年-]\s?\d{1,2}[./月-]")
_ORIGINAL = re.compile(
    r"^\s*[-_*]{2,}\s*(original message|forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|message d.origine|message original|mensaje original"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande"
    r"|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|původní zpráva"
    r"|wiadomość oryginalna|oryginalna wiadomość|özgün ileti|orijinal mesaj|исходное сообщение"
    r"|пересылаемое сообщение|الرسالة الأصلية|הודעה מקורית|原始邮件|原始郵件|元のメッセージ"
    r"|원본 메시지|원본 메일)\s*[-_*]{2,}\s*$",
    re.IGNORECASE,
)
_FROM = (
    "from|von|de|da|van|fra|från|od|kimden|gönderen|lähettäjä|от|від|från|mittente|expéditeur"
    "|من|מאת|发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람"
)
_OTHER = (
    "sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado( el)?|para|asunto"
    "|fecha|inviato|data|a|oggetto|assunto|verzonden|aan|onderwerp|sendt|dato|til|emne|skickat"
    "|till|ämne|wysłano|do|temat|odesláno|komu|předmět|gönderildi|tarih|kime|konu|lähetetty|aihe"
    "|отправлено|дата|кому|тема|надіслано|تم الإرسال|إلى|الموضوع|التاريخ|נשלח|אל|נושא|תאריך"
    "|发送时间|发送日期|收件人|主题|日期|寄件日期|收件者|主旨|送信日時|日付|宛先|件名"
    "|보낸 날짜|날짜|받는 사람|받는사람|제목"
)
_HEADER_FROM = re.compile(rf"^\s*\*?({_FROM})\s?\*?[:：]\*?\s*\S", re.IGNORECASE)
_HEADER_OTHER = re.compile(rf"^\s*\*?({_OTHER})\s?\*?[:：]", re.IGNORECASE)
_RULE = re.compile(r"^\s*[-_=*]{5,}\s*$")
_DASHES = re.compile(r"^-- ?$|^--\u00a0$|^—$")
_FOOTER = re.compile(
    r"^\s*("
    r"(sent|diese nachricht wurde|gesendet|envoyé|enviado|inviato|verstuurd|verzonden|wysłan[eoy]"
    r"|sendt|skickat|lähetetty|odesláno|отправлено|надіслано|von mei|get outlook|obtenir outlook"
    r"|outlook für|download de|发自|傳送自|寄自|iphoneから|ipadから|나의 iphone|أرسل|أُرسلت|נשלח"
    r"|trimis)"
    r"[^.!?]{0,90}(iphone|ipad|android|outlook|samsung|galaxy|huawei|mobile|mobil|handy|phone"
    r"|smartphone|mail|gmx|web\.de|telekom|yahoo|blackberry|xiaomi|gmail|teléfono|téléphone"
    r"|telefon|cellulare|電話|手机|手機|送信|보냄|أندرويد|آيفون)[^.!?]{0,40}\.?"
    r"|(iphone|ipad)('umdan|'imden|から送信| ?에서 보냄)[^.!?]{0,20}\.?"
    r")\s*$",
    re.IGNORECASE,
)
_GOODBYE = re.compile(
    r"^\s*(with )?((kind|best|warm|many|kindest|warmest) )?(regards|wishes|thanks)"
    r"( and (best|kind) (regards|wishes))?[ ,.!]*$"
    r"|^\s*(thanks|thank you|cheers|yours|sincerely|yours (sincerely|faithfully|truly))[ ,.!]*$"
    r"|^\s*((mit )?(freundlichen|besten|vielen|herzlichen|lieben|schönen) (grüßen|grüssen)"
    r"|(viele|liebe|beste|herzliche|schöne|freundliche) (grüße|grüsse)|mfg|vg|lg)[ ,.!]*$"
    r"|^\s*((bien )?cordialement|bien à vous|salutations|meilleures salutations)[ ,.!]*$"
    r"|^\s*((un )?(cordial )?saludos?|atentamente|un abrazo|saludos cordiales)[ ,.!]*$"
    r"|^\s*((cordiali|distinti) saluti|saluti|cordialmente|un saluto)[ ,.!]*$"
    r"|^\s*(atenciosamente|cumprimentos|com os melhores cumprimentos|abraços?)[ ,.!]*$"
    r"|^\s*(met vriendelijke groet(en)?|vriendelijke groet(en)?|groet(en|jes)?|mvg)[ ,.!]*$"
    r"|^\s*(pozdrawiam|z poważaniem|med venlig hilsen|mvh|vänliga hälsningar|hilsen|hälsningar"
    r"|saygılarımla|iyi günler|с уважением|з повагою|مع تحياتي|تحياتي|בברכה|此致|敬具)[ ,.!]*$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…。！？]\s*$")
_SIGNATURE_LINES, _SIGNATURE_WIDTH = 7, 70


def own_words(text: str, secrets: Sequence[str] = ()) -> str:
    """Return what somebody wrote in a reply.

    Parameters
    ----------
    text : str
        The plain text of the mail, quotes and all.
    secrets : sequence of str
        Beginnings of addresses that open something, like a customer's own link: a line that holds
        one was ours and is left out, wherever it stands.

    Returns
    -------
    str
        The words alone, blank lines at both ends taken off; empty where there are none.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", _MOST_LINES)
    lines = [line for line in lines if not any(secret in line for secret in secrets)]
    lines = _without_copied_mail(lines)
    lines = [line for line in lines if not line.lstrip().startswith(">")]
    lines = _without_signature(_trimmed(lines))
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _without_copied_mail(lines: list[str]) -> list[str]:
    """Cut where the mail that was answered begins; an answer below its quoted lines stays."""
    kept: list[str] = []
    marked = [n for n, line in enumerate(lines) if line.lstrip()[:1] == ">"]
    at = 0
    while at < len(lines):
        if (length := _attribution(lines, at)) > 0:
            if marked and marked[-1] > at:
                at += length  # its lines are marked, so what is not marked is an answer
                continue
            return kept
        if _begins_copy(lines, at):
            return kept
        kept.append(lines[at])
        at += 1
    return kept


def _attribution(lines: list[str], at: int) -> int:
    """How many lines from here on say who wrote what follows, 0 where they do not."""
    if not lines[at].strip():
        return 0
    joined = ""
    for length in range(1, _ATTRIBUTION_LINES + 1):
        if at + length > len(lines) or not lines[at + length - 1].strip():
            return 0
        joined = f"{joined} {lines[at + length - 1].strip()[:_LONGEST_LINE]}"
        if joined.rstrip()[-1:] in ":：":
            return length if _WROTE.search(joined) and _DATED.search(joined) else 0
    return 0


def _begins_copy(lines: list[str], at: int) -> bool:
    line = lines[at][:_LONGEST_LINE]
    if _ORIGINAL.match(line):
        return True
    if _RULE.match(line):
        following = [n for n in range(at + 1, min(at + 4, len(lines))) if lines[n].strip()]
        return bool(following) and _is_header_block(lines, following[0])
    return _is_header_block(lines, at)


def _is_header_block(lines: list[str], at: int) -> bool:
    """Whether a mail's headers were copied here: a sender, and two more within five lines."""
    if not _HEADER_FROM.match(lines[at][:_LONGEST_LINE]):
        return False
    following = lines[at + 1 : at + 6]
    return sum(bool(_HEADER_OTHER.match(line[:_LONGEST_LINE])) for line in following) >= 2


def _trimmed(lines: list[str]) -> list[str]:
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return lines[first:last]


def _without_signature(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if at and _DASHES.match(line):
            lines = _trimmed(lines[:at])
            break
    while len(lines) > 1 and _FOOTER.match(lines[-1][:_LONGEST_LINE]):
        lines = _trimmed(lines[:-1])
    if len(lines) == 1 and _FOOTER.match(lines[0][:_LONGEST_LINE]):
        return []
    return _without_goodbye(lines)


def _without_goodbye(lines: list[str]) -> list[str]:
    """Take "Kind regards" off with the name and address below it, never a sentence."""
    for at in range(max(1, len(lines) - _SIGNATURE_LINES), len(lines) - 1):
        below = [line.strip() for line in lines[at + 1 :] if line.strip()]
        short = all(
            len(line) <= _SIGNATURE_WIDTH and not _SENTENCE_END.search(line) for line in below
        )
        if below and short and _GOODBYE.match(lines[at][:_LONGEST_LINE]):
            return _trimmed(lines[:at])
    return lines
