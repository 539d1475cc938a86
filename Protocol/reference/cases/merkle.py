"""merkle.json: roots, frontiers, tails and proofs, and false ones."""

from entry import leaf_hash, sha256
from log import (
    consistency_prove,
    frontier,
    inclusion_prove,
    inclusion_root,
    node_hash,
    root,
    tail,
)
from vectors import File, flip


def hexes(values):
    return [v.hex() for v in values]


# The leaves of the vectors that certificate transparency implementations share.
LEAVES = [
    bytes.fromhex(h)
    for h in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]


def make():
    file = File(
        "merkle",
        "log.md",
        "Roots, frontiers, tails, inclusion and consistency of small trees, and false proofs.",
    )
    data = LEAVES + [bytes([i]) for i in range(8, 33)]
    leaves = [leaf_hash(d) for d in data]
    for n in list(range(10)) + [15, 33]:
        request = {"leaves": hexes(data[:n])}
        file.good(f"root of {n}", "LOG-1", {"op": "merkle-root", **request}, root=root(leaves[:n]).hex())
        file.good(
            f"frontier of {n}", "LOG-2", {"op": "frontier", **request}, frontier=hexes(frontier(leaves[:n]))
        )
    shapes(file, data, leaves)
    inclusion(file, leaves)
    consistency(file, leaves)
    return file


def shapes(file, data, leaves):
    for n in (1, 2, 3, 4, 5, 7, 13):
        request = {"leaves": hexes(data[:n]), "size": n}
        for m in range(1, n + 1):
            file.good(
                f"tail from {m} to {n}",
                "LOG-3",
                {"op": "tail", **request, "from": m},
                tail=hexes(tail(leaves, m, n)),
            )
    few = hexes(data[:3])
    file.good(
        "tail in fewer leaves than there are",
        "LOG-3",
        {"op": "tail", "leaves": hexes(data[:8]), "from": 3, "size": 6},
        tail=hexes(tail(leaves, 3, 6)),
    )
    file.bad("tail from behind its size", "LOG-3", {"op": "tail", "leaves": few, "from": 3, "size": 2})
    file.bad(
        "tail of more leaves than there are", "LOG-3", {"op": "tail", "leaves": few, "from": 1, "size": 4}
    )
    for n in (1, 2, 3, 5, 7):
        for i in range(n):
            file.good(
                f"inclusion of {i} in {n}, proven",
                "LOG-6",
                {"op": "inclusion-prove", "leaves": hexes(data[:n]), "index": i, "size": n},
                proof=hexes(inclusion_prove(leaves[:n], i)),
            )
        for m in range(1, n + 1):
            file.good(
                f"consistency of {m} with {n}, proven",
                "LOG-7",
                {"op": "consistency-prove", "leaves": hexes(data[:n]), "size1": m, "size2": n},
                proof=hexes(consistency_prove(leaves[:n], m)),
            )
    for name, index, size in (
        ("at its size", 3, 3),
        ("behind its size", 4, 3),
        ("of an empty tree", 0, 0),
        ("in more leaves than there are", 0, 4),
        ("at 2^64-1", 2**64 - 1, 3),
    ):
        file.bad(
            f"inclusion proven {name}",
            "LOG-6",
            {"op": "inclusion-prove", "leaves": few, "index": index, "size": size},
        )
    for name, size1, size2 in (
        ("from 0", 0, 3),
        ("of 0 with 0", 0, 0),
        ("backwards", 3, 2),
        ("in more leaves than there are", 2, 4),
        ("from 2^64-1", 2**64 - 1, 3),
    ):
        file.bad(
            f"consistency proven {name}",
            "LOG-7",
            {"op": "consistency-prove", "leaves": few, "size1": size1, "size2": size2},
        )


