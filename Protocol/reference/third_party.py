"""Runs this reference against vectors of others, where ../shared/vectors stands beside the project."""

import json
import os

import cipher
import curve25519
import noise
from harness import report
from refused import Refused

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3, "shared", "vectors")


def load(*path):
    with open(os.path.join(FOLDER, *path), encoding="utf-8") as file:
        return json.load(file)


def wycheproof(name):
    """Each test with the group it stands in, its hex fields as bytes."""
    for group in load("wycheproof", name)["testGroups"]:
        for test in group["tests"]:
            yield (
                group,
                {
                    k: bytes.fromhex(v) if k not in ("comment", "result", "flags") and type(v) is str else v
                    for k, v in test.items()
                },
            )


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Refused:
        return None


def ed25519(group, test):
    key = bytes.fromhex(group.get("publicKey", group.get("key"))["pk"])
    return curve25519.verify(key, test["msg"], test["sig"]) == (test["result"] == "valid")


def x25519(group, test):
    """Wycheproof accepts the all-zero secret; Starling does not."""
    return (attempt(curve25519.x25519, test["private"], test["public"]) or bytes(32)) == test["shared"]


def chacha20_poly1305(group, test):
    if group["ivSize"] != 96:
        return True
    opened = attempt(cipher.open_sealed, test["key"], test["iv"], test["aad"], test["ct"] + test["tag"])
    return (opened == test["msg"]) if test["result"] == "valid" else opened is None


def hkdf(group, test):
    if test["size"] > 255 * 32:
        return test["result"] == "invalid"
    return cipher.hkdf(test["salt"] or bytes(32), test["ikm"], test["info"], test["size"]) == test["okm"]


def cacophony(vector):
    psk = bytes.fromhex(vector["init_psks"][0]) if "init_psks" in vector else None
    keys = {
        k: bytes.fromhex(vector[k])
        for k in ("init_static", "init_ephemeral", "resp_static", "resp_ephemeral", "init_prologue")
    }
    a = noise.Handshake(
        True,
        keys["init_static"],
        keys["init_ephemeral"],
        bytes.fromhex(vector["init_remote_static"]),
        keys["init_prologue"],
        psk,
    )
    b = noise.Handshake(False, keys["resp_static"], keys["resp_ephemeral"], None, keys["init_prologue"], psk)
    wire = noise.run(a, b, [bytes.fromhex(m["payload"]) for m in vector["messages"]])
    return a.hash.hex() == vector["handshake_hash"] and [w.hex() for w in wire] == [
        m["ciphertext"] for m in vector["messages"]
    ]


def run():
    """The number of failures; 0, said aloud, where the folder is absent."""
    if not os.path.isdir(FOLDER):
        print("vectors of others: skipped, ../shared/vectors is not there")
        return 0
    failed = 0
    for name, file, holds in (
        ("Ed25519", "ed25519_test.json", ed25519),
        ("X25519", "x25519_test.json", x25519),
        ("ChaCha20-Poly1305", "chacha20_poly1305_test.json", chacha20_poly1305),
        ("HKDF-SHA256", "hkdf_sha256_test.json", hkdf),
    ):
        failed += report(
            f"Wycheproof {name}",
            [(f"test {t['tcId']}", None if holds(g, t) else "another result") for g, t in wycheproof(file)],
        )
    found = load("noise", "cacophony.json")
    vectors = [
        v
        for v in found.get("vectors", found)
        if v["protocol_name"] in ("Noise_XK_25519_ChaChaPoly_SHA256", "Noise_XKpsk3_25519_ChaChaPoly_SHA256")
    ]
    return failed + report(
        "cacophony Noise XK, XKpsk3",
        [(v["protocol_name"], None if cacophony(v) else "another result") for v in vectors],
    )
