"""ed25519.json: the signatures on which verifiers differ, and what libsodium 1.0.18 does with them."""

import hashlib

import curve25519 as c
from vectors import File, flip, secret

# RFC 8032 §7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def scalar(name):
    return int.from_bytes(secret(name), "little") % c.L


def torsion():
    """A point of order 8, cut out of the first point whose order is not a divisor of 4 times the prime."""
    y = 2
    while True:
        try:
            point = c.multiply(c.L, c.decompress(y.to_bytes(32, "little")))
        except c.Refused:
            y += 1
            continue
        if c.compress(c.multiply(4, point)) != c.compress(c.IDENTITY):
            return point
        y += 1


T8 = torsion()


def small_order_encodings():
    """All encodings of the eight points of small order: name -> 32 bytes."""
    out = {}
    for k in range(8):
        encoded = c.compress(c.multiply(k, T8))
        order = 8 // gcd(8, k)
        out[f"{k} times the point of order 8 (order {order})"] = encoded
        y, sign = int.from_bytes(encoded, "little") & (1 << 255) - 1, encoded[31] >> 7
        if y + c.P < 1 << 255:
            out[f"{k} times it, y plus p"] = (y + c.P | sign << 255).to_bytes(32, "little")
        if c.multiply(k, T8)[0] % c.P == 0:
            out[f"{k} times it, x = 0 with sign 1"] = (y | 1 << 255).to_bytes(32, "little")
            if y + c.P < 1 << 255:
                out[f"{k} times it, y plus p, x = 0 with sign 1"] = (y + c.P | 1 << 255).to_bytes(
                    32, "little"
                )
    return out


def gcd(a, b):
    return a if b == 0 else gcd(b, a % b)


def whole_challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little")


def find_message(r, public, holds):
    """The first numbered message whose challenge, whole and reduced, `holds`."""
    for i in range(10000):
        message = b"message %d" % i
        whole = whole_challenge(r, public, message)
        if holds(whole, whole % c.L):
            return message
    raise ValueError("no message found")


def signature_by(a, nonce, r, public, message):
    """R as given, and S = nonce + h a."""
    s = (nonce + whole_challenge(r, public, message) * a) % c.L
    return r + s.to_bytes(32, "little")


def make():
    file = File(
        "ed25519",
        "checkpoint.md",
        "Which Ed25519 signatures hold: those that libsodium 1.0.18 accepts, no others.",
    )

    def case(name, public, message, signature, ok=False):
        request = {
            "op": "ed25519-verify",
            "public": public.hex(),
            "message": message.hex(),
            "signature": signature.hex(),
        }
        file.good(name, "CP-5", request) if ok else file.bad(name, "CP-5", request)

    for i, (public, message, signature) in enumerate(RFC_8032):
        case(f"RFC 8032 test {i + 1}", *map(bytes.fromhex, (public, message, signature)), ok=True)
    seed = secret("ed25519")
    public, message = c.public_key(seed), b"a message"
    signature = c.sign(seed, message)
    case("a signature", public, message, signature, ok=True)
    case("a signature of 10,000 zeros", public, bytes(10000), c.sign(seed, bytes(10000)), ok=True)
    simple_mutations(case, public, message, signature)
    small_orders(case, seed, public)
    mixed_orders(case)
    for field in ("signature", "public", "message"):
        file.every(
            "bit",
            field,
            f"any bit of the {field} flipped",
            "CP-5",
            {
                "op": "ed25519-verify",
                "public": public.hex(),
                "message": message.hex(),
                "signature": signature.hex(),
            },
        )
    return file


