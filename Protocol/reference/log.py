"""The tree of a log: roots, frontier, tail, proofs, batch and fork proof (log.md)."""

import cbor
from checkpoint import Checkpoint
from entry import MAXIMUM_BODY, MAXIMUM_TIME, MINIMUM_BODY, Header, leaf_hash, sha256
from identifiers import MAXIMUM_INDEX, MAXIMUM_SIZE
from refused import array, hashes, octets, require, uint

MAXIMUM_ENTRIES, MAXIMUM_FRONTIER, MAXIMUM_TAIL = 4096, 32, 64


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def split(count):
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves):
    """The Merkle tree hash of leaf hashes, by the recursion of RFC 6962 §2.1."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def frontier(leaves):
    """Roots of the perfect subtrees of the binary decomposition of the size, largest first."""
    out, start = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            out.append(root(leaves[start : start + (1 << bit)]))
            start += 1 << bit
    return out


def fold(hashes_):
    """The root that a frontier stands for."""
    if not hashes_:
        return sha256(b"")
    accumulator = hashes_[-1]
    for left in reversed(hashes_[:-1]):
        accumulator = node_hash(left, accumulator)
    return accumulator


def append(frontier_, size, leaf):
    """The frontier once `leaf` stands behind `size` leaves."""
    out, hash_ = list(frontier_), leaf
    while size & 1:
        hash_, size = node_hash(out.pop(), hash_), size >> 1
    return out + [hash_]


def tail(leaves, first, size):
    """Maximal subtrees of the tree of `size` leaves that lie in [first, size), left to right."""
    require(1 <= first <= size <= len(leaves), "a tail goes from at least 1 to at most the leaves there are")
    out = []

    def walk(low, high):
        if low >= first:
            out.append(root(leaves[low:high]))
        elif high > first:
            middle = low + split(high - low)
            walk(low, middle)
            walk(middle, high)

    if first < size:
        walk(0, size)
    return out


def root_beyond(frontier_, first, tail_, size):
    """[LOG-4] The root of the tree of `size`, from the frontier at `first` and the tail behind it."""
    left, right = list(frontier_), list(tail_)

    def take(stack):
        require(stack, "a hash is missing")
        return stack.pop(0)

    def walk(low, high):
        if low >= first:
            return take(right)
        if high <= first and high - low & high - low - 1 == 0:
            return take(left)
        middle = low + split(high - low)
        a = walk(low, middle)
        return node_hash(a, walk(middle, high))

    require(len(left) == bin(first).count("1"), "the frontier has not one hash for each bit of its size")
    result = walk(0, size)
    require(not left and not right, "a hash too many")
    return result


def inclusion_prove(leaves, index):
    """PATH(index, leaves) of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion_prove(leaves[:k], index) + [root(leaves[k:])]
    return inclusion_prove(leaves[k:], index - k) + [root(leaves[:k])]


def consistency_prove(leaves, size1):
    """PROOF(size1, leaves) of RFC 6962 §2.1.2."""
    require(1 <= size1 <= len(leaves), "the older size is at least 1 and at most the newer")

    def subproof(m, part, whole):
        if m == len(part):
            return [] if whole else [root(part)]
        k = split(len(part))
        if m <= k:
            return subproof(m, part[:k], whole) + [root(part[k:])]
        return subproof(m - k, part[k:], False) + [root(part[:k])]

    return subproof(size1, leaves, True)


def inclusion_root(leaf, index, size, proof):
    """[LOG-6] The root to which a proof leads (RFC 9162 §2.1.3.2)."""
    uint(size, MAXIMUM_SIZE, "the size", least=1)
    uint(index, size - 1, "the index")
    fn, sn, accumulator = index, size - 1, leaf
    for hash_ in proof:
        require(sn != 0, "the proof is too long")
        if fn & 1 or fn == sn:
            accumulator = node_hash(hash_, accumulator)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            accumulator = node_hash(accumulator, hash_)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "the proof is too short")
    return accumulator


def inclusion_verify(leaf, index, size, proof, root_):
    """[LOG-6]"""
    require(inclusion_root(leaf, index, size, proof) == root_, "the proof leads to another root")


