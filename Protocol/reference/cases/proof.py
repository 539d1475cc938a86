"""proof.json: proof files."""

import copy

import cbor
import proof
from checkpoint import Checkpoint, signature_line
from curve25519 import public_key
from entry import Header, leaf_hash, make_body, sha256
from identifiers import base64_decode, base64_encode, did
from log import inclusion_prove
from vectors import START, File, Log, flip, note, salt, secret


class Proofs:
    """A device log of 12 entries with its identity's root log: what proof files are made from."""

    def __init__(self):
        self.root_key = public_key(secret("proof root"))
        device_key = public_key(secret("proof"))
        self.log = Log(
            "proof",
            [make_body(salt("device"), "device", {1: self.root_key})]
            + [note(f"proof, post {i}") for i in range(1, 12)],
        )
        self.roots = Log(
            "proof root",
            [
                make_body(salt("id"), "identity", {1: sha256(b"next")}),
                make_body(salt("add"), "add-device", {1: device_key}),
                make_body(salt("more"), "add-device", {1: sha256(b"other")}),
            ],
        )

    def binding(self, size, device=None, roots=None, index=1, root_size=3):
        device, roots = device or self.log, roots or self.roots
        return [
            device.headers[0].encoded,
            device.bodies[0],
            inclusion_prove(device.leaves[:size], 0),
            roots.key,
            roots.checkpoint(root_size).value,
            roots.headers[index].encoded,
            roots.bodies[index],
            inclusion_prove(roots.leaves[:root_size], index),
        ]

    def parts(self, index=5, size=12, body=True, binding=None, log=None):
        """extra, index, path and note: what `proof.make` takes."""
        log = log or self.log
        extra = [log.headers[index].encoded, log.bodies[index] if body else None, binding]
        return [extra, index, inclusion_prove(log.leaves[:size], index), log.checkpoint(size).note]


def make():
    file = File("proof", "proof.md", "Proof files, verified without anything else at hand.")
    p = Proofs()

    def good(name, parts, author, log=None):
        file.good(
            name,
            "PROOF-1 PROOF-3 PROOF-4 PROOF-5",
            {"op": "proof-verify", "text": proof.make(*parts)},
            author=did(author),
            log=did((log or p.log).key),
            index=parts[1],
        )

    for index, size in ((0, 1), (0, 12), (5, 12), (11, 12), (6, 7), (3, 8)):
        good(f"entry {index} of {size}", p.parts(index, size), p.log.key)
    good("without the body", p.parts(body=False), p.log.key)
    good("with the identity's binding", p.parts(binding=p.binding(12)), p.root_key)
    good("with the binding, of entry 0 itself", p.parts(0, 12, binding=p.binding(12)), p.root_key)
    good("with the binding, without the body", p.parts(body=False, binding=p.binding(12)), p.root_key)
    good(
        "with the binding, under another checkpoint of the root log",
        p.parts(binding=p.binding(12, root_size=2)),
        p.root_key,
    )
    good("of a root log's entry", p.parts(1, 3, log=p.roots), p.roots.key, p.roots)
    odd = Log("odd", [b"\xff" * 30])
    good("of a body that cannot be read", p.parts(0, 1, log=odd), odd.key, odd)
    extra, index, path, text = p.parts()
    witness = signature_line("witness.example/1", secret("w"), secret("w1") * 2 + bytes(8), kind=4)
    good("with a witness", [extra, index, path, text + witness], p.log.key)
    false_proofs(file, p)
    lying_headers(file, p)
    false_bindings(file, p)
    false_texts(file, p)
    one = {"op": "proof-verify", "text": proof.make(*p.parts(2, 3))}
    file.every(
        "character",
        "text",
        "any character changed or left out",
        "PROOF-1 PROOF-2 PROOF-3 PROOF-4 PROOF-5",
        one,
    )
    bound = {"op": "proof-verify", "text": proof.make(*p.parts(2, 3, binding=p.binding(3)))}
    file.every(
        "character", "text", "with the binding, any character changed or left out", "PROOF-1 PROOF-6", bound
    )
    return file


