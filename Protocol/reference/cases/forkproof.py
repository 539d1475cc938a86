"""forkproof.json: two checkpoints that cannot both be true."""

import cbor
from entry import sha256
from log import (
    ForkProof,
    Parting,
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
            name,
            "LOG-13 LOG-14 LOG-15 LOG-20",
            {**op, "proof": cbor.encode(p.value).hex()},
            log=log.key.hex(),
            bound=p.bound,
        )

    for m, n in ((5, 6), (5, 9), (6, 8), (8, 9), (7, 8)):
        good(f"size {m} against {n}", proof(log.checkpoint(m), twin.checkpoint(n), twin))
    first, second = sorted((log.checkpoint(5), twin.checkpoint(5)), key=lambda c: c.root)
    equal = proof(first, second, log)
    good("two roots of one size", equal)
    false_fork_proofs(file, op, log, twin, equal, proof)
    located_proofs(file, op)
    return file


def located(one, other, m, n, index):
    """The proof that trees of m and n entries part at the index, whether they do or not."""
    sides = [(one.checkpoint(m), one.leaves), (other.checkpoint(n), other.leaves)]
    (a, mine), (b, theirs) = sorted(sides, key=lambda side: (side[0].size, side[0].root))
    behind = [
        tail(leaves, index + 1, top.size) if index + 1 < top.size else [] for top, leaves in ((a, mine), (b, theirs))
    ]
    parting = Parting(index, mine[index], theirs[index], behind[0])
    return ForkProof(a, b, frontier(mine[:index]), behind[1], parting)


def located_proofs(file, op):
    rules = "LOG-18 LOG-19 LOG-20"
    log = Log.of_notes("parting", 17)

    def twin(at, salt="the other branch"):
        return Log("parting", log.bodies[:at] + [note(f"{salt}, post {i}") for i in range(at, 17)])

    def good(name, p):
        request = {**op, "proof": cbor.encode(p.value).hex()}
        file.good(name, rules, request, log=log.key.hex(), bound=p.bound)

    for at in (0, 1, 5, 7, 8, 14):
        other = twin(at)
        for m, n in ((at + 1, at + 1), (at + 1, 16), (17, at + 2), (15, 17), (16, 16)):
            good(f"parted at {at}, sizes {m} and {n}", located(log, other, m, n, at))

    other = twin(5)
    v = located(log, other, 9, 12, 5).value

    def raw(name, value):
        file.bad(f"parted, {name}", rules, {**op, "proof": cbor.encode(value).hex()})

    def change(name, **parts):
        raw(name, [parts.get(f"p{i}", part) for i, part in enumerate(v)])

    raw("one history, said to part", located(log, log, 9, 12, 5).value)
    raw("before the histories part", located(log, other, 9, 12, 4).value)
    raw("behind where the histories part", located(log, other, 9, 12, 6).value)
    raw("a third history's leaf", v[:7] + [twin(5, "a third branch").leaves[5]] + v[8:])
    raw("A ends where they part", located(log, other, 9, 12, 5).value[:1] + [log.checkpoint(5).value] + v[2:])
    change("the leaves changed over", p6=v[7], p7=v[6])
    change("the leaves alike", p7=v[6])
    change("A and B changed over", p1=v[2], p2=v[1])
    raw("A and B changed over with all of theirs", [v[0], v[2], v[1], v[3], v[8], v[5], v[7], v[6], v[4]])
    same = located(log, other, 9, 9, 5).value
    raw("one size, the larger root first", [same[0], same[2], same[1], same[3], same[8], 5, same[7], same[6], same[4]])
    change("the tails changed over", p4=v[8], p8=v[4])
    change("the index one less", p5=4)
    change("the index one more", p5=6)
    change("the index 0", p5=0)
    change("the index of the last entry", p5=8)
    change("the index of A's size", p5=9)
    change("the index 2^32-2", p5=2**32 - 2)
    change("the index 2^32-1", p5=2**32 - 1)
    change("the index 2^64-1", p5=2**64 - 1)
    change("no frontier", p3=[])
    change("a hash behind the frontier", p3=v[3] + [bytes(32)])
    change("the frontier at the next index", p3=frontier(log.leaves[:6]))
    change("no tail of B", p4=[])
    change("no tail of A", p8=[])
    change("a hash behind B's tail", p4=v[4] + [bytes(32)])
    change("a hash behind A's tail", p8=v[8] + [bytes(32)])
    change("65 hashes of A's tail", p8=[bytes(32)] * 65)
    change("a leaf of 31 bytes", p6=v[6][1:])
    change("A signed by nobody", p1=v[1][:2] + [bytes(64)])
    change("B signed by nobody", p2=v[2][:2] + [bytes(64)])
    change("another log's key", p0=Log.of_notes("another", 3).key)
    for count in (6, 7, 8):
        raw(f"{count} elements", v[:count])
    raw("an element more than a parting has", v + [0])
    data = cbor.encode(v).hex()
    file.every("bit", "proof", "parted, any bit flipped", rules, {**op, "proof": data})
    file.every("truncation", "proof", "parted, cut anywhere", rules, {**op, "proof": data})


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
