"""identity.json: recovery words, and which device logs an identity has."""

import identity
from curve25519 import public_key
from entry import Header, leaf_hash, make_body, sha256
from identifiers import did
from log import root
from vectors import START, File, note, salt, secret

# Words with a checksum that holds, from the vectors that BIP-39 names; the entropy is told in the name.
WORDS = {
    "all zero": "abandon " * 23 + "art",
    "all ones": "zoo " * 23 + "vote",
    "7f": "legal winner thank year wave sausage worth useful " * 2
    + "legal winner thank year wave sausage worth title",
    "80": "letter advice cage absurd amount doctor acoustic avoid " * 2
    + "letter advice cage absurd amount doctor acoustic bless",
    "68a79eac": "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis "
    "maple dilemma loan word shrug inflict delay length",
    "f585c11a": "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol "
    "group space point ten exist slush involve unfold",
}


def make():
    file = File(
        "identity", "identity.md", "Recovery words to root keys, and which device logs belong to an identity."
    )
    for name, words in WORDS.items():
        for index in (0, 1, 2) if name == "all zero" else (0,):
            request = {"op": "words-to-root", "words": words, "index": index}
            file.good(
                f"root key {index} of the words of {name}",
                "IDENT-2 IDENT-3",
                request,
                did=did(identity.words_to_root(words, index)),
            )
    request = {"op": "words-to-root", "words": WORDS["all zero"], "index": 2**32 - 1}
    file.good(
        "root key 2^32-1", "IDENT-3", request, did=did(identity.words_to_root(WORDS["all zero"], 2**32 - 1))
    )
    bad_words(file)
    Family(file).write()
    return file


def bad_words(file):
    good = WORDS["68a79eac"]
    words = good.split(" ")
    for name, text in {
        "nothing": "",
        "23 words": " ".join(words[:23]),
        "25 words": good + " abandon",
        "12 words": "abandon " * 11 + "about",
        "48 words": good + " " + good,
        "one word wrong": good.replace("hamster", "hammer"),
        "the last word wrong": " ".join(words[:23]) + " zoo",
        "two words swapped": " ".join([words[1], words[0]] + words[2:]),
        "the words reversed": " ".join(words[::-1]),
        "a word that is not in the list": good.replace("hamster", "hamstr"),
        "a word cut to four letters": good.replace("diagram", "diag"),
        "capitals": good.upper(),
        "a capital": good.capitalize(),
        "two spaces": good.replace(" ", "  ", 1),
        "a tab": good.replace(" ", "\t", 1),
        "a line feed behind": good + "\n",
        "a space in front": " " + good,
        "commas": good.replace(" ", ", "),
        "an ideographic space": good.replace(" ", "\u3000"),
        "numbers": " ".join(map(str, range(24))),
        "all one word": "abandon " * 23 + "abandon",
    }.items():
        file.bad(f"words: {name}", "IDENT-1", {"op": "words-to-root", "words": text, "index": 0})
    for index in (-1, 2**32, 2**64 - 1, 2**64):
        file.bad(f"root key {index}", "IDENT-3", {"op": "words-to-root", "words": good, "index": index})


