"""Checkpoints: the C2SP signed note and the compact form of the wire (checkpoint.md)."""

import re

import curve25519
from entry import sha256
from identifiers import MAXIMUM_SIZE, base64_decode, base64_encode, decimal, did
from refused import array, octets, require, uint

MAXIMUM_NOTE, MAXIMUM_SIGNATURES = 16384, 16
SPACES = "\x09\x0a\x0b\x0c\x0d\x20\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def origin(log):
    return "starling/" + did(log)


def key_id(name, public, kind=1):
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]


class Checkpoint:
    """What an author signs: this log's tree of `size` entries has this root."""

    def __init__(self, log, size, root, signature):
        self.log, self.size, self.root, self.signature = log, size, root, signature

    @staticmethod
    def signed(seed, size, root):
        log = curve25519.public_key(seed)
        unsigned = Checkpoint(log, size, root, bytes(64))
        return Checkpoint(log, size, root, curve25519.sign(seed, unsigned.text.encode()))

    @staticmethod
    def of_value(log, value):
        """[CP-6] The compact form [size, root, signature], beside which the log key stands."""
        size, root, signature = array(value, "a checkpoint", exactly=3)
        return Checkpoint(
            log,
            uint(size, MAXIMUM_SIZE, "the size", least=1),
            octets(root, "the root", exactly=32),
            octets(signature, "the signature", exactly=64),
        )

    @property
    def value(self):
        return [self.size, self.root, self.signature]

    @property
    def text(self):
        """[CP-1] The three lines that are signed."""
        return f"{origin(self.log)}\n{self.size}\n{base64_encode(self.root)}\n"

    @property
    def note(self):
        return self.text + "\n" + signature_line(origin(self.log), self.log, self.signature)

    def verify(self):
        """[CP-5]"""
        require(
            curve25519.verify(self.log, self.text.encode(), self.signature),
            "the log's signature does not verify",
        )

    @staticmethod
    def parse(note, log):
        """[CP-2] to [CP-5] The checkpoint of `log` that `note` is, verified."""
        require(len(note.encode()) <= MAXIMUM_NOTE, "the note is too long")
        require(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "a control character")
        require(note.endswith("\n"), "the note does not end its last line")
        lines = note[:-1].split("\n")
        require(len(lines) >= 5 and lines[3] == "", "not three lines, an empty one and signatures")
        require(len(lines) <= 4 + MAXIMUM_SIGNATURES, "too many signatures")
        require(lines[0] == origin(log), "the checkpoint of another log")
        size = decimal(lines[1], MAXIMUM_SIZE, "the size")
        require(size >= 1, "a checkpoint of nothing")
        root = octets(base64_decode(lines[2]), "the root", exactly=32)
        own = [
            s
            for s in map(parse_signature, lines[4:])
            if s[0] == lines[0] and s[1][:4] == key_id(lines[0], log)
        ]
        require(len(own) == 1, "not exactly one signature of the log")
        checkpoint = Checkpoint(log, size, root, octets(own[0][1][4:], "the signature", exactly=64))
        checkpoint.verify()
        return checkpoint


def signature_line(name, public, signature, kind=1):
    return f"— {name} {base64_encode(key_id(name, public, kind) + signature)}\n"


def parse_signature(line):
    """[CP-3] Name, and key id with signature, of one signature line."""
    parts = line.split(" ")
    require(len(parts) == 3 and parts[0] == "—", "not a signature line")
    require(parts[1] and "+" not in parts[1] and not any(c in SPACES for c in parts[1]), "not a key name")
    return parts[1], octets(base64_decode(parts[2]), "a signature", least=5)