def consistency_verify(size1, root1, size2, root2, proof):
    """[LOG-7] RFC 9162 §2.1.4.2."""
    uint(size2, MAXIMUM_SIZE, "the newer size", least=1)
    uint(size1, size2, "the older size", least=1)
    if size1 == size2:
        require(not proof, "the proof of a tree with itself is empty")
        require(root1 == root2, "two roots of one size")
        return
    require(proof, "the proof is empty")
    path = ([root1] if size1 & size1 - 1 == 0 else []) + proof
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for hash_ in path[1:]:
        require(sn != 0, "the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(hash_, fr), node_hash(hash_, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, hash_)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "the proof is too short")
    require(fr == root1 and sr == root2, "the proof leads to other roots")


class Batch:
    """A run of entries with what verifies it on its own."""

    def __init__(self, log, start, frontier_, entries, checkpoint, tail_):
        self.log, self.start, self.frontier, self.entries = log, start, frontier_, entries
        self.checkpoint, self.tail = checkpoint, tail_

    @staticmethod
    def of_value(value):
        """[LOG-8] The parts of a batch, of the right types and counts; nothing is verified yet."""
        log, start, frontier_, entries, checkpoint, tail_ = array(value, "a batch", exactly=6)
        octets(log, "the log key", exactly=32)
        return Batch(
            log,
            uint(start, MAXIMUM_INDEX, "from"),
            hashes(frontier_, "the frontier", MAXIMUM_FRONTIER),
            [check_entry(e) for e in array(entries, "the entries", least=1, limit=MAXIMUM_ENTRIES)],
            Checkpoint.of_value(log, checkpoint),
            hashes(tail_, "the tail", MAXIMUM_TAIL),
        )

    @property
    def value(self):
        return [self.log, self.start, self.frontier, self.entries, self.checkpoint.value, self.tail]

    @property
    def to(self):
        return self.start + len(self.entries)

    def headers(self):
        for offset, parts in enumerate(self.entries):
            if len(parts) == 2:
                yield Header.of(self.log, self.start + offset, parts[0], parts[1])
            else:
                yield Header(self.log, self.start + offset, *parts)

    def verify(self, held=None):
        """[LOG-9] to [LOG-12]; `held` is (size, frontier) of what the receiver has of this log."""
        size = self.checkpoint.size
        require(self.to <= size, "the batch goes beyond its checkpoint")
        require(
            len(self.frontier) == bin(self.start).count("1"),
            "the frontier has not one hash for each bit of from",
        )
        if held is not None and held[0] == self.start:
            require(held[1] == self.frontier, "the frontier is not the one held")
        running, count = self.frontier, self.start
        for header in self.headers():
            running, count = append(running, count, header.address), count + 1
        require(
            root_beyond(running, self.to, self.tail, size) == self.checkpoint.root,
            "the entries do not lead to the checkpoint's root",
        )
        self.checkpoint.verify()


def check_entry(value):
    """[LOG-8] One entry of a batch: [time, body] or [time, length, hash]."""
    parts = array(value, "an entry", least=2, limit=3)
    uint(parts[0], MAXIMUM_TIME, "the time")
    if len(parts) == 2:
        octets(parts[1], "the body", least=MINIMUM_BODY, limit=MAXIMUM_BODY)
    else:
        uint(parts[1], MAXIMUM_BODY, "the body length", least=MINIMUM_BODY)
        octets(parts[2], "the body hash", exactly=32)
    return parts


class Parting:
    """Where two histories part: the first entry that is not common, and what leads behind it in A."""

    def __init__(self, index, leaf_a, leaf_b, tail_a):
        self.index, self.leaf_a, self.leaf_b, self.tail_a = index, leaf_a, leaf_b, tail_a

    @property
    def value(self):
        return [self.index, self.leaf_a, self.leaf_b, self.tail_a]


class ForkProof:
    """Two checkpoints of one log that cannot both be true; with a parting, where they part."""

    def __init__(self, a, b, frontier_, tail_, parting=None):
        self.a, self.b, self.frontier, self.tail, self.parting = a, b, frontier_, tail_, parting

    @staticmethod
    def of_value(value):
        parts = array(value, "a fork proof", least=5, limit=9)
        require(len(parts) in (5, 9), "a fork proof has 5 or 9 elements")
        log, a, b, frontier_, tail_ = parts[:5]
        octets(log, "the log key", exactly=32)
        parting = None
        if len(parts) == 9:
            parting = Parting(
                uint(parts[5], MAXIMUM_INDEX, "the index"),
                octets(parts[6], "A's leaf", exactly=32),
                octets(parts[7], "B's leaf", exactly=32),
                hashes(parts[8], "A's tail", MAXIMUM_TAIL),
            )
        return ForkProof(
            Checkpoint.of_value(log, a),
            Checkpoint.of_value(log, b),
            hashes(frontier_, "the frontier", MAXIMUM_FRONTIER),
            hashes(tail_, "the tail", MAXIMUM_TAIL),
            parting,
        )

    @property
    def value(self):
        short = [self.a.log, self.a.value, self.b.value, self.frontier, self.tail]
        return short + (self.parting.value if self.parting else [])

    @property
    def bound(self):
        """[LOG-20] So many entries, at most, are common to both histories."""
        return self.parting.index if self.parting else self.a.size - 1

    def verify(self):
        """[LOG-13] to [LOG-15], [LOG-18], [LOG-19]"""
        a, b = self.a, self.b
        require(a.size <= b.size, "the smaller checkpoint comes first")
        require(a.size < b.size or a.root < b.root, "the smaller of two different roots comes first")
        if self.parting:
            self.verify_parting()
        elif a.size == b.size:
            require(not self.frontier and not self.tail, "checkpoints of one size need no hashes")
        else:
            require(
                root_beyond(self.frontier, a.size, self.tail, b.size) == b.root,
                "the hashes do not lead to the newer root",
            )
            require(fold(self.frontier) != a.root, "the checkpoints agree")
        a.verify()
        b.verify()

    def verify_parting(self):
        index, p = self.parting.index, self.parting
        require(index < self.a.size, "both trees go on behind what is common")
        require(len(self.frontier) == bin(index).count("1"), "the frontier is not one of the index")
        require(p.leaf_a != p.leaf_b, "the leaves agree")
        for leaf, tail_, top in ((p.leaf_a, p.tail_a, self.a), (p.leaf_b, self.tail, self.b)):
            grown = append(self.frontier, index, leaf)
            require(
                root_beyond(grown, index + 1, tail_, top.size) == top.root,
                "the hashes do not lead to the root",
            )


def decode_batch(data):
    return Batch.of_value(cbor.decode(data))


def decode_fork_proof(data):
    return ForkProof.of_value(cbor.decode(data))


def leaves_of(headers):
    return [leaf_hash(h.encoded) for h in headers]
