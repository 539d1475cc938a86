"""Sketches of logs and heads: reconciliation.md."""

import struct

from entry import sha256
from refused import require

P, Q = 4_294_967_291, 65_521
FEWEST, MOST = 16, 24_000
CELL, BUCKETS = 10, 256
MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(word):
    """The finaliser of SplitMix64."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ word >> 27) * 0x94D049BB133111EB & MASK
    return word ^ word >> 31


class Key:
    """[REC-3] The hash functions of one round."""

    def __init__(self, session, round_):
        start = b"starling/1 sketch" + session + struct.pack(">Q", round_)
        stream = b"".join(sha256(start + bytes([block])) for block in range(4))
        self.k = struct.unpack(">16Q", stream)

    def id(self, log):
        """[REC-4]"""
        words = struct.unpack(">4I", log[:16])
        return (self.k[0] + sum(k * w for k, w in zip(self.k[1:5], words)) & MASK) // 2**32 % P

    def value(self, size, checkpoint, root):
        """[REC-5]"""
        if size == 0:
            return 0
        words = (size, checkpoint) + struct.unpack(">4I", root[:16])
        total = self.k[5] + sum(k * w for k, w in zip(self.k[6:12], words)) & MASK
        return 1 + (total // 2**32 * 65_534 >> 32) << 16 | size % 2**16

    def word(self, number, ident):
        return mix(self.k[12] + ident + number * GOLDEN & MASK)

    def check(self, ident):
        return self.word(1, ident) >> 16 & 0xFFFF

    def places(self, ident, count):
        """[REC-6] The cells, of `count`, that a log stands in."""
        first, second = self.word(0, ident), self.word(1, ident)
        found = {half * count >> 32 for half in (first >> 32, first & 0xFFFFFFFF, second >> 32)}
        if second >> 8 & 0xFF < 26:
            for j in range(13):
                word = self.word(2 + j // 2, ident)
                half = word & 0xFFFFFFFF if j % 2 else word >> 32
                start, end = j * count // 13, (j + 1) * count // 13
                found.add(start + (half * (end - start) >> 32))
        return found

    def step(self, ident, value):
        """[REC-8] What a head adds to its bucket."""
        step = (mix(self.k[13] + (ident << 32 | value) & MASK) >> 61) - 1
        return -step if ident % 2 else step


class Head:
    """What one side holds of a log; size 0 when it holds, or compares, none."""

    def __init__(self, log, size=0, checkpoint=0, root=bytes(32)):
        self.log, self.size, self.checkpoint, self.root = log, size, checkpoint, root

    def item(self, key):
        return key.id(self.log), key.value(self.size, self.checkpoint, self.root)


def encode_cells(cells):
    return b"".join(struct.pack(">IIH", *cell) for cell in cells)


def cells_of(items, count, key):
    """[REC-7]"""
    cells = [[0, 0, 0] for _ in range(count)]
    for ident, value in items:
        for place in key.places(ident, count) if value else ():
            add(cells[place], ident, value, key.check(ident))
    return cells


def add(cell, ident, value, check):
    cell[0] = (cell[0] + value) % P
    cell[1] = (cell[1] + value * ident) % P
    cell[2] = (cell[2] + value * check) % Q


def total(items, key):
    cell = [0, 0, 0]
    for ident, value in items:
        add(cell, ident, value, key.check(ident))
    return encode_cells([cell])


def estimator(items, key):
    buckets = [0] * BUCKETS
    for ident, value in items:
        if value:
            bucket = key.word(1, ident) & 0xFF
            buckets[bucket] = (buckets[bucket] + key.step(ident, value)) % 256
    return bytes(buckets)


def decode_cells(data):
    """[REC-7] Cells as they travel."""
    require(len(data) % CELL == 0, "no whole cells")
    require(FEWEST <= len(data) // CELL <= MOST, "too few or too many cells")
    cells = [list(cell) for cell in struct.iter_unpack(">IIH", data)]
    require(all(a < P and b < P and c < Q for a, b, c in cells), "a sum is not below its prime")
    return cells


def peel(cells, key):
    """[REC-10] id -> change, of all logs that differ; refused when they cannot be told apart."""
    found, wave = {}, [n for n, c in enumerate(cells) if c[0]]
    while wave:
        place = wave.pop()
        change, ids, checks = cells[place]
        if not change:
            continue
        ident = ids * pow(change, P - 2, P) % P
        check = key.check(ident)
        plain = [d for d in (change, change - P) if d * check % Q == checks]
        if not plain or place not in key.places(ident, len(cells)):
            continue
        require(ident not in found, "a log twice")
        found[ident] = change
        for other in key.places(ident, len(cells)):
            add(cells[other], ident, -plain[0], check)
            wave.append(other)
    require(not any(any(cell) for cell in cells), "the differences cannot be told apart")
    return found


def near(low, mine):
    """[REC-11] The size nearest to mine that ends in these 16 bits; the smaller of two."""
    candidates = (mine // 2**16 * 2**16 + low + d for d in (-(2**16), 0, 2**16))
    return min((s for s in candidates if 0 < s < 2**32), key=lambda s: (abs(s - mine), s))


def compare(data, heads, key):
    """What the peer's cells tell: [(log, the peer's size)] in the order of `heads`, and unknown ids."""
    cells = decode_cells(data)
    mine = cells_of([h.item(key) for h in heads], len(cells), key)
    left = [[(a - x) % P, (b - y) % P, (c - z) % Q] for (a, b, c), (x, y, z) in zip(cells, mine)]
    found = peel(left, key)
    changed, known = [], set()
    for head in heads:
        ident, value = head.item(key)
        if ident not in found:
            continue
        known.add(ident)
        theirs = (value + found[ident]) % P
        if theirs == 0:
            changed.append((head.log, 0))
        elif believable(theirs):
            changed.append((head.log, near(theirs % 2**16, head.size)))
    unknown = [i for i, v in sorted(found.items()) if i not in known and believable(v)]
    return changed, unknown


def believable(value):
    return 0 < value >> 16 < 0xFFFF
