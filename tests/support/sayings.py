"""What made-up customers say, by theme: for tests and benchmarks of the pages, not of sorting."""

# key: (name, definition, wishes, praise)
SAYINGS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "waiting": (
        "Waiting",
        "Being kept waiting, and nobody saying why.",
        (
            "Twenty minutes past and nobody said a word.",
            "I sat in the hall for an hour with a sick dog",
            "On hold forty minutes, then cut off.",
            "the appointment was at nine and I went in at ten",
            "A text to say he was running late would have done.",
        ),
        ("Seen on the dot, for once.",),
    ),
    "cost_shame": (
        "Cost shame",
        "Feeling awkward or judged about money.",
        (
            "I had to ask three times what it would cost.",
            "She sighed when I asked for the cheaper one.",
            "made to feel poor for asking about instalments",
            "He looked at my coat before he named a price.",
        ),
        ("Nobody raised an eyebrow when I asked to pay in parts.",),
    ),
    "honesty": (
        "Honesty",
        "Being straight about what one knows, guesses and does not know.",
        (
            "Just say you don't know instead of guessing.",
            "He told me the part was ordered and it never was.",
            "be straight with me about how long it takes",
        ),
        ("She told me straight she wasn't sure.",),
    ),
    "warmth": (
        "Warmth",
        "Being met as a person.",
        ("a hello would have been nice", "Cold as a fish, that one at the desk."),
        (
            "She rang me the day after just to ask.",
            "He talked to my mother, not over her.",
            "The lad made my son laugh before the needle.",
            "so kind to an old woman on a bad day",
            "They remembered my name and my knee.",
        ),
    ),
    "not_listened": (
        "Not being heard",
        "Having to say it twice, and not being believed.",
        (
            "I told three people about the noise before one listened.",
            "He kept talking while I was describing the pain.",
            "read the notes before I come in",
        ),
        ("First time anyone wrote down what I said.",),
    ),
    "follow_through": (
        "Follow-through",
        "A promise that was not kept.",
        (
            "You said you would ring on Monday.",
            "Still waiting for the email with the quote.",
            "I had to chase the part myself",
        ),
        ("Rang back when he said he would.",),
    ),
    "reachability": (
        "Reachability",
        "Getting through to a person.",
        (
            "There is no way to reach a human after five.",
            "The number on the letter does not exist.",
            "nobody picks up, ever",
        ),
        (),
    ),
    "unclear_information": (
        "Unclear information",
        "Not knowing what was said, or what comes next.",
        (
            "Too many words I don't know.",
            "I left without knowing what happens next.",
            "Two leaflets that say opposite things.",
        ),
        ("Drew me a picture of the valve, then I understood.",),
    ),
    "cost_clarity": (
        "Clear prices",
        "Knowing beforehand what it will cost.",
        (
            "The bill was twice what he said on the phone.",
            "tell me the call-out fee before you come",
        ),
        ("Price on the door, price on the bill, the same.",),
    ),
    "not_fixed": (
        "Not fixed",
        "The trouble is still there.",
        ("It drips again, four days later.", "Third visit and the boiler still bangs."),
        ("Fixed in ten minutes after two others gave up.",),
    ),
    "belittled": (
        "Talked down to",
        "Being made to feel stupid.",
        ("He explained a plug to me. I am an electrician.", "Don't laugh when I ask."),
        (),
    ),
    "passed_around": (
        "Passed around",
        "Told again and again to ask somebody else.",
        ("Four departments, four times my date of birth.",),
        (),
    ),
    "treated_as_number": (
        "Treated as a number",
        "Hurried along like a ticket.",
        ("In and out in six minutes.", "I felt like the next item on a belt"),
        (),
    ),
    "canned_replies": (
        "Canned replies",
        "Answers that could have gone to anybody.",
        ("Your reply did not mention a single thing I wrote.",),
        (),
    ),
    "aftercare": (
        "Aftercare",
        "Somebody asking how it went, afterwards.",
        ("a call a week later to see if it held",),
        ("The follow-up call meant a lot to me.", "They checked on me after the operation."),
    ),
    "pressure": ("Pressure", "Being pushed to buy or agree.", (), ()),
    "parking": (
        "Parking at the back door",
        "",
        (
            "Nowhere to park but the back door, and that is for staff.",
            "the car park gate was shut at the back",
            "Had to leave the van in the back yard and got shouted at.",
        ),
        (),
    ),
    "playroom": (
        "A corner for children",
        "",
        ("Something for children to do while one waits.", "no toys, two toddlers, an hour"),
        ("The box of bricks saved us.",),
    ),
}
FOUND = ("parking", "playroom")
NOTHING = ("Nothing.", "All fine, thank you", "no complaints", "n/a", "Nothing, keep it up.")
OTHER = ("The lift smells of paint.", "your website logs me out", "More flowers.")
FOREIGN = ("Alles war in Ordnung, nur der Aufzug ging nicht.", "Todo muy bien con la doctora")
