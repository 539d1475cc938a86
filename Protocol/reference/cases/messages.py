"""messages.json: messages of a session."""

import cbor
from entry import MAXIMUM_TIME, sha256
from log import ForkProof, frontier, tail
from vectors import START, File, Log, note, secret


class Samples:
    """One good value of each message, and its log."""

    def __init__(self):
        self.log = Log.of_notes("messages", 9)
        twin = Log("messages", self.log.bodies[:4] + [note("another"), note("branch")])
        self.head = [self.log.key] + self.log.checkpoint(9).value
        self.hello = {1: 1, 2: secret("node"), 3: secret("id")[:8], 4: START, 5: "starling/0.1", 6: 4101}
        self.batch = self.log.batch(5, 8, 9).value
        a, b = self.log.checkpoint(5), twin.checkpoint(6)
        self.fork = ForkProof(a, b, frontier(twin.leaves[:5]), tail(twin.leaves, 5, 6)).value
        key = self.log.key
        self.all = {
            "hello": [0, self.hello],
            "ping": [1, 7],
            "pong": [2, 2**64 - 1],
            "heads": [3, [self.head], True],
            "own": [4, [key]],
            "own-heads": [5, [self.head]],
            "get": [6, 1, key, 0, 0, 16],
            "batch": [7, 1, self.batch],
            "end": [8, 1, 9],
            "have": [9, [[key, 9, bytes(range(8))]]],
            "bye": [10, 3, "shutting down"],
            "fork": [11, self.fork],
            "credit": [12, 1, 4],
            "prune": [13, [key]],
            "graft": [14, [key]],
            "since": [15, secret("mine")[:8], secret("yours")[:8], 81_224],
            "mark": [16, secret("mine")[:8], 81_224],
            "sketch-ask": [18, 1, 500, bytes(range(10)), 0, bytes(range(256))],
            "sketch": [19, 1, 0, bytes(160)],
            "names": [20, 1, [7, 9, 4_000_000_000, 3], [5, 1], [[key, 2]]],
        }


def make():
    file = File("messages", "messages.md", "Messages of a session, decoded and encoded again.")
    s = Samples()
    op = {"op": "message-decode"}

    def good(name, value, rules="MSG-1", known=True):
        data = cbor.encode(value).hex()
        file.good(name, rules, {**op, "data": data}, type=value[0], **({"data": data} if known else {}))

    def bad(name, value, rules="MSG-1"):
        file.bad(name, rules, {**op, "data": (value if type(value) is bytes else cbor.encode(value)).hex()})

    good_messages(good, s)
    for name, value in s.all.items():
        bad(f"{name} without its last element", value[:-1])
        bad(f"{name} with an element more", value + [0])
        bad(f"{name} without any element", value[:1])
        bad(f"{name} with a byte behind", cbor.encode(value) + b"\0")
        for position in range(1, len(value)):
            for other in (None, -1, 1.5, "x"):
                if type(other) is not type(value[position]):
                    bad(
                        f"{name} with {other!r} at {position}",
                        value[:position] + [other] + value[position + 1 :],
                    )
        sample = cbor.encode(
            [0, {k: v for k, v in s.hello.items() if k != 6}] if name == "hello" else value
        ).hex()
        file.every("truncation", "data", f"{name}, cut anywhere", "MSG-1", {**op, "data": sample})
        file.every(
            "bit",
            "data",
            f"{name}, any bit flipped: refused or the same bytes again",
            "MSG-1",
            {**op, "data": sample},
            {"echo": "data"},
        )
    bad_messages(bad, s)
    bad_hellos(bad, s)
    return file


