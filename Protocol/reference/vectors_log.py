"""merkle.json, checkpoint.json, batch.json and forkproof.json."""

import cbor
from checkpoint import Checkpoint, key_id, origin, signature_line
from curve25519 import L, sign
from entry import Header, leaf_hash, sha256
from identifiers import base64_encode, did
from log import (Batch, ForkProof, append, consistency_prove, frontier, inclusion_prove, inclusion_root, node_hash, root,
                 root_beyond, tail)
from vectors import START, File, Log, flip, note, secret


def hexes(values):
    return [v.hex() for v in values]


# The leaves of the vectors that certificate transparency implementations share.
LEAVES = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]


def merkle_file():
    file = File("merkle", "log.md", "Roots, frontiers, tails, inclusion and consistency of small trees, and false proofs.")
    data = LEAVES + [bytes([i]) for i in range(8, 33)]
    leaves = [leaf_hash(d) for d in data]
    for n in list(range(10)) + [15, 33]:
        request = {"leaves": hexes(data[:n])}
        file.good(f"root of {n}", "LOG-1", {"op": "merkle-root", **request}, root=root(leaves[:n]).hex())
        file.good(f"frontier of {n}", "LOG-2", {"op": "frontier", **request}, frontier=hexes(frontier(leaves[:n])))
    shapes(file, data, leaves)
    inclusion(file, leaves)
    consistency(file, leaves)
    return file


def shapes(file, data, leaves):
    for n in (1, 2, 3, 4, 5, 7, 13):
        request = {"leaves": hexes(data[:n]), "size": n}
        for m in range(1, n + 1):
            file.good(f"tail from {m} to {n}", "LOG-3", {"op": "tail", **request, "from": m},
                      tail=hexes(tail(leaves, m, n)))
    few = hexes(data[:3])
    file.good("tail in fewer leaves than there are", "LOG-3", {"op": "tail", "leaves": hexes(data[:8]), "from": 3, "size": 6},
              tail=hexes(tail(leaves, 3, 6)))
    file.bad("tail from behind its size", "LOG-3", {"op": "tail", "leaves": few, "from": 3, "size": 2})
    file.bad("tail of more leaves than there are", "LOG-3", {"op": "tail", "leaves": few, "from": 1, "size": 4})
    for n in (1, 2, 3, 5, 7):
        for i in range(n):
            file.good(f"inclusion of {i} in {n}, proven", "LOG-6",
                      {"op": "inclusion-prove", "leaves": hexes(data[:n]), "index": i, "size": n},
                      proof=hexes(inclusion_prove(leaves[:n], i)))
        for m in range(1, n + 1):
            file.good(f"consistency of {m} with {n}, proven", "LOG-7",
                      {"op": "consistency-prove", "leaves": hexes(data[:n]), "size1": m, "size2": n},
                      proof=hexes(consistency_prove(leaves[:n], m)))
    for name, index, size in (("at its size", 3, 3), ("behind its size", 4, 3), ("of an empty tree", 0, 0),
                              ("in more leaves than there are", 0, 4), ("at 2^64-1", 2**64 - 1, 3)):
        file.bad(f"inclusion proven {name}", "LOG-6", {"op": "inclusion-prove", "leaves": few, "index": index, "size": size})
    for name, size1, size2 in (("from 0", 0, 3), ("of 0 with 0", 0, 0), ("backwards", 3, 2),
                               ("in more leaves than there are", 2, 4), ("from 2^64-1", 2**64 - 1, 3)):
        file.bad(f"consistency proven {name}", "LOG-7",
                 {"op": "consistency-prove", "leaves": few, "size1": size1, "size2": size2})


