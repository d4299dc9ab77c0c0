"""Everything this software refuses, as one tree.

AfterwordError            carries a sentence that says what to do next
├── SettingsError         a setting does not parse (exit 2)
├── InputError            what was sent cannot be used (422; exit 2 on the command line)
│   ├── FieldError        … and it is one field's fault
│   └── FileError         … and it is a file's fault
├── NotFoundError         no such thing for this reader (404)
├── ConflictError         it collides with what is already there (409)
│   └── StaleError        somebody changed it since the form was made
├── DeniedError           known person, not theirs to do (403)
├── MailError             a relay did not take a mail
│   ├── MailDelayedError  try again later
│   │   └── RelayError    … and so will every other mail: the relay itself does not work
│   └── MailRefusedError  never will
├── MailboxError          the mailbox that replies come to cannot be read
├── WebhookError          somebody's server did not take our news
└── EngineError           the theme engine cannot work with what it was given
    └── BookError         a book of themes cannot be read
"""


class AfterwordError(Exception):
    """A refusal that carries, as its text, one clear sentence for a person."""

    code = "error"
    status = 500


class SettingsError(AfterwordError):
    """A setting does not parse."""

    code = "bad_setting"


class InputError(AfterwordError):
    """What was sent cannot be used."""

    code = "bad_input"
    status = 422


class FieldError(InputError):
    """One field of what was sent cannot be used.

    Parameters
    ----------
    field : str
        The field's public name.
    message : str
        One sentence saying what to do.
    """

    code = "bad_field"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class FileError(InputError):
    """A file cannot be used."""

    code = "bad_file"


class NotFoundError(AfterwordError):
    """There is no such thing for this reader."""

    code = "not_found"
    status = 404


class ConflictError(AfterwordError):
    """It collides with what is already there."""

    code = "conflict"
    status = 409


class StaleError(ConflictError):
    """Somebody else changed this since the form was made.

    Parameters
    ----------
    steps : tuple of int
        What they did: decisions, the oldest first.
    """

    code = "stale"

    def __init__(self, steps: tuple[int, ...]) -> None:
        super().__init__("Somebody changed this since you opened the page. Please look again.")
        self.steps = steps


class DeniedError(AfterwordError):
    """A known person asked for what is not theirs to do."""

    code = "denied"
    status = 403


class MailError(AfterwordError):
    """A relay did not take a mail."""

    code = "mail"


class MailDelayedError(MailError):
    """A relay did not take a mail now; it may later."""


class RelayError(MailDelayedError):
    """The relay itself does not work now; it is not this one mail's fault."""


class MailRefusedError(MailError):
    """A relay will never take this mail."""


class MailboxError(AfterwordError):
    """The mailbox that replies come to cannot be read."""

    code = "mailbox"


class WebhookError(AfterwordError):
    """A server did not take news that was posted to it.

    Parameters
    ----------
    message : str
        What went wrong.
    for_good : bool
        Whether trying again is of no use.
    """

    code = "webhook"

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class EngineError(AfterwordError):
    """The theme engine cannot work with what it was given."""

    code = "engine"


class BookError(EngineError):
    """A book of themes cannot be read."""

    code = "bad_book"