def good_messages(good, s):
    key, head = s.log.key, s.head
    for name, value in s.all.items():
        good(name, value)
    good("hello without port", [0, {k: v for k, v in s.hello.items() if k != 6}], "MSG-3")
    good("hello with an empty agent", [0, {**s.hello, 5: ""}], "MSG-3")
    good("hello with an agent of 64 bytes", [0, {**s.hello, 5: "é" * 32}], "MSG-3")
    good("hello with the secret of an invite", [0, {**s.hello, 7: secret("invite")[:16]}], "MSG-3")
    good("hello with port 65535", [0, {**s.hello, 6: 65535}], "MSG-3")
    good("hello with unknown keys", [0, {**s.hello, 8: [1], 200: {}, "x": None}], "MSG-3", known=False)
    good("ping 0", [1, 0])
    good("no heads, done", [3, [], True])
    good("512 heads, more to come", [3, [head] * 512, False])
    good("no own logs", [4, []])
    good("64 own logs", [4, [sha256(bytes([i])) for i in range(64)]])
    good("no own heads", [5, []])
    good("64 own heads", [5, [head] * 64])
    good("get at the largest index", [6, 2**32 - 1, key, 2**32 - 2, 0, 1])
    good("get to the largest size", [6, 1, key, 2**32 - 2, 2**32 - 1, 1])
    good("get of one entry", [6, 1, key, 7, 8, 1])
    good("a live batch", [7, 0, s.batch])
    good("a batch that would not verify", [7, 1, s.batch[:4] + [[9, bytes(32), bytes(64)], []]], "MSG-6")
    good("end of a log not held", [8, 1, 0])
    good("end at the largest size", [8, 2**32 - 1, 2**32 - 1])
    good("have of nothing", [9, []])
    good("have of 512", [9, [[key, 2**32 - 1, bytes(8)]] * 512])
    good("bye of an unknown code", [10, 99, ""])
    good("bye of 200 bytes", [10, 1, "é" * 100])
    good("credit of 1", [12, 2**32 - 1, 1])
    good("prune of nothing", [13, []])
    good("prune of 512", [13, [key] * 512])
    good("graft of 512", [14, [key] * 512])
    good("since of strangers", [15, secret("mine")[:8], bytes(8), 0], "RES-1")
    good("since 2^53-1", [15, bytes(8), bytes(8), MAXIMUM_TIME], "RES-1")
    good("mark 0", [16, secret("mine")[:8], 0], "RES-3")
    good_sketches(good, s)
    for kind in (32, 255, 2**64 - 1):
        good(f"an extension of type {kind}", [kind, "anything", {1: [2]}], "MSG-2", known=False)
    good("an extension without fields", [32], "MSG-2", known=False)
    good("an extension of 262,144 bytes", [32, bytes(262144 - 8)], "MSG-2", known=False)


def good_sketches(good, s):
    total, key = bytes(range(10)), s.log.key
    good("an ask for pages", [18, 1, 0, total, 0, b""], "REC-1")
    good("an ask for 16 cells", [18, 1, 500, total, 16, b""], "REC-1")
    good("an ask for 24,000 cells", [18, 2**32 - 1, 2**32 - 1, total, 24_000, b""], "REC-1")
    good("all heads are the same", [19, 1, 1, b""], "REC-2")
    good("pages instead of a sketch", [19, 1, 2, b""], "REC-2")
    largest = bytes.fromhex("fffffffafffffffafff0")
    good("a sketch of the largest sums", [19, 1, 0, largest * 16], "REC-7")
    good("a sketch of 24,000 cells", [19, 1, 0, bytes(240_000)], "REC-7")
    good("no names", [20, 1, [], [], []], "REC-12")
    good("id 0 and the largest", [20, 1, [0, 1, 2**32 - 1, 1], [0, 2**32 - 1], []], "REC-12")
    good("4,096 names", [20, 1, [], [], [[key, 2**32 - 1]] * 4096], "REC-12")


def bad_sketches(bad, s):
    total, key = bytes(range(10)), s.log.key
    for name, value in {
        "an ask of round 0": [18, 0, 5, total, 0, b""],
        "an ask for 15 cells": [18, 1, 5, total, 15, b""],
        "an ask for 24,001 cells": [18, 1, 5, total, 24_001, b""],
        "an ask with a sum of 9 bytes": [18, 1, 5, total[1:], 16, b""],
        "an ask with a sum above its prime": [18, 1, 5, b"\xff" * 10, 16, b""],
        "an ask with an estimator of 255 bytes": [18, 1, 5, total, 0, bytes(255)],
        "an ask with an estimator of 257 bytes": [18, 1, 5, total, 0, bytes(257)],
        "a sketch of round 0": [19, 0, 0, bytes(160)],
        "a sketch of an unknown kind": [19, 1, 3, b""],
        "a sketch without cells": [19, 1, 0, b""],
        "the same heads, and cells": [19, 1, 1, bytes(160)],
        "pages, and cells": [19, 1, 2, bytes(160)],
        "a sketch of 15 cells": [19, 1, 0, bytes(150)],
        "a sketch of 24,001 cells": [19, 1, 0, bytes(240_010)],
        "a sketch of half a cell": [19, 1, 0, bytes(165)],
        "a sketch with a sum not below its prime": [19, 1, 0, bytes(150) + bytes.fromhex("fffffffb000000000000")],
        "names of round 0": [20, 0, [], [], []],
        "an id without a size": [20, 1, [7], [], []],
        "an id with size 0": [20, 1, [7, 0], [], []],
        "an id twice": [20, 1, [7, 1, 0, 1], [], []],
        "an id asked twice": [20, 1, [], [7, 0], []],
        "an id above 2^32-1": [20, 1, [2**32 - 1, 1, 1, 1], [], []],
        "an id asked above 2^32-1": [20, 1, [], [2**32], []],
        "a name with size 0": [20, 1, [], [], [[key, 0]]],
        "a name of three": [20, 1, [], [], [[key, 1, 1]]],
        "4,097 names": [20, 1, [], [], [[key, 1]] * 4097],
    }.items():
        bad(name, value, "REC-1 REC-2 REC-7 REC-12")