def inclusion(file, leaves):
    def request(leaf, index, size, proof, root_):
        return {"op": "inclusion-verify", "leaf_hash": leaf.hex(), "index": index, "size": size, "proof": hexes(proof),
                "root": root_.hex()}

    for n in (1, 2, 3, 5, 8, 33):
        for i in sorted({0, 1, n // 2, n - 2, n - 1} & set(range(n))):
            file.good(f"inclusion of {i} in {n}", "LOG-6",
                      request(leaves[i], i, n, inclusion_prove(leaves[:n], i), root(leaves[:n])))
    for index, size in ((0, 1), (5, 8), (1, 5), (4, 5), (6, 7)):
        tree = leaves[:size]
        leaf, proof, r = tree[index], inclusion_prove(tree, index), root(tree)
        false_inclusions(file, f"of {index} in {size}", request, leaf, index, size, proof, r)
    largest = 2**32 - 1
    made_up = [sha256(bytes([i])) for i in range(33)]
    for index, count in ((0, 32), (2**31, 32), (largest - 1, 31), (largest - 2, 32)):
        r = inclusion_root(leaves[0], index, largest, made_up[:count])
        file.good(f"inclusion of {index} in 2^32-1", "LOG-6", request(leaves[0], index, largest, made_up[:count], r))
        file.bad(f"inclusion of {index} in 2^32-1, a hash more", "LOG-6", request(leaves[0], index, largest, made_up[:count + 1], r))
    empty = sha256(b"")
    for name, leaf, index, size, proof, r in (
            ("in nothing, by nothing", empty, 0, 0, [], empty), ("in nothing, the empty root as leaf", empty, 0, 0, [empty], empty),
            ("in a tree of size 0 with another root", leaves[0], 0, 0, [], leaves[0]),
            ("at 1 in 1", leaves[0], 1, 1, [], leaves[0]), ("at 2 in 1", leaves[0], 2, 1, [], leaves[0]),
            ("in 1 with the leaf for a proof", leaves[0], 0, 1, [leaves[0]], leaves[0]),
            ("in 2^32 entries", leaves[0], 0, 2**32, [leaves[0]] * 32, leaves[0]),
            ("in 2^64-1 entries", leaves[0], 2**64 - 2, 2**64 - 1, [leaves[0]] * 64, leaves[0]),
            ("with 33 hashes", leaves[0], 0, 2**32 - 1, [leaves[0]] * 33, leaves[0])):
        file.bad(f"inclusion {name}", "LOG-6", request(leaf, index, size, proof, r))
    inner = node_hash(leaves[0], leaves[1])
    file.bad("inclusion of an inner node as a leaf of a smaller tree's shape", "LOG-6",
             request(inner, 0, 4, inclusion_prove(leaves[:4], 0)[1:], root(leaves[:4])))
    for field in ("leaf_hash", "root"):
        tree = leaves[:5]
        file.every("bit", field, f"inclusion, any bit of {field} flipped", "LOG-6",
                   request(tree[3], 3, 5, inclusion_prove(tree, 3), root(tree)))


def false_inclusions(file, where, request, leaf, index, size, proof, r):
    def bad(name, *changed):
        file.bad(f"inclusion {where}: {name}", "LOG-6", request(*changed))

    junk = sha256(b"junk")
    bad("index plus one", leaf, index + 1, size, proof, r)
    if index:
        bad("index minus one", leaf, index - 1, size, proof, r)
        bad("index 0", leaf, 0, size, proof, r) if index > 1 else None
    bad("index xor 2", leaf, index ^ 2, size, proof, r)
    bad("index plus the size", leaf, index + size, size, proof, r)
    bad("index plus 2^32", leaf, index + 2**32, size, proof, r)
    bad("index times two", leaf, index * 2, size, proof, r) if index else None
    bad("size times two", leaf, index, size * 2, proof, r)
    if len(inclusion_path(index, size)) != len(inclusion_path(index, max(size // 2, 1))) and index < size // 2:
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
        bad(f"hash {i} with a bit flipped", leaf, index, size, proof[:i] + [flip(hash_, 8 * i)] + proof[i + 1:], r)


def inclusion_path(index, size):
    return inclusion_prove([bytes(32)] * size, index) if index < size else []


def consistency(file, leaves):
    def request(size1, root1, size2, root2, proof):
        return {"op": "consistency-verify", "size1": size1, "root1": root1.hex(), "size2": size2, "root2": root2.hex(),
                "proof": hexes(proof)}

    pairs = [(1, 1), (1, 2), (2, 2), (1, 3), (2, 3), (3, 4), (2, 5), (4, 5), (6, 8), (1, 8), (7, 8), (4, 8), (5, 13),
             (8, 16), (31, 33), (32, 33), (33, 33)]
    for m, n in pairs:
        old, new, proof = root(leaves[:m]), root(leaves[:n]), consistency_prove(leaves[:n], m)
        file.good(f"consistency of {m} with {n}", "LOG-7", request(m, old, n, new, proof))
    for m, n in ((1, 1), (1, 8), (6, 8), (2, 5), (4, 8), (32, 33)):
        old, new, proof = root(leaves[:m]), root(leaves[:n]), consistency_prove(leaves[:n], m)
        false_consistencies(file, f"of {m} with {n}", request, m, old, n, new, proof)
    a, b, empty = root(leaves[:3]), root(leaves[:5]), sha256(b"")
    for name, args in {
        "of 0 with 0, by nothing": (0, empty, 0, empty, []), "of 0 with 5, by nothing": (0, empty, 5, b, []),
        "of 0 with 5, other root": (0, a, 5, b, []), "of 0 with 5, by a hash": (0, empty, 5, b, [b]),
        "of 0 with 0, two roots": (0, a, 0, b, []), "of 1 with 0": (1, leaves[0], 0, empty, []),
        "of one size with two roots": (3, a, 3, b, []), "of one size with one root, by a hash": (3, a, 3, a, [a]),
        "of one size with two roots, by a hash": (3, a, 3, b, [a]),
        "backwards": (5, b, 3, a, consistency_prove(leaves[:5], 3)), "backwards, by nothing": (5, b, 3, a, []),
        "of 2 with 3, the roots the same": (2, a, 3, a, []), "of 4 with 2^32": (4, root(leaves[:4]), 2**32, b, [a] * 30),
        "of 2^63 with 2^63": (2**63, a, 2**63, a, []), "of 2^64-1 with 2^64-1": (2**64 - 1, a, 2**64 - 1, a, []),
        "with 33 hashes": (1, a, 2**32 - 1, b, [a] * 33),
    }.items():
        file.bad(f"consistency {name}", "LOG-7", request(*args))
    for field in ("root1", "root2"):
        file.every("bit", field, f"consistency, any bit of {field} flipped", "LOG-7",
                   request(3, a, 5, b, consistency_prove(leaves[:5], 3)))


def false_consistencies(file, where, request, m, old, n, new, proof):
    def bad(name, *changed):
        file.bad(f"consistency {where}: {name}", "LOG-7", request(*changed))

    junk = sha256(b"junk")
    if m != n:
        bad("older size minus one", m - 1, old, n, new, proof)
        bad("older size plus one", m + 1, old, n, new, proof)
        bad("older size xor 2", m ^ 2, old, n, new, proof) if m ^ 2 <= n else None
        bad("newer size times two", m, old, n * 2, new, proof)
        bad("older root as both", m, old, n, old, proof)
        bad("newer root as both", m, new, n, new, proof)
        bad("roots swapped", m, new, n, old, proof)
        bad("no proof", m, old, n, new, [])
        bad("the last hash missing", m, old, n, new, proof[:-1])
        bad("the first hash missing", m, old, n, new, proof[1:])
        bad("the proof reversed", m, old, n, new, proof[::-1]) if len(proof) > 1 else None
    bad("older root replaced", m, junk, n, new, proof)
    bad("newer root replaced", m, old, n, junk, proof)
    bad("a hash behind", m, old, n, new, proof + [junk])
    bad("a hash in front", m, old, n, new, [junk] + proof)
    bad("the newer root behind", m, old, n, new, proof + [new])
    bad("the older root in front", m, old, n, new, [old] + proof)
    for i, hash_ in enumerate(proof):
        bad(f"hash {i} with a bit flipped", m, old, n, new, proof[:i] + [flip(hash_, 8 * i)] + proof[i + 1:])


def checkpoint_file():
    file = File("checkpoint", "checkpoint.md", "Signed notes: the log's own signature holds, whatever witnesses add.")
    log = Log.of_notes("checkpoint", 5)
    good = log.checkpoint(5)
    d = did(log.key)

    def case(name, text, ok=False, rules="CP-2"):
        request = {"op": "checkpoint-verify", "note": text, "did": d}
        file.good(name, rules, request) if ok else file.bad(name, rules, request)

    def signed(text):
        return text + "\n" + signature_line(origin(log.key), log.key, sign(log.seed, text.encode()))

    for size in (1, 2, 5):
        case(f"size {size}", log.checkpoint(size).note, True, "CP-1")
    case("size 2^32-1", Checkpoint.signed(log.seed, 2**32 - 1, log.root(5)).note, True, "CP-1")
    note_texts(case, signed, good, log)
    witnesses(case, good, log)
    signatures(case, good, log)
    other = Log.of_notes("another", 1)
    file.bad("asked of another log", "CP-4", {"op": "checkpoint-verify", "note": good.note, "did": did(other.key)})
    file.bad("asked of no log", "CP-4", {"op": "checkpoint-verify", "note": good.note, "did": d[8:]})
    file.every("character", "note", "any character changed or left out", "CP-2 CP-5",
               {"op": "checkpoint-verify", "note": good.note, "did": d})
    return file


def note_texts(case, signed, good, log):
    o, size, root_ = good.text.splitlines()
    for name, lines in {
        "an extension line": (o, size, root_, "extension"), "size 0": (o, "0", base64_encode(sha256(b""))),
        "size with a leading zero": (o, "05", root_), "size with a plus": (o, "+5", root_), "a negative size": (o, "-5", root_),
        "size 2^32": (o, str(2**32), root_), "size 2^64+5": (o, str(2**64 + 5), root_), "size in hexadecimal": (o, "0x5", root_),
        "an empty size": (o, "", root_), "a size in other digits": (o, "\u0665", root_), "size with a space": (o, "5 ", root_),
        "root of 31 bytes": (o, size, base64_encode(log.root(5)[:31])), "root of 33 bytes": (o, size, base64_encode(log.root(5) + b"\0")),
        "root in hexadecimal": (o, size, log.root(5).hex()), "root without padding": (o, size, root_[:-1]),
        "root with stray bits": (o, size, stray(root_)), "root with a space": (o, size, root_ + " "),
        "root in the URL alphabet": (o, size, root_.replace("+", "-").replace("/", "_") if set(root_) & set("+/") else "-" + root_[1:]),
        "origin without starling/": (o[9:], size, root_), "origin with a capital": ("S" + o[1:], size, root_),
        "origin of another log": (origin(secret("x")), size, root_), "origin with a slash": (o + "/", size, root_),
        "origin with a space": (o + " ", size, root_), "lines in another order": (o, root_, size), "no origin": (size, root_),
        "no root": (o, size), "a carriage return": (o + "\r", size, root_), "a tab behind the size": (o, size + "\t", root_),
        "an empty line first": ("", o, size, root_),
    }.items():
        case(f"signed, but {name}", signed("\n".join(lines) + "\n"), rules="CP-1")
    text = good.note
    case("no signature", good.text + "\n", rules="CP-2")
    case("no empty line", good.text + text[len(good.text) + 1:])
    case("two empty lines", good.text + "\n" + text[len(good.text):])
    case("no line feed at the end", text[:-1])
    case("an empty line at the end", text + "\n")
    case("white space at the end", text + " \n")
    case("carriage returns", text.replace("\n", "\r\n"))
    case("a zero byte", text[:-1] + "\0\n")
    case("nothing", "")
    case("a byte order mark", "\ufeff" + text)
    case("the text alone", good.text)


def stray(text):
    """Base64 whose last character carries bits that are not there."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(text.rstrip("=")) - 1
    return text[:at] + alphabet[alphabet.index(text[at]) + 1] + text[at + 1:]


def witnesses(case, good, log):
    lines = [signature_line(f"witness.example/{i}", secret(f"witness {i}"), secret(f"s{i}") * 2 + bytes(8), kind=4)
             for i in range(16)]
    own = good.note[len(good.text) + 1:]
    start = good.text + "\n"
    case("a witness behind", good.note + lines[0], True, "CP-3")
    case("a witness in front", start + lines[0] + own, True, "CP-3")
    case("15 witnesses", good.note + "".join(lines[:15]), True, "CP-3")
    case("the same witness twice", good.note + lines[0] + lines[0], True, "CP-3")
    case("16 witnesses", good.note + "".join(lines), rules="CP-3")
    case("only a witness", start + lines[0], rules="CP-4")
    case("a witness whose name is not ASCII", good.note + lines[0].replace("witness", "zeuge-ö"), True, "CP-3")
    case("a witness with the log's name and another key id", good.note + "— " + origin(log.key) + " " +
         base64_encode(flip(key_id(origin(log.key), log.key)) + bytes(64)) + "\n", True, "CP-4")
    case("a witness with the log's key id and another name", good.note + "— x " +
         base64_encode(key_id(origin(log.key), log.key) + bytes(64)) + "\n", True, "CP-4")
    case("a witness of five bytes", good.note + "— x " + base64_encode(bytes(5)) + "\n", True, "CP-3")
    for name, line in {
        "of four bytes": "— x " + base64_encode(bytes(4)) + "\n", "of nothing": "— x \n", "without name": "— " + lines[0].split(" ")[2],
        "with an empty name": "—  " + lines[0].split(" ")[2], "with a plus in its name": lines[0].replace("witness", "wit+ness"),
        "with a no-break space in its name": lines[0].replace("witness", "wit\u00a0ness"),
        "with an ideographic space in its name": lines[0].replace("witness", "wit\u3000ness"),
        "with a hyphen for the dash": "-" + lines[0][1:], "with an en dash": "\u2013" + lines[0][1:],
        "without dash": lines[0][2:], "with two spaces": lines[0].replace("— ", "—  "), "with four parts": lines[0][:-1] + " x\n",
        "without padding": lines[0].replace("=", ""), "with stray bits": lines[0][:-1].rstrip("=")[:-1] + "B==\n",
        "with a tab": lines[0].replace(" ", "\t"), "that is no signature": "hello\n", "with a space behind": lines[0][:-1] + " \n",
        "of 20,000 bytes": "— x " + base64_encode(bytes(20000)) + "\n",
    }.items():
        case(f"a witness line {name}", good.note + line, rules="CP-3")


def signatures(case, good, log):
    name = origin(log.key)

    def line(signature, kind=1, as_name=name, key=log.key):
        return good.text + "\n" + signature_line(as_name, key, signature, kind)

    sig = good.signature
    s = int.from_bytes(sig[32:], "little")
    for what, text in {
        "the log's signature twice": good.note + signature_line(name, log.key, sig),
        "a good and a damaged signature of the log": good.note + signature_line(name, log.key, flip(sig)),
        "a damaged and a good signature of the log": line(flip(sig)) + signature_line(name, log.key, sig),
        "S plus the group order": line(sig[:32] + (s + L).to_bytes(32, "little")),
        "R flipped": line(flip(sig, 5)), "S flipped": line(flip(sig, 260)), "zeros": line(bytes(64)),
        "R and S swapped": line(sig[32:] + sig[:32]), "63 bytes": line(sig[:63]), "65 bytes": line(sig + b"\0"),
        "the signature of the root alone": line(sign(log.seed, log.root(5))),
        "the signature of the text without its last line feed": line(sign(log.seed, good.text[:-1].encode())),
        "the signature of the whole note": line(sign(log.seed, good.note.encode())),
        "the signature of another size": line(log.checkpoint(4).signature),
        "another key's signature": line(sign(secret("other"), good.text.encode())),
        "a key id of another signature type": line(sig, kind=4),
        "a key id without the type": good.text + "\n— " + name + " " + base64_encode(sha256(name.encode() + b"\n" + log.key)[:4] + sig) + "\n",
        "a key id of the bare key": good.text + "\n— " + name + " " + base64_encode(sha256(log.key)[:4] + sig) + "\n",
        "no key id": good.text + "\n— " + name + " " + base64_encode(sig) + "\n",
        "the did as key name": line(sig, as_name=did(log.key)),
        "the signature of a lower-case hex root": line(sign(log.seed, f"{name}\n5\n{log.root(5).hex()}\n".encode())),
    }.items():
        case(f"signature: {what}", text, rules="CP-4 CP-5")


def batch_file():
    file = File("batch", "log.md", "Batches: each verifies on its own with one signature.")
    log = Log.of_notes("batch", 21)

    def good(name, batch, rules="LOG-9 LOG-10", **more):
        file.good(name, rules, {"op": "batch-verify", "batch": cbor.encode(batch.value).hex(), **more},
                  log=batch.log.hex(), **{"from": batch.start, "to": batch.to})

    for start, to, size in ((0, 1, 1), (0, 1, 21), (0, 21, 21), (3, 5, 21), (4, 8, 16), (7, 8, 8), (7, 9, 21), (8, 9, 9),
                            (20, 21, 21), (5, 13, 20), (16, 20, 21), (1, 2, 3)):
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
    last = Checkpoint.signed(log.seed, start + 1, root_beyond(append(hashes_, start, header.address), start + 1, [], start + 1))
    good("the last entry that a log can have", Batch(log.key, start, hashes_, [[START, log.bodies[0]]], last, []))
    odd = Log("batch odd", [b"\xff" * 17, b"\0" * 40])
    good("bodies that do not decode", odd.batch(0, 2, 2), "ENTRY-8")
    false_batches(file, log, twin)
    return file


def false_batches(file, log, twin):
    good = log.batch(5, 9, 14)
    value = good.value

    def raw(name, rules, data, **more):
        file.bad(name, rules, {"op": "batch-verify", "batch": data.hex(), **more})

    def bad(name, rules, position, changed, of=value, **more):
        raw(name, rules, cbor.encode(of[:position] + [changed] + of[position + 1:]), **more)

    checkpoint, entries, tail_, front = value[4], value[3], value[5], value[2]
    held = {"size": 5, "frontier": hexes(frontier(twin.leaves[:5]))}
    raw("a frontier that is not the one held", "LOG-12", cbor.encode(value), held=held)
    raw("held to another size", "LOG-12", cbor.encode(value), held={"size": 4, "frontier": hexes(frontier(log.leaves[:4]))})
    raw("held frontier of another size", "LOG-12", cbor.encode(value), held={"size": 5, "frontier": hexes(frontier(log.leaves[:4]))})
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
    bad("a dropped body's length plus one", "LOG-10", 3, [[dropped[0], dropped[1] + 1, dropped[2]]] + entries[1:])
    bad("a dropped body's hash with a bit flipped", "LOG-10", 3, [dropped[:2] + [flip(dropped[2])]] + entries[1:])
    first = log.batch(0, 2, 2).value
    bad("from 0 with a frontier", "LOG-9", 2, [bytes(32)], of=first)
    bad("a tail at the checkpoint's own size", "LOG-10", 5, [log.leaves[1]], of=first)
    small = cbor.encode(log.batch(5, 6, 8).value).hex()
    file.every("bit", "batch", "any bit flipped", "LOG-8 LOG-9 LOG-10 LOG-11", {"op": "batch-verify", "batch": small})
    file.every("truncation", "batch", "cut anywhere", "LOG-8", {"op": "batch-verify", "batch": small})
    bare = cbor.encode(log.batch(5, 6, 6, bodies=False).value).hex()
    file.every("bit", "batch", "any bit flipped, without bodies", "LOG-8 LOG-9 LOG-10 LOG-11", {"op": "batch-verify", "batch": bare})


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
        "of nothing": [], "of a time": [START], "of four elements": [START, 17, bytes(32), 0], "of a body of 16 bytes": [START, body[:16]],
        "of a body of no bytes": [START, b""], "of a text body": [START, "a" * 20], "of time 2^53": [2**53, body], "of time -1": [-1, body],
        "of a null body": [START, None], "of a length of 16": [START, 16, bytes(32)], "of a length of 65537": [START, 65537, bytes(32)],
        "of a short hash": [START, 17, bytes(31)], "of body and hash": [START, body, bytes(32)], "of a length alone": [START, 17],
        "in a map": {0: START, 1: body}, "as bytes": body,
    }.items():
        bad(f"an entry {name}", "LOG-8", 3, [entry] + entries[1:])
    for name, changed in {
        "of size 0": [0] + checkpoint[1:], "of size 2^32": [2**32] + checkpoint[1:], "of size 2^64-1": [2**64 - 1] + checkpoint[1:],
        "with a short root": [14, checkpoint[1][:31], checkpoint[2]], "with a short signature": checkpoint[:2] + [checkpoint[2][:63]],
        "with a long signature": checkpoint[:2] + [checkpoint[2] + b"\0"], "without signature": checkpoint[:2],
        "of four elements": checkpoint + [0], "of null": None, "of zeros for a signature": checkpoint[:2] + [bytes(64)],
    }.items():
        bad(f"a checkpoint {name}", "LOG-8 CP-6", 4, changed)
    data = cbor.encode(value)
    raw("an element fewer", "LOG-8", cbor.encode(value[:5]))
    raw("an element more", "LOG-8", cbor.encode(value + [0]))
    raw("a byte behind", "LOG-8", data + b"\0")
    raw("from in two bytes", "CBOR-2", data.replace(log_key + b"\x05", log_key + b"\x18\x05"))
    raw("a map", "LOG-8", cbor.encode(dict(enumerate(value))))
    raw("nothing", "LOG-8", b"")
    raw("2^32-1 entries announced", "CBOR-1", cbor.encode(value[:3])[1:].join([b"\x86", b"\x9a\xff\xff\xff\xff"]))


def forkproof_file():
    file = File("forkproof", "log.md", "Two checkpoints of one log that cannot both be true.")
    log = Log.of_notes("fork", 9)
    twin = Log("fork", log.bodies[:4] + [note(f"the other branch, post {i}") for i in range(4, 9)])
    op = {"op": "forkproof-verify"}

    def proof(a, b, others):
        return ForkProof(a, b, frontier(others.leaves[:a.size]) if a.size < b.size else [],
                         tail(others.leaves, a.size, b.size) if a.size < b.size else [])

    def good(name, p):
        file.good(name, "LOG-13 LOG-14 LOG-15", {**op, "proof": cbor.encode(p.value).hex()}, log=log.key.hex())

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
    raw("the consistency of the two sizes for a tail", [v[0], v[1], v[2], [], consistency_prove(twin.leaves[:8], 5)])
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
    file.every("bit", "proof", "one size, any bit flipped", "LOG-13 LOG-14", {**op, "proof": cbor.encode(e).hex()})
    file.every("truncation", "proof", "cut anywhere", "LOG-13", {**op, "proof": data})
