"""identifiers.json: dids and addresses."""

from entry import sha256
from identifiers import MAXIMUM_INDEX, base58_encode, did, key_text, post_address
from vectors import File, Log


def make():
    file = File("identifiers", "identifiers.md", "did:key, node addresses and post addresses.")
    key = Log.of_notes("identifiers", 1).key
    for name, public in (("a key", key), ("32 zero bytes", bytes(32)), ("32 bytes of FF", b"\xff" * 32)):
        file.good(f"did of {name}", "ID-1", {"op": "did-key", "public": public.hex()}, did=did(public))
        file.good(f"{name} of a did", "ID-1", {"op": "did-key", "did": did(public)}, public=public.hex())
    dids(file, key)
    node_addresses(file, key_text(key), key.hex())
    post_addresses(file, key)
    return file


def dids(file, key):
    good = did(key)
    bad = {
        "no prefix": good[8:],
        "another letter for the base": good.replace("z6", "y6"),
        "another method": good.replace("key", "web"),
        "upper-case method": good.replace("did", "DID"),
        "base16 instead of base58": "did:key:f" + "ed01" + key.hex(),
        "without z": "did:key:" + good[9:],
        "a character outside the alphabet": good[:-1] + "0",
        "a capital I": good[:-1] + "I",
        "one character fewer": good[:-1],
        "one character more": good + "1",
        "a leading 1": good.replace("z", "z1"),
        "white space before": " " + good,
        "white space behind": good + " ",
        "a line feed behind": good + "\n",
        "a fragment behind": good + "#" + good[8:],
        "nothing": "",
        "only the prefix": "did:key:z",
        "an X25519 key (ec01)": "did:key:z" + base58_encode(b"\xec\x01" + key),
        "another codec of one byte": "did:key:z" + base58_encode(b"\x12\x20" + key),
        "31 bytes": "did:key:z" + base58_encode(b"\xed\x01" + key[:31]),
        "33 bytes": "did:key:z" + base58_encode(b"\xed\x01" + key + b"\0"),
        "a codec in an overlong varint": "did:key:z" + base58_encode(b"\xed\x81\0" + key),
        "a character that is not ASCII": good[:-1] + "é",
    }
    for name, text in bad.items():
        file.bad(f"did with {name}", "ID-1", {"op": "did-key", "did": text})
    for name, public in (("31 bytes", key[:31].hex()), ("33 bytes", key.hex() + "00"), ("no bytes", "")):
        file.bad(f"a key of {name}", "ID-1", {"op": "did-key", "public": public})