def bad_messages(bad, s):
    bad_sketches(bad, s)
    key, head = s.log.key, s.head
    for kind in range(28, 32):
        bad(f"unknown type {kind}", [kind], "MSG-2")
    for name, value in {
        "nothing": b"",
        "an empty array": [],
        "a number": 1,
        "a map": {0: 1},
        "null": None,
        "text": "ping",
        "a message in an array": [[1, 7]],
        "a tagged message": cbor.Tag(55799, [1, 7]),
        "type -1": [-1, 7],
        "type 1.0": [1.0, 7],
        "type true": [True, 7],
        "type as text": ["1", 7],
        "type null": [None],
        "type 2^64": [2**64],
        "type in two bytes": b"\x82\x18\x01\x07",
        "an indefinite array": b"\x9f\x01\x07\xff",
        "a nonce in two bytes": b"\x82\x01\x18\x07",
        "ping 2^64": [1, 2**64],
        "an extension that is not CBOR": b"\x82\x18\x20\xff",
        "an extension that is not canonical": b"\x82\x18\x20\x18\x01",
        "an extension nested too deeply": [32] + [cbor.decode(b"\x81" * 8 + b"\x80")],
        "an extension of 262,145 bytes": [32, bytes(262144 - 7)],
        "513 heads": [3, [head] * 513, True],
        "a head of three": [3, [head[:3]], True],
        "a head of five": [3, [head + [0]], True],
        "a head of size 0": [3, [[key, 0] + head[2:]], True],
        "a head of size 2^32": [3, [[key, 2**32] + head[2:]], True],
        "a head with a short key": [3, [[key[1:]] + head[1:]], True],
        "a head with a short root": [3, [[key, 9, head[2][1:], head[3]]], True],
        "a head with a short signature": [3, [head[:3] + [head[3][1:]]], True],
        "a head of null": [3, [None], True],
        "done as 1": [3, [], 1],
        "65 own logs": [4, [key] * 65],
        "an own log of 31 bytes": [4, [key[1:]]],
        "an own log as text": [4, ["x"]],
        "65 own heads": [5, [head] * 65],
        "an own head of size 0": [5, [[key, 0] + head[2:]]],
        "get of stream 0": [6, 0, key, 0, 0, 1],
        "get of stream 2^32": [6, 2**32, key, 0, 0, 1],
        "get from 2^32-1": [6, 1, key, 2**32 - 1, 0, 1],
        "get that ends where it begins": [6, 1, key, 7, 7, 1],
        "get that ends before it begins": [6, 1, key, 7, 6, 1],
        "get to 2^32": [6, 1, key, 0, 2**32, 1],
        "get with credit 0": [6, 1, key, 0, 0, 0],
        "get with credit 17": [6, 1, key, 0, 0, 17],
        "get of a short key": [6, 1, key[1:], 0, 0, 1],
        "a batch of stream 2^32": [7, 2**32, s.batch],
        "a batch in bytes": [7, 1, cbor.encode(s.batch)],
        "a batch of five elements": [7, 1, s.batch[:5]],
        "a batch without entries": [7, 1, s.batch[:3] + [[]] + s.batch[4:]],
        "a batch of 4,097 entries": [7, 1, s.batch[:3] + [[[0, 17, bytes(32)]] * 4097] + s.batch[4:]],
        "a batch from 2^32": [7, 1, s.batch[:1] + [2**32] + s.batch[2:]],
        "a batch with 33 hashes of frontier": [7, 1, s.batch[:2] + [[bytes(32)] * 33] + s.batch[3:]],
        "a batch with 65 hashes of tail": [7, 1, s.batch[:5] + [[bytes(32)] * 65]],
        "a batch with a body of 16 bytes": [7, 1, s.batch[:3] + [[[START, bytes(16)]]] + s.batch[4:]],
        "a batch with a body of 65,537 bytes": [7, 1, s.batch[:3] + [[[START, bytes(65537)]]] + s.batch[4:]],
        "a batch longer than a message": [7, 1, s.batch[:3] + [[[START, bytes(65536)]] * 4] + s.batch[4:]],
        "end of stream 0": [8, 0, 9],
        "end at 2^32": [8, 1, 2**32],
        "have of 513": [9, [[key, 9, bytes(8)]] * 513],
        "have of size 0": [9, [[key, 0, bytes(8)]]],
        "have of size 2^32": [9, [[key, 2**32, bytes(8)]]],
        "have of a key alone": [9, [key]],
        "have without a root": [9, [[key, 9]]],
        "have of four": [9, [[key, 9, bytes(8), 9]]],
        "have of a short key": [9, [[key[1:], 9, bytes(8)]]],
        "have with 7 bytes of root": [9, [[key, 9, bytes(7)]]],
        "have with a whole root": [9, [[key, 9, bytes(32)]]],
        "have with a number for a root": [9, [[key, 9, 0]]],
        "bye of 201 bytes": [10, 1, "é" * 100 + "a"],
        "bye of bytes": [10, 1, b"x"],
        "bye 2^32": [10, 2**32, ""],
        "a fork proof in bytes": [11, cbor.encode(s.fork)],
        "a fork proof of four": [11, s.fork[:4]],
        "a fork proof with 33 hashes of frontier": [11, s.fork[:3] + [[bytes(32)] * 33] + s.fork[4:]],
        "prune of 513": [13, [key] * 513],
        "prune of a short key": [13, [key[1:]]],
        "graft of 513": [14, [key] * 513],
        "graft of a key alone": [14, key],
        "since with a store of 7 bytes": [15, bytes(7), bytes(8), 1],
        "since with a store of 9 bytes": [15, bytes(8), bytes(9), 1],
        "since 2^53": [15, bytes(8), bytes(8), MAXIMUM_TIME + 1],
        "mark of a store of 7 bytes": [16, bytes(7), 1],
        "mark 2^53": [16, bytes(8), MAXIMUM_TIME + 1],
        "credit of stream 0": [12, 0, 1],
        "credit 0": [12, 1, 0],
        "credit 17": [12, 1, 17],
    }.items():
        bad(name, value, "MSG-2" if "extension" in name else "MSG-1")


