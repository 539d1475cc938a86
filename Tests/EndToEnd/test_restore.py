"""An old copy of a data directory comes back: the node notices, and never signs two histories."""

import shutil
import threading

import node
import pytest
from crash import Recorder


def put_back(copy, to):
    shutil.rmtree(to.data)
    shutil.copytree(copy, to.data, symlinks=True)


def copy_of(data, folder):
    """As a backup tool copies: files and folders with their modes, no sockets."""
    return shutil.copytree(data, folder, ignore=shutil.ignore_patterns("*.sock"))


def pair(room):
    a, b = room.chain("a", "b")
    texts = [f"before {i}" for i in range(10)]
    for text in texts:
        a.post(text)
    b.wait_for_entries(18)
    return a, b, texts


def look(recorder, *nodes, who):
    for one in nodes:
        recorder.saw_logs(one.logs(who), one.name)
        assert "FORK" not in one.journal()


def test_restored_while_stopped(room):
    a, b, texts = pair(room)
    who, recorder = a.identity, Recorder()
    a.stop()
    copy = copy_of(a.data, room.folder / "copy")
    a.start()
    b.wait_for_peers()
    lost = [f"lost {i}" for i in range(7)]
    for text in lost:
        a.post(text)
    b.wait_for_entries(25)
    look(recorder, a, b, who=who)
    goes_on_after(room, a, b, copy, recorder, texts + lost)


def goes_on_after(room, a, b, copy, recorder, texts):
    who = a.identity
    a.stop()
    b.stop()
    put_back(copy, a)
    a.start()
    # Nobody to ask: it holds less than its fence says, and signs nothing.
    assert a.account()["state"] in ("unconfirmed", "behind")
    before = a.status()["posts"]
    a.run("post", "too early").fails(1, says="read-only")
    a.run("follow", b.identity).fails(1, says="read-only")
    assert a.status()["posts"] == before
    assert "READ-ONLY" in a.run("status").ok().out
    b.start()
    node.wait_until(lambda: a.account()["state"] == "writable", "A has its own posts back")
    assert a.notes(who) == texts
    look(recorder, a, b, who=who)
    a.post("after")
    node.wait_until(lambda: b.notes(who) == [*texts, "after"], "the new post at B")
    look(recorder, a, b, who=who)
    assert a.check()["entries"] == b.check()["entries"]


def test_restored_from_a_copy_of_a_running_node(room):
    """The copy is torn, perhaps: then the node says so and does not start, or it starts and goes on."""
    a, b, texts = pair(room)
    who, recorder = a.identity, Recorder()
    stop, more = threading.Event(), []

    def keep_posting():
        while not stop.is_set():
            more.append(f"meanwhile {len(more)}")
            a.post(more[-1])

    thread = threading.Thread(target=keep_posting)
    thread.start()
    node.wait_until(lambda: len(more) > 5, "posts under way")
    copy = copy_of(a.data, room.folder / "copy")
    stop.set()
    thread.join()
    a.post("surely behind the copy")
    all_texts = texts + more + ["surely behind the copy"]
    b.wait_for_entries(8 + len(all_texts))
    look(recorder, a, b, who=who)
    a.stop()
    torn = shutil.copytree(copy, room.folder / "torn")
    probe = a.machine.starling("check", data=torn).orderly()
    if probe.code:
        print(f"SKIPPED going on: the copy was torn, and the node said so: {probe.err}")
        return
    shutil.rmtree(torn)
    goes_on_after(room, a, b, copy, recorder, all_texts)


def test_nobody_holds_what_is_missing(room):
    """Read-only, with advice that helps: a new device log, and readers still see one author."""
    a, b, texts = pair(room)
    who, recorder = a.identity, Recorder()
    a.stop()
    copy = copy_of(a.data, room.folder / "copy")
    b.stop()
    a.start()
    a.post("seen by nobody")
    a.stop()
    put_back(copy, a)
    a.start()
    b.start()
    b.wait_for_peers()
    refusal = a.run("post", "refused").fails(1, says="device new")
    assert "peers" in refusal.err
    node.wait_until(lambda: a.status()["peers"] == 1, "a peer, who has nothing newer")
    assert a.account()["state"] != "writable"
    a.run("post", "still refused").fails(1, says="device new")
    words = next(a.data.glob("recovery-words-*.txt"))
    old = a.account()["device"]
    fresh = a.ask("device", "new", "--words", words)
    assert fresh["identity"] == who and fresh["device"] != old
    a.post("as a new device")
    node.wait_until(lambda: b.notes(who) == [*texts, "as a new device"], "the new device at B")
    authors = {p["author"] for p in b.ask("timeline", "--all", "--limit", 100)["posts"]}
    assert authors == {who}
    assert len(b.logs(who)) == 3, "a root log and two device logs"
    look(recorder, a, b, who=who)
    # The proof of a post of the new device names the same author.
    address = a.post("proven")
    path = room.folder / "p.tlog-proof"
    path.write_text(a.run("prove", address).ok().out)
    assert room.machine("elsewhere").starling("verify", "--json", path).ok().json["author"] == who
    # And all of it holds over a restart.
    a.stop()
    a.start()
    assert a.account()["state"] == "writable" and a.account()["device"] == fresh["device"]
    a.post("and again")
    assert a.check() and b.check()


