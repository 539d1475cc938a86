"""batch.json: runs of entries that verify on their own."""

import cbor
from checkpoint import Checkpoint
from curve25519 import sign
from entry import Header, leaf_hash, sha256
from log import (
    Batch,
    append,
    frontier,
    root,
    root_beyond,
    tail,
)
from vectors import START, File, Log, flip, note, secret


def hexes(values):
    return [v.hex() for v in values]


def make():
    file = File("batch", "log.md", "Batches: each verifies on its own with one signature.")
    log = Log.of_notes("batch", 21)

    def good(name, batch, rules="LOG-9 LOG-10", **more):
        file.good(
            name,
            rules,
            {"op": "batch-verify", "batch": cbor.encode(batch.value).hex(), **more},
            log=batch.log.hex(),
            **{"from": batch.start, "to": batch.to},
        )

    for start, to, size in (
        (0, 1, 1),
        (0, 1, 21),
        (0, 21, 21),
        (3, 5, 21),
        (4, 8, 16),
        (7, 8, 8),
        (7, 9, 21),
        (8, 9, 9),
        (20, 21, 21),
        (5, 13, 20),
        (16, 20, 21),
        (1, 2, 3),
    ):
        good(f"entries {start} to {to} of {size}", log.batch(start, to, size))
    good("entries without bodies", log.batch(3, 9, 21, bodies=False))
    mixed = log.batch(3, 9, 21)
    mixed.entries[1] = log.batch(4, 5, 21, bodies=False).entries[0]
    good("one entry without its body", mixed)
    held = {"size": 5, "frontier": hexes(frontier(log.leaves[:5]))}
    good("appended to what is held", log.batch(5, 9, 21), "LOG-12", held=held)
    good("appended to nothing", log.batch(0, 9, 21), "LOG-12", held={"size": 0, "frontier": []})
    twin = Log("batch", [note("another first post")] + log.bodies[1:])
    good("another branch, on its own", twin.batch(5, 9, 21), "LOG-9")
    start, hashes_ = 2**32 - 2, [sha256(bytes([i])) for i in range(31)]
    header = Header.of(log.key, start, START, log.bodies[0])
    last = Checkpoint.signed(
        log.seed, start + 1, root_beyond(append(hashes_, start, header.address), start + 1, [], start + 1)
    )
    good(
        "the last entry that a log can have",
        Batch(log.key, start, hashes_, [[START, log.bodies[0]]], last, []),
    )
    odd = Log("batch odd", [b"\xff" * 17, b"\0" * 40])
    good("bodies that do not decode", odd.batch(0, 2, 2), "ENTRY-8")
    false_batches(file, log, twin)
    signed_nonsense(file, log)
    return file


def signed_nonsense(file, log):
    """Entries beyond what a header may say, in a tree that leads to them and that the author signed."""
    digest = sha256(b"body")

    def bad(name, header, entry):
        leaves = log.leaves[:4] + [leaf_hash(header.encoded)]
        checkpoint = Checkpoint.signed(log.seed, 5, root(leaves))
        value = [log.key, 4, frontier(leaves[:4]), [entry], checkpoint.value, []]
        file.bad(
            f"signed all the same: {name}", "LOG-8", {"op": "batch-verify", "batch": cbor.encode(value).hex()}
        )

    for name, time, length, hash_ in (
        ("time 2^53", 2**53, 20, digest),
        ("time 2^64-1", 2**64 - 1, 20, digest),
        ("a body length of 16", START, 16, digest),
        ("a body length of 0", START, 0, digest),
        ("a body length of 65,537", START, 65537, digest),
        ("a body length of 2^64-1", START, 2**64 - 1, digest),
        ("a body hash of 31 bytes", START, 20, digest[:31]),
        ("a body hash of 33 bytes", START, 20, digest + b"\0"),
        ("a body hash of nothing", START, 20, b""),
    ):
        bad(name, Header(log.key, 4, time, length, hash_), [time, length, hash_])
    for length in (0, 1, 16, 65537):
        body = bytes(length)
        bad(f"a body of {length} bytes", Header.of(log.key, 4, START, body), [START, body])


