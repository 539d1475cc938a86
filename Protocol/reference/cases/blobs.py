"""blobs.json: names of blobs, lists and chunks that hold and that do not, and the messages."""

import blobs
import cbor
from entry import leaf_hash, sha256
from log import node_hash
from vectors import File, flip

ROOT = sha256(b"starling vectors blob")
LARGE = [ROOT, 2**30]


def data_of(*runs):
    """Bytes as runs of one value: (value, count)."""
    return b"".join(bytes([value]) * count for value, count in runs)


SAMPLES = {
    "one byte": data_of((7, 1)),
    "a chunk less one byte": data_of((1, 65535)),
    "a chunk": data_of((1, 65536)),
    "a chunk and a byte": data_of((1, 65536), (2, 1)),
    "two chunks": data_of((1, 65536), (2, 65536)),
    "three chunks and a part": data_of((1, 65536), (2, 65536), (3, 65536), (4, 1000)),
}


def names(file):
    for name, data in SAMPLES.items():
        root, size = blobs.name(data)
        file.good(f"name of {name}", "CONT-9", {"op": "blob-name", "data": data.hex()}, root=root.hex(), size=size)
    file.bad("name of nothing", "CONT-9", {"op": "blob-name", "data": ""})


def lists(file):
    data = SAMPLES["three chunks and a part"]
    root, size = blobs.name(data)
    hashes = [leaf_hash(c) for c in blobs.chunks_of(data)]

    def request(hashes_=hashes, root_=root, size_=size):
        return {"op": "blob-list-verify", "root": root_.hex(), "size": size_, "hashes": [h.hex() for h in hashes_]}

    file.good("a list", "BLOB-6", request())
    only = SAMPLES["one byte"]
    file.good("a list of one", "BLOB-6", request([leaf_hash(only)], leaf_hash(only), 1))
    file.good("the same list, and another length of the last chunk: the chunk shows it", "BLOB-6", request(size_=size + 1))
    file.bad("a size larger than any blob has", "BLOB-6", request(size_=2**30 + 1))
    for at in range(len(hashes)):
        file.bad(f"hash {at} changed", "BLOB-6", request([flip(h) if i == at else h for i, h in enumerate(hashes)]))
        file.bad(f"hash {at} left out", "BLOB-6", request([h for i, h in enumerate(hashes) if i != at]))
    file.bad("a hash more", "BLOB-6", request(hashes + [hashes[0]]))
    file.bad("two hashes exchanged", "BLOB-6", request([hashes[1], hashes[0], *hashes[2:]]))
    joined = [node_hash(hashes[0], hashes[1]), node_hash(hashes[2], hashes[3])]
    file.bad("inner nodes in the place of leaves, two for four", "BLOB-6", request(joined))
    file.bad("inner nodes, and a size for two chunks: the chunks show it", "BLOB-6", request(joined, flip(root), 2 * 65536))
    file.bad("another root", "BLOB-6", request(root_=flip(root)))
    file.bad("a size of one chunk more", "BLOB-6", request(size_=size + 65536))
    file.bad("a size of one chunk less", "BLOB-6", request(size_=size - 65536))
    file.bad("size 0 and no hashes", "BLOB-6", request([], root, 0))


def chunks(file):
    data = SAMPLES["three chunks and a part"]
    root, size = blobs.name(data)
    pieces = blobs.chunks_of(data)
    hashes = [leaf_hash(c) for c in pieces]

    def request(index, piece, hashes_=hashes, size_=size):
        return {
            "op": "blob-chunk-verify", "root": root.hex(), "size": size_, "hashes": [h.hex() for h in hashes_],
            "index": index, "data": piece.hex(),
        }

    for index, piece in enumerate(pieces):
        file.good(f"chunk {index}", "BLOB-7", request(index, piece))
        file.bad(f"chunk {index}, its first bit changed", "BLOB-7", request(index, flip(piece)))
        file.bad(f"chunk {index} without its last byte", "BLOB-7", request(index, piece[:-1]))
        file.bad(f"chunk {index} and a byte", "BLOB-7", request(index, piece + b"\0"))
        file.bad(f"chunk {index} in the place of the next", "BLOB-7", request(index + 1, piece))
    file.bad("an empty chunk", "BLOB-7", request(0, b""))
    file.bad("a chunk under a list that does not hold", "BLOB-6 BLOB-7", request(0, pieces[0], [hashes[0]] * 4))
    file.bad("the last chunk of another size", "BLOB-7", request(3, pieces[3], size_=size + 1))