def false_proofs(file, p):
    extra, index, path, text = p.parts()
    header, body, _ = extra
    log = p.log

    def bad(name, rules, *parts):
        file.bad(name, rules, {"op": "proof-verify", "text": proof.make(*parts)})

    bad("the index line plus one", "PROOF-3", extra, index + 1, path, text)
    bad("the index line minus one", "PROOF-3", extra, index - 1, path, text)
    bad("another entry's header", "PROOF-5", [log.headers[6].encoded, log.bodies[6], None], 6, path, text)
    bad(
        "another entry's header under this index",
        "PROOF-3",
        [log.headers[6].encoded, log.bodies[6], None],
        index,
        path,
        text,
    )
    bad("another entry's body", "PROOF-4", [header, log.bodies[6], None], index, path, text)
    bad("an empty body", "PROOF-4", [header, b"", None], index, path, text)
    bad("a body with a byte more", "PROOF-4", [header, body + b"\0", None], index, path, text)
    bad("a body with another salt", "PROOF-4", [header, flip(body), None], index, path, text)
    bad("a text for a body", "PROOF-4", [header, "a note", None], index, path, text)
    moved = Header.of(log.key, index, START, body)
    bad("a header with another time", "PROOF-5", [moved.encoded, body, None], index, path, text)
    bad(
        "an entry behind the checkpoint",
        "PROOF-5",
        [log.headers[11].encoded, log.bodies[11], None],
        11,
        inclusion_prove(log.leaves, 11),
        log.checkpoint(11).note,
    )
    bad("the path of another entry", "PROOF-5", extra, index, inclusion_prove(log.leaves, 6), text)
    bad("the path in a smaller tree", "PROOF-5", extra, index, inclusion_prove(log.leaves[:11], index), text)
    bad("no path", "PROOF-5", extra, index, [], text)
    bad("the last hash of the path missing", "PROOF-5", extra, index, path[:-1], text)
    bad("a hash more", "PROOF-5", extra, index, path + [bytes(32)], text)
    bad("33 hashes", "PROOF-2", extra, index, [bytes(32)] * 33, text)
    bad("the path reversed", "PROOF-5", extra, index, path[::-1], text)
    bad("a hash of 31 bytes", "PROOF-2", extra, index, [path[0][:31]] + path[1:], text)
    other = Log.of_notes("another", 12)
    bad("another log's checkpoint", "PROOF-5", extra, index, path, other.checkpoint(12).note)
    bad(
        "another log's header",
        "PROOF-5",
        [other.headers[5].encoded, other.bodies[5], None],
        index,
        path,
        text,
    )
    forged = Checkpoint(log.key, 12, log.root(12), other.checkpoint(12).signature)
    bad("a checkpoint signed by another log", "PROOF-5", extra, index, path, forged.note)
    bad("a checkpoint of another size", "PROOF-5", extra, index, path, log.checkpoint(11).note)
    unsigned = (
        log.checkpoint(12).text + "\n" + signature_line("witness.example", secret("w"), bytes(72), kind=4)
    )
    bad("a checkpoint that only a witness signed", "PROOF-5", extra, index, path, unsigned)
    for name, value in (
        ("of two elements", extra[:2]),
        ("of four elements", extra + [None]),
        ("of nothing", []),
        ("of null", None),
        ("with a null header", [None, body, None]),
        ("with an array for a header", [cbor.decode(header), body, None]),
        ("with a header of version 2", [b"\x86\x02" + header[2:], body, None]),
        ("with false for a binding", [header, body, False]),
        ("with an empty binding", [header, body, []]),
        ("in a map", {0: header, 1: body, 2: None}),
    ):
        bad(f"extra data {name}", "PROOF-3", value, index, path, text)
    for name, data in (
        ("with a byte behind", cbor.encode(extra) + b"\0"),
        ("in an indefinite array", b"\x9f" + cbor.encode(extra)[1:] + b"\xff"),
        ("cut short", cbor.encode(extra)[:-1]),
        ("empty", b""),
        ("longer than a proof", bytes(400000)),
    ):
        good = proof.make(*p.parts())
        line = good.split("\n")[1]
        file.bad(
            f"extra data {name}",
            "PROOF-1 PROOF-3",
            {"op": "proof-verify", "text": good.replace(line, "extra " + base64_encode(data))},
        )


