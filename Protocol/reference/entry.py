"""Entry header and body (entry.md)."""

import hashlib

import cbor
from identifiers import MAXIMUM_INDEX
from refused import array, octets, require, uint

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
