"""Ed25519 with the acceptance of checkpoint.md, X25519, and the map between them.

Written for clarity: it is slow and takes time that depends on secrets. Test keys only.
"""

import functools
import hashlib

from refused import Refused, require

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T (RFC 8032 §5.1.4)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p):
    a, b, c = p[0] * p[0], p[1] * p[1], 2 * p[2] * p[2]
    h, g = a + b, a - b
    e, f = h - (p[0] + p[1]) ** 2, c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = double(point), scalar >> 1
    return result


def multiply_both(a, p, b, q):
    """a p + b q, in one pass over the bits of both."""
    table = [IDENTITY, p, q, add(p, q)]
    result = IDENTITY
    for i in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        result = double(result)
        bits = (a >> i & 1) + 2 * (b >> i & 1)
        if bits:
            result = add(result, table[bits])
    return result


def negate(point):
    return -point[0] % P, point[1], point[2], -point[3] % P


def compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompress(encoded):
    """The point of 32 bytes, y reduced modulo p; refused when no point has that y (RFC 8032 §5.1.3)."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, (number & (1 << 255) - 1) % P
    u, v = y * y - 1, D * y * y + 1
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    require((v * x * x - u) % P == 0, "not a point of the curve")
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_small_order(encoded):
    """Whether 32 bytes spell, in any way, one of the eight points whose order divides 8."""
    try:
        point = decompress(encoded)
    except Refused:
        return False
    return compress(multiply(8, point)) == compress(IDENTITY)


def challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    """The Ed25519 public key of a 32-byte seed."""
    return compress(multiply(expand(seed)[0], BASE))


def sign(seed, message):
    """The 64-byte signature of RFC 8032 §5.1.6."""
    scalar, prefix = expand(seed)
    public = compress(multiply(scalar, BASE))
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = compress(multiply(nonce, BASE))
    s = (nonce + challenge(r, public, message) * scalar) % L
    return r + s.to_bytes(32, "little")


@functools.lru_cache(maxsize=4096)
def verify(public, message, signature):
    """[CP-5] Whether the signature holds: cofactorless, strict on S, A and R."""
    if len(public) != 32 or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L or is_small_order(r) or is_small_order(public):
        return False
    if int.from_bytes(public, "little") & (1 << 255) - 1 >= P:
        return False
    try:
        a = decompress(public)
    except Refused:
        return False
    h = challenge(r, public, message)
    return compress(multiply_both(s, BASE, h, negate(a))) == r


def x25519(scalar, u):
    """The shared secret of RFC 7748 §5; the all-zero one is refused."""
    k = int.from_bytes(scalar, "little") & (1 << 254) - 8 | 1 << 254
    x1 = (int.from_bytes(u, "little") & (1 << 255) - 1) % P
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in range(254, -1, -1):
        if k >> t & 1:
            x3, z3, x2, z2 = ladder_step(x1, x3, z3, x2, z2)
        else:
            x2, z2, x3, z3 = ladder_step(x1, x2, z2, x3, z3)
    secret = (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")
    require(secret != bytes(32), "the shared secret is zero")
    return secret


def ladder_step(x1, x2, z2, x3, z3):
    a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
    aa, bb, da, cb = a * a, b * b, d * a, c * b
    e = aa - bb
    doubled = aa * bb % P, e * (aa + 121665 * e) % P
    added = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
    return doubled + added


X25519_BASE = (9).to_bytes(32, "little")


def x25519_public(scalar):
    return x25519(scalar, X25519_BASE)


def to_x25519_public(public):
    """The X25519 key of an Ed25519 key: u = (1 + y) / (1 - y), for a point of the prime-order group."""
    number = int.from_bytes(public, "little") & (1 << 255) - 1
    require(not is_small_order(public), "not a key of the prime-order group")
    point = decompress(public)
    require(compress(multiply(L, point)) == compress(IDENTITY), "not a key of the prime-order group")
    return ((1 + number) * pow(1 - number, P - 2, P) % P).to_bytes(32, "little")


def to_x25519_secret(seed):
    """The X25519 private key of an Ed25519 seed: the clamped first half of its SHA-512."""
    return expand(seed)[0].to_bytes(32, "little")