def lying_headers(file, p):
    """Authors who sign trees whose headers lie about their place."""

    def bad(name, rules, parts):
        file.bad(name, rules, {"op": "proof-verify", "text": proof.make(*parts)})

    def relabelled(original, position, **changes):
        """`original` with another header in the tree at `position`, signed as it is."""
        twin = copy.copy(original)
        old = original.headers[position]
        new = Header(
            changes.get("log", old.log), changes.get("index", old.index), old.time, old.length, old.body_hash
        )
        twin.headers = original.headers[:position] + [new] + original.headers[position + 1 :]
        twin.leaves = [leaf_hash(h.encoded) for h in twin.headers]
        return twin

    moved = relabelled(p.log, 5, index=7)
    extra, _, path, text = p.parts(log=moved)
    bad("a header with another index, in the tree at the line's", "PROOF-3", [extra, 5, path, text])
    bad("a header with another index, the line with it", "PROOF-5", [extra, 7, path, text])
    other = secret("another log")
    foreign = relabelled(p.log, 5, log=other)
    bad("another log's header in this log's tree", "PROOF-5", p.parts(log=foreign))
    for name, twin in (
        ("the device header of another log, in this log's tree", relabelled(p.log, 0, log=other)),
        ("the device header with another index, in this log's tree", relabelled(p.log, 0, index=3)),
    ):
        bad(f"a binding with {name}", "PROOF-6", p.parts(log=twin, binding=p.binding(12, device=twin)))
    for name, twin in (
        ("the add header of another log, in the root log's tree", relabelled(p.roots, 1, log=other)),
        ("the add header with another index, in the root log's tree", relabelled(p.roots, 1, index=2)),
    ):
        bad(f"a binding with {name}", "PROOF-6", p.parts(binding=p.binding(12, roots=twin)))


def false_bindings(file, p):
    def bad(name, binding):
        file.bad(
            f"a binding {name}",
            "PROOF-6",
            {"op": "proof-verify", "text": proof.make(*p.parts(binding=binding))},
        )

    good = p.binding(12)

    def swapped(position, value):
        return good[:position] + [value] + good[position + 1 :]

    bad("of seven elements", good[:7])
    bad("of nine elements", good + [None])
    bad("of the device's entry 1", swapped(0, p.log.headers[1].encoded))
    bad("with another body of the device", swapped(1, p.log.bodies[1]))
    bad("without a body of the device", swapped(1, None))
    bad("without the device's path", swapped(2, []))
    bad("with another path of the device", swapped(2, inclusion_prove(p.log.leaves, 1)))
    bad("with the device's path in a smaller tree", swapped(2, inclusion_prove(p.log.leaves[:11], 0)))
    bad("with another root log's key", swapped(3, sha256(b"other")))
    bad("with the device's key for the root log's", swapped(3, p.log.key))
    bad("with another checkpoint of the root log", swapped(4, p.roots.checkpoint(2).value))
    bad("whose root log signed nothing", swapped(4, p.roots.checkpoint(3).value[:2] + [bytes(64)]))
    bad("whose root checkpoint is the device's", swapped(4, p.log.checkpoint(3).value))
    bad("with the root log's first entry", p.binding(12, index=0))
    bad("with the entry of another device", p.binding(12, index=2))
    bad("with another header of the root log", swapped(5, p.roots.headers[2].encoded))
    bad("with another body of the root log", swapped(6, p.roots.bodies[2]))
    bad("without a body of the root log", swapped(6, None))
    bad("without the root log's path", swapped(7, []))
    bad("with another path of the root log", swapped(7, inclusion_prove(p.roots.leaves, 2)))
    bad("with 33 hashes in a path", swapped(7, [bytes(32)] * 33))
    add = make_body(salt("add"), "add-device", {1: p.log.key})
    first = Log("proof root", [add, p.roots.bodies[0]])
    bad("whose device is added at index 0", p.binding(12, roots=first, index=0, root_size=2))
    revoke = Log(
        "proof root", [p.roots.bodies[0], make_body(salt("r"), "revoke-device", {1: p.log.key, 2: 0})]
    )
    bad("whose root log only revokes the device", p.binding(12, roots=revoke, root_size=2))
    follow = Log("proof root", [p.roots.bodies[0], make_body(salt("f"), "follow", {1: p.log.key, 2: True})])
    bad("whose root log follows the device", p.binding(12, roots=follow, root_size=2))
    stranger = Log("stranger", [p.roots.bodies[0], add])
    bad("by an identity that the device does not name", p.binding(12, roots=stranger, root_size=2))
    notes = Log.of_notes("proof", 12)
    file.bad(
        "a binding of a device log that starts with a note",
        "PROOF-6",
        {"op": "proof-verify", "text": proof.make(*p.parts(log=notes, binding=p.binding(12, device=notes)))},
    )
    file.bad(
        "a binding of another device log",
        "PROOF-6",
        {"op": "proof-verify", "text": proof.make(*p.parts(log=Log.of_notes("another", 12), binding=good))},
    )
    self_named = Log(
        "self",
        [
            make_body(salt("s"), "device", {1: public_key(secret("self"))}),
            make_body(salt("t"), "add-device", {1: public_key(secret("self"))}),
        ],
    )
    text = proof.make(*p.parts(1, 2, log=self_named, binding=p.binding(2, self_named, self_named, 1, 2)))
    file.good(
        "a binding of a log to itself",
        "PROOF-6",
        {"op": "proof-verify", "text": text},
        author=did(self_named.key),
        log=did(self_named.key),
        index=1,
    )


