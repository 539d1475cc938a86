"""wants.json: which logs a node wants of its peer."""

import cbor
from vectors import File, Log


def make():
    file = File("wants", "wants.md", "The message want, decoded and encoded again.")
    op = {"op": "message-decode"}
    key = Log.of_notes("wants", 1).key
    samples = {
        "everything": [17, 0, []],
        "only one": [17, 1, [key]],
        "only none": [17, 1, []],
        "also one": [17, 2, [key]],
        "also 2,048": [17, 2, [key] * 2048],
        "not this": [17, 3, [key]],
    }
    for name, value in samples.items():
        data = cbor.encode(value).hex()
        file.good(name, "MSG-1 WANT-1", {**op, "data": data}, type=17, data=data)
    for name, value, rule in (
        ("everything, and a key", [17, 0, [key]], "WANT-5"),
        ("how 4", [17, 4, [key]], "MSG-1"),
        ("how -1", [17, -1, [key]], "MSG-1"),
        ("how true", [17, True, [key]], "MSG-1"),
        ("how in text", [17, "only", [key]], "MSG-1"),
        ("2,049 keys", [17, 1, [key] * 2049], "WANT-4"),
        ("a key of 31 bytes", [17, 1, [key[1:]]], "MSG-1"),
        ("a key of 33 bytes", [17, 1, [key + b"\0"]], "MSG-1"),
        ("a key in text", [17, 1, ["key"]], "MSG-1"),
        ("a key alone", [17, 1, key], "MSG-1"),
        ("null for the keys", [17, 1, None], "MSG-1"),
        ("without keys", [17, 1], "MSG-1"),
        ("without how", [17, [key]], "MSG-1"),
        ("alone", [17], "MSG-1"),
        ("an element more", [17, 1, [key], 0], "MSG-1"),
    ):
        file.bad(name, rule, {**op, "data": cbor.encode(value).hex()})
    data = cbor.encode(samples["only one"]).hex()
    file.bad("a byte behind", "MSG-1", {**op, "data": data + "00"})
    file.every("truncation", "data", "cut anywhere", "MSG-1", {**op, "data": data})
    file.every(
        "bit", "data", "any bit flipped: refused or the same bytes again", "MSG-1",
        {**op, "data": data}, {"echo": "data"},
    )
    return file
