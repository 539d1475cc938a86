"""The messages of a session (messages.md)."""

import cbor
import overlay
from checkpoint import Checkpoint
from entry import MAXIMUM_TIME
from identifiers import MAXIMUM_INDEX, MAXIMUM_SIZE
from log import Batch, ForkProof
from refused import array, octets, require, text, uint
from session import MAXIMUM_MESSAGE

MAXIMUM_UINT, MAXIMUM_STREAM = 2**64 - 1, 2**32 - 1
FIRST_EXTENSION = 32


def key(value):
    return octets(value, "a log key", exactly=32)


def stream(value, least=1):
    return uint(value, MAXIMUM_STREAM, "the stream", least)


def credit(value):
    return uint(value, 16, "the credit", least=1)


def hello(value):
    """[MSG-3] The fields known here; others are left out."""
    require(type(value) is cbor.Map, "hello carries a map")
    checks = {
        1: lambda v: uint(v, MAXIMUM_UINT, "the version"),
        2: lambda v: octets(v, "the node key", exactly=32),
        3: lambda v: octets(v, "the udp id", exactly=8),
        4: lambda v: uint(v, MAXIMUM_TIME, "the time"),
        5: lambda v: text(v, "the agent", 0, 64),
        6: lambda v: uint(v, 65535, "the port", least=1),
        7: lambda v: octets(v, "the secret of an invite", exactly=16),
    }
    out = {}
    for number, check in checks.items():
        found = value.get(number, default=Ellipsis)
        require(found is not Ellipsis or number in (6, 7), f"field {number} is missing")
        if found is not Ellipsis:
            out[number] = check(found)
    return out


def heads(value, limit):
    for head in array(value, "heads", limit=limit):
        log = key(array(head, "a head", exactly=4)[0])
        Checkpoint.of_value(log, head[1:])
    return value


def held(value):
    for pair in array(value, "what is held", limit=512):
        log, size = array(pair, "what is held of a log", exactly=2)
        key(log)
        uint(size, MAXIMUM_SIZE, "the size", least=1)
    return value


def change(value):
    return uint(value, MAXIMUM_TIME, "the change number")


def store(value):
    return octets(value, "a store", exactly=8)


def logs(value):
    return [key(k) for k in array(value, "logs", limit=512)]


def wanted(value):
    """[WANT-4] The logs named in one `want`."""
    return [key(k) for k in array(value, "wanted logs", limit=2048)]


def boolean(value):
    require(type(value) is bool, "neither true nor false")
    return value


# Type -> the name, and a check of each field behind it that gives the field back.
TYPES = {
    0: ("hello", [hello]),
    1: ("ping", [lambda v: uint(v, MAXIMUM_UINT, "the nonce")]),
    2: ("pong", [lambda v: uint(v, MAXIMUM_UINT, "the nonce")]),
    3: ("heads", [lambda v: heads(v, 512), boolean]),
    4: ("own", [lambda v: [key(k) for k in array(v, "the own logs", limit=64)]]),
    5: ("own-heads", [lambda v: heads(v, 64)]),
    6: ("get", [stream, key, lambda v: uint(v, MAXIMUM_INDEX, "from"), credit]),
    7: ("batch", [lambda v: stream(v, least=0), lambda v: Batch.of_value(v).value]),
    8: ("end", [stream, lambda v: uint(v, MAXIMUM_SIZE, "the size")]),
    9: ("have", [held]),
    10: ("bye", [lambda v: uint(v, MAXIMUM_STREAM, "the code"), lambda v: text(v, "the text", 0, 200)]),
    11: ("fork", [lambda v: ForkProof.of_value(v).value]),
    12: ("credit", [stream, credit]),
    13: ("prune", [logs]),
    14: ("graft", [logs]),
    15: ("since", [store, store, change]),
    16: ("mark", [store, change]),
    17: ("want", [lambda v: uint(v, 3, "how"), wanted]),
    **overlay.TYPES,
}


def decode(data):
    """[MSG-1], [MSG-2] Type and value of a message; of an extension only the type is known."""
    require(len(data) <= MAXIMUM_MESSAGE, "the message is too long")
    parts = array(cbor.decode(data), "a message", least=1)
    kind = uint(parts[0], MAXIMUM_UINT, "the type")
    if kind >= FIRST_EXTENSION:
        return kind, parts
    require(kind in TYPES, "an unknown type")
    fields = TYPES[kind][1]
    require(len(parts) == 1 + len(fields), f"{TYPES[kind][0]} has {1 + len(fields)} elements")
    require(kind != 17 or parts[1] != 0 or parts[2] == [], "want of everything names no logs")
    return kind, [kind] + [check(part) for check, part in zip(fields, parts[1:])]