def inclusion(file, leaves):
    def request(leaf, index, size, proof, root_):
        return {
            "op": "inclusion-verify",
            "leaf_hash": leaf.hex(),
            "index": index,
            "size": size,
            "proof": hexes(proof),
            "root": root_.hex(),
        }

    for n in (1, 2, 3, 5, 8, 33):
        for i in sorted({0, 1, n // 2, n - 2, n - 1} & set(range(n))):
            file.good(
                f"inclusion of {i} in {n}",
                "LOG-6",
                request(leaves[i], i, n, inclusion_prove(leaves[:n], i), root(leaves[:n])),
            )
    for index, size in ((0, 1), (5, 8), (1, 5), (4, 5), (6, 7)):
        tree = leaves[:size]
        leaf, proof, r = tree[index], inclusion_prove(tree, index), root(tree)
        false_inclusions(file, f"of {index} in {size}", request, leaf, index, size, proof, r)
    largest = 2**32 - 1
    made_up = [sha256(bytes([i])) for i in range(33)]
    for index, count in ((0, 32), (2**31, 32), (largest - 1, 31), (largest - 2, 32)):
        r = inclusion_root(leaves[0], index, largest, made_up[:count])
        file.good(
            f"inclusion of {index} in 2^32-1", "LOG-6", request(leaves[0], index, largest, made_up[:count], r)
        )
        file.bad(
            f"inclusion of {index} in 2^32-1, a hash more",
            "LOG-6",
            request(leaves[0], index, largest, made_up[: count + 1], r),
        )
    for size, count in ((2**32, 32), (2**63, 63)):
        r = leaves[0]
        for hash_ in (made_up * 2)[:count]:
            r = node_hash(r, hash_)
        file.bad(
            f"inclusion of 0 in {size}, otherwise true",
            "LOG-5",
            request(leaves[0], 0, size, (made_up * 2)[:count], r),
        )
    empty = sha256(b"")
    for name, leaf, index, size, proof, r in (
        ("in nothing, by nothing", empty, 0, 0, [], empty),
        ("in nothing, the empty root as leaf", empty, 0, 0, [empty], empty),
        ("in a tree of size 0 with another root", leaves[0], 0, 0, [], leaves[0]),
        ("at 1 in 1", leaves[0], 1, 1, [], leaves[0]),
        ("at 2 in 1", leaves[0], 2, 1, [], leaves[0]),
        ("in 1 with the leaf for a proof", leaves[0], 0, 1, [leaves[0]], leaves[0]),
        ("in 2^32 entries", leaves[0], 0, 2**32, [leaves[0]] * 32, leaves[0]),
        ("in 2^64-1 entries", leaves[0], 2**64 - 2, 2**64 - 1, [leaves[0]] * 64, leaves[0]),
        ("with 33 hashes", leaves[0], 0, 2**32 - 1, [leaves[0]] * 33, leaves[0]),
    ):
        file.bad(f"inclusion {name}", "LOG-6", request(leaf, index, size, proof, r))
    inner = node_hash(leaves[0], leaves[1])
    file.bad(
        "inclusion of an inner node as a leaf of a smaller tree's shape",
        "LOG-6",
        request(inner, 0, 4, inclusion_prove(leaves[:4], 0)[1:], root(leaves[:4])),
    )
    for field in ("leaf_hash", "root"):
        tree = leaves[:5]
        file.every(
            "bit",
            field,
            f"inclusion, any bit of {field} flipped",
            "LOG-6",
            request(tree[3], 3, 5, inclusion_prove(tree, 3), root(tree)),
        )


def false_inclusions(file, where, request, leaf, index, size, proof, r):
    def bad(name, *changed):
        file.bad(f"inclusion {where}: {name}", "LOG-6", request(*changed))

    junk = sha256(b"junk")
    bad("index plus one", leaf, index + 1, size, proof, r)
    if index:
        bad("index minus one", leaf, index - 1, size, proof, r)
        if index > 1:
            bad("index 0", leaf, 0, size, proof, r)
        bad("index times two", leaf, index * 2, size, proof, r)
    bad("index xor 2", leaf, index ^ 2, size, proof, r)
    bad("index plus the size", leaf, index + size, size, proof, r)
    bad("index plus 2^32", leaf, index + 2**32, size, proof, r)
    bad("size times two", leaf, index, size * 2, proof, r)
    if (
        len(inclusion_path(index, size)) != len(inclusion_path(index, max(size // 2, 1)))
        and index < size // 2
    ):
        bad("size halved", leaf, index, size // 2, proof, r)
    bad("leaf of nothing", sha256(b""), index, size, proof, r)
    bad("leaf replaced", junk, index, size, proof, r)
    bad("root replaced", leaf, index, size, proof, junk)
    bad("root of nothing", leaf, index, size, proof, sha256(b""))
    bad("a hash behind", leaf, index, size, proof + [junk], r)
    bad("a zero hash behind", leaf, index, size, proof + [bytes(32)], r)
    bad("the root behind", leaf, index, size, proof + [r], r)
    bad("a hash in front", leaf, index, size, [junk] + proof, r)
    bad("the leaf in front", leaf, index, size, [leaf] + proof, r)
    bad("the root instead of the proof", leaf, index, size, [r], r)
    if proof:
        bad("no proof", leaf, index, size, [], r)
        bad("the last hash missing", leaf, index, size, proof[:-1], r)
        bad("the first hash missing", leaf, index, size, proof[1:], r)
        bad("root given as leaf", r, index, size, proof, r)
        bad("root as leaf without proof", r, index, size, [], r)
    if len(proof) > 1:
        bad("the proof reversed", leaf, index, size, proof[::-1], r)
        bad("a hash twice", leaf, index, size, proof[:1] + proof, r)
    for i, hash_ in enumerate(proof):
        bad(
            f"hash {i} with a bit flipped",
            leaf,
            index,
            size,
            proof[:i] + [flip(hash_, 8 * i)] + proof[i + 1 :],
            r,
        )


def inclusion_path(index, size):
    return inclusion_prove([bytes(32)] * size, index) if index < size else []


def consistency(file, leaves):
    def request(size1, root1, size2, root2, proof):
        return {
            "op": "consistency-verify",
            "size1": size1,
            "root1": root1.hex(),
            "size2": size2,
            "root2": root2.hex(),
            "proof": hexes(proof),
        }

    pairs = [
        (1, 1),
        (1, 2),
        (2, 2),
        (1, 3),
        (2, 3),
        (3, 4),
        (2, 5),
        (4, 5),
        (6, 8),
        (1, 8),
        (7, 8),
        (4, 8),
        (5, 13),
        (8, 16),
        (31, 33),
        (32, 33),
        (33, 33),
    ]
    for m, n in pairs:
        old, new, proof = root(leaves[:m]), root(leaves[:n]), consistency_prove(leaves[:n], m)
        file.good(f"consistency of {m} with {n}", "LOG-7", request(m, old, n, new, proof))
    for m, n in ((1, 1), (1, 8), (6, 8), (2, 5), (4, 8), (32, 33)):
        old, new, proof = root(leaves[:m]), root(leaves[:n]), consistency_prove(leaves[:n], m)
        false_consistencies(file, f"of {m} with {n}", request, m, old, n, new, proof)
    a, b, empty = root(leaves[:3]), root(leaves[:5]), sha256(b"")
    for name, args in {
        "of 0 with 0, by nothing": (0, empty, 0, empty, []),
        "of 0 with 5, by nothing": (0, empty, 5, b, []),
        "of 0 with 5, other root": (0, a, 5, b, []),
        "of 0 with 5, by a hash": (0, empty, 5, b, [b]),
        "of 0 with 0, two roots": (0, a, 0, b, []),
        "of 1 with 0": (1, leaves[0], 0, empty, []),
        "of one size with two roots": (3, a, 3, b, []),
        "of one size with one root, by a hash": (3, a, 3, a, [a]),
        "of one size with two roots, by a hash": (3, a, 3, b, [a]),
        "backwards": (5, b, 3, a, consistency_prove(leaves[:5], 3)),
        "backwards, by nothing": (5, b, 3, a, []),
        "of 2 with 3, the roots the same": (2, a, 3, a, []),
        "of 4 with 2^32": (4, root(leaves[:4]), 2**32, b, [a] * 30),
        "of 2^63 with 2^63": (2**63, a, 2**63, a, []),
        "of 2^64-1 with 2^64-1": (2**64 - 1, a, 2**64 - 1, a, []),
        "with 33 hashes": (1, a, 2**32 - 1, b, [a] * 33),
    }.items():
        file.bad(f"consistency {name}", "LOG-7", request(*args))
    for field in ("root1", "root2"):
        file.every(
            "bit",
            field,
            f"consistency, any bit of {field} flipped",
            "LOG-7",
            request(3, a, 5, b, consistency_prove(leaves[:5], 3)),
        )


def false_consistencies(file, where, request, m, old, n, new, proof):
    def bad(name, *changed):
        file.bad(f"consistency {where}: {name}", "LOG-7", request(*changed))

    junk = sha256(b"junk")
    if m != n:
        bad("older size minus one", m - 1, old, n, new, proof)
        bad("older size plus one", m + 1, old, n, new, proof)
        if m ^ 2 <= n:
            bad("older size xor 2", m ^ 2, old, n, new, proof)
        bad("newer size times two", m, old, n * 2, new, proof)
        bad("older root as both", m, old, n, old, proof)
        bad("newer root as both", m, new, n, new, proof)
        bad("roots swapped", m, new, n, old, proof)
        bad("no proof", m, old, n, new, [])
        bad("the last hash missing", m, old, n, new, proof[:-1])
        bad("the first hash missing", m, old, n, new, proof[1:])
        if len(proof) > 1:
            bad("the proof reversed", m, old, n, new, proof[::-1])
    bad("older root replaced", m, junk, n, new, proof)
    bad("newer root replaced", m, old, n, junk, proof)
    bad("a hash behind", m, old, n, new, proof + [junk])
    bad("a hash in front", m, old, n, new, [junk] + proof)
    bad("the newer root behind", m, old, n, new, proof + [new])
    bad("the older root in front", m, old, n, new, [old] + proof)
    for i, hash_ in enumerate(proof):
        bad(f"hash {i} with a bit flipped", m, old, n, new, proof[:i] + [flip(hash_, 8 * i)] + proof[i + 1 :])
