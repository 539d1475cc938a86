"""What bodies say: the kinds of content.md, and those for identities of entry.md.

Each check takes a value as decoded, refuses it or gives its form in JSON.
"""

import re

import cbor
from entry import MAXIMUM_BODY, MAXIMUM_TIME, MINIMUM_BODY, SALT
from identifiers import MAXIMUM_INDEX
from refused import Refused, array, octets, require, text, uint

# [CONT-3]
SPACES_AND_CONTROLS = (
    set(range(0x21))
    | set(range(0x7F, 0xA1))
    | set(range(0x2000, 0x200B))
    | {0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.", re.DOTALL)


def sized(least, limit):
    """A text of `least` to `limit` bytes."""
    return lambda value: text(value, "a text", least, limit)


def number(limit, least=0):
    return lambda value: uint(value, limit, "a number", least)


def integer(bound):
    """An integer from -bound to bound."""
    return lambda value: uint(value, bound, "a number", -bound)


time = number(MAXIMUM_TIME)


def hash32(value):
    return octets(value, "a key or hash", exactly=32).hex()


def boolean(value):
    require(type(value) is bool, "neither true nor false")
    return value


def listed(least, limit, check, distinct=None):
    """[CONT-2] An array of `least` to `limit` values; no two of what `distinct` makes of them are the same."""

    def read(value):
        out = [check(item) for item in array(value, "a list", least=least, limit=limit)]
        if distinct:
            keys = [distinct(item) for item in value]
            require(len(set(keys)) == len(keys), "the same one twice")
        return out

    return read


def row(*checks):
    """An array of exactly these."""
    return lambda value: [
        check(item) for check, item in zip(checks, array(value, "a row", exactly=len(checks)))
    ]


def both(*checks):
    """All of these, the first one for the form."""

    def read(value):
        return [check(value) for check in checks][0]

    return read


def one_word(value):
    require(not any(ord(c) in SPACES_AND_CONTROLS for c in value), "white space or a control character")


def visible(value):
    require(all("!" <= c <= "~" for c in value), "a character that is not visible ASCII")


reference = row(hash32, number(MAXIMUM_INDEX), hash32)


def spelling(value):
    return cbor.encode(value)


class Fields:
    """The fields of a kind, or of a map within one: (number, name, check, required)."""

    def __init__(self, *rows, also=None):
        self.rows, self.also = rows, also

    def __call__(self, value):
        """[CONT-1] The fields that are known, by name; refused when they break a rule."""
        require(type(value) is cbor.Map, "fields are a map")
        out = {}
        for key, name, check, required in self.rows:
            found = value.get(key, default=Ellipsis)
            require(found is not Ellipsis or not required, f"field {key} is missing")
            if found is not Ellipsis:
                out[name] = check(found)
        if self.also:
            self.also(out)
        return out


# -- attachments and polls ------------------------------------------------------------------------


def media_type(value):
    """[CONT-10]"""
    visible(value)
    require(re.fullmatch("[^/]+/[^/]+", value), "a media type has one slash between two names")


def check_attachment(fields):
    """[CONT-11]"""
    require(("width" in fields) == ("height" in fields), "width and height stand both or neither")


ATTACHMENT = Fields(
    (1, "blob", row(hash32, number(2**30, least=1)), True),
    (2, "media_type", both(sized(3, 100), media_type), True),
    (3, "alternative", sized(1, 4000), False),
    (4, "width", number(65535, least=1), False),
    (5, "height", number(65535, least=1), False),
    (6, "duration", number(2**32 - 1, least=1), False),
    (7, "blurhash", both(sized(6, 100), visible), False),
    (8, "focus", row(integer(1000), integer(1000)), False),
    also=check_attachment,
)


def only_true(value):
    require(value is True, "true or absent")
    return value


POLL = Fields(
    (1, "options", listed(2, 16, sized(1, 200), spelling), True),
    (2, "closing", time, True),
    (3, "multiple", only_true, False),
)

# -- kinds ----------------------------------------------------------------------------------------


def tag(value):
    """[CONT-7]"""
    one_word(value)
    require("#" not in value, "a tag has no #")


def language(value):
    """[CONT-8]"""
    require(re.fullmatch("[A-Za-z0-9-]+", value), "not a language tag")


def check_note(fields):
    """[CONT-4] to [CONT-6]"""
    if fields.get("text") == "":
        del fields["text"]
    require(any(name in fields for name in ("text", "attachments", "poll", "quote")), "an empty note")
    if "thread_root" in fields:
        require("reply_to" in fields, "a thread root without a reply-to")
        require(fields["thread_root"] != fields["reply_to"], "the thread root is the reply-to")
    data, behind = fields.get("text", "").encode(), 0
    for offset, length, _ in fields.get("mentions", []):
        require(behind <= offset and length >= 1, "mentions out of order, overlapping or empty")
        behind = offset + length
        require(behind <= len(data), "a mention beyond the text")
        for end in (offset, behind):
            require(end == len(data) or data[end] & 0xC0 != 0x80, "a mention within a character")


NOTE = Fields(
    (1, "text", sized(0, 60000), False),
    (2, "reply_to", reference, False),
    (3, "thread_root", reference, False),
    (4, "quote", reference, False),
    (5, "mentions", listed(1, 64, row(number(60000), number(60000), hash32)), False),
    (6, "tags", listed(1, 32, both(sized(1, 100), tag), spelling), False),
    (7, "warning", sized(1, 500), False),
    (8, "language", both(sized(2, 35), language), False),
    (9, "attachments", listed(1, 16, ATTACHMENT), False),
    (10, "poll", POLL, False),
    (11, "imported", row(sized(1, 64), time, sized(0, 500)), False),
    also=check_note,
)


def tip(value):
    """[CONT-13]"""
    visible(value)
    require(SCHEME.match(value), "not a URI")


STANCE = Fields((1, "identity", hash32, True), (2, "on", boolean, True))


def ascending(value):
    """[CONT-15], [CONT-17]"""
    require(all(a < b for a, b in zip(value, value[1:])), "not in strictly ascending order")


def feature(value):
    """[CONT-17]"""
    require(re.fullmatch("[a-z0-9-]+", value), "not a name of a feature")


def subject(value):
    return hash32(value) if type(value) is bytes else reference(value)


predecessor = row(hash32, number(2**32 - 1, least=1), hash32)

KINDS = {
    "note": NOTE,
    "profile": Fields(
        (1, "name", sized(1, 64), True),
        (2, "bio", sized(1, 4000), False),
        (3, "avatar", ATTACHMENT, False),
        (4, "header", ATTACHMENT, False),
        (5, "links", listed(1, 8, row(sized(1, 64), sized(1, 500))), False),
        (6, "tips", listed(1, 8, both(sized(3, 300), tip), spelling), False),
        (7, "pinned", listed(1, 16, reference, spelling), False),
    ),
    "follow": STANCE,
    "mute": STANCE,
    "block": STANCE,
    "reaction": Fields(
        (1, "entry", reference, True),
        (2, "emoji", both(sized(1, 64), one_word), True),
        (3, "on", boolean, True),
    ),
    "repost": Fields((1, "entry", reference, True), (2, "on", boolean, True)),
    "vote": Fields(
        (1, "poll", reference, True),
        (2, "options", both(listed(1, 16, number(15)), ascending), True),
    ),
    "retraction": Fields((1, "entry", reference, True)),
    "edit": Fields((1, "entry", reference, True), (2, "note", NOTE, True)),
    "labels": Fields(
        (1, "name", sized(1, 64), True),
        (2, "description", sized(1, 1000), False),
        (
            3,
            "entries",
            listed(0, 500, row(subject, sized(1, 64), sized(0, 300)), lambda e: spelling(e[:2])),
            True,
        ),
    ),
    "recipe": Fields(
        (1, "name", sized(1, 64), True),
        (2, "description", sized(1, 1000), False),
        (
            3,
            "weights",
            both(
                listed(1, 32, row(both(sized(1, 32), feature), integer(1000000))),
                lambda value: ascending([w[0].encode() for w in value]),
            ),
            True,
        ),
    ),
    "device": Fields((1, "identity", hash32, True), (2, "predecessor", predecessor, False)),
    "identity": Fields((1, "next_root", hash32, True), (2, "predecessor", predecessor, False)),
    "add-device": Fields((1, "device", hash32, True)),
    "revoke-device": Fields((1, "device", hash32, True), (2, "from", number(MAXIMUM_INDEX), True)),
}


def named_fields(kind, fields):
    """The fields that are known, by name, as JSON; None for a kind that is not. Refused: a broken rule."""
    return KINDS[kind](fields) if kind in KINDS else None


def decode_content(body):
    """[ENTRY-8], [ENTRY-9] Kind and fields of a body; refused when the post is unreadable."""
    octets(body, "a body", least=MINIMUM_BODY, limit=MAXIMUM_BODY)
    kind, fields = array(cbor.decode(body[SALT:]), "content", exactly=2)
    text(kind, "the kind", 1, 32)
    require(type(fields) is cbor.Map, "the fields must be a map")
    named_fields(kind, fields)
    return kind, fields


def readable(body):
    """Kind and fields, or None for an unreadable post."""
    try:
        return decode_content(body)
    except Refused:
        return None
