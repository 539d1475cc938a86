"""ChaCha20-Poly1305 (RFC 8439) and HKDF-SHA256 (RFC 5869)."""

import hashlib
import hmac
import struct

from refused import require


def quarter_round(s, a, b, c, d):
    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = s[x] + s[y] & 0xFFFFFFFF
        s[z] ^= s[x]
        s[z] = (s[z] << bits | s[z] >> 32 - bits) & 0xFFFFFFFF


def chacha20_block(key, counter, nonce):
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    s = start[:]
    for _ in range(10):
        for i in range(4):
            quarter_round(s, i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *(x + y & 0xFFFFFFFF for x, y in zip(s, start)))


def chacha20(key, counter, nonce, data):
    stream = b"".join(chacha20_block(key, counter + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(x ^ y for x, y in zip(data, stream))


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    accumulator = 0
    for i in range(0, len(message), 16):
        block = int.from_bytes(message[i : i + 16] + b"\x01", "little")
        accumulator = (accumulator + block) * r % (2**130 - 5)
    return ((accumulator + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def tag(key, nonce, ad, ciphertext):
    def pad(data):
        return data + bytes(-len(data) % 16)

    once = chacha20_block(key, 0, nonce)[:32]
    lengths = struct.pack("<QQ", len(ad), len(ciphertext))
    return poly1305(once, pad(ad) + pad(ciphertext) + lengths)


def seal(key, nonce, ad, plaintext):
    """Ciphertext and 16-byte tag."""
    ciphertext = chacha20(key, 1, nonce, plaintext)
    return ciphertext + tag(key, nonce, ad, ciphertext)


def open_sealed(key, nonce, ad, sealed):
    """The plaintext, unless the tag is wrong."""
    require(len(sealed) >= 16, "shorter than its tag")
    require(hmac.compare_digest(tag(key, nonce, ad, sealed[:-16]), sealed[-16:]), "the tag is wrong")
    return chacha20(key, 1, nonce, sealed[:-16])


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(salt, secret, info, count=32):
    """HKDF-SHA256: extract, then expand to `count` bytes."""
    extracted = hmac_sha256(salt, secret)
    out, block = b"", b""
    while len(out) < count:
        block = hmac_sha256(extracted, block + info + bytes([len(out) // 32 + 1]))
        out += block
    return out[:count]