def false_batches(file, log, twin):
    good = log.batch(5, 9, 14)
    value = good.value

    def raw(name, rules, data, **more):
        file.bad(name, rules, {"op": "batch-verify", "batch": data.hex(), **more})

    def bad(name, rules, position, changed, of=value, **more):
        raw(name, rules, cbor.encode(of[:position] + [changed] + of[position + 1 :]), **more)

    entries, tail_, front = value[3], value[5], value[2]
    held = {"size": 5, "frontier": hexes(frontier(twin.leaves[:5]))}
    raw("a frontier that is not the one held", "LOG-12", cbor.encode(value), held=held)
    raw(
        "held to another size",
        "LOG-12",
        cbor.encode(value),
        held={"size": 4, "frontier": hexes(frontier(log.leaves[:4]))},
    )
    raw(
        "held frontier of another size",
        "LOG-12",
        cbor.encode(value),
        held={"size": 5, "frontier": hexes(frontier(log.leaves[:4]))},
    )
    batch_structure(bad, raw, value)
    # Signed for, but not what the rules ask.
    bad("a checkpoint before the last entry", "LOG-9", 4, log.checkpoint(8).value)
    bad("a checkpoint before the first entry", "LOG-9", 4, log.checkpoint(3).value)
    bad("a checkpoint of another size", "LOG-10", 4, log.checkpoint(15).value)
    bad("a checkpoint of the last entry, the tail kept", "LOG-10", 4, log.checkpoint(9).value)
    bad("another branch's checkpoint", "LOG-10", 4, twin.checkpoint(14).value)
    bad("another log's checkpoint", "LOG-10", 4, Log.of_notes("another", 14).checkpoint(14).value)
    stranger = sign(secret("stranger"), log.checkpoint(14).text.encode())
    bad("a checkpoint that another key signed", "LOG-11", 4, [14, log.root(14), stranger])
    bad("a signature of the bare root", "LOG-11", 4, [14, log.root(14), sign(log.seed, log.root(14))])
    bad("another log's key", "LOG-10", 0, Log.of_notes("another", 1).key)
    bad("a signature of another size", "LOG-11", 4, [14, log.root(14), log.checkpoint(13).signature])
    bad("a size that was not signed", "LOG-11", 4, [15, log.root(14), log.checkpoint(14).signature])
    bad("no tail", "LOG-10", 5, [])
    bad("the last hash of the tail missing", "LOG-10", 5, tail_[:-1])
    bad("the first hash of the tail missing", "LOG-10", 5, tail_[1:])
    bad("a hash behind the tail", "LOG-10", 5, tail_ + [bytes(32)])
    bad("the last hash of the tail twice", "LOG-10", 5, tail_ + tail_[-1:])
    bad("the tail reversed", "LOG-10", 5, tail_[::-1])
    bad("the tail folded to one hash", "LOG-10", 5, [root(log.leaves[9:14])])
    bad("the tail split into leaves", "LOG-10", 5, log.leaves[9:14])
    bad("the tail from one entry earlier", "LOG-10", 5, tail(log.leaves, 8, 14))
    bad("the tail of another size", "LOG-10", 5, tail(log.leaves, 9, 13))
    bad("no frontier", "LOG-9", 2, [])
    bad("the first hash of the frontier missing", "LOG-9", 2, front[1:])
    bad("a hash behind the frontier", "LOG-9", 2, front + [bytes(32)])
    bad("the frontier reversed", "LOG-10", 2, front[::-1])
    bad("the frontier folded to one hash", "LOG-9", 2, [root(log.leaves[:5])])
    bad("another branch's frontier", "LOG-10", 2, frontier(twin.leaves[:5]))
    bad("from plus one", "LOG-9", 1, 6)
    bad("from minus one", "LOG-9", 1, 4)
    bad("from plus four, as many bits", "LOG-9", 1, 9)
    bad("from of as many bits", "LOG-10", 1, 3)
    bad("an entry fewer", "LOG-10", 3, entries[:-1])
    bad("an entry more", "LOG-10", 3, entries + log.batch(9, 10, 14).value[3])
    bad("the first entry missing", "LOG-10", 3, entries[1:])
    bad("two entries swapped", "LOG-10", 3, [entries[1], entries[0]] + entries[2:])
    bad("an entry twice", "LOG-10", 3, entries[:1] + entries[:1] + entries[2:])
    bad("a time plus one", "LOG-10", 3, [[entries[0][0] + 1, entries[0][1]]] + entries[1:])
    bad("a body of another entry", "LOG-10", 3, [[entries[0][0], entries[1][1]]] + entries[1:])
    bad("a body with a byte more", "LOG-10", 3, [[entries[0][0], entries[0][1] + b"\0"]] + entries[1:])
    bad("a body with a bit flipped", "LOG-10", 3, [[entries[0][0], flip(entries[0][1], 200)]] + entries[1:])
    dropped = [START + 5000, len(log.bodies[5]), sha256(log.bodies[5])]
    bad(
        "a dropped body's length plus one",
        "LOG-10",
        3,
        [[dropped[0], dropped[1] + 1, dropped[2]]] + entries[1:],
    )
    bad(
        "a dropped body's hash with a bit flipped",
        "LOG-10",
        3,
        [dropped[:2] + [flip(dropped[2])]] + entries[1:],
    )
    first = log.batch(0, 2, 2).value
    bad("from 0 with a frontier", "LOG-9", 2, [bytes(32)], of=first)
    bad("a tail at the checkpoint's own size", "LOG-10", 5, [log.leaves[1]], of=first)
    small = cbor.encode(log.batch(5, 6, 8).value).hex()
    file.every(
        "bit", "batch", "any bit flipped", "LOG-8 LOG-9 LOG-10 LOG-11", {"op": "batch-verify", "batch": small}
    )
    file.every("truncation", "batch", "cut anywhere", "LOG-8", {"op": "batch-verify", "batch": small})
    bare = cbor.encode(log.batch(5, 6, 6, bodies=False).value).hex()
    file.every(
        "bit",
        "batch",
        "any bit flipped, without bodies",
        "LOG-8 LOG-9 LOG-10 LOG-11",
        {"op": "batch-verify", "batch": bare},
    )


