"""The messages of a session (messages.md)."""

import struct

import blobs
import cbor
import overlay
import sketch
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
        log, size, root = array(pair, "what is held of a log", exactly=3)
        key(log)
        octets(root, "the root's beginning", exactly=8)
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


def sketch_answer(kind):
    """[REC-2] The cells of an answer: none unless its kind is 0."""

    def check(value):
        if kind == 0:
            sketch.decode_cells(octets(value, "the cells"))
        return octets(value, "the cells", exactly=None if kind == 0 else 0)

    return check


def total(value):
    cell = struct.unpack(">IIH", octets(value, "the sum", exactly=sketch.CELL))
    require(cell[0] < sketch.P and cell[1] < sketch.P and cell[2] < sketch.Q, "no sums")
    return value


def cell_count(value):
    uint(value, sketch.MOST, "the cells")
    require(value == 0 or value >= sketch.FEWEST, "too few cells")
    return value


def estimator(value):
    require(len(octets(value, "the estimator")) in (0, sketch.BUCKETS), "no estimator")
    return value


def distances(values):
    """[REC-12] Ascending ids, each told as its distance from the one before."""
    total = 0
    for at, value in enumerate(values):
        total += uint(value, MAXIMUM_STREAM, "a distance", least=1 if at else 0)
    require(total <= MAXIMUM_STREAM, "no id")


def lacking(value):
    array(value, "what is lacking", limit=2 * sketch.MOST)
    require(len(value) % 2 == 0, "an id without a size")
    distances(value[::2])
    for size in value[1::2]:
        uint(size, MAXIMUM_SIZE, "the size", least=1)
    return value


def asked(value):
    distances(array(value, "what is asked", limit=sketch.MOST))
    return value


def named(value):
    for pair in array(value, "the names", limit=4096):
        log, size = array(pair, "a name", exactly=2)
        key(log)
        uint(size, MAXIMUM_SIZE, "the size", least=1)
    return value


def round_number(value):
    return uint(value, MAXIMUM_STREAM, "the round", least=1)


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
    6: ("get", [stream, key, lambda v: uint(v, MAXIMUM_INDEX, "from"), lambda v: uint(v, MAXIMUM_SIZE, "to"), credit]),
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


TYPES[18] = (
    "sketch-ask",
    [round_number, lambda v: uint(v, MAXIMUM_STREAM, "the logs"), total, cell_count, estimator],
)
TYPES[20] = ("names", [round_number, lacking, asked, named])


def sketch_types(parts):
    """The checks of `sketch`: its last field depends on the one before."""
    kind = uint(parts[2], 2, "the kind") if len(parts) > 2 else 0
    return ("sketch", [round_number, lambda v: uint(v, 2, "the kind"), sketch_answer(kind)])


def blob_message(kind, parts):
    name, count, check = blobs.TYPES[kind]
    require(len(parts) == 1 + count, f"{name} has {1 + count} elements")
    check(parts[1:])
    return parts


def decode(data):
    """[MSG-1], [MSG-2] Type and value of a message; of an extension only the type is known."""
    require(len(data) <= MAXIMUM_MESSAGE, "the message is too long")
    parts = array(cbor.decode(data), "a message", least=1)
    kind = uint(parts[0], MAXIMUM_UINT, "the type")
    if kind >= FIRST_EXTENSION:
        return kind, parts
    if kind in blobs.TYPES:
        return kind, blob_message(kind, parts)
    require(kind in TYPES or kind == 19, "an unknown type")
    name, fields = sketch_types(parts) if kind == 19 else TYPES[kind]
    require(len(parts) == 1 + len(fields), f"{name} has {1 + len(fields)} elements")
    require(kind != 17 or parts[1] != 0 or parts[2] == [], "want of everything names no logs")
    value = [kind] + [check(part) for check, part in zip(fields, parts[1:])]
    require(kind != 6 or value[4] == 0 or value[4] > value[3], "get that ends before it begins")
    return kind, value
