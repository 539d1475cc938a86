"""checkpoint.json: signed notes."""

from checkpoint import Checkpoint, key_id, origin, signature_line
from curve25519 import L, sign
from entry import sha256
from identifiers import base64_encode, did
from vectors import File, Log, flip, secret


def make():
    file = File(
        "checkpoint", "checkpoint.md", "Signed notes: the log's own signature holds, whatever witnesses add."
    )
    log = Log.of_notes("checkpoint", 5)
    good = log.checkpoint(5)
    d = did(log.key)

    def case(name, text, ok=False, rules="CP-2"):
        request = {"op": "checkpoint-verify", "note": text, "did": d}
        file.good(name, rules, request) if ok else file.bad(name, rules, request)

    def signed(text):
        return text + "\n" + signature_line(origin(log.key), log.key, sign(log.seed, text.encode()))

    for size in (1, 2, 5):
        case(f"size {size}", log.checkpoint(size).note, True, "CP-1")
    case("size 2^32-1", Checkpoint.signed(log.seed, 2**32 - 1, log.root(5)).note, True, "CP-1")
    note_texts(case, signed, good, log)
    witnesses(case, good, log)
    signatures(case, good, log)
    other = Log.of_notes("another", 1)
    file.bad(
        "asked of another log", "CP-4", {"op": "checkpoint-verify", "note": good.note, "did": did(other.key)}
    )
    file.bad("asked of no log", "CP-4", {"op": "checkpoint-verify", "note": good.note, "did": d[8:]})
    file.every(
        "character",
        "note",
        "any character changed or left out",
        "CP-2 CP-5",
        {"op": "checkpoint-verify", "note": good.note, "did": d},
    )
    return file


def note_texts(case, signed, good, log):
    o, size, root_ = good.text.splitlines()
    for name, lines in {
        "an extension line": (o, size, root_, "extension"),
        "size 0": (o, "0", base64_encode(sha256(b""))),
        "size with a leading zero": (o, "05", root_),
        "size with a plus": (o, "+5", root_),
        "a negative size": (o, "-5", root_),
        "size 2^32": (o, str(2**32), root_),
        "size 2^64+5": (o, str(2**64 + 5), root_),
        "size in hexadecimal": (o, "0x5", root_),
        "an empty size": (o, "", root_),
        "a size in other digits": (o, "\u0665", root_),
        "size with a space": (o, "5 ", root_),
        "root of 31 bytes": (o, size, base64_encode(log.root(5)[:31])),
        "root of 33 bytes": (o, size, base64_encode(log.root(5) + b"\0")),
        "root in hexadecimal": (o, size, log.root(5).hex()),
        "root without padding": (o, size, root_[:-1]),
        "root with stray bits": (o, size, stray(root_)),
        "root with a space": (o, size, root_ + " "),
        "root in the URL alphabet": (
            o,
            size,
            root_.replace("+", "-").replace("/", "_") if set(root_) & set("+/") else "-" + root_[1:],
        ),
        "origin without starling/": (o[9:], size, root_),
        "origin with a capital": ("S" + o[1:], size, root_),
        "origin of another log": (origin(secret("x")), size, root_),
        "origin with a slash": (o + "/", size, root_),
        "origin with a space": (o + " ", size, root_),
        "lines in another order": (o, root_, size),
        "no origin": (size, root_),
        "no root": (o, size),
        "a carriage return": (o + "\r", size, root_),
        "a tab behind the size": (o, size + "\t", root_),
        "an empty line first": ("", o, size, root_),
    }.items():
        case(f"signed, but {name}", signed("\n".join(lines) + "\n"), rules="CP-1")
    text = good.note
    case("no signature", good.text + "\n", rules="CP-2")
    case("no empty line", good.text + text[len(good.text) + 1 :])
    case("two empty lines", good.text + "\n" + text[len(good.text) :])
    case("no line feed at the end", text[:-1])
    case("an empty line at the end", text + "\n")
    case("white space at the end", text + " \n")
    case("carriage returns", text.replace("\n", "\r\n"))
    case("a zero byte", text[:-1] + "\0\n")
    case("nothing", "")
    case("a byte order mark", "\ufeff" + text)
    case("the text alone", good.text)


