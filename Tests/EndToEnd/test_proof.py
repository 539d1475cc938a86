"""A proof made on one node verifies on a machine that has nothing, and no changed byte goes unnoticed."""

import json
import os
import subprocess

import nets
import node
import pytest


@pytest.fixture
def proof(room):
    """A proof file made on the last of a chain, of a post of the first."""
    one, two, three = room.chain("one", "two", "three")
    address = one.post("proven — ✓")
    one.post("and one more behind it")
    three.wait_for_entries(14)
    text = three.run("prove", address).ok().out
    path = room.folder / "post.tlog-proof"
    path.write_text(text, encoding="utf-8", newline="")
    yield path, one.identity, address


def test_verifies_where_nothing_is(room, proof):
    path, identity, address = proof
    namespace = None
    if nets.missing():
        print(f"SKIPPED the cut network: {nets.missing()}")
    else:
        net = nets.alone()
        room.networks.append(net)
        namespace = net.names[0]
    machine = room.machine("elsewhere", namespace)
    reply = machine.starling("verify", "--json", path).ok().json
    assert reply["ok"] and reply["author"] == identity and reply["address"] == address
    assert reply["text"] == "proven — ✓"
    said = machine.starling("verify", path).ok().out
    assert "holds" in said and "proven — ✓" in said and identity in said
    assert machine.starling("verify", "-", stdin=path.read_bytes()).ok()
    # It left nothing behind, since it needs nothing.
    assert not any(machine.folder.rglob("*")), list(machine.folder.rglob("*"))


def conform(lines):
    """Answers of `starling conform`, or None where this build does not have the operation yet."""
    done = subprocess.run(
        [node.binary(), "conform"], input="".join(json.dumps(x) + "\n" for x in lines).encode(),
        capture_output=True, timeout=300,
    )
    answers = [json.loads(x) for x in done.stdout.splitlines()]
    return answers if done.returncode == 0 and len(answers) == len(lines) else None


def text_of(data):
    """`data` as conform's JSON can carry it: None when it is not UTF-8, and so refused already."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


@pytest.mark.slow
def test_every_changed_byte_by_conform(proof):
    """All 255 other values at each position, and each deletion, insertion, truncation."""
    good = proof[0].read_bytes()
    if not (conform([{"op": "proof-verify", "text": good.decode()}]) or [{}])[0].get("ok"):
        pytest.skip("this build has no conform proof-verify yet")
    step = 1
    if "/debug/" in node.binary():
        step = 12
        print("SKIPPED most values: a debug build gets every twelfth one")
    changed = [
        good[:i] + bytes([v]) + good[i + 1 :]
        for i in range(len(good))
        for v in range(i % step, 256, step)
        if v != good[i]
    ]
    changed += [good[:i] + good[i + 1 :] for i in range(len(good))]
    changed += [good[:i] + bytes([v]) + good[i:] for i in range(len(good) + 1) for v in b"\n A=\0"]
    changed += [good[:i] for i in range(len(good))]
    texts = [t for t in map(text_of, changed) if t is not None and t.encode() != good]
    answers = conform([{"op": "proof-verify", "text": t} for t in texts])
    held = [t for t, a in zip(texts, answers) if a["ok"]]
    print(f"{len(texts)} changed proofs, {len(changed) - len(texts)} more are not UTF-8")
    assert not held, f"{len(held)} changed proofs hold, the first: {held[0]!r}"


def test_changed_bytes_by_the_program(room, proof, chance):
    """What conform says of every byte, the command says too: one value at a sample of positions."""
    good = proof[0].read_bytes()
    machine = room.machine("elsewhere")
    positions = chance.sample(range(len(good)), min(len(good), int(os.environ.get("MUTATIONS", 400))))
    for at in sorted(positions):
        others = [v for v in (good[at] ^ 1, good[at] ^ 0x20, ord("A"), 0x0A, 0xFF) if v != good[at]]
        bad = good[:at] + bytes([chance.choice(others)]) + good[at + 1 :]
        machine.starling("verify", "-", stdin=bad).fails(1)
    for bad in (b"", good[:-1], good + b"\n", good + good, b"\0" * 100, b"\xff" * 100_000, b"x" * 10_000_000):
        machine.starling("verify", "-", stdin=bad).fails(1)
    print(f"{len(positions)} of {len(good)} positions, all refused")
