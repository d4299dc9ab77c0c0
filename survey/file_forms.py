"""How other tools write dates and letters, in words to choose from."""

# How dates are written, with the same day in each; the likelier first where two fit.
DATE_FORMATS = (
    ("", "2026-11-22, or with a time"),
    ("%d/%m/%Y", "22/11/2026"),
    ("%m/%d/%Y", "11/22/2026"),
    ("%d.%m.%Y", "22.11.2026"),
    ("%d-%m-%Y", "22-11-2026"),
    ("%Y/%m/%d", "2026/11/22"),
    ("%d %b %Y", "22 Nov 2026"),
    ("%d %B %Y", "22 November 2026"),
    ("%b %d, %Y", "Nov 22, 2026"),
    ("%B %d, %Y", "November 22, 2026"),
    ("%d/%m/%y", "22/11/26"),
    ("%m/%d/%y", "11/22/26"),
    ("%d/%m/%Y %H:%M", "22/11/2026 14:05"),
    ("%m/%d/%Y %H:%M", "11/22/2026 14:05"),
    ("%d.%m.%Y %H:%M", "22.11.2026 14:05"),
    ("%d/%m/%Y %H:%M:%S", "22/11/2026 14:05:33"),
    ("%m/%d/%Y %H:%M:%S", "11/22/2026 14:05:33"),
    ("%m/%d/%Y %I:%M:%S %p", "11/22/2026 2:05:33 PM"),
    ("%Y/%m/%d %H:%M:%S", "2026/11/22 14:05:33"),
)
ENCODINGS = (
    ("utf-8", "UTF-8, as most tools write"),
    ("cp1252", "Windows, Western (cp1252), as older Excel writes"),
    ("utf-16", "UTF-16"),
    ("mac_roman", "Mac, Western"),
    ("cp1250", "Windows, Central European"),
    ("cp1251", "Windows, Cyrillic"),
    ("cp1253", "Windows, Greek"),
    ("cp1254", "Windows, Turkish"),
    ("cp1255", "Windows, Hebrew"),
    ("cp1256", "Windows, Arabic"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
)