def node_addresses(file, key, public):
    start = f"starling://{key}@"
    places = {
        "a name": [("example.org", 4101)],
        "a name of one label": [("localhost", 1)],
        "capitals": [("Example.ORG", 65535)],
        "an IPv4 address": [("192.0.2.7", 4101)],
        "an IPv6 address": [("[2001:db8::7]", 4101)],
        "the IPv6 loopback": [("[::1]", 80)],
        "the empty IPv6 address": [("[::]", 80)],
        "eight groups": [("[1:2:3:4:5:6:7:8]", 9)],
        "a gap of one group": [("[1:2:3:4:5:6:7::]", 9)],
        "digits in a label": [("4.example.7a", 9)],
        "two endpoints": [("192.0.2.7", 4101), ("[2001:db8::7]", 4102)],
        "the same endpoint twice": [("a.example", 1), ("a.example", 1)],
        "eight endpoints": [(f"h{i}.example", 4100 + i) for i in range(8)],
        "a label of 63": [("a" * 63 + ".example", 1)],
    }

    def spell(endpoints):
        return start + ",".join(f"{h}:{p}" for h, p in endpoints)

    def good(name, text, endpoints):
        file.good(
            f"node address: {name}",
            "ID-3 ID-4",
            {"op": "address-parse", "text": text},
            kind="node",
            public=public,
            endpoints=[{"host": h.strip("[]"), "port": p} for h, p in endpoints],
        )

    for name, endpoints in places.items():
        good(name, spell(endpoints), endpoints)
    one = [("a.example", 4101)]
    good("an unknown option", spell(one) + "?future=Zm9v-._~", one)
    good("two unknown options, one empty", spell(one) + "?a=&b-2=1", one)
    options(file, key, public, spell(one))
    places = {
        "no endpoint": "",
        "no port": "a.example",
        "empty port": "a.example:",
        "port 0": "a.example:0",
        "port 65536": "a.example:65536",
        "port with a leading zero": "a.example:080",
        "port with a sign": "a.example:+80",
        "a huge port": "a.example:99999999999999999999",
        "port in hexadecimal": "a.example:0x50",
        "no host": ":4101",
        "a comma too many": "a.example:1,",
        "an empty endpoint": "a.example:1,,b.example:1",
        "a path": "a.example:1/",
        "a fragment": "a.example:1#x",
        "user part twice": "x@a.example:1",
        "an empty label": "a..example:1",
        "a leading dot": ".example:1",
        "a trailing dot": "a.example.:1",
        "a leading hyphen": "-a.example:1",
        "a trailing hyphen": "a-.example:1",
        "an underscore": "a_b.example:1",
        "a label that is not ASCII": "é.example:1",
        "a label of 64": "a" * 64 + ".example:1",
        "a space": " a.example:1",
        "four numbers, one over 255": "192.0.2.256:1",
        "four numbers, one with a zero": "192.0.2.07:1",
        "three numbers": "192.0.2:1",
        "five numbers": "1.2.3.4.5:1",
        "a number alone": "3232235777:1",
        "IPv6 without brackets": "2001:db8::7:1",
        "brackets around a name": "[a.example]:1",
        "brackets around IPv4": "[192.0.2.7]:1",
        "one bracket": "[2001:db8::7:1",
        "a zone": "[fe80::1%eth0]:1",
        "two gaps": "[1::2::3]:1",
        "three colons": "[1:::2]:1",
        "nine groups": "[1:2:3:4:5:6:7:8:9]:1",
        "seven groups": "[1:2:3:4:5:6:7]:1",
        "a gap of no group": "[1:2:3:4::5:6:7:8]:1",
        "a group of five": "[12345::]:1",
        "a group that is not hexadecimal": "[g::]:1",
        "a colon in front": "[:1::2]:1",
        "a colon behind": "[1::2:]:1",
        "IPv4 inside IPv6": "[::ffff:192.0.2.7]:1",
        "nothing in brackets": "[]:1",
        "an empty option": "a.example:1?",
        "an option without value": "a.example:1?a",
        "an option without name": "a.example:1?=a",
        "a capital in a name": "a.example:1?A=1",
        "two marks": "a.example:1?a=1?b=2",
        "a percent in a value": "a.example:1?a=%20",
        "an ampersand too many": "a.example:1?a=1&",
    }
    for name, place in places.items():
        file.bad(
            f"node address with {name}", "ID-3 ID-4 ID-5", {"op": "address-parse", "text": start + place}
        )
    host = "a.example:1"
    for name, text in {
        "nine endpoints": start + ",".join([host] * 9),
        "more than 1024 characters": start + host + "?a=" + "1" * 1024,
        "another scheme": f"http://{key}@{host}",
        "a capital in the scheme": f"Starling://{key}@{host}",
        "no key": f"starling://{host}",
        "an empty key": f"starling://@{host}",
        "did:key: in the key": f"starling://did:key:{key}@{host}",
        "a damaged key": f"starling://{key[:-1]}@{host}",
        "a tab": start + "a.\texample:1",
        "nothing else": "starling://",
        "a space behind": start + host + " ",
        "a host of 254": start + ".".join(["a" * 62] * 4) + ".aa:1",
    }.items():
        file.bad(f"node address: {name}", "ID-3", {"op": "address-parse", "text": text})


