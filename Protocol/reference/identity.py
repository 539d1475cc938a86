"""Recovery words, root keys, and which device logs an identity has (identity.md)."""

import hashlib
import os
import re

import cipher
import curve25519
from content import readable
from entry import leaf_hash, sha256
from log import root
from refused import require, uint

ROOM = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "Sources", "Crypto"
)
# [IDENT-13] Entries of a root log that have effect.
STATEMENTS = 256
LIST_DIGEST = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"


def find_words():
    """The 2,048 words of BIP-39 in English, wherever the sources keep them; None when they do not."""
    for folder, _, names in sorted(os.walk(ROOM)):
        for name in sorted(names):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                text = file.read()
            found = re.search(r"\babandon\b.*\bzoo\b", text, re.DOTALL)
            words = re.findall(r"[a-z]+", found[0]) if found else []
            if hashlib.sha256("".join(w + "\n" for w in words).encode()).hexdigest() == LIST_DIGEST:
                return words
    return None


WORDS = find_words()


def check_words(text):
    """[IDENT-1] The words are 24 of the list, with one space between, and their checksum holds."""
    words = text.split(" ")
    require(len(words) == 24, "there must be 24 words")
    require(all(re.fullmatch("[a-z]{3,8}", w) for w in words), "not a word of the list")
    if WORDS is None:
        return
    require(all(w in WORDS for w in words), "not a word of the list")
    number = 0
    for word in words:
        number = number << 11 | WORDS.index(word)
    entropy = (number >> 8).to_bytes(32, "big")
    require(sha256(entropy)[0] == number & 255, "the checksum is wrong")


def words_to_seed(text):
    """[IDENT-2] BIP-39, no passphrase."""
    check_words(text)
    return hashlib.pbkdf2_hmac("sha512", text.encode(), b"mnemonic", 2048)


def root_secret(seed, index):
    """[IDENT-3] The Ed25519 seed of root key `index`."""
    uint(index, 2**32 - 1, "the number of the root key")
    return cipher.hkdf(b"starling/1", seed, f"root key {index}".encode())


def words_to_root(text, index):
    return curve25519.public_key(root_secret(words_to_seed(text), index))


def next_hash(seed, index):
    """[IDENT-4] What the root log of key `index` commits to."""
    return sha256(curve25519.public_key(root_secret(seed, index + 1)))


class HeldLog:
    """A verified log as far as it is held: pairs of header and body (None when dropped)."""

    def __init__(self, key, entries, forked_at=None):
        self.key, self.entries = key, entries
        self.counted = len(entries) if forked_at is None else min(forked_at, len(entries))

    def content(self, index):
        """Kind and fields, or None: not held, dropped, or unreadable."""
        if index >= len(self.entries) or self.entries[index][1] is None:
            return None
        return readable(self.entries[index][1])

    def root(self, size):
        return root([leaf_hash(h.encoded) for h, _ in self.entries[:size]])


def succeeds(old, new):
    """[IDENT-9] The size from which entries of `old` have no effect, when `new` succeeds it; else None."""
    first, second = old.content(0), new.content(0)
    if not (first and second and first[0] == second[0] == "identity"):
        return None
    claim = second[1].get(2)
    if claim is None or claim[0] != old.key or sha256(new.key) != first[1].get(1):
        return None
    return claim[1] if claim[1] <= len(old.entries) and old.root(claim[1]) == claim[2] else None


def chain(identity, logs):
    """[IDENT-5], [IDENT-9] The root logs in order, each with the size up to which it has effect."""
    current, out = logs.get(identity), []
    while current is not None and current.counted > 0 and (current.content(0) or [""])[0] == "identity":
        found = [
            (log, end) for log, end in ((l, succeeds(current, l)) for l in logs.values()) if end is not None
        ]
        out.append((current, found[0][1] if found else current.counted))
        current = found[0][0] if found else None
    return out


def devices(identity, logs):
    """[IDENT-6] to [IDENT-8], [IDENT-13] Log key of each device -> the first index that does not count, or None."""
    added, revoked = set(), {}
    for root_log, end in chain(identity, logs):
        for index in range(1, min(end, STATEMENTS)):
            kind, fields = root_log.content(index) or ("", None)
            if kind == "add-device":
                added.add(fields.get(1))
            elif kind == "revoke-device":
                key, start = fields.get(1), fields.get(2)
                revoked[key] = min(start, revoked.get(key, start))
    out = {}
    for key in sorted(added):
        first = logs[key].content(0) if key in logs and logs[key].counted > 0 else None
        if first and first[0] == "device" and first[1].get(1) == identity:
            out[key] = revoked.get(key)
    return out
