"""Blobs (blobs.md): how they are named and checked, and the messages that carry them."""

from entry import leaf_hash
from log import root
from refused import array, octets, require, uint

CHUNK, PAGE, LARGEST = 65536, 4096, 2**30
HASHES, CHUNKS = 0, 1


def count_of(size, each):
    return (size + each - 1) // each


def chunks_of(data):
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]


def name(data):
    """[CONT-9] Root and size."""
    require(1 <= len(data) <= LARGEST, "a blob has 1 to 2^30 bytes")
    return root([leaf_hash(c) for c in chunks_of(data)]), len(data)


def check_list(root_, size, hashes):
    """[BLOB-6]"""
    uint(size, LARGEST, "the size", least=1)
    require(len(hashes) == count_of(size, CHUNK), "not one hash for each chunk")
    require(root(hashes) == root_, "the hashes do not lead to the root")


def length(size, kind, index):
    """[BLOB-5] Bytes of a part."""
    if kind == CHUNKS:
        return min(CHUNK, size - index * CHUNK)
    return 32 * min(PAGE, count_of(size, CHUNK) - index * PAGE)


def check_chunk(root_, size, hashes, index, data):
    """[BLOB-7]"""
    check_list(root_, size, hashes)
    require(index < len(hashes), "the blob has no such chunk")
    require(len(data) == length(size, CHUNKS, index), "the chunk has another length")
    require(leaf_hash(data) == hashes[index], "the chunk is not the blob's")


def blob(value):
    root_, size = array(value, "a blob", exactly=2)
    octets(root_, "the root", exactly=32)
    uint(size, LARGEST, "the size", least=1)
    return value


def blobs(least):
    return lambda value: [blob(v) for v in array(value, "blobs", least=least, limit=256)]


def boolean(value):
    require(type(value) is bool, "neither true nor false")
    return value


def parts(value, kind):
    """How many parts of this kind the blob has."""
    chunks = count_of(value[1], CHUNK)
    return chunks if kind == CHUNKS else count_of(chunks, PAGE)


def get(value):
    """[BLOB-5] The fields of `blob-get`, which depend on each other."""
    blob(value[0])
    total = parts(value[0], uint(value[1], CHUNKS, "the kind"))
    start = uint(value[2], total - 1, "from")
    uint(value[3], min(16, total - start), "the count", least=1)


def piece(value):
    """[BLOB-5] The fields of `blob-piece`."""
    blob(value[0])
    total = parts(value[0], uint(value[1], CHUNKS, "the kind"))
    index = uint(value[2], total - 1, "the index")
    require(len(octets(value[3], "the part")) in (0, length(value[0][1], value[1], index)), "not the part's length")


def have(value):
    boolean(value[0])
    blobs(0 if value[0] else 1)(value[1])


# Type -> the name, how many fields, and a check of all of them together.
TYPES = {
    28: ("blob-ask", 1, lambda v: blobs(1)(v[0])),
    29: ("blob-have", 2, have),
    30: ("blob-get", 4, get),
    31: ("blob-piece", 4, piece),
}