def stray(text):
    """Base64 whose last character carries bits that are not there."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(text.rstrip("=")) - 1
    return text[:at] + alphabet[alphabet.index(text[at]) + 1] + text[at + 1 :]


def witnesses(case, good, log):
    lines = [
        signature_line(f"witness.example/{i}", secret(f"witness {i}"), secret(f"s{i}") * 2 + bytes(8), kind=4)
        for i in range(16)
    ]
    own = good.note[len(good.text) + 1 :]
    start = good.text + "\n"
    case("a witness behind", good.note + lines[0], True, "CP-3")
    case("a witness in front", start + lines[0] + own, True, "CP-3")
    case("15 witnesses", good.note + "".join(lines[:15]), True, "CP-3")
    case("the same witness twice", good.note + lines[0] + lines[0], True, "CP-3")
    case("16 witnesses", good.note + "".join(lines), rules="CP-3")
    case("only a witness", start + lines[0], rules="CP-4")
    case(
        "a witness whose name is not ASCII", good.note + lines[0].replace("witness", "zeuge-ö"), True, "CP-3"
    )
    case(
        "a witness with the log's name and another key id",
        good.note
        + "— "
        + origin(log.key)
        + " "
        + base64_encode(flip(key_id(origin(log.key), log.key)) + bytes(64))
        + "\n",
        True,
        "CP-4",
    )
    case(
        "a witness with the log's key id and another name",
        good.note + "— x " + base64_encode(key_id(origin(log.key), log.key) + bytes(64)) + "\n",
        True,
        "CP-4",
    )
    case("a witness of five bytes", good.note + "— x " + base64_encode(bytes(5)) + "\n", True, "CP-3")
    for name, line in {
        "of four bytes": "— x " + base64_encode(bytes(4)) + "\n",
        "of nothing": "— x \n",
        "without name": "— " + lines[0].split(" ")[2],
        "with an empty name": "—  " + lines[0].split(" ")[2],
        "with a plus in its name": lines[0].replace("witness", "wit+ness"),
        "with a no-break space in its name": lines[0].replace("witness", "wit\u00a0ness"),
        "with an ideographic space in its name": lines[0].replace("witness", "wit\u3000ness"),
        "with a hyphen for the dash": "-" + lines[0][1:],
        "with an en dash": "\u2013" + lines[0][1:],
        "without dash": lines[0][2:],
        "with two spaces": lines[0].replace("— ", "—  "),
        "with four parts": lines[0][:-1] + " x\n",
        "without padding": lines[0].replace("=", ""),
        "with stray bits": lines[0][:-1].rstrip("=")[:-1] + "B==\n",
        "with a tab": lines[0].replace(" ", "\t"),
        "with a control character": lines[0].replace("witness", "wit\x01ness"),
        "that is no signature": "hello\n",
        "with a space behind": lines[0][:-1] + " \n",
        "of 20,000 bytes": "— x " + base64_encode(bytes(20000)) + "\n",
    }.items():
        case(f"a witness line {name}", good.note + line, rules="CP-3")


def signatures(case, good, log):
    name = origin(log.key)

    def line(signature, kind=1, as_name=name, key=log.key):
        return good.text + "\n" + signature_line(as_name, key, signature, kind)

    sig = good.signature
    s = int.from_bytes(sig[32:], "little")
    for what, text in {
        "the log's signature twice": good.note + signature_line(name, log.key, sig),
        "a good and a damaged signature of the log": good.note + signature_line(name, log.key, flip(sig)),
        "a damaged and a good signature of the log": line(flip(sig)) + signature_line(name, log.key, sig),
        "S plus the group order": line(sig[:32] + (s + L).to_bytes(32, "little")),
        "R flipped": line(flip(sig, 5)),
        "S flipped": line(flip(sig, 260)),
        "zeros": line(bytes(64)),
        "R and S swapped": line(sig[32:] + sig[:32]),
        "63 bytes": line(sig[:63]),
        "65 bytes": line(sig + b"\0"),
        "the signature of the root alone": line(sign(log.seed, log.root(5))),
        "the signature of the text without its last line feed": line(sign(log.seed, good.text[:-1].encode())),
        "the signature of the whole note": line(sign(log.seed, good.note.encode())),
        "the signature of another size": line(log.checkpoint(4).signature),
        "another key's signature": line(sign(secret("other"), good.text.encode())),
        "a key id of another signature type": line(sig, kind=4),
        "a key id without the type": good.text
        + "\n— "
        + name
        + " "
        + base64_encode(sha256(name.encode() + b"\n" + log.key)[:4] + sig)
        + "\n",
        "a key id of the bare key": good.text
        + "\n— "
        + name
        + " "
        + base64_encode(sha256(log.key)[:4] + sig)
        + "\n",
        "no key id": good.text + "\n— " + name + " " + base64_encode(sig) + "\n",
        "the did as key name": line(sig, as_name=did(log.key)),
        "the signature of a lower-case hex root": line(
            sign(log.seed, f"{name}\n5\n{log.root(5).hex()}\n".encode())
        ),
    }.items():
        case(f"signature: {what}", text, rules="CP-4 CP-5")