def false_texts(file, p):
    good = proof.make(*p.parts())
    lines = good.split("\n")

    def bad(name, text, rules="PROOF-1"):
        file.bad(f"text: {name}", rules, {"op": "proof-verify", "text": text})

    bad("nothing", "")
    bad("an empty line", "\n\n")
    bad("the note alone", p.parts()[3])
    bad("no first line", "\n".join(lines[1:]))
    bad("version 2", good.replace("@v1", "@v2"))
    bad("a path in front of the version", good.replace("c2sp", "https://c2sp"))
    bad("a space behind the version", good.replace("@v1", "@v1 "))
    bad("no extra line", good.replace(lines[1] + "\n", ""))
    bad("the extra line twice", good.replace(lines[1], lines[1] + "\n" + lines[1]))
    bad(
        "the index before the extra line",
        good.replace(lines[1] + "\n" + lines[2], lines[2] + "\n" + lines[1]),
    )
    bad("no index line", good.replace(lines[2] + "\n", ""))
    bad("a leading zero", good.replace("index 5", "index 05"))
    bad("a plus", good.replace("index 5", "index +5"))
    bad("a space behind the index", good.replace("index 5", "index 5 "))
    bad("index 2^32-1", good.replace("index 5", f"index {2**32 - 1}"))
    bad("two spaces", good.replace("index 5", "index  5"))
    bad("a capital", good.replace("index 5", "Index 5"))
    bad("an unknown line", good.replace("index 5", "index 5\nnote x"))
    bad("a hash in hexadecimal", good.replace(lines[3], base64_decode(lines[3]).hex()))
    bad("a hash without padding", good.replace(lines[3], lines[3][:-1]))
    bad("no empty line", good.replace("\n\n", "\n", 1))
    bad("two empty lines", good.replace("\n\n", "\n\n\n", 1))
    bad("carriage returns", good.replace("\n", "\r\n"))
    bad("a byte order mark", "\ufeff" + good)
    bad("a line behind", good + "more\n")
    bad("an empty line behind", good + "\n")
    bad("no line feed at the end", good[:-1])
    bad("white space in the extra line", good.replace(lines[1], lines[1][:20] + " " + lines[1][20:]))
    bad("the extra line with padding too much", good.replace(lines[1], lines[1] + "===="))
    bad("the extra line as hexadecimal", good.replace(lines[1], "extra " + base64_decode(lines[1][6:]).hex()))