def simple_mutations(case, public, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = 1
    while s + k * c.L < 1 << 256:
        case(f"S plus {k} L", public, message, r + (s + k * c.L).to_bytes(32, "little"))
        k += 1
    for name, value in (
        ("0", 0),
        ("1", 1),
        ("L", c.L),
        ("L - 1", c.L - 1),
        ("L - S", c.L - s),
        ("2^252", 2**252),
        ("2^256 - 1", 2**256 - 1),
    ):
        case(f"S of {name}", public, message, r + value.to_bytes(32, "little"))
    case("zeros", public, message, bytes(64))
    case("R of zeros", public, message, bytes(32) + signature[32:])
    case("R that is no point", public, message, off_curve() + signature[32:])
    case("R that is A", public, message, public + signature[32:])
    case("R negated", public, message, flip(r, 255) + signature[32:])
    case("A negated", flip(public, 255), message, signature)
    case("A that is no point", off_curve(), message, signature)
    case("A of FF", b"\xff" * 32, message, signature)
    case("no message", public, b"", signature)
    case("another message", public, message + b"\0", signature)
    case("the hash of the message", public, hashlib.sha512(message).digest(), signature)
    case("a public key of 31 bytes", public[:31], message, signature)
    case("a public key of 33 bytes", public + b"\0", message, signature)
    case("a public key of no bytes", b"", message, signature)
    case("a signature of 63 bytes", public, message, signature[:63])
    case("a signature of 65 bytes", public, message, signature + b"\0")
    case("a signature of no bytes", public, message, b"")


def off_curve():
    y = 2
    while True:
        encoded = y.to_bytes(32, "little")
        try:
            c.decompress(encoded)
        except c.Refused:
            return encoded
        y += 1


def small_orders(case, seed, public):
    """The equation S B = R + h A holds in each of these; the points are refused all the same."""
    a, nonce = c.expand(seed)[0], scalar("nonce")
    r = c.compress(c.multiply(nonce, c.BASE))
    for name, encoded in small_order_encodings().items():
        message = find_message(r, encoded, lambda whole, h: h % 8 == 0)
        case(f"A is {name}", encoded, message, r + nonce.to_bytes(32, "little"))
        if name.startswith("0 times"):
            message = b"a message"
            case(f"R is {name}", public, message, signature_by(a, 0, encoded, public, message))
            case(f"R and A are {name}", encoded, message, encoded + bytes(32))
        else:
            minus = 8 - int(name[0])
            mixed = c.compress(c.add(c.multiply(a, c.BASE), c.multiply(minus, T8)))
            message = find_message(encoded, mixed, lambda whole, h: h % 8 == 1)
            case(f"R is {name}, and A undoes it", mixed, message, signature_by(a, 0, encoded, mixed, message))


def mixed_orders(case):
    a, nonce = scalar("a"), scalar("nonce")
    prime = c.multiply(a, c.BASE)
    r_point = c.multiply(nonce, c.BASE)
    r = c.compress(r_point)
    for k, name in ((1, "8"), (2, "4"), (4, "2")):
        order = 8 // k
        mixed = c.compress(c.add(prime, c.multiply(k, T8)))
        for what, ok, holds in (
            ("h a multiple of the order", True, lambda w, h: h % order == 0 and w % order == 0),
            (
                "h not a multiple, so only a cofactored check holds",
                False,
                lambda w, h: h % order != 0 and w % order != 0,
            ),
            ("h a multiple only when reduced modulo L", True, lambda w, h: h % order == 0 and w % order != 0),
            ("h a multiple only before it is reduced", False, lambda w, h: h % order != 0 and w % order == 0),
        ):
            message = find_message(r, mixed, holds)
            case(
                f"A has a part of order {name}, {what}",
                mixed,
                message,
                signature_by(a, nonce, r, mixed, message),
                ok,
            )
        torn = c.compress(c.add(r_point, c.multiply(k, T8)))
        public = c.compress(prime)
        case(
            f"R has a part of order {name}",
            public,
            b"a message",
            signature_by(a, nonce, torn, public, b"a message"),
        )
        message = find_message(torn, mixed, lambda w, h: (h + 1) % order == 0)
        case(
            f"R and A have parts of order {name} that cancel",
            mixed,
            message,
            signature_by(a, nonce, torn, mixed, message),
            True,
        )
        message = find_message(torn, mixed, lambda w, h: (h + 1) % order != 0)
        case(
            f"R and A have parts of order {name} that do not cancel",
            mixed,
            message,
            signature_by(a, nonce, torn, mixed, message),
        )
