"""reconciliation.json: sketches of logs and heads."""

import sketch
from entry import sha256
from vectors import File, flip, secret

SESSION = secret("handshake hash")
LARGEST = 2**32 - 1


def head(number, size, root=0, checkpoint=None):
    """The head of the log of this number, with one of its roots."""
    return sketch.Head(
        sha256(b"log %d" % number),
        size,
        checkpoint or size,
        sha256(b"root %d %d %d" % (number, size, root)) if size else bytes(32),
    )


def logs(heads):
    return [
        {"log": h.log.hex(), "size": h.size, "checkpoint": h.checkpoint, "root": h.root.hex()} for h in heads
    ]


def cells(heads, count, round_=1, session=SESSION):
    key = sketch.Key(session, round_)
    return sketch.cells_of([h.item(key) for h in heads], count, key)


def make():
    file = File(
        "reconciliation", "reconciliation.md", "Sketches of logs and heads, made and taken apart."
    )
    encode(file)
    decode(file)
    refuse(file)
    return file


def encode(file):
    common = [head(n, 1 + n * n % 40) for n in range(60)]
    for name, heads, count, round_ in (
        ("made of no logs", [], 16, 1),
        ("one log", [head(0, 1)], 16, 1),
        ("one log, another round", [head(0, 1)], 16, 2),
        ("one log at the largest size and round", [head(0, LARGEST)], 16, 2**32 - 1),
        ("one log of which no head is held", [head(0, 0)], 16, 1),
        ("a part held under a larger checkpoint", [head(0, 3, checkpoint=9)], 16, 1),
        ("sixty logs in 16 cells", common, 16, 1),
        ("sixty logs in 17 cells", common, 17, 1),
        ("sixty logs in 100 cells", common, 100, 7),
        ("sixty logs in 1,000 cells", common, 1000, 7),
    ):
        key = sketch.Key(SESSION, round_)
        items = [h.item(key) for h in heads]
        file.good(
            name,
            "REC-3 REC-4 REC-5 REC-6 REC-7 REC-8",
            {
                "op": "sketch-encode",
                "session": SESSION.hex(),
                "round": round_,
                "cells": count,
                "logs": logs(heads),
            },
            total=sketch.total(items, key).hex(),
            estimator=sketch.estimator(items, key).hex(),
            sketch=sketch.encode_cells(sketch.cells_of(items, count, key)).hex(),
        )
    for name, count in (("made with no cells", 0), ("made with 15 cells", 15), ("made with 24,001 cells", 24_001)):
        file.bad(
            name,
            "REC-7",
            {"op": "sketch-encode", "session": SESSION.hex(), "round": 1, "cells": count, "logs": []},
        )


def request(theirs, mine, round_=1, session=SESSION):
    data = theirs if type(theirs) is bytes else sketch.encode_cells(theirs)
    return {
        "op": "sketch-decode",
        "session": session.hex(),
        "round": round_,
        "sketch": data.hex(),
        "logs": logs(mine),
    }


def answer(theirs, mine, count, round_=1):
    changed, unknown = sketch.compare(
        sketch.encode_cells(cells(theirs, count, round_)), mine, sketch.Key(SESSION, round_)
    )
    return {"changed": [{"log": log.hex(), "size": size} for log, size in changed], "unknown": unknown}


def decode(file):
    common = [head(n, 1 + n) for n in range(30)]

    def good(name, theirs, mine, count=64, round_=1):
        file.good(
            name,
            "REC-10 REC-11",
            request(cells(theirs, count, round_), mine, round_),
            **answer(theirs, mine, count, round_),
        )

    good("the same heads", common, common)
    good("the same heads in another order", common[::-1], common)
    good("nothing on both sides", [], [], 16)
    good("one log longer there", common[:-1] + [head(29, 33)], common)
    good("one log shorter there", common[:-1] + [head(29, 3)], common)
    good("the same size with another root", common[:-1] + [head(29, 30, 1)], common)
    good("the same size under a larger checkpoint", common[:-1] + [head(29, 30, 0, 99)], common)
    good("a log that only they hold", common + [head(40, 2)], common)
    good("a log that only I hold", common, common + [head(40, 2)])
    good("a log that I hold nothing of yet", common + [head(40, 2)], common + [head(40, 0)])
    good("a little of everything", [head(n, 2 + n) for n in range(25)] + [head(50, 1), head(51, 65_600)], common)
    good("all heads differ", [head(n, 5 + n) for n in range(30)], common, 100)
    good("nothing here, a few there", common[:6], [], 48)
    good("a few here, nothing there", [], common[:6], 48)
    for mine, there in (
        (1, 32_768),
        (32_769, 1),
        (65_536, 65_535),
        (65_535, 65_536),
        (70_000, 100_000),
        (70_000, 102_767),
        (70_000, 102_768),
        (70_000, 37_233),
        (LARGEST, LARGEST - 9),
        (LARGEST - 9, LARGEST),
        (5, 65_540),
        (5, 65_536),
    ):
        good(f"size {there} there, {mine} here", [head(0, there)], [head(0, mine)], 16)


def refuse(file):
    common = [head(n, 1 + n) for n in range(30)]
    theirs = [head(n, 2 + n) for n in range(4)] + common[4:] + [head(40, 2)]
    good = cells(theirs, 40)
    data = sketch.encode_cells(good)

    def bad(name, data, rules="REC-7", **other):
        file.bad(name, rules, {**request(data, common), **other})

    file.every(
        "bit",
        "sketch",
        "any bit flipped",
        "REC-7 REC-10",
        request(sketch.encode_cells(cells(theirs[:1] + common[1:], 16)), common),
    )
    file.every(
        "truncation",
        "sketch",
        "16 cells, cut anywhere",
        "REC-7",
        request(sketch.encode_cells(cells(common, 16)), common),
    )
    bad("a byte more than whole cells", data + b"\0")
    bad("15 cells", bytes(150))
    bad("24,001 cells", bytes(240_010))
    for place, name, value in (
        (0, "the values", sketch.P),
        (1, "the ids", sketch.P),
        (2, "the checks", sketch.Q),
        (0, "the values, by more", 2**32 - 1),
        (2, "the checks, by more", 2**16 - 1),
    ):
        cell = good[0][:place] + [value] + good[0][place + 1 :]
        bad(f"a sum not below its prime: {name}", sketch.encode_cells([cell] + good[1:]))
    bad("two cells exchanged", sketch.encode_cells([good[1], good[0]] + good[2:]), "REC-10")
    bad("the cells backwards", sketch.encode_cells(good[::-1]), "REC-10")
    bad("made for another round", sketch.encode_cells(cells(theirs, 40, 2)), "REC-3")
    bad("made for another session", sketch.encode_cells(cells(theirs, 40, 1, flip(SESSION))), "REC-3")
    bad("more logs than cells", sketch.encode_cells(cells([head(n, 3) for n in range(100, 140)], 16)), "REC-10")
    bad("cells of ones", bytes([1]) * 400, "REC-10")
    bad("a log twice over", sketch.encode_cells(cells(common + common[:1] * 3 + theirs[:1], 16)[:15] + [[1, 1, 1]]), "REC-10")
    for name, change in (
        ("a session of 31 bytes", {"session": SESSION[1:].hex()}),
        ("a round below 0", {"round": -1}),
        ("no list of logs", {"logs": None}),
        ("a log without a root", {"logs": [{k: v for k, v in logs(common)[0].items() if k != "root"}]}),
        ("a size of 2^32", {"logs": [{**logs(common)[0], "size": 2**32}]}),
    ):
        bad(name, data, "CONF-2", **change)
