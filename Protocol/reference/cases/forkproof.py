"""forkproof.json: two checkpoints that cannot both be true."""

import cbor
from entry import sha256
from log import (
    ForkProof,
    consistency_prove,
    frontier,
    tail,
)
from vectors import File, Log, note


def make():
    file = File("forkproof", "log.md", "Two checkpoints of one log that cannot both be true.")
    log = Log.of_notes("fork", 9)
    twin = Log("fork", log.bodies[:4] + [note(f"the other branch, post {i}") for i in range(4, 9)])
    op = {"op": "forkproof-verify"}

    def proof(a, b, others):
        return ForkProof(
            a,
            b,
            frontier(others.leaves[: a.size]) if a.size < b.size else [],
            tail(others.leaves, a.size, b.size) if a.size < b.size else [],
        )

    def good(name, p):
        file.good(
            name, "LOG-13 LOG-14 LOG-15", {**op, "proof": cbor.encode(p.value).hex()}, log=log.key.hex()
        )

    for m, n in ((5, 6), (5, 9), (6, 8), (8, 9), (7, 8)):
        good(f"size {m} against {n}", proof(log.checkpoint(m), twin.checkpoint(n), twin))
    first, second = sorted((log.checkpoint(5), twin.checkpoint(5)), key=lambda c: c.root)
    equal = proof(first, second, log)
    good("two roots of one size", equal)
    false_fork_proofs(file, op, log, twin, equal, proof)
    return file


def false_fork_proofs(file, op, log, twin, equal, proof):
    fork = proof(log.checkpoint(5), twin.checkpoint(8), twin)
    v, e = fork.value, equal.value

    def raw(name, value, rules="LOG-13 LOG-14 LOG-15"):
        file.bad(name, rules, {**op, "proof": (value if type(value) is bytes else cbor.encode(value)).hex()})

    raw("one checkpoint against itself", [v[0], v[1], v[1], [], []])
    raw("one size, the larger root first", [e[0], e[2], e[1], [], []])
    raw("one size, with a frontier", [e[0], e[1], e[2], frontier(log.leaves[:5]), []])
    raw("one size, with a tail", [e[0], e[1], e[2], [], [bytes(32)]])
    raw("one size, one root, two signatures", [v[0], v[1], [5, v[1][1], e[2][2]], [], []])
    for m, n in ((5, 8), (1, 9), (4, 5), (8, 9)):
        raw(f"{m} and {n} of one branch", proof(log.checkpoint(m), log.checkpoint(n), log).value)
    raw("before the branches part", proof(log.checkpoint(4), twin.checkpoint(9), twin).value)
    raw("the older branch's own frontier", [v[0], v[1], v[2], frontier(log.leaves[:5]), v[4]])
    raw("the larger checkpoint first", [v[0], v[2], v[1], v[3], v[4]])
    raw("no frontier", [v[0], v[1], v[2], [], v[4]])
    raw("no tail", [v[0], v[1], v[2], v[3], []])
    raw("neither frontier nor tail", [v[0], v[1], v[2], [], []])
    raw("a hash behind the tail", [v[0], v[1], v[2], v[3], v[4] + [bytes(32)]])
    raw("a hash behind the frontier", [v[0], v[1], v[2], v[3] + [bytes(32)], v[4]])
    raw("the first hash of the frontier missing", [v[0], v[1], v[2], v[3][1:], v[4]])
    raw("the tail reversed", [v[0], v[1], v[2], v[3], v[4][::-1]])
    raw("the tail in the frontier's place", [v[0], v[1], v[2], v[4], v[3]])
    raw(
        "the consistency of the two sizes for a tail",
        [v[0], v[1], v[2], [], consistency_prove(twin.leaves[:8], 5)],
    )
    raw("A signed by nobody", [v[0], [5, v[1][1], bytes(64)], v[2], v[3], v[4]])
    raw("A's root made up", [v[0], [5, sha256(b"x"), v[1][2]], v[2], v[3], v[4]])
    raw("B signed by nobody", [v[0], v[1], [8, v[2][1], bytes(64)], v[3], v[4]])
    raw("A and B with each other's signature", [v[0], v[1][:2] + [v[2][2]], v[2][:2] + [v[1][2]], v[3], v[4]])
    other = Log.of_notes("another", 9)
    raw("another log's key", [other.key, v[1], v[2], v[3], v[4]])
    raw("B of another log", proof(log.checkpoint(5), other.checkpoint(8), other).value)
    raw("A of another log", [v[0], other.checkpoint(5).value, v[2], v[3], v[4]])
    raw("sizes changed", [v[0], [6] + v[1][1:], v[2], v[3], v[4]])
    raw("A of size 0", [v[0], [0] + v[1][1:], v[2], [], [v[2][1]]])
    raw("B of size 2^32", [v[0], v[1], [2**32] + v[2][1:], v[3], v[4]])
    raw("33 hashes of frontier", [v[0], v[1], v[2], [bytes(32)] * 33, v[4]])
    raw("65 hashes of tail", [v[0], v[1], v[2], v[3], [bytes(32)] * 65])
    raw("an element fewer", v[:4])
    raw("an element more", v + [0])
    raw("a byte behind", cbor.encode(v) + b"\0")
    raw("nothing", b"")
    raw("a batch", cbor.encode(log.batch(0, 1, 1).value))
    data = cbor.encode(v).hex()
    file.every("bit", "proof", "any bit flipped", "LOG-13 LOG-14 LOG-15", {**op, "proof": data})
    file.every(
        "bit", "proof", "one size, any bit flipped", "LOG-13 LOG-14", {**op, "proof": cbor.encode(e).hex()}
    )
    file.every("truncation", "proof", "cut anywhere", "LOG-13", {**op, "proof": data})
