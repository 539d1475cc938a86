"""entry.json: headers, and the content of bodies."""

import cbor
from content import KINDS, named_fields
from entry import MAXIMUM_BODY, MAXIMUM_TIME, Header, make_body, sha256
from identifiers import MAXIMUM_INDEX
from vectors import START, File, Log, note, salt


def make():
    file = File("entry", "entry.md", "Headers, and the content of bodies.")
    one = Log.of_notes("entry", 3)
    body = one.bodies[0]

    def good(name, header):
        file.good(
            name,
            "ENTRY-1",
            {"op": "entry-decode", "header": header.encoded.hex()},
            version=1,
            log=header.log.hex(),
            index=header.index,
            time=header.time,
            body_length=header.length,
            body_hash=header.body_hash.hex(),
            address=header.address.hex(),
        )

    for i, header in enumerate(one.headers):
        good(f"header {i}", header)
    good("the largest index", Header(one.key, MAXIMUM_INDEX, START, 17, sha256(b"")))
    good("the largest time", Header(one.key, 0, MAXIMUM_TIME, 17, sha256(b"")))
    good("the smallest time and body", Header(one.key, 0, 0, 17, sha256(b"")))
    good("the largest body", Header(one.key, 0, START, MAXIMUM_BODY, sha256(b"")))
    good("a key that is no point", Header(b"\xff" * 32, 0, START, 17, sha256(b"")))
    bad_headers(file, one, body)
    contents(file)
    return file


def bad_headers(file, one, body):
    key, digest = one.key, sha256(body)
    base = [1, key, 0, START, len(body), digest]

    def bad(name, rule, value):
        data = value if type(value) is bytes else cbor.encode(value)
        file.bad(name, rule, {"op": "entry-decode", "header": data.hex()})

    def swapped(position, value):
        return base[:position] + [value] + base[position + 1 :]

    for name, version in (
        ("0", 0),
        ("2", 2),
        ("true", True),
        ("1.0", 1.0),
        ("-1", -1),
        ("text", "1"),
        ("null", None),
    ):
        bad(f"version {name}", "ENTRY-2", swapped(0, version))
    for position, what in ((1, "log key"), (5, "body hash")):
        value = base[position]
        for name, other in (
            ("of 31 bytes", value[:31]),
            ("of 33 bytes", value + b"\0"),
            ("of no bytes", b""),
            ("as text", value.hex()),
            ("null", None),
            ("as an array", list(value)),
            ("tagged", cbor.Tag(5, value)),
        ):
            bad(f"{what} {name}", "ENTRY-1", swapped(position, other))
    for position, what, rule, values in (
        (
            2,
            "index",
            "ENTRY-3",
            (MAXIMUM_INDEX + 1, 2**32, 2**63, 2**64 - 1, 2**64, -1, 0.0, b"\0", False, None),
        ),
        (3, "time", "ENTRY-4", (MAXIMUM_TIME + 1, 2**63, 2**64 - 1, 2**64, -1, 1.5, "2026", None)),
        (4, "body length", "ENTRY-5", (0, 1, 16, MAXIMUM_BODY + 1, 2**32, 2**64 - 1, -1, 17.0, None)),
    ):
        for value in values:
            bad(f"{what} {value!r}", rule, swapped(position, value))
    bad("an element fewer", "ENTRY-1", base[:5])
    bad("an element more", "ENTRY-1", base + [0])
    bad("no elements", "ENTRY-1", [])
    bad("a map", "ENTRY-1", {i: v for i, v in enumerate(base)})
    bad("a header in an array", "ENTRY-1", [base])
    bad("a tagged header", "ENTRY-1", cbor.Tag(55799, base))
    bad("nothing", "ENTRY-1", b"")
    good = cbor.encode(base)
    bad("a byte behind", "ENTRY-1", good + b"\0")
    bad("an indefinite array", "ENTRY-1", b"\x9f" + good[1:] + b"\xff")
    bad("a count in two bytes", "ENTRY-1", b"\x98\x06" + good[1:])
    bad("an index in two bytes", "ENTRY-1", good.replace(key + b"\0", key + b"\x18\0"))
    file.every(
        "truncation",
        "header",
        "a header cut anywhere",
        "ENTRY-1",
        {"op": "entry-decode", "header": good.hex()},
    )