def test_a_lost_device_is_revoked(room):
    """From the entry that is named on nothing of it counts, here and elsewhere; what stands before stays."""
    a, b, texts = pair(room)
    who, old = a.identity, a.account()["device"]
    words = next(a.data.glob("recovery-words-*.txt"))
    a.run("device", "revoke", old, "--words", words).fails(1, says="open a new device log first")
    a.ask("device", "new", "--words", words)
    a.post("as a new device")
    a.run("device", "revoke", b.account()["device"], "--words", words).fails(1, says="no device of")
    a.run("device", "revoke", old).fails(2)
    a.run("device", "revoke", old, "--words", words, "--from", "x").fails(2)
    # Two entries begin the log: whose it is, and the profile.
    said = a.ask("device", "revoke", old, "--words", words, "--from", 2 + len(texts) - 3)
    assert said["device"] == old and said["from"] == 2 + len(texts) - 3
    a.run("device", "revoke", old, "--words", words).fails(1, says="revoked already")

    def read(one):
        return sorted(p["text"] for p in one.ask("timeline", "--all", "--limit", 100)["posts"] if p["author"] == who)

    left = sorted([*texts[:-3], "as a new device"])
    node.wait_until(lambda: read(b) == left, "the revocation at B")
    assert read(a) == left
    a.stop()
    a.start()
    assert read(a) == left and a.check() and b.check()


def test_words_from_paper(room):
    """The 24 words as someone types them from paper; others are refused and change nothing."""
    a = room.node("a").start()
    words = next(a.data.glob("recovery-words-*.txt")).read_text()
    device = a.account()["device"]
    other = room.node("other").start()
    others = next(other.data.glob("recovery-words-*.txt")).read_text()
    a.run("device", "new", "--words", "-", stdin=others).fails(1, says="another identity")
    a.run("device", "new", "--words", "-", stdin="ability " * 24).fails(1)
    a.run("device", "new", "--words", "-", stdin="").fails(1)
    a.run("device", "new", "--words", "-", stdin=b"\xff\xfe" * 40).fails(1)
    a.run("device", "new", "--words", str(room.folder / "absent")).fails(1, says="absent")
    assert a.account()["device"] == device
    picked = [w for w in words.split("\n\n")[1].split() if not w[0].isdigit()]
    assert len(picked) == 24
    a.ask("device", "new", "--words", "-", stdin=" ".join(picked).upper() + "\n")
    assert a.account()["device"] != device
    a.post("typed well")


def test_moved_to_another_machine(room):
    """No fence there: only a peer can say that the copy is up to date."""
    a, b, texts = pair(room)
    who, recorder = a.identity, Recorder()
    a.stop()
    b.stop()
    moved = room.node("moved", data=room.folder / "moved" / "data")
    copy_of(a.data, moved.data)
    moved.port = a.port
    moved.start()
    assert moved.account()["state"] == "unconfirmed"
    moved.run("post", "too early").fails(1, says="peer")
    b.start()
    node.wait_until(lambda: moved.account()["state"] == "writable", "a peer has answered")
    moved.post("from the new machine")
    node.wait_until(lambda: b.notes(who) == [*texts, "from the new machine"], "the post at B")
    look(recorder, moved, b, who=who)


