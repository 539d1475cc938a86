"""Entry header, body and the kinds of content (entry.md)."""

import hashlib

import cbor
from identifiers import MAXIMUM_INDEX
from refused import Refused, array, octets, require, text, uint

MAXIMUM_TIME = 2**53 - 1
MINIMUM_BODY, MAXIMUM_BODY, SALT = 17, 65536, 16


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    """RFC 6962 §2.1; of a header, the entry's content address."""
    return sha256(b"\0" + data)


class Header:
    """The leaf data of one entry: [1, log key, index, time, body length, body hash]."""

    def __init__(self, log, index, time, length, body_hash):
        self.log, self.index, self.time = log, index, time
        self.length, self.body_hash = length, body_hash

    @staticmethod
    def of(log, index, time, body):
        return Header(log, index, time, len(body), sha256(body))

    @staticmethod
    def decode(data):
        """[ENTRY-1] to [ENTRY-5]"""
        version, log, index, time, length, body_hash = array(cbor.decode(data), "a header", exactly=6)
        require(type(version) is int and version == 1, "an unknown header version")
        return Header(
            octets(log, "the log key", exactly=32),
            uint(index, MAXIMUM_INDEX, "the index"),
            uint(time, MAXIMUM_TIME, "the time"),
            uint(length, MAXIMUM_BODY, "the body length", least=MINIMUM_BODY),
            octets(body_hash, "the body hash", exactly=32),
        )

    @property
    def encoded(self):
        return cbor.encode([1, self.log, self.index, self.time, self.length, self.body_hash])

    @property
    def address(self):
        return leaf_hash(self.encoded)

    def check_body(self, body):
        """[ENTRY-6]"""
        require(len(body) == self.length and sha256(body) == self.body_hash, "the body is not the header's")


def make_body(salt, kind, fields):
    return salt + cbor.encode([kind, fields])


def predecessor(value):
    log, size, root = array(value, "a predecessor", exactly=3)
    octets(log, "the predecessor's key", exactly=32)
    uint(size, 2**32 - 1, "the predecessor's size", least=1)
    octets(root, "the predecessor's root", exactly=32)


def key32(value):
    octets(value, "a key or hash", exactly=32)


def boolean(value):
    require(type(value) is bool, "neither true nor false")


# Fields of each kind known here: key -> (check, required).
KINDS = {
    "note": {1: (lambda v: text(v, "the text", 1, 60000), True)},
    "profile": {1: (lambda v: text(v, "the name", 1, 64), True)},
    "follow": {1: (key32, True), 2: (boolean, True)},
    "device": {1: (key32, True), 2: (predecessor, False)},
    "identity": {1: (key32, True), 2: (predecessor, False)},
    "add-device": {1: (key32, True)},
    "revoke-device": {
        1: (key32, True),
        2: (lambda v: uint(v, MAXIMUM_INDEX, "the first revoked index"), True),
    },
}


def decode_content(body):
    """[ENTRY-8], [ENTRY-9] Kind and fields of a body; refused when the post is unreadable."""
    octets(body, "a body", least=MINIMUM_BODY, limit=MAXIMUM_BODY)
    kind, fields = array(cbor.decode(body[SALT:]), "content", exactly=2)
    text(kind, "the kind", 1, 32)
    require(type(fields) is cbor.Map, "the fields must be a map")
    for key, (check, required) in KINDS.get(kind, {}).items():
        value = fields.get(key, default=Ellipsis)
        require(value is not Ellipsis or not required, f"field {key} is missing")
        if value is not Ellipsis:
            check(value)
    return kind, fields


def readable(body):
    """Kind and fields, or None for an unreadable post."""
    try:
        return decode_content(body)
    except Refused:
        return None
