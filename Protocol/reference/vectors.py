"""What every vector file shares: cases, their form on disk, and the fixed keys and bodies they use."""

import json
import os
import re

import curve25519
from checkpoint import Checkpoint
from entry import Header, leaf_hash, make_body, sha256
from log import Batch, frontier, root, tail

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors")


class File:
    """The cases of one file of `Protocol/vectors`."""

    def __init__(self, name, page, about):
        self.name, self.page, self.about, self.cases = name, page, about, []

    def add(self, name, rules, request, answer, every=None):
        case = {"name": name, "rules": rules.split(), "request": request, "answer": answer}
        if every:
            case["every"] = every
        self.cases.append(case)

    def good(self, name, rules, request, **answer):
        self.add(name, rules, request, {"ok": True, **answer})

    def bad(self, name, rules, request):
        self.add(name, rules, request, {"ok": False})

    def every(self, change, of, name, rules, request, answer=None):
        """One case for each `change` ("bit", "truncation", "character") of the field `of`."""
        self.add(name, rules, request, answer or {"ok": False}, {"change": change, "field": of})

    @property
    def text(self):
        names = [case["name"] for case in self.cases]
        twice = {n for n in names if names.count(n) > 1}
        assert not twice, f"{self.name}: names used twice: {twice}"
        lines = ",\n".join("  " + json.dumps(shorten(case)) for case in self.cases)
        return (
            f'{{\n "about": {json.dumps(self.about)},\n "page": "{self.page}",\n'
            f' "version": 1,\n "cases": [\n{lines}\n ]\n}}\n'
        )


def shorten(value):
    """`value` with runs of over 40 equal pieces, in long strings, written `(PIECE*COUNT)`."""
    if type(value) is dict:
        return {k: shorten(v) for k, v in value.items()}
    if type(value) is list:
        return [shorten(v) for v in value]
    if type(value) is not str or len(value) <= 2000:
        return value
    short = re.sub(r"([0-9A-Za-z+/]{1,300}?)\1{40,}", lambda m: f"({m[1]}*{len(m[0]) // len(m[1])})", value)
    assert lengthen(short) == value
    return short


def lengthen(value):
    """Undoes `shorten`."""
    if type(value) is dict:
        return {k: lengthen(v) for k, v in value.items()}
    if type(value) is list:
        return [lengthen(v) for v in value]
    if type(value) is not str:
        return value
    return re.sub(r"\(([0-9A-Za-z+/]+)\*([0-9]+)\)", lambda m: m[1] * int(m[2]), value)


def secret(name):
    """A fixed 32-byte seed."""
    return sha256(b"starling vectors " + name.encode())


def salt(name):
    return secret("salt " + name)[:16]


def note(text):
    return make_body(salt(text), "note", {1: text})


START = 1767225600000  # 2026-01-01T00:00:00Z


class Log:
    """A small log with its key: what batches, checkpoints and proofs are cut from."""

    def __init__(self, name, bodies):
        self.seed = secret(name)
        self.key = curve25519.public_key(self.seed)
        self.bodies = bodies
        self.headers = [Header.of(self.key, i, START + 1000 * i, b) for i, b in enumerate(bodies)]
        self.leaves = [leaf_hash(h.encoded) for h in self.headers]

    @staticmethod
    def of_notes(name, count):
        return Log(name, [note(f"{name}, post {i}") for i in range(count)])

    def root(self, size):
        return root(self.leaves[:size])

    def checkpoint(self, size):
        return Checkpoint.signed(self.seed, size, self.root(size))

    def batch(self, start, to, size, bodies=True):
        entries = [
            [h.time, b] if bodies else [h.time, h.length, h.body_hash]
            for h, b in zip(self.headers[start:to], self.bodies[start:to])
        ]
        return Batch(
            self.key,
            start,
            frontier(self.leaves[:start]),
            entries,
            self.checkpoint(size),
            tail(self.leaves, to, size),
        )


def flip(data, bit=0):
    """`data` with one bit changed."""
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]