def contents(file):
    key, root = sha256(b"a key"), sha256(b"a root")
    op = {"op": "content-decode"}

    def request(kind, fields):
        return {**op, "body": make_body(salt("content"), kind, fields).hex()}

    def named(kind, fields):
        if kind not in KINDS:
            return {}
        return {"fields": named_fields(kind, cbor.decode(cbor.encode(fields)))}

    def good(name, kind, fields):
        file.good(
            f"content: {name}",
            "ENTRY-8 ENTRY-9",
            request(kind, fields),
            kind=kind,
            data=cbor.encode([kind, fields]).hex(),
            **named(kind, fields),
        )

    def bad(name, kind, fields):
        file.bad(f"content: {name}", "ENTRY-8 ENTRY-9", request(kind, fields))

    good("a note", "note", {1: "Guten Morgen, 🌅"})
    good("a device", "device", {1: key})
    good("a device with its predecessor", "device", {1: key, 2: [key, 9, root]})
    good("an identity", "identity", {1: key})
    good("an identity with its predecessor", "identity", {1: key, 2: [key, 2**32 - 1, root]})
    good("a device added", "add-device", {1: key})
    good("a device revoked from 0", "revoke-device", {1: key, 2: 0})
    good("a device revoked from the last index", "revoke-device", {1: key, 2: MAXIMUM_INDEX})
    good("a device with fields that are not known", "device", {1: key, 9: [1, 2], "x": None})
    good("an unknown kind", "poll", {1: 2, "question": "?"})
    good("an unknown kind of 32 bytes", "k" * 32, {})
    good("a body of 65,536 bytes", "x", {1: bytes(65536 - 24)})
    bad("a body of 65,537 bytes", "x", {1: bytes(65537 - 24)})
    good("an unknown kind with keys of any type", "x", {-1: 0, b"k": 0, None: 0})
    for kind in ("device", "identity", "add-device"):
        bad(f"a {kind} of nothing", kind, {})
        bad(f"a {kind} whose field is a number", kind, {1: 7})
        bad(f"a {kind} whose field is null", kind, {1: None})
        bad(f"a {kind} with text keys", kind, {"1": key})
    for name, value in (
        ("null", None),
        ("of two elements", [key, 9]),
        ("of four elements", [key, 9, root, 0]),
        ("of size 0", [key, 0, root]),
        ("of size 2^32", [key, 2**32, root]),
        ("with a short key", [key[1:], 9, root]),
        ("with a short root", [key, 9, root[1:]]),
        ("as a map", {0: key, 1: 9, 2: root}),
    ):
        bad(f"a device with a predecessor {name}", "device", {1: key, 2: value})
        bad(f"an identity with a predecessor {name}", "identity", {1: key, 2: value})
    bad("a device added, of 33 bytes", "add-device", {1: key + b"\0"})
    bad("a revocation without index", "revoke-device", {1: key})
    bad("a revocation from 2^32-1", "revoke-device", {1: key, 2: MAXIMUM_INDEX + 1})
    bad("a revocation from -1", "revoke-device", {1: key, 2: -1})
    bad("an empty kind", "", {})
    bad("a kind of 33 bytes", "k" * 33, {})
    raw = {
        "a kind of bytes": [b"note", {1: "a"}],
        "a kind of a number": [1, {1: "a"}],
        "fields in an array": ["note", ["a"]],
        "fields of null": ["x", None],
        "an element fewer": ["note"],
        "an element more": ["note", {1: "a"}, 0],
        "a map": {"note": {1: "a"}},
        "text": "note",
        "null": None,
    }
    for name, value in raw.items():
        file.bad(
            f"content that is {name}", "ENTRY-8", {**op, "body": (salt("content") + cbor.encode(value)).hex()}
        )
    good_body = note("a")
    for name, data in {
        "a salt alone": good_body[:16],
        "no salt": good_body[16:],
        "nothing": b"",
        "one byte behind": good_body + b"\0",
        "a field twice": salt("x") + bytes.fromhex("82646e6f7465a2016161016162"),
    }.items():
        file.bad(f"content with {name}", "ENTRY-8", {**op, "body": data.hex()})
    file.every("truncation", "body", "a body cut anywhere", "ENTRY-8", {**op, "body": good_body.hex()})