def batch_structure(bad, raw, value):
    log_key, entries, checkpoint = value[0], value[3], value[4]
    body = entries[0][1]
    bad("a log key of 31 bytes", "LOG-8", 0, log_key[:31])
    bad("a log key as text", "LOG-8", 0, log_key.hex())
    for start in (2**32 - 1, 2**32, 2**64 - 1, -1):
        bad(f"from {start}", "LOG-8", 1, start)
    bad("from as a float", "LOG-8", 1, 5.0)
    bad("33 hashes of frontier", "LOG-8", 2, [bytes(32)] * 33)
    bad("a frontier of 31 bytes", "LOG-8", 2, [h[:31] for h in value[2]])
    bad("a frontier in one string", "LOG-8", 2, b"".join(value[2]))
    bad("65 hashes of tail", "LOG-8", 5, [bytes(32)] * 65)
    bad("a null tail", "LOG-8", 5, None)
    bad("no entries", "LOG-8", 3, [])
    bad("4,097 entries", "LOG-8", 3, [[0, 17, bytes(32)]] * 4097)
    for name, entry in {
        "of nothing": [],
        "of a time": [START],
        "of four elements": [START, 17, bytes(32), 0],
        "of a body of 16 bytes": [START, body[:16]],
        "of a body of no bytes": [START, b""],
        "of a text body": [START, "a" * 20],
        "of time 2^53": [2**53, body],
        "of time -1": [-1, body],
        "of a null body": [START, None],
        "of a length of 16": [START, 16, bytes(32)],
        "of a length of 65537": [START, 65537, bytes(32)],
        "of a short hash": [START, 17, bytes(31)],
        "of body and hash": [START, body, bytes(32)],
        "of a length alone": [START, 17],
        "in a map": {0: START, 1: body},
        "as bytes": body,
    }.items():
        bad(f"an entry {name}", "LOG-8", 3, [entry] + entries[1:])
    for name, changed in {
        "of size 0": [0] + checkpoint[1:],
        "of size 2^32": [2**32] + checkpoint[1:],
        "of size 2^64-1": [2**64 - 1] + checkpoint[1:],
        "with a short root": [14, checkpoint[1][:31], checkpoint[2]],
        "with a short signature": checkpoint[:2] + [checkpoint[2][:63]],
        "with a long signature": checkpoint[:2] + [checkpoint[2] + b"\0"],
        "without signature": checkpoint[:2],
        "of four elements": checkpoint + [0],
        "of null": None,
        "of zeros for a signature": checkpoint[:2] + [bytes(64)],
    }.items():
        bad(f"a checkpoint {name}", "LOG-8 CP-6", 4, changed)
    data = cbor.encode(value)
    raw("an element fewer", "LOG-8", cbor.encode(value[:5]))
    raw("an element more", "LOG-8", cbor.encode(value + [0]))
    raw("a byte behind", "LOG-8", data + b"\0")
    raw("from in two bytes", "CBOR-2", data.replace(log_key + b"\x05", log_key + b"\x18\x05"))
    raw("a map", "LOG-8", cbor.encode(dict(enumerate(value))))
    raw("nothing", "LOG-8", b"")
    raw(
        "2^32-1 entries announced",
        "CBOR-1",
        cbor.encode(value[:3])[1:].join([b"\x86", b"\x9a\xff\xff\xff\xff"]),
    )