class Family:
    """Identity logs of one person, and what each change of them does to the set of devices."""

    def __init__(self, file):
        self.file = file
        seed = sha256(b"words")
        self.keys = [public_key(identity.root_secret(seed, n)) for n in range(4)]
        self.next = [identity.next_hash(seed, n) for n in range(3)]
        self.phone, self.laptop = (public_key(secret(n)) for n in ("phone", "laptop"))

    def body(self, kind, fields):
        return make_body(salt(kind + repr(sorted(fields.items()))), kind, fields)

    def log(self, key, *bodies):
        return key, list(bodies)

    def start(self, n=0, predecessor=None):
        return self.body("identity", {1: self.next[n], **({2: predecessor} if predecessor else {})})

    def add(self, key):
        return self.body("add-device", {1: key})

    def revoke(self, key, index):
        return self.body("revoke-device", {1: key, 2: index})

    def device(self, key, names=None, *more):
        return self.log(key, self.body("device", {1: names or self.keys[0]}), *more)

    def root_of(self, log, size):
        headers = [Header.of(log[0], i, START + i, b) for i, b in enumerate(log[1])]
        return root([leaf_hash(h.encoded) for h in headers[:size]])

    def rotated(self, old, size, *bodies, key=None, n=1, root_=None):
        """The root log that succeeds `old` at `size`."""
        claim = [old[0], size, self.root_of(old, size) if root_ is None else root_]
        return self.log(key or self.keys[n], self.start(n, claim), *bodies)

    def case(self, name, rules, logs, forks=(), **expected):
        """`expected`: phone and laptop -> index from which entries do not count, or None; `forks`: pairs of
        a log's key and how many of its entries are common to its histories."""
        found = sorted((getattr(self, who).hex(), until) for who, until in expected.items())
        request = {
            "op": "identity-devices",
            "identity": self.keys[0].hex(),
            "logs": [
                {
                    "key": key.hex(),
                    "entries": [{"time": START + i, "body": b.hex()} for i, b in enumerate(bodies)],
                    **{"forked_at": at for forked, at in forks if forked == key},
                }
                for key, bodies in logs
            ],
        }
        self.file.good(name, rules, request, devices=[{"log": k, "until": u} for k, u in found])

    def write(self):
        phone, laptop, key = self.device(self.phone), self.device(self.laptop), self.keys[0]
        base = self.log(key, self.start(), self.add(self.phone))
        self.case("a device that both sides name", "IDENT-6", [base, phone], phone=None)
        self.case(
            "two devices",
            "IDENT-6",
            [self.log(key, self.start(), self.add(self.phone), self.add(self.laptop)), phone, laptop],
            phone=None,
            laptop=None,
        )
        self.case("no logs", "IDENT-5", [])
        self.case("a device alone", "IDENT-6", [phone])
        self.case("a device that the root does not add", "IDENT-6", [base, phone, laptop], phone=None)
        self.case("a device whose log is not here", "IDENT-6", [base])
        self.case(
            "a device that names another identity", "IDENT-6", [base, self.device(self.phone, self.keys[3])]
        )
        self.case(
            "a device log that starts with a note",
            "IDENT-6",
            [base, self.log(self.phone, note("hello"), phone[1][0])],
        )
        self.case(
            "a device log that starts with what cannot be read",
            "IDENT-6",
            [base, self.log(self.phone, bytes(20))],
        )
        self.case(
            "a root log that starts with a note",
            "IDENT-5",
            [self.log(key, note("hello"), self.start(), self.add(self.phone)), phone],
        )
        self.case(
            "a root log that starts with the device",
            "IDENT-5",
            [self.log(key, self.add(self.phone), self.start()), phone],
        )
        self.case(
            "a second start has no effect",
            "IDENT-5",
            [self.log(key, self.start(), self.start(1), self.add(self.phone)), phone],
            phone=None,
        )
        self.case(
            "a note among identity entries has no effect",
            "IDENT-7",
            [self.log(key, self.start(), note("hello"), bytes(20), self.add(self.phone)), phone],
            phone=None,
        )
        self.case(
            "a device added twice",
            "IDENT-7",
            [self.log(key, self.start(), self.add(self.phone), self.add(self.phone)), phone],
            phone=None,
        )
        self.case(
            "an unreadable add-device",
            "IDENT-7",
            [self.log(key, self.start(), self.body("add-device", {1: b"short"})), phone],
        )
        self.case(
            "another root's add-device",
            "IDENT-6",
            [self.log(key, self.start()), self.log(self.keys[3], self.start(), self.add(self.phone)), phone],
        )
        self.revocations(key, phone, base)
        self.successions(key, phone, laptop, base)
        self.forks(key, phone, laptop)
        self.bound(key, phone, laptop)

    def bound(self, key, phone, laptop):
        """[IDENT-13]"""
        filler = [bytes(17)] * 253
        full = self.log(key, self.start(), self.add(self.phone), *filler, self.add(self.laptop))
        self.case("a device added by entry 255", "IDENT-13", [full, phone, laptop], phone=None, laptop=None)
        late = self.log(key, *full[1][:255], bytes(17), self.add(self.laptop), self.revoke(self.phone, 7))
        self.case("a device added by entry 256", "IDENT-13", [late, phone, laptop], phone=None)
        self.case(
            "a successor of a root log of 258",
            "IDENT-9 IDENT-13",
            [late, self.rotated(late, 258, self.revoke(self.phone, 5), self.add(self.laptop)), phone, laptop],
            phone=5,
            laptop=None,
        )

    def forks(self, key, phone, laptop):
        """[IDENT-12]"""
        old = self.log(
            key, self.start(), self.add(self.phone), self.revoke(self.phone, 7), self.add(self.laptop)
        )
        held, add = [old, phone, laptop], self.add(self.laptop)
        for at, expected in ((0, {}), (1, {}), (2, {"phone": None}), (3, {"phone": 7})):
            self.case(f"a root log that forks at {at}", "IDENT-12", held, [(key, at)], **expected)
        for at in (4, 9):
            self.case(
                f"a root log of 4 that forks at {at}", "IDENT-12", held, [(key, at)], phone=7, laptop=None
            )
        for at, size in ((1, 3), (2, 4), (3, 2), (1, 1)):
            self.case(
                f"a successor at {size} of a root log that forks at {at}",
                "IDENT-9 IDENT-12",
                [old, self.rotated(old, size, add), phone, laptop],
                [(key, at)],
                **({"phone": None if size == 2 else 7} if size > 1 else {}),
                laptop=None,
            )
        self.case(
            "a successor of a root log that forks at 0",
            "IDENT-9 IDENT-12",
            [old, self.rotated(old, 4, add), phone, laptop],
            [(key, 0)],
        )
        next_ = self.rotated(old, 2, add)
        self.case(
            "a successor that forks at 1",
            "IDENT-12",
            [old, next_, phone, laptop],
            [(next_[0], 1)],
            phone=None,
        )
        self.case("a device log that forks at 0", "IDENT-12", held, [(self.phone, 0)], laptop=None)
        self.case(
            "a device log that forks at 1", "IDENT-12", held, [(self.phone, 1)], phone=7, laptop=None
        )

    def revocations(self, key, phone, base):
        add, revoke = self.add(self.phone), self.revoke
        for name, entries, until in (
            ("revoked from 5", [add, revoke(self.phone, 5)], 5),
            ("revoked from 0", [add, revoke(self.phone, 0)], 0),
            (
                "revoked twice: the smaller index holds",
                [add, revoke(self.phone, 3), revoke(self.phone, 5)],
                3,
            ),
            ("revoked twice, the smaller later", [add, revoke(self.phone, 5), revoke(self.phone, 3)], 3),
            ("added again after its revocation", [add, revoke(self.phone, 5), add], 5),
            ("revoked before it is added", [revoke(self.phone, 5), add], 5),
            ("another device revoked", [add, revoke(self.laptop, 0)], None),
        ):
            self.case(
                f"a device {name}", "IDENT-8", [self.log(key, self.start(), *entries), phone], phone=until
            )
        self.case(
            "a device revoked and never added",
            "IDENT-8",
            [self.log(key, self.start(), revoke(self.phone, 5)), phone],
        )
        self.case(
            "a revocation that cannot be read",
            "IDENT-8",
            [self.log(key, self.start(), add, self.body("revoke-device", {1: self.phone})), phone],
            phone=None,
        )
        self.case(
            "a revocation by the device itself",
            "IDENT-8",
            [base, self.device(self.phone, None, revoke(self.phone, 0))],
            phone=None,
        )

    def successions(self, key, phone, laptop, base):
        old = self.log(
            key, self.start(), self.add(self.phone), self.revoke(self.phone, 7), self.add(self.laptop)
        )
        add = self.add(self.laptop)
        self.case(
            "rotated, the whole old log kept",
            "IDENT-9",
            [old, self.rotated(old, 4), phone, laptop],
            phone=7,
            laptop=None,
        )
        self.case(
            "rotated before the last entry", "IDENT-9", [old, self.rotated(old, 3), phone, laptop], phone=7
        )
        self.case(
            "rotated before the revocation", "IDENT-9", [old, self.rotated(old, 2), phone, laptop], phone=None
        )
        self.case("rotated right after the start", "IDENT-9", [old, self.rotated(old, 1), phone, laptop])
        self.case(
            "a device added by the second root",
            "IDENT-9",
            [old, self.rotated(old, 1, add), phone, laptop],
            laptop=None,
        )
        self.case(
            "a device of the first root revoked by the second",
            "IDENT-9",
            [base, self.rotated(base, 2, self.revoke(self.phone, 2)), phone],
            phone=2,
        )
        second = self.rotated(base, 2, add)
        self.case(
            "a third root",
            "IDENT-9",
            [base, second, self.rotated(second, 2, self.revoke(self.phone, 1), n=2), phone, laptop],
            phone=1,
            laptop=None,
        )
        self.case(
            "a third root that cuts the second short",
            "IDENT-9",
            [base, second, self.rotated(second, 1, n=2), phone, laptop],
            phone=None,
        )
        self.case(
            "a successor that skips a key",
            "IDENT-9",
            [base, self.rotated(base, 2, self.revoke(self.phone, 0), n=2), phone],
            phone=None,
        )
        stranger = self.keys[3]
        self.case(
            "a successor with a key not promised",
            "IDENT-9",
            [base, self.rotated(base, 2, self.revoke(self.phone, 0), key=stranger), phone],
            phone=None,
        )
        self.case(
            "a successor that names another root hash",
            "IDENT-9",
            [base, self.rotated(base, 2, self.revoke(self.phone, 0), root_=bytes(32)), phone],
            phone=None,
        )
        self.case(
            "a successor from a size not held",
            "IDENT-9",
            [base, self.rotated(old, 3, self.revoke(self.phone, 0)), phone],
            phone=None,
        )
        self.case(
            "a successor without predecessor",
            "IDENT-9",
            [base, self.log(self.keys[1], self.start(1), self.revoke(self.phone, 0)), phone],
            phone=None,
        )
        self.case(
            "a successor that starts with a device",
            "IDENT-9",
            [
                base,
                self.log(
                    self.keys[1],
                    self.body("device", {1: key, 2: [key, 2, self.root_of(base, 2)]}),
                    self.revoke(self.phone, 0),
                ),
                phone,
            ],
            phone=None,
        )
        self.case(
            "a device that names the second root",
            "IDENT-6",
            [base, self.rotated(base, 2, add), self.device(self.laptop, self.keys[1])],
        )
        claim = [key, 2, self.root_of(base, 2)]
        self.case(
            "a device with a predecessor",
            "IDENT-6",
            [base, self.log(self.phone, self.body("device", {1: key, 2: claim}))],
            phone=None,
        )
