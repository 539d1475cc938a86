"""content.json: what people say, kind by kind."""

import cbor
from content import KINDS, decode_content, named_fields
from entry import MAXIMUM_BODY, MAXIMUM_TIME, make_body, sha256
from identifiers import MAXIMUM_INDEX, did
from refused import Refused
from vectors import START, File, flip, salt

KEY, OTHER = sha256(b"a key"), sha256(b"another key")
POST = [KEY, 7, sha256(b"a post")]
FIRST = [OTHER, MAXIMUM_INDEX, sha256(b"the first post")]
BLOB = [sha256(b"a blob"), 70000]
PICTURE = {
    1: BLOB, 2: "image/webp", 3: "A starling, in winter plumage", 4: 1600, 5: 1200, 7: "LEHV6nWB2yk8",
    8: [-250, 1000],
}
FILM = {1: [BLOB[0], 2**30], 2: "video/mp4", 6: 2**32 - 1}
POLL = {1: ["Yes", "No"], 2: START}

# The least of each kind, and all that it can say.
LEAST = {
    "note": {1: "a"},
    "profile": {1: "Ada"},
    "follow": {1: KEY, 2: True},
    "mute": {1: KEY, 2: True},
    "block": {1: KEY, 2: True},
    "reaction": {1: POST, 2: "🐦", 3: True},
    "repost": {1: POST, 2: True},
    "vote": {1: POST, 2: [0]},
    "retraction": {1: POST},
    "edit": {1: POST, 2: {1: "a"}},
    "labels": {1: "n", 3: []},
    "recipe": {1: "n", 3: [["age", 0]]},
}
WHOLE_NOTE = {
    1: "Grüße, @ada und @é", 2: POST, 3: FIRST, 4: FIRST, 5: [[9, 4, KEY], [18, 3, OTHER]], 6: ["Vögel", "vögel"],
    7: "birds", 8: "de-CH", 9: [PICTURE, FILM], 10: {**POLL, 3: True},
    11: ["fedi", 0, "https://example.org/@ada/1"],
}
WHOLE = {
    "note": WHOLE_NOTE,
    "profile": {
        1: "Ada", 2: "Counts birds.\nSometimes.", 3: PICTURE, 4: {1: BLOB, 2: "image/png"},
        5: [["home", "https://example.org/"], ["home", "https://example.org/2"]],
        6: ["bitcoin:bc1qexample", "payto://iban/XX00"], 7: [POST, FIRST],
    },
    "follow": {1: KEY, 2: False},
    "mute": {1: KEY, 2: False},
    "block": {1: KEY, 2: False},
    "reaction": {1: POST, 2: "👩\u200d👩\u200d👧\u200d👦", 3: False},
    "repost": {1: FIRST, 2: False},
    "vote": {1: FIRST, 2: [0, 3, 15]},
    "retraction": {1: FIRST},
    "edit": {1: FIRST, 2: WHOLE_NOTE},
    "labels": {
        1: "weather", 2: "who forecasts what",
        3: [[KEY, "sun", ""], [POST, "sun", "said so"], [KEY, "rain", "and not snow"]],
    },
    "recipe": {
        1: "quiet", 2: "few words, many birds", 3: [["age", -1000000], ["age-2", 7], ["birds", 1000000], ["z", 0]],
    },
}