def options(file, key, public, address):
    """Invites: a node address with a secret, an identity, or both."""
    secret, zeros = sha256(b"an invite")[:16], bytes(16)
    spelt, who = "z" + base58_encode(secret), key_text(sha256(b"who invites"))
    known = {"secret": secret.hex(), "who": sha256(b"who invites").hex()}
    for name, query, found in (
        ("a secret", f"secret={spelt}", ["secret"]),
        ("an identity", f"who={who}", ["who"]),
        ("both", f"secret={spelt}&who={who}", ["secret", "who"]),
        ("both in the other order", f"who={who}&secret={spelt}", ["secret", "who"]),
        ("an unknown option between them", f"secret={spelt}&a=b&who={who}", ["secret", "who"]),
    ):
        file.good(
            f"invite: {name}",
            "ID-5",
            {"op": "address-parse", "text": f"{address}?{query}"},
            kind="node",
            public=public,
            **{option: known[option] for option in found},
        )
    file.good(
        "invite: a secret of 16 zero bytes",
        "ID-5",
        {"op": "address-parse", "text": f"{address}?secret=z{base58_encode(zeros)}"},
        secret=zeros.hex(),
    )
    for name, query in {
        "without z": f"secret={spelt[1:]}",
        "of 15 bytes": f"secret=z{base58_encode(secret[:15])}",
        "of 17 bytes": f"secret=z{base58_encode(secret + zeros[:1])}",
        "with a leading 1": f"secret=z1{spelt[1:]}",
        "that is empty": "secret=",
        "with a character that is not base58": f"secret={spelt[:-1]}0",
        "given twice": f"secret={spelt}&secret={spelt}",
    }.items():
        file.bad(f"invite with a secret {name}", "ID-5", {"op": "address-parse", "text": f"{address}?{query}"})
    for name, query in {
        "that is a did": f"who=did-key-{who}",
        "cut short": f"who={who[:-1]}",
        "without z": f"who={who[1:]}",
        "that is empty": "who=",
        "given twice": f"who={who}&who={who}",
    }.items():
        file.bad(f"invite with an identity {name}", "ID-5", {"op": "address-parse", "text": f"{address}?{query}"})


def post_addresses(file, key):
    content = sha256(b"a post")
    for index in (0, 7, MAXIMUM_INDEX):
        file.good(
            f"post address at {index}",
            "ID-6",
            {"op": "address-parse", "text": post_address(key, index, content)},
            kind="post",
            log=did(key),
            index=index,
            address=content.hex(),
        )
    file.good(
        "post address of 32 zero bytes",
        "ID-6",
        {"op": "address-parse", "text": post_address(key, 1, bytes(32))},
        kind="post",
        log=did(key),
        index=1,
        address="00" * 32,
    )
    d, a = did(key), "z" + base58_encode(content)
    for name, text in {
        "without index": f"{d}/{a}",
        "with an empty index": f"{d}//{a}",
        "with a leading zero": f"{d}/07/{a}",
        "with a sign": f"{d}/+7/{a}",
        "with a negative index": f"{d}/-7/{a}",
        "at 2^32-1": f"{d}/{2**32 - 1}/{a}",
        "at 2^64": f"{d}/{2**64}/{a}",
        "at 10^30": f"{d}/{10**30}/{a}",
        "with a hexadecimal index": f"{d}/0x7/{a}",
        "without z": f"{d}/7/{a[1:]}",
        "cut short": f"{d}/7/{a[:-1]}",
        "with a character more": f"{d}/7/{a}1",
        "with a part more": f"{d}/7/{a}/",
        "with a leading 1": f"{d}/7/z1{a[1:]}",
        "with 31 bytes": f"{d}/7/z{base58_encode(content[:31])}",
        "with 33 bytes": f"{d}/7/z{base58_encode(content + content[:1])}",
        "with a space": f"{d}/7/ {a}",
        "with a key instead of a did": f"{d[8:]}/7/{a}",
        "with another character": f"{d}/7/{a[:-1]}0",
        "of nothing": "",
        "of slashes": "//",
    }.items():
        file.bad(f"post address {name}", "ID-6", {"op": "address-parse", "text": text})