def bad_hellos(bad, s):
    for number in range(1, 6):
        bad(f"hello without field {number}", [0, {k: v for k, v in s.hello.items() if k != number}], "MSG-3")
        bad(f"hello with null for field {number}", [0, {**s.hello, number: None}], "MSG-3")
    for name, change in {
        "a node key of 31 bytes": {2: bytes(31)},
        "a node key of 33 bytes": {2: bytes(33)},
        "a node key as text": {2: "z6Mk"},
        "a udp id of 7 bytes": {3: bytes(7)},
        "an invite's secret of 15 bytes": {7: bytes(15)},
        "an invite's secret of 17 bytes": {7: bytes(17)},
        "an invite's secret as text": {7: "sixteen letters."},
        "an empty secret of an invite": {7: b""},
        "a udp id of 9 bytes": {3: bytes(9)},
        "a udp id as a number": {3: 7},
        "time 2^53": {4: MAXIMUM_TIME + 1},
        "time -1": {4: -1},
        "a float for time": {4: 1.5},
        "an agent of 65 bytes": {5: "é" * 32 + "a"},
        "an agent of bytes": {5: b"starling"},
        "port 0": {6: 0},
        "port 65536": {6: 65536},
        "port null": {6: None},
        "version -1": {1: -1},
        "version as text": {1: "1"},
    }.items():
        bad(f"hello with {name}", [0, {**s.hello, **change}], "MSG-3")
    bad("hello of an array", [0, list(s.hello.values())], "MSG-3")
    bad("hello of text keys", [0, {str(k): v for k, v in s.hello.items()}], "MSG-3")
    bad(
        "hello with a field twice",
        cbor.encode([0, s.hello]).replace(b"\xa6\x01\x01", b"\xa7\x01\x01\x01\x01"),
        "MSG-3",
    )
    bad("hello with fields out of order", cbor.encode([0, {1: 1}])[:2] + b"\xa2\x02\x00\x01\x01", "MSG-3")