class Cases:
    """Shorthands for one file of content-decode."""

    def __init__(self, file):
        self.file = file

    def good(self, name, rules, kind, fields):
        data = cbor.encode([kind, fields])
        # Of the longest ones `data` says as much in fewer bytes.
        is_named = kind in KINDS and len(data) <= 8000
        named = {"fields": named_fields(kind, cbor.decode(data)[1])} if is_named else {}
        self.file.good(name, rules, request(kind, fields), kind=kind, data=data.hex(), **named)

    def bad(self, name, rules, kind, fields):
        self.file.bad(name, rules, request(kind, fields))

    def field(self, kind, what, rules, number, good=(), bad=(), base=None):
        """One case for each value of a field; (name, value) where the value does not say what it is."""
        base = LEAST[kind] if base is None else base
        for values, add in ((good, self.good), (bad, self.bad)):
            for value in values:
                name, value = value if type(value) is tuple else (repr(value), value)
                add(f"{kind}, {what}: {name}", rules, kind, {**base, number: value})

    def sizes(self, kind, what, rules, number, least, limit, wrap=lambda text: text, base=None):
        """A text at both its limits and one past each, in one-byte and in many-byte characters."""
        wide = "水" * (limit // 3) + "a" * (limit % 3)
        good = [(f"{limit} bytes", wrap("x" * limit)), (f"{limit} bytes, wide", wrap(wide))]
        bad = [(f"{limit + 1} bytes", wrap("x" * (limit + 1))), (f"{limit + 1} bytes, wide", wrap(wide + "a"))]
        (good if least == 0 else bad).append(("no bytes", wrap("")))
        if least:
            good.append((f"{least} bytes", wrap("x" * least)))
        if least > 1:
            bad.append((f"{least - 1} bytes", wrap("x" * (least - 1))))
        bad += [("bytes instead of text", wrap(b"x" * max(least, 1))), ("null", wrap(None)), ("a number", wrap(7))]
        self.field(kind, what, rules, number, good, bad, base)


def request(kind, fields):
    return {"op": "content-decode", "body": make_body(salt("content"), kind, fields).hex()}


def make():
    file = File("content", "content.md", "What bodies say: the fields of every kind.")
    cases = Cases(file)
    every_kind(cases)
    notes(cases)
    mentions(cases)
    attachments(cases)
    polls(cases)
    profiles(cases)
    words(cases)
    references(cases)
    lists(cases)
    damage(file)
    return file


def every_kind(cases):
    """What holds for all kinds: fields missing, of another type, unknown, or under another key."""
    for kind, fields in LEAST.items():
        cases.good(f"{kind}: the least", "CONT-1", kind, fields)
        cases.good(f"{kind}: all that it can say", "CONT-1", kind, WHOLE[kind])
        cases.good(
            f"{kind}: fields that are not known", "CONT-1 ENTRY-10", kind,
            {**WHOLE[kind], 12: [1, {2: 3}], 2**40: 0.5, -1: None, "text": "x", b"": False},
        )
        cases.bad(f"{kind}: nothing", "CONT-1", kind, {})
        cases.bad(f"{kind}: text keys", "CONT-1", kind, {str(k): v for k, v in fields.items()})
        cases.bad(f"{kind}: keys in bytes", "CONT-1", kind, {bytes([k]): v for k, v in fields.items()})
        cases.bad(f"{kind}: negative keys", "CONT-1", kind, {-k: v for k, v in fields.items()})
        for number in fields:
            rest = {k: v for k, v in fields.items() if k != number}
            cases.bad(f"{kind}: field {number} missing", "CONT-1", kind, rest)
        for number, value in WHOLE[kind].items():
            for name, other in (
                ("null", None), ("a number over 64 bits", 2**64), ("-1", -1), ("0.0", 0.0), ("bytes", b"\x01" * 31),
                ("in an array", [value]), ("tagged", cbor.Tag(55799, value)), ("an empty map", {}),
            ):
                cases.bad(f"{kind}: field {number} is {name}", "CONT-1", kind, {**WHOLE[kind], number: other})
    for kind in ("Note", "note ", "notes", "votes", "label", "unfollow", "block\0"):
        cases.good(f"{kind!r} is an unknown kind", "ENTRY-10", kind, {1: 7, 2: None})


def notes(cases):
    field = cases.field
    for n, what, least, limit in ((7, "warning", 1, 500), (8, "language", 2, 35)):
        if n == 7:
            cases.sizes("note", what, "CONT-1", n, least, limit)
    field("note", "text", "CONT-4", 1, [("60,000 bytes", "é" * 30000)], [
        ("60,001 bytes", "é" * 30000 + "a"), ("empty, and nothing else", ""), ("bytes", b"a"), 1, None, True, ("a list", ["a"]),
    ])
    for n, what in ((4, "quote"), (9, "attachments"), (10, "poll")):
        value = {4: POST, 9: [PICTURE], 10: POLL}[n]
        cases.good(f"note: no text, and {what}", "CONT-4", "note", {n: value})
        cases.good(f"note: an empty text, and {what}", "CONT-4", "note", {1: "", n: value})
    for n, what in ((2, "reply-to"), (5, "mentions"), (6, "tags"), (7, "warning"), (8, "language"), (11, "import")):
        cases.bad(f"note: no text, and {what}", "CONT-4", "note", {n: WHOLE_NOTE[n]})
    cases.bad("note: a thread root without reply-to", "CONT-5", "note", {1: "a", 3: POST})
    cases.bad("note: the thread root is the reply-to", "CONT-5", "note", {1: "a", 2: POST, 3: POST})
    cases.good("note: a reply", "CONT-5", "note", {1: "a", 2: POST})
    cases.good("note: a thread root one index away", "CONT-5", "note", {1: "a", 2: POST, 3: [POST[0], 8, POST[2]]})
    many = [f"{i:03}" + "x" * 97 for i in range(33)]
    field("note", "tags", "CONT-7", 6, [
        ("32 of 100 bytes", many[:32]), ("one byte", ["a"]), ("case apart", ["a", "A"]), ("two spellings of one letter", ["é", "e\u0301"]),
        ("marks", ["@!?.,-_'"]), ("emoji with joiners", ["👩\u200d🚀"]), ("zero width", ["\u200b", "\u2060", "\ufeff"]),
    ], [
        ("none", []), ("33 of them", many), ("101 bytes", ["x" * 101]), ("101 bytes, wide", ["水" * 33 + "xx"]), ("an empty one", ["a", ""]), ("with #", ["#a"]), ("# alone", ["#"]),
        ("# at its end", ["a#"]), ("twice", ["a", "b", "a"]), ("a text", "a"), ("of bytes", [b"a"]), ("of null", [None]), ("in a map", {0: "a"}),
    ])
    field("note", "language", "CONT-8", 8, ["en", "pt-BR", "zh-Hant-TW", "--", "a1", ("35 bytes", "x-" + "a" * 33)], [
        "", "a", ("36 bytes", "x-" + "a" * 34), "en_GB", "en GB", "en.", "dé", "en\0", "en\n", "ｅｎ", ("bytes", b"en"), None, ("a list", ["en"]),
    ])
    field("note", "import", "CONT-1", 11, [
        ("the largest time", ["s", MAXIMUM_TIME, ""]), ("longest texts", ["x" * 64, 0, "x" * 500]), ("wide texts", ["é" * 32, 1, "é" * 250]),
    ], [
        ("no source", ["", 0, ""]), ("a source of 65 bytes", ["x" * 65, 0, ""]), ("a URL of 501 bytes", ["s", 0, "x" * 501]),
        ("a time over 2^53-1", ["s", MAXIMUM_TIME + 1, ""]), ("a time below 0", ["s", -1, ""]), ("a time in text", ["s", "0", ""]),
        ("no URL", ["s", 0]), ("URL null", ["s", 0, None]), ("an element more", ["s", 0, "", 0]), ("nothing", []), ("a map", {0: "s", 1: 0, 2: ""}),
        ("source in bytes", [b"s", 0, ""]), ("URL in bytes", ["s", 0, b""]),
    ])
    filled = {1: "x" * 60000, 7: "w" * 500, 9: [{1: BLOB, 2: "a/b", 3: "y" * 4000}]}
    rest = MAXIMUM_BODY - len(make_body(salt("content"), "note", filled))
    # A field more takes two bytes for its key and three for the head of its value.
    cases.good("note: a body of 65,536 bytes", "ENTRY-5", "note", {**filled, "z": bytes(rest - 5)})
    cases.bad("note: a body of 65,537 bytes", "ENTRY-5", "note", {**filled, "z": bytes(rest - 4)})


def mentions(cases):
    text = "@ada @é 🐦"
    base, size = {1: text}, len(text.encode())
    assert size == 13

    def one(*rows):
        return [[start, length, KEY] for start, length in rows]

    cases.field("note", "mentions", "CONT-6", 5, [
        ("at the start", one((0, 4))), ("the whole text", one((0, 13))), ("side by side", one((0, 4), (4, 1), (5, 3))),
        ("up to the end", one((9, 4))), ("one byte", one((3, 1))), ("64 of them", [[i, 1, KEY] for i in range(5)] + [[9, 4, OTHER]]),
    ], [
        ("none", []), ("of no length", one((0, 0))), ("of no length at the end", one((13, 0))), ("beyond the end", one((9, 5))), ("behind the end", one((13, 1))),
        ("far behind", one((60000, 1))), ("over 60,000", one((60001, 1))), ("length over 60,000", one((0, 60001))), ("2^64-1 and 1", one((2**64 - 1, 1))), ("1 and 2^64-1", one((1, 2**64 - 1))),
        ("2^63-1 twice", one((2**63 - 1, 2**63 - 1))), ("-1", one((-1, 2))), ("length -1", one((2, -1))),
        ("overlapping", one((0, 4), (3, 2))), ("twice", one((0, 4), (0, 4))), ("descending", one((5, 3), (0, 4))),
        ("beginning within é", one((7, 1))), ("ending within é", one((5, 2))), ("beginning within 🐦", one((10, 3))), ("ending within 🐦", one((9, 3))),
        ("a key of 31 bytes", [[0, 4, KEY[1:]]]), ("a key of 33 bytes", [[0, 4, KEY + b"\0"]]), ("a did", [[0, 4, did(KEY)]]), ("a reference", [[0, 4, POST]]),
        ("two elements", [[0, 4]]), ("four elements", [[0, 4, KEY, 0]]), ("offset in text", [["0", 4, KEY]]), ("offset 0.0", [[0.0, 4, KEY]]), ("offset true", [[True, 1, KEY]]),
        ("alone", [0, 4, KEY]), ("a map", {0: [0, 4, KEY]}),
    ], base)
    cases.bad("note, mentions: without a text", "CONT-6", "note", {4: POST, 5: one((0, 1))})
    cases.bad("note, mentions: in an empty text", "CONT-6", "note", {1: "", 4: POST, 5: one((0, 1))})
    long = {1: "x" * 65}
    cases.good("note, mentions: 64", "CONT-6", "note", {**long, 5: [[i, 1, KEY] for i in range(64)]})
    cases.bad("note, mentions: 65", "CONT-6", "note", {**long, 5: [[i, 1, KEY] for i in range(65)]})


def attachments(cases):
    """In notes; profiles and edits have the same ones."""

    def field(what, rules, number, good, bad):
        def wrapped(values):
            pairs = [v if type(v) is tuple else (repr(v), v) for v in values]
            return [(name, [{**PICTURE, number: value}]) for name, value in pairs]

        cases.field("note", f"attachment, {what}", rules, 9, wrapped(good), wrapped(bad))

    field("blob", "CONT-9", 1, [("1 byte", [KEY, 1]), ("2^30 bytes", [KEY, 2**30])], [
        ("no bytes", [KEY, 0]), ("2^30+1 bytes", [KEY, 2**30 + 1]), ("2^32 bytes", [KEY, 2**32]), ("2^64-1 bytes", [KEY, 2**64 - 1]), ("-1 bytes", [KEY, -1]), ("1.0 bytes", [KEY, 1.0]),
        ("a root of 31 bytes", [KEY[1:], 1]), ("a root of 33 bytes", [KEY + b"\0", 1]), ("a root in text", ["x" * 32, 1]), ("the root alone", KEY),
        ("one element", [KEY]), ("three elements", [KEY, 1, 0]), ("the other way round", [1, KEY]), None, ("a map", {0: KEY, 1: 1}),
    ])
    field("media type", "CONT-10", 2, ["a/b", "image/svg+xml", "IMAGE/PNG", ("100 bytes", "a/" + "x" * 98), "!/~"], [
        "", "a/", "/b", "ab", "abc", "a//b", "a/b/c", "/ab", "ab/", "//a", "a/ b", "a/b ", "a/\x7f", "a/é", "a/b\n", ("101 bytes", "a/" + "x" * 99), ("bytes", b"a/b"), None, 7,
    ])
    field("alternative", "CONT-1", 3, [("1 byte", "a"), ("4,000 bytes", "é" * 2000)], [("none", ""), ("4,001 bytes", "é" * 2000 + "a"), None, ("bytes", b"a"), 1])
    for n, what in ((4, "width"), (5, "height")):
        field(what, "CONT-11", n, [1, 65535], [0, 65536, 2**32, 2**64 - 1, -1, 1.0, "1", None, True])
        without = {k: v for k, v in PICTURE.items() if k != n}
        cases.bad(f"note, attachment: no {what}", "CONT-11", "note", {9: [without]})
    field("duration", "CONT-1", 6, [1, 2**32 - 1], [0, 2**32, 2**64 - 1, -1, 1.5, "1", None])
    field("blurhash", "CONT-10", 7, [("6 bytes", "000000"), ("100 bytes", "~" * 100), ("marks", '!"#$%&')], [
        ("none", ""), ("5 bytes", "00000"), ("101 bytes", "0" * 101), ("a space", "00 000"), ("DEL", "00000\x7f"), ("not ASCII", "00000é"), ("bytes", b"000000"), None,
    ])
    field("focus", "CONT-11", 8, [[0, 0], [-1000, -1000], [1000, 1000], [-1, 1]], [
        [1001, 0], [0, 1001], [-1001, 0], [0, -1001], [0], [0, 0, 0], [0.5, 0], [0, None], ["0", 0], [True, 0], [2**63, 0], [0, -(2**63) - 1], [-(2**64), 0],
        [0, 2**64 - 1], ("a bignum", [2**64, 0]), None, 0, ("a map", {0: 0, 1: 0}),
    ])
    field("a field that is not known", "CONT-1", 9, [("anything", [None, 0.5])], [])
    for n in (1, 2):
        without = {k: v for k, v in PICTURE.items() if k != n}
        cases.bad(f"note, attachment: no field {n}", "CONT-1", "note", {9: [without]})
    cases.field("note", "attachments", "CONT-2", 9, [("16", [FILM] * 16), ("the least", [{1: BLOB, 2: "a/b"}])], [
        ("none", []), ("17", [FILM] * 17), ("a picture alone", PICTURE), ("an array for one", [[BLOB, "a/b"]]), ("an empty one", [{}]), ("null among them", [PICTURE, None]),
        ("a text", "a/b"), ("text keys", [{"1": BLOB, "2": "a/b"}]), ("one good, one bad", [PICTURE, {**PICTURE, 2: "a"}]),
    ])
    for n, what in ((3, "avatar"), (4, "header")):
        cases.field("profile", what, "CONT-1", n, [("the least", {1: BLOB, 2: "a/b"})], [
            ("in a list", [PICTURE]), ("no blob", {2: "a/b"}), ("no media type", {1: BLOB}), ("an empty map", {}), ("a blob alone", BLOB),
            ("half a size", {**FILM, 4: 1}), ("an empty alternative", {**FILM, 3: ""}), None,
        ])


def polls(cases):
    def field(what, rules, number, good, bad):
        def wrapped(values):
            pairs = [v if type(v) is tuple else (repr(v), v) for v in values]
            return [(name, {**POLL, number: value}) for name, value in pairs]

        cases.field("note", f"poll, {what}", rules, 10, wrapped(good), wrapped(bad))

    options = [f"{i:02}" for i in range(17)]
    field("options", "CONT-12", 1, [
        ("16", options[:16]), ("of 200 bytes", ["x" * 200, "é" * 100]), ("of 1 byte", ["a", "b"]), ("two spellings of one letter", ["é", "e\u0301"]), ("case apart", ["a", "A"]),
    ], [
        ("none", []), ("one", ["a"]), ("17", options), ("twice", ["a", "a"]), ("the last is the first", ["a", "b", "a"]), ("an empty one", ["a", ""]), ("201 bytes", ["a", "x" * 201]),
        ("of bytes", ["a", b"b"]), ("of numbers", [1, 2]), ("null among them", ["a", None]), ("a text", "ab"), None, ("a map", {0: "a", 1: "b"}),
    ])
    field("closing", "CONT-12", 2, [0, ("2^53-1", MAXIMUM_TIME)], [("2^53", MAXIMUM_TIME + 1), 2**64 - 1, -1, 1.5, "0", None])
    field("multiple", "CONT-12", 3, [True], [False, 1, 0, None, "true"])
    field("a field that is not known", "CONT-1", 4, [("anything", {"a": [0]})], [])
    cases.field("note", "poll", "CONT-12", 10, [], [
        ("no options", {2: START}), ("no closing", {1: ["a", "b"]}), ("an empty map", {}), ("options alone", ["a", "b"]), ("in an array", [POLL]), ("text keys", {"1": ["a", "b"], "2": START}),
    ])
    cases.field("vote", "options", "CONT-15", 2, [
        ("all 16", list(range(16))), ("15 alone", [15]), ("two", [3, 4]),
    ], [
        ("none", []), ("16", [16]), ("17 of them", list(range(17))), ("descending", [1, 0]), ("twice", [0, 0]), ("the last twice", [0, 1, 1]), ("-1", [-1]), ("2^64-1", [2**64 - 1]), ("2^64-1 behind 0", [0, 2**64 - 1]),
        ("0.0", [0.0]), ("true", [True]), ("in text", ["0"]), ("null", [None]), ("a number", 0), ("a map", {0: 0}), ("a text", "0"),
    ])


def profiles(cases):
    field = cases.field
    cases.sizes("profile", "name", "CONT-1", 1, 1, 64)
    cases.sizes("profile", "bio", "CONT-1", 2, 1, 4000)
    cases.sizes("profile", "label of a link", "CONT-1", 5, 1, 64, lambda text: [[text, "u"]])
    cases.sizes("profile", "URI of a link", "CONT-1", 5, 1, 500, lambda text: [["l", text]])
    field("profile", "links", "CONT-2", 5, [("8", [["l", "u"]] * 8)], [
        ("none", []), ("9", [["l", "u"]] * 9), ("a label alone", [["l"]]), ("three elements", [["l", "u", "v"]]), ("texts", ["l", "u"]), ("a map", {"l": "u"}), ("in maps", [{1: "l", 2: "u"}]),
    ])
    many = [f"x:{i}" for i in range(9)]
    field("profile", "tips", "CONT-13", 6, [
        ("8", many[:8]), ("a scheme of marks", ["x+-.9:y"]), ("upper case", ["BITCOIN:BC1Q"]), ("300 bytes", ["x:" + "y" * 298]), ("only colons behind", ["x::"]), ("three bytes", ["x:y"]),
    ], [
        ("none", []), ("9", many), ("twice", ["x:1", "x:2", "x:1"]), ("301 bytes", ["x:" + "y" * 299]), ("two bytes", ["x:"]), ("an empty one", [""]), ("nothing behind the colon", ["bitcoin:"]),
        ("no colon", ["bitcoin"]), ("no scheme", [":bitcoin"]), ("a scheme that begins with a digit", ["1x:y"]), ("a scheme that begins with +", ["+x:y"]),
        ("a scheme with _", ["a_b:y"]), ("a scheme with /", ["a/b:y"]), ("a space", ["x:y z"]), ("a space before", [" x:y"]), ("a line end", ["x:y\n"]), ("DEL", ["x:\x7f"]), ("not ASCII", ["x:é"]), ("a wide scheme", ["é:yy"]),
        ("bytes", [b"x:y"]), ("null", [None]), ("a text", "x:y"), ("a map", {0: "x:y"}),
    ])
    places = [[KEY, i, OTHER] for i in range(17)]
    field("profile", "pinned", "CONT-13", 7, [("16", places[:16]), ("one", [POST])], [
        ("none", []), ("17", places), ("twice", [POST, FIRST, POST]), ("a reference alone", POST), ("null among them", [POST, None]), ("an identity", [KEY]), ("an address", [did(KEY)]),
    ])


def words(cases):
    """One word: emoji; and texts that need not be one."""
    good = ["🐦", "+1", "a", "\u200d", "❤\ufe0f", "🇨🇭", ("64 bytes", "🐦" * 16), ("64 bytes, ASCII", "x" * 64), "\xad", "\u180e", "\u202e"]
    bad = [
        ("none", ""), ("65 bytes", "🐦" * 16 + "a"), ("bytes", b"a"), None, 1, ("a list", ["a"]),
    ]
    for point in (0, 9, 0xA, 0xD, 0x1F, 0x20, 0x7F, 0x80, 0x85, 0x9F, 0xA0, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000):
        cases.bad(f"reaction, emoji: with U+{point:04X}", "CONT-14 CONT-3", "reaction", {**LEAST["reaction"], 2: "a" + chr(point)})
        cases.bad(f"note, tag: with U+{point:04X}", "CONT-7 CONT-3", "note", {1: "a", 6: [chr(point) + "a"]})
    for point in (0x21, 0x7E, 0xA1, 0x167F, 0x1681, 0x1FFF, 0x200B, 0x2027, 0x202A, 0x202E, 0x2030, 0x205E, 0x2060, 0x2FFF, 0x3001, 0x10FFFF):
        cases.good(f"reaction, emoji: with U+{point:04X}", "CONT-14 CONT-3", "reaction", {**LEAST["reaction"], 2: "a" + chr(point)})
    cases.field("reaction", "emoji", "CONT-14", 2, good, bad)
    cases.field("reaction", "on", "CONT-1", 3, [], [0, 1, "true", None])
    for kind in ("follow", "mute", "block"):
        cases.field(kind, "identity", "CONT-1", 1, [("no point of the curve", b"\xff" * 32)], [
            ("31 bytes", KEY[1:]), ("33 bytes", KEY + b"\0"), ("a did", did(KEY)), ("text of 32 bytes", "x" * 32), ("a reference", POST), None,
        ])
    for kind in ("follow", "mute", "block", "repost"):
        cases.field(kind, "on", "CONT-1", 2, [], [0, 1, "true", None, ("undefined", cbor.Simple(23))])


def references(cases):
    """A reference has one form, wherever it stands."""
    bad = (
        ("two elements", POST[:2]), ("four elements", POST + [0]), ("nothing in it", []), ("a short key", [KEY[1:], 7, KEY]), ("a long key", [KEY + b"\0", 7, KEY]),
        ("index 2^32-1", [KEY, MAXIMUM_INDEX + 1, KEY]), ("index 2^64-1", [KEY, 2**64 - 1, KEY]), ("index -1", [KEY, -1, KEY]), ("index 7.0", [KEY, 7.0, KEY]), ("index in text", [KEY, "7", KEY]),
        ("a short address", [KEY, 7, KEY[1:]]), ("a long address", [KEY, 7, KEY + b"\0"]), ("address in text", [KEY, 7, "x" * 32]), ("null for the address", [KEY, 7, None]),
        ("a map", {0: KEY, 1: 7, 2: KEY}), ("the text of an address", f"{did(KEY)}/7/z1"), ("an identity", KEY),
    )
    good = [("index 0", [KEY, 0, OTHER]), ("the last index", [KEY, MAXIMUM_INDEX, OTHER])]
    for kind, number, what in (
        ("note", 2, "reply-to"), ("note", 4, "quote"), ("reaction", 1, "entry"), ("repost", 1, "entry"), ("vote", 1, "poll"), ("retraction", 1, "entry"), ("edit", 1, "entry"),
    ):
        cases.field(kind, what, "CONT-1 ID-8", number, good, bad)
    base = {1: "a", 2: POST}
    cases.field("note", "thread root", "CONT-1 ID-8", 3, good, bad, base)
    cases.field("edit", "note", "CONT-1", 2, [
        ("only a quote", {4: POST}), ("fields that are not known", {1: "a", 12: 0, "x": 0}), ("60,000 bytes", {1: "x" * 60000}),
    ], [
        ("an empty map", {}), ("no text", {7: "w"}), ("an empty text", {1: ""}), ("60,001 bytes", {1: "x" * 60001}), ("a text", "a"), ("content", ["note", {1: "a"}]), ("null", None), ("in an array", [{1: "a"}]),
        ("a mention beyond the text", {1: "a", 5: [[0, 2, KEY]]}), ("a tag with #", {1: "a", 6: ["#a"]}), ("a root without reply-to", {1: "a", 3: POST}), ("a poll of one option", {1: "a", 10: {1: ["a"], 2: 0}}),
        ("a picture without blob", {1: "a", 9: [{2: "a/b"}]}), ("text keys", {"1": "a"}),
    ])


def lists(cases):
    field = cases.field
    for kind in ("labels", "recipe"):
        cases.sizes(kind, "name", "CONT-1", 1, 1, 64)
        cases.sizes(kind, "description", "CONT-1", 2, 1, 1000)
    cases.sizes("labels", "label", "CONT-1", 3, 1, 64, lambda text: [[KEY, text, ""]])
    cases.sizes("labels", "reason", "CONT-1", 3, 0, 300, lambda text: [[KEY, "l", text]])
    many = [[sha256(b"%d" % i), "l", ""] for i in range(501)]
    field("labels", "entries", "CONT-16", 3, [
        ("500", many[:500]), ("one subject, two labels", [[KEY, "a", ""], [KEY, "b", ""]]), ("one label, two subjects", [[KEY, "a", ""], [OTHER, "a", ""]]),
        ("an identity and its post", [[KEY, "a", ""], [POST, "a", ""]]), ("two posts of a log", [[POST, "a", ""], [[KEY, 8, POST[2]], "a", ""]]), ("two spellings of one letter", [[KEY, "é", ""], [KEY, "e\u0301", ""]]),
    ], [
        ("501", many), ("the same twice", [[KEY, "a", ""], [OTHER, "a", ""], [KEY, "a", ""]]), ("the same with another reason", [[KEY, "a", "x"], [KEY, "a", "y"]]), ("the same post twice", [[POST, "a", ""], [POST, "a", ""]]),
        ("no reason", [[KEY, "a"]]), ("an element more", [[KEY, "a", "", 0]]), ("a subject of 31 bytes", [[KEY[1:], "a", ""]]), ("a subject of 33 bytes", [[KEY + b"\0", "a", ""]]), ("a did", [[did(KEY), "a", ""]]), ("no subject", [[None, "a", ""]]),
        ("a subject of two elements", [[POST[:2], "a", ""]]), ("an index of 2^32-1", [[[KEY, MAXIMUM_INDEX + 1, KEY], "a", ""]]), ("a map", {0: [KEY, "a", ""]}), ("maps in it", [{1: KEY, 2: "a", 3: ""}]), ("one alone", [KEY, "a", ""]), None,
    ])
    full = [[sha256(b"%d" % i), "l" * 64, "r" * 300] for i in range(161)]
    base = {1: "n", 3: full}
    rest = MAXIMUM_BODY - len(make_body(salt("content"), "labels", base))
    assert 0 < rest < 1003
    cases.good("labels: a body of 65,536 bytes", "ENTRY-5", "labels", {**base, 2: "d" * (rest - 4)})
    cases.bad("labels: a body of 65,537 bytes", "ENTRY-5", "labels", {**base, 2: "d" * (rest - 3)})
    weights = [[f"{i:02}", i] for i in range(33)]
    field("recipe", "weights", "CONT-17", 3, [
        ("32", weights[:32]), ("a name of 32 bytes", [["x" * 32, 0]]), ("both limits", [["a", -1000000], ["b", 1000000]]), ("hyphen, digit, letter", [["-", 1], ["0", 1], ["a", 1]]), ("one begins with the other", [["a", 1], ["a-", 1], ["aa", 1]]),
    ], [
        ("none", []), ("33", weights), ("a name of 33 bytes", [["x" * 33, 0]]), ("an empty name", [["", 0]]), ("upper case", [["A", 0]]), ("_", [["a_b", 0]]), ("a space", [["a b", 0]]), ("é", [["é", 0]]), ("a line end", [["a\n", 0]]),
        ("1,000,001", [["a", 1000001]]), ("-1,000,001", [["a", -1000001]]), ("2^63", [["a", 2**63]]), ("-2^63-1", [["a", -(2**63) - 1]]), ("-2^64", [["a", -(2**64)]]), ("2^64-1", [["a", 2**64 - 1]]), ("0.5", [["a", 0.5]]), ("in text", [["a", "1"]]), ("null", [["a", None]]), ("true", [["a", True]]),
        ("twice", [["a", 1], ["a", 2]]), ("descending", [["b", 1], ["a", 1]]), ("shorter behind longer", [["aa", 1], ["a", 1]]), ("a name alone", [["a"]]), ("an element more", [["a", 1, 1]]), ("a name in bytes", [[b"a", 1]]), ("a map", {"a": 1}), ("one alone", ["a", 1]), ("a null", None),
    ])


def damage(file):
    """Every cut is refused; every bit turned is refused, or another statement that comes back as it was sent."""
    for kind, fields in WHOLE.items():
        good = request(kind, fields)
        file.every("truncation", "body", f"{kind}: cut anywhere", "ENTRY-8", good)
        for name, data in (("a byte behind", good["body"] + "00"), ("an indefinite array", good["body"].replace("82", "9f", 1) + "ff")):
            file.bad(f"{kind}: {name}", "ENTRY-8 CBOR-1", {**good, "body": data})
    # A turned bit that leaves the content readable must come back: a few of each kind, found here.
    for kind, fields in WHOLE.items():
        body = make_body(salt("content"), kind, fields)
        start, found = 16, {True: 0, False: 0}
        for bit in range(8 * start, 8 * len(body)):
            turned = flip(body, bit)
            try:
                other, values = decode_content(turned)
            except Refused:
                other = None
            if found[other is None] >= 4 or bit % 5:
                continue
            found[other is None] += 1
            sent = {"op": "content-decode", "body": turned.hex()}
            name = f"{kind}: bit {bit} turned"
            if other is None:
                file.bad(name, "ENTRY-8", sent)
            else:
                named = {"fields": named_fields(other, values)} if other in KINDS else {}
                file.good(name, "ENTRY-8", sent, kind=other, data=turned[16:].hex(), **named)
