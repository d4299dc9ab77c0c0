"""The records: SQLAlchemy models, and the plain functions over a session that parts share."""

from survey.records.accounts import (
    ApiKey,
    FirstOwnerLink,
    Joining,
    Link,
    Member,
    Person,
    SignInSession,
    WorkerBeat,
    Workspace,
)
from survey.records.anonymity import HeldAnswer
from survey.records.answering import NEWEST_WORDS, Answer, AnswerSegment, AnswerText, ImportBatch
from survey.records.asking import (
    Interaction,
    InteractionSegment,
    Invitation,
    OutgoingMail,
    Question,
    QuestionText,
    QuestionVersion,
    Unsubscribed,
)
from survey.records.base import Record, new_id
from survey.records.bringing import ImportFile, ImportPart
from survey.records.counting import CountDelta, DayCount, WeekCount
from survey.records.deciding import (
    DecidedAnswer,
    Decision,
    Overruled,
    Review,
    ReviewAnswer,
    ThemeCut,
    ToShow,
)
from survey.records.guarding import Flag, SealedText, WhereToTurn
from survey.records.mapping import MapLayout, MapPlace, MapWaiting
from survey.records.placing import Place
from survey.records.posting import IncomingMail
from survey.records.replying import ChangeNote, Message, Talk
from survey.records.telling import Bulletin, Delivery, Reader, Telling
from survey.records.theming import (
    Assignment,
    Exemplar,
    Run,
    Sorting,
    TextVector,
    Theme,
    ThemeExample,
)

__all__ = [
    "NEWEST_WORDS",
    "Answer",
    "AnswerSegment",
    "AnswerText",
    "ApiKey",
    "Assignment",
    "Bulletin",
    "ChangeNote",
    "CountDelta",
    "DayCount",
    "DecidedAnswer",
    "Decision",
    "Delivery",
    "Exemplar",
    "FirstOwnerLink",
    "Flag",
    "HeldAnswer",
    "ImportBatch",
    "ImportFile",
    "ImportPart",
    "IncomingMail",
    "Interaction",
    "InteractionSegment",
    "Invitation",
    "Joining",
    "Link",
    "MapLayout",
    "MapPlace",
    "MapWaiting",
    "Member",
    "Message",
    "OutgoingMail",
    "Overruled",
    "Person",
    "Place",
    "Question",
    "QuestionText",
    "QuestionVersion",
    "Reader",
    "Record",
    "Review",
    "ReviewAnswer",
    "Run",
    "SealedText",
    "SignInSession",
    "Sorting",
    "Talk",
    "Telling",
    "TextVector",
    "Theme",
    "ThemeCut",
    "ThemeExample",
    "ToShow",
    "Unsubscribed",
    "WeekCount",
    "WhereToTurn",
    "WorkerBeat",
    "Workspace",
    "new_id",
]
