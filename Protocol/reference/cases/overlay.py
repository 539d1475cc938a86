"""overlay.json: messages of the overlay."""

import cbor
from vectors import File, secret

FOUR = [bytes([192, 0, 2, 7]), 4646]
SIX = [bytes.fromhex("20010db8000000000000000000000007"), 65535]
KEY = secret("node")
CONTACT = [KEY, [FOUR, SIX]]
SAMPLES = {
    "join": [21, [FOUR, SIX]],
    "forward-join": [22, CONTACT, 6],
    "neighbor": [23, True, [FOUR]],
    "neighbor-reply": [24, True],
    "disconnect": [25],
    "shuffle": [26, 2**64 - 1, CONTACT, 6, [CONTACT, [secret("other"), []]]],
    "shuffle-reply": [27, 7, [CONTACT]],
}


def make():
    file = File("overlay", "overlay.md", "Messages of the overlay, decoded and encoded again.")
    op = {"op": "message-decode"}

    def good(name, value, rules="OVER-1"):
        data = cbor.encode(value).hex()
        file.good(name, rules, {**op, "data": data}, type=value[0], data=data)

    def bad(name, value, rules="OVER-1"):
        file.bad(name, rules, {**op, "data": cbor.encode(value).hex()})

    good_messages(good)
    for name, value in SAMPLES.items():
        bad(f"{name} without its last element", value[:-1])
        bad(f"{name} with an element more", value + [0])
        for position in range(1, len(value)):
            for other in (None, -1, 1.5, "x", 2**64 - 1, [[]]):
                if type(other) is not type(value[position]):
                    bad(
                        f"{name} with {other!r} at {position}",
                        value[:position] + [other] + value[position + 1 :],
                    )
        data = cbor.encode(value).hex()
        file.every("truncation", "data", f"{name}, cut anywhere", "OVER-1", {**op, "data": data})
        file.every(
            "bit",
            "data",
            f"{name}, any bit flipped: refused or the same bytes again",
            "OVER-1",
            {**op, "data": data},
            {"echo": "data"},
        )
    bad_messages(bad)
    bad_places(bad)
    return file


def good_messages(good):
    for name, value in SAMPLES.items():
        good(name, value)
    good("join of a node that says no address", [21, []])
    good("join with four endpoints", [21, [FOUR, SIX, FOUR, SIX]])
    good("forward-join of a node without addresses, at its end", [22, [KEY, []], 0])
    good("forward-join with the largest time to live", [22, CONTACT, 15])
    good("neighbor of low priority", [23, False, []])
    good("neighbor-reply that refuses", [24, False])
    good("shuffle of nobody else", [26, 0, CONTACT, 0, []])
    good("shuffle of 16", [26, 1, CONTACT, 15, [CONTACT] * 16])
    good("shuffle-reply of nobody", [27, 0, []])
    good("shuffle-reply of 16", [27, 1, [[KEY, [SIX] * 4]] * 16])
    good("an unspecified address, which no node dials", [21, [[bytes(4), 1]]], "OVER-2 OVER-3")
    good("a loopback address, which only a loopback peer may tell", [21, [[bytes([127, 0, 0, 1]), 1]]], "OVER-3")


def bad_messages(bad):
    bad("join with five endpoints", [21, [FOUR] * 5])
    bad("forward-join with time to live 16", [22, CONTACT, 16])
    bad("forward-join with a key alone", [22, KEY, 6])
    bad("forward-join with five endpoints", [22, [KEY, [FOUR] * 5], 6])
    bad("forward-join with a contact of three", [22, CONTACT + [0], 6])
    bad("forward-join with a key of 31 bytes", [22, [KEY[1:], [FOUR]], 6])
    bad("forward-join with a key of 33 bytes", [22, [KEY + b"\0", [FOUR]], 6])
    bad("neighbor with priority 1", [23, 1, [FOUR]])
    bad("neighbor with five endpoints", [23, True, [FOUR] * 5])
    bad("neighbor-reply 0", [24, 0])
    bad("shuffle with time to live 16", [26, 1, CONTACT, 16, []])
    bad("shuffle of 17", [26, 1, CONTACT, 6, [CONTACT] * 17])
    bad("shuffle with five endpoints of its origin", [26, 1, [KEY, [FOUR] * 5], 6, []])
    bad("shuffle with five endpoints of a node", [26, 1, CONTACT, 6, [[KEY, [FOUR] * 5]]])
    bad("shuffle with nonce 2^64", [26, 2**64, CONTACT, 6, []])
    bad("shuffle-reply of 17", [27, 1, [CONTACT] * 17])
    bad("shuffle-reply of keys", [27, 1, [KEY]])


def bad_places(bad):
    for name, place in {
        "port 0": [FOUR[0], 0],
        "port 65536": [FOUR[0], 65536],
        "an address of no bytes": [b"", 1],
        "an address of 3 bytes": [bytes(3), 1],
        "an address of 5 bytes": [bytes(5), 1],
        "an address of 15 bytes": [bytes(15), 1],
        "an address of 17 bytes": [bytes(17), 1],
        "IPv4 written as IPv6": [bytes(10) + b"\xff\xff" + FOUR[0], 1],
        "an address as text": ["192.0.2.7", 1],
        "an address as a number": [0xC0000207, 1],
        "an endpoint without a port": [FOUR[0]],
        "an endpoint of three": FOUR + [0],
    }.items():
        bad(f"join with {name}", [21, [place]], "OVER-2")
        bad(f"shuffle-reply with {name}", [27, 1, [[KEY, [FOUR, place]]]], "OVER-2")