def test_backup_without_keys(room):
    """A backup as the README makes it, on a new machine: read-only, then a device of its own."""
    a, b, texts = pair(room)
    who, recorder = a.identity, Recorder()
    words = (next(a.data.glob("recovery-words-*.txt"))).read_text()
    a.stop()
    new = room.node("new", data=room.folder / "new" / "data")
    copy_of(a.data, new.data)
    shutil.rmtree(new.data / "keys")
    next(new.data.glob("recovery-words-*.txt")).unlink()
    # Before it has met anybody: it says what to do, and changes nothing.
    new.run("post", "no key").fails(1, says="device new")
    new.run("device", "new", "--words", "-", stdin=words).fails(1, says="--alone")
    assert new.account()["state"] == "no key"
    new.start(*new.join(b))
    new.wait_for_peers()
    new.ask("device", "new", "--words", "-", stdin=words)
    new.post("from the new device")
    node.wait_until(lambda: b.notes(who) == [*texts, "from the new device"], "the post at B")
    assert {p["author"] for p in b.ask("timeline", "--all", "--limit", 100)["posts"]} == {who}
    look(recorder, new, b, who=who)
    assert new.check() and b.check()


def test_two_copies_on_one_machine(room):
    """The fence is shared: the two never sign the same size."""
    a, b, texts = pair(room)
    who, recorder = a.identity, Recorder()
    a.stop()
    twin = room.node("twin", machine=a.machine, data=a.machine.folder / "twin")
    copy_of(a.data, twin.data)
    a.start()
    b.wait_for_peers()
    twin.launch(*twin.join(b))
    node.wait_until(lambda: twin.greeted() or not twin.running, "the twin has made up its mind")
    posted = list(texts)
    for number in range(10):
        for one in (a, twin):
            if one is twin and not twin.running:
                continue
            text = f"{one.name} {number}"
            done = one.run("post", "--json", text).orderly()
            if done.code == 0:
                posted.append(text)
    if not twin.running:
        print(f"the second copy did not start: {twin.journal().strip().splitlines()[-1]}")
    node.wait_until(lambda: sorted(b.notes(who)) == sorted(posted), "what was acknowledged, at B")
    look(recorder, *[n for n in (a, b, twin) if n.running], who=who)


@pytest.mark.parametrize("ours,theirs", [(1, 1), (1, 4), (4, 1)])
def test_two_machines_with_one_key_are_found_out(room, ours, theirs):
    """What no fence can see: a clone elsewhere. The fork is proven to all, and the person goes on."""
    a, b, texts = pair(room)
    who = a.identity
    a.stop()
    clone = room.node("clone", data=room.folder / "clone" / "data")
    copy_of(a.data, clone.data)
    clone.start(*clone.join(b))
    node.wait_until(lambda: clone.account()["state"] == "writable", "B has answered the clone")
    for number in range(theirs):
        clone.post(f"another history {number}")
    node.wait_until(lambda: len(b.notes(who)) == 10 + theirs, "the clone's posts at B")
    clone.stop()
    b.stop()
    # A never hears of that: its fence says that it is up to date, and it is the only one here.
    a.start()
    for number in range(ours):
        a.post(f"one history {number}")
    b.start()
    a.ask("join", b.invite)
    is_known_everywhere(a, b)
    # Both count the same entries, and neither history behind them is shown.
    for one in (a, b):
        node.wait_until(lambda: one.notes(who) == texts, f"what is common, at {one.name}", 15)
    assert forked_at(a, who) == forked_at(b, who)
    assert "counts no more" in b.run("status").out and "FORKED" in b.run("log", who).out
    shown = [post["text"] for post in b.ask("timeline", "--all")["posts"]]
    assert not [text for text in shown if "history" in text]
    b.post("others are not hurt")
    a.stop()
    # The clone, which slept meanwhile, is told when it comes back.
    clone.start()
    is_known_everywhere(clone, b)
    node.wait_until(lambda: clone.notes(who) == texts, "what is common, at the clone", 15)
    clone.stop()
    a.start()
    words = next(a.data.glob("recovery-words-*.txt"))
    a.ask("device", "new", "--words", words)
    a.post("I go on")
    node.wait_until(lambda: "I go on" in b.notes(who), "the new device at B")
    assert forked_at(a, who) == forked_at(b, who)
    assert a.check() and b.check()


def forked_at(one, who):
    """The entry at which the one forked log of somebody forks."""
    found = [log["forkedAt"] for log in one.logs(who) if log.get("forkedAt") is not None]
    assert len(found) == 1
    return found[0]


def is_known_everywhere(writer, other):
    """Proven at both, and frozen at the one who writes."""
    node.wait_until(lambda: writer.account()["state"] == "forked", f"{writer.name} is frozen", 15)
    writer.run("post", "no").fails(1, says="device new")
    node.wait_until(lambda: "FORK" in other.journal(), f"{other.name} knows of the fork", 15)
