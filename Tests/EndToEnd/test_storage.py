"""The disk budget and the storage policy, with real nodes (THREATS row 11)."""

import os
import subprocess

import node
import pytest

MIB = 1 << 20


def disk_bytes(folder):
    """What `du` counts of a data directory: logs, media, the index of posts and all else."""
    return 1024 * int(subprocess.check_output(["du", "-sk", str(folder)]).split()[0])


def flood(room, author, name, count, size):
    """Posts `count` long lines at once; gives how many entries the author has then."""
    path = room.folder / f"{name}.txt"
    path.write_text("".join(f"{name} {i} {'x' * size}\n" for i in range(count)))
    author.ask("post", "--lines", path, seconds=300)


def storage(one):
    return one.status()["storage"]


def test_a_hostile_author_cannot_fill_the_disk(room):
    """A stranger posts several times the budget: the budget holds, own posts are taken, status says why."""
    one = room.node("one").start("--disk", "8M")
    assert storage(one)["budget"] == 8 * MIB
    hostile = room.node("hostile").start("--disk", "1G")
    one.stop()
    one.start(*one.join(hostile))
    assert storage(one)["budget"] == 8 * MIB, "the budget is kept for the next start"
    largest = 0
    for round in range(12):
        flood(room, hostile, f"flood{round}", 40, 50_000)
        one.post(f"mine {round}")
        largest = max(largest, disk_bytes(one.data))
    flood(room, hostile, "small", 20_000, 60)
    total = hostile.status()["entries"]
    node.wait_until(
        lambda: one.status()["entries"] >= 480 and storage(one)["dropped"], "the flood and the drops", 120, 0.2
    )
    for _ in range(20):
        one.post("mine, later")
        largest = max(largest, disk_bytes(one.data))
    assert largest <= 8 * MIB, f"{largest} bytes"
    status = one.status()
    found = status["storage"]
    assert found["used"] <= found["budget"] and found["reserve"] > 0
    dropped = found["dropped"]
    assert all(d["hop"] == 4 and d["rule"] in ("budget", "quota") for d in dropped)
    assert sum(d["bytes"] for d in dropped) > 8 * MIB and all(d["last"] > 1_700_000_000_000 for d in dropped)
    text = one.run("status").ok().out
    assert "dropped   the texts of" in text and "of strangers" in text and "8 MiB" in text, text
    assert len(one.notes(one.identity)) == 32
    # What was dropped is shown as such, and all that is held verifies.
    first = next(e for log in one.logs(hostile.identity) for e in log["entries"] if e["kind"] == "dropped")
    shown = one.run("show", first["address"]).ok().out
    assert "body dropped here" in shown, shown
    report = one.check()
    assert report["bodiesAbsent"] > 100 and report["miscounted"] == 0
    # Its log cannot have more entries than its share, and it is said.
    if one.status()["entries"] < total:
        assert "refused" in text or found["refused"]["fullLogs"] > 0, text
    one.stop()
    one.start(*one.join(hostile))
    assert len(one.notes(one.identity)) == 32 and disk_bytes(one.data) <= 8 * MIB


def test_a_full_file_system_keeps_serving(room):
    """On a small disk that others fill, nothing of others is stored; own posts and reads go on."""
    folder = room.folder / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "starling", str(folder)], capture_output=True
    )
    if made.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {made.stderr.decode().strip()}")
    try:
        one = room.node("one", data=folder / "data").start("--disk", "1G")
        hostile = room.node("hostile").start()
        one.stop()
        one.start(*one.join(hostile))
        for round in range(12):
            flood(room, hostile, f"flood{round}", 40, 50_000)
        node.wait_until(lambda: storage(one)["diskLow"], "the low-water stop", 60, 0.2)
        for i in range(30):
            one.post(f"mine {i}")
        assert "the disk is nearly full" in one.run("status").ok().out
        assert len(one.notes(one.identity)) == 30
        other = room.node("other")
        other.start(*other.join(one))
        node.wait_until(lambda: len(other.notes_or_none(one.identity)) == 30, "reads are served", 30, 0.1)
        one.check()
        one.stop()
    finally:
        room.close()
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_only_followed_authors_are_kept(room):
    """The policy `follows`: a stranger's log stays away until it is followed, and then comes soon."""
    hub = room.node("hub").start()
    friend, stranger = hub.ask("init", "Friend")["identity"], hub.ask("init", "Stranger")["identity"]
    for name in ("Friend", "Stranger"):
        hub.post(f"hello from {name}", "--as", name)
    one = room.node("one").start()
    assert one.ask("policy", "follows", "--depth", "1")["policy"] == "follows"
    one.ask("follow", friend)
    one.stop()
    one.start(*one.join(hub))
    node.wait_until(lambda: one.notes_or_none(friend) == ["hello from Friend"], "the friend's post")
    node.wait_until(lambda: one.status()["followed"] == {"authors": 1, "current": 1}, "current")
    assert one.run("log", stranger).code == 1
    one.ask("follow", stranger)
    node.wait_until(lambda: one.notes_or_none(stranger) == ["hello from Stranger"], "the newly followed", 20)
    hub.post("once more", "--as", "Stranger")
    node.wait_until(lambda: len(one.notes(stranger)) == 2, "the next post", 20)
    assert "2 of 2 followed authors current" in one.run("status").ok().out
    assert one.run("log", hub.identity).code == 1
    one.ask("policy", "everything")
    node.wait_until(lambda: one.run("log", hub.identity).code == 0, "everything", 20)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--disk", "lots"), ("run", "--disk", "1M"), ("run", "--disk", "-1"), ("run", "--disk", "99999999T"),
        ("policy", "some"), ("policy", "--depth", "9"), ("policy", "--depth", "x"), ("policy", "--disk", "10X"),
        ("policy", "--quota", "5=1G"), ("policy", "--quota", "1=x"), ("policy", "--quota", "1G"),
    ],
)
def test_bad_sizes_are_refused_in_words(room, words):
    one = room.node("one")
    result = one.run(*words)
    assert result.code == 2 and result.err.strip() and "Fatal" not in result.err, result


def test_policy_is_kept(room):
    one = room.node("one")
    one.run("init", "Ada").ok()
    set_to = one.ask("policy", "follows", "--depth", "3", "--disk", "1.5G", "--quota", "others=16M", "--quota", "1=2G")
    assert (set_to["policy"], set_to["depth"], set_to["budget"]) == ("follows", 3, 1536 * MIB)
    quotas = {h["hop"]: h.get("quota") for h in one.ask("policy")["hops"]}
    assert quotas[4] == 16 * MIB and quotas[1] == 2048 * MIB and quotas[0] is None
    assert one.ask("policy", "--quota", "others=auto")["hops"][4]["quota"] > 16 * MIB
    assert "whom you follow, to 3 steps" in one.run("policy").ok().out