def messages(file):
    op = {"op": "message-decode"}
    page = (b"\x11" * 32) * 4096
    small = [ROOT, 65537]
    samples = {
        "ask": [28, [LARGE]],
        "ask about 256": [28, [LARGE] * 256],
        "have, in answer": [29, True, [LARGE]],
        "have none": [29, True, []],
        "have, unasked": [29, False, [small]],
        "get the list": [30, LARGE, 0, 0, 4],
        "get the last page": [30, LARGE, 0, 3, 1],
        "get 16 chunks": [30, LARGE, 1, 16368, 16],
        "get one of two": [30, small, 1, 1, 1],
        "a page": [31, LARGE, 0, 3, page],
        "a short page": [31, small, 0, 0, b"\x22" * 64],
        "a chunk": [31, LARGE, 1, 16383, b"\x33" * 65536],
        "a short chunk": [31, small, 1, 1, b"\x44"],
        "not to be had": [31, small, 1, 0, b""],
    }
    for name, value in samples.items():
        data = cbor.encode(value).hex()
        file.good(name, "MSG-1 BLOB-5", {**op, "data": data}, type=value[0], data=data)
    bad_messages(file, op, small)
    for name in ("have, in answer", "get one of two", "a short chunk"):
        data = cbor.encode(samples[name]).hex()
        file.bad(f"{name}, and a byte behind", "MSG-1", {**op, "data": data + "00"})
        file.every("truncation", "data", f"{name}, cut anywhere", "MSG-1", {**op, "data": data})
        file.every(
            "bit", "data", f"{name}, any bit flipped: refused or the same bytes again", "MSG-1",
            {**op, "data": data}, {"echo": "data"},
        )


def bad_messages(file, op, small):
    for name, value, rule in (
        ("ask about nothing", [28, []], "BLOB-1"),
        ("ask about 257", [28, [LARGE] * 257], "BLOB-1"),
        ("ask about a root alone", [28, [ROOT]], "MSG-1"),
        ("ask without a list", [28, ROOT], "MSG-1"),
        ("ask, an element more", [28, [LARGE], 0], "MSG-1"),
        ("have nothing, unasked", [29, False, []], "BLOB-1"),
        ("have 257", [29, True, [LARGE] * 257], "BLOB-1"),
        ("have, without saying whether in answer", [29, [LARGE]], "MSG-1"),
        ("have, 1 for true", [29, 1, [LARGE]], "MSG-1"),
        ("a blob of no bytes", [28, [[ROOT, 0]]], "CONT-9"),
        ("a blob of 2^30 + 1 bytes", [28, [[ROOT, 2**30 + 1]]], "CONT-9"),
        ("a blob of 2^64 - 1 bytes", [28, [[ROOT, 2**64 - 1]]], "CONT-9"),
        ("a blob of -1 bytes", [28, [[ROOT, -1]]], "CONT-9"),
        ("a blob with a root of 31 bytes", [28, [[ROOT[1:], 1]]], "CONT-9"),
        ("a blob with a third element", [28, [[ROOT, 1, 0]]], "CONT-9"),
        ("get of kind 2", [30, LARGE, 2, 0, 1], "BLOB-5"),
        ("get from behind the last chunk", [30, LARGE, 1, 16384, 1], "BLOB-5"),
        ("get from behind the last page", [30, LARGE, 0, 4, 1], "BLOB-5"),
        ("get beyond the last chunk", [30, LARGE, 1, 16383, 2], "BLOB-5"),
        ("get beyond the last page", [30, LARGE, 0, 0, 5], "BLOB-5"),
        ("get from 2^63", [30, LARGE, 1, 2**63, 1], "BLOB-5"),
        ("get none", [30, LARGE, 1, 0, 0], "BLOB-5"),
        ("get 17", [30, LARGE, 1, 0, 17], "BLOB-5"),
        ("get without a count", [30, LARGE, 1, 0], "MSG-1"),
        ("a page with a hash less", [31, LARGE, 0, 0, bytes(32 * 4095)], "BLOB-5"),
        ("a page with a hash more", [31, small, 0, 0, bytes(96)], "BLOB-5"),
        ("a page with half a hash", [31, small, 0, 0, bytes(48)], "BLOB-5"),
        ("a chunk with a byte less", [31, LARGE, 1, 0, bytes(65535)], "BLOB-5"),
        ("a chunk with a byte more", [31, LARGE, 1, 0, bytes(65537)], "BLOB-5"),
        ("a last chunk that is longer", [31, small, 1, 1, bytes(2)], "BLOB-5"),
        ("a last chunk as long as the others", [31, small, 1, 1, bytes(65536)], "BLOB-5"),
        ("a chunk that the blob does not have", [31, small, 1, 2, b"\0"], "BLOB-5"),
        ("a chunk of kind 2", [31, small, 2, 1, b"\0"], "BLOB-5"),
        ("a chunk in text", [31, small, 1, 1, "x"], "MSG-1"),
        ("a chunk without an index", [31, small, 1, b"\0"], "MSG-1"),
    ):
        file.bad(name, rule, {**op, "data": cbor.encode(value).hex()})


def make():
    file = File("blobs", "blobs.md", "Names of blobs, lists and chunks, true and false, and the messages of media.")
    names(file)
    lists(file)
    chunks(file)
    messages(file)
    return file
