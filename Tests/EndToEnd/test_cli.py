"""The command line as people and programs use it: help, JSON, exit codes, signals, terminals."""

import os
import pty
import select
import signal
import subprocess
import time

import node
import pytest

COMMANDS = [
    "run", "init", "post", "timeline", "search", "reindex", "show", "log", "follow", "unfollow", "status", "peers", "invite",
    "join", "prove", "verify", "import", "export", "check", "device", "password", "conform",
]


def test_help(room):
    machine = room.machine("m")
    overview = machine.starling("--help").ok().out
    assert machine.starling("help").ok().out == machine.starling().ok().out == overview
    for command in COMMANDS:
        assert f"\n  {command} " in overview
        said = machine.starling(command, "--help").ok().out
        assert f"starling {command}" in said
        for option in ("--data", "--as", "--json"):
            assert option in said
        assert max(map(len, said.splitlines())) <= 100
        assert machine.starling("help", command).ok().out == said == machine.starling(command, "-h").ok().out
    assert "starling" in machine.starling("--version").ok().out
    # Asking for help leaves nothing behind.
    assert not any(machine.folder.rglob("*"))


def test_wrong_usage(room):
    """Exit code 2, a word on what is wrong, and where help is; nothing is made."""
    machine = room.machine("m")
    data = machine.folder / "data"
    wrong = [["nonsense"], ["--nonsense"], ["show"], ["show", "a", "b"], ["status", "x"], ["post", "a", "b"], ["verify"],
             ["log"], ["follow"], ["join"], ["prove"], ["init", "a", "b"], ["device"], ["", "x"], ["status", "--limit", "3"]]
    wrong += [[command, "--no-such-option"] for command in COMMANDS]
    wrong += [["timeline", "--limit"], ["run", "--listen"], ["status", "--data"], ["post", "--as"]]
    for words in wrong:
        done = machine.starling(*words).fails(2)
        assert "--help" in done.err and not done.out
    for words in (["timeline", "--limit", "x"], ["timeline", "--limit", "-1"], ["log", "a", "--from", "1e3"],
                  ["log", "a", "--limit", "99999999999999999999"], ["device", "old"], ["device", "new"], ["post"]):
        done = machine.starling(*words, data=data).orderly()
        assert done.code in (1, 2) and done.err.strip(), done


def promised(one, address):
    """Each command that answers, and the fields that its JSON has."""
    post = {"address", "author", "index", "time", "kind", "text"}
    return [
        (["status"], {"posts", "logs", "peers", "address", "data", "accounts", "version", "running", "people"}),
        (["post", "json"], {"address", "size"}),
        (["timeline"], {"posts"}),
        (["show", address], {"post", "signedSize", "root", "device", "identity"}),
        (["log", one.name], {"logs"}),
        (["prove", address], {"proof"}),
        (["check"], {"logs", "entries", "bytes", "ok", "damage", "damageCount"}),
        (["follow", one.name], {"identity", "known", "on"}),
        (["unfollow", one.name], {"identity", "on"}),
    ], post


def test_json(room):
    """With a node and without one: the same fields, in one line, and nothing else on standard output."""
    one = room.node("one").start()
    assert {"name", "identity", "address", "invite", "data", "words"} <= one.greeting.keys()
    address = one.post("hello")
    invite = one.ask("invite")["invite"]
    assert invite.startswith("starling://z6Mk") and invite.split("?")[0] == one.status()["address"]
    assert one.ask("invite", "--plain")["invite"] == one.status()["address"]
    other = room.node("other").start()
    assert {"node", "running"} <= other.ask("join", invite).keys()
    other.wait_for_peers()
    assert {"node", "agent", "direction", "datagrams", "seconds"} <= other.peers()[0].keys()
    for _ in range(2):
        commands, fields = promised(one, address)
        for words, keys in commands:
            done = one.run(words[0], "--json", *words[1:]).ok()
            assert done.out.count("\n") == 1 and not done.err, done
            assert keys <= done.json.keys(), (words, done.json.keys())
        assert fields <= one.ask("timeline")["posts"][0].keys()
        assert fields <= one.ask("show", address)["post"].keys()
        error = one.run("show", "--json", "x").fails(1).json
        assert error["error"] == "bad-request" and error["message"]
        one.stop()
    assert one.ask("peers") == [] and one.status()["running"] is False
    assert one.run("invite", "--json").fails(1).json["error"]


def test_nothing_hangs_without_a_node(room):
    """Each command on a fresh machine: done, or a reason; never a wait for something."""
    for command in COMMANDS:
        if command in ("run", "conform"):
            continue
        machine = room.machine(f"fresh-{command}")
        began = time.monotonic()
        for words in ([command], [command, "x"]):
            machine.starling(*words, data=machine.folder / "data", seconds=20).orderly()
        assert time.monotonic() - began < 15
    machine = room.machine("conform")
    assert machine.starling("conform", stdin="{}\nx\n").ok().out.count("\n") == 2
    # Without --data and HOME's usual folders, the default place is made, for its owner alone.
    machine = room.machine("default")
    machine.starling("init", "me").ok()
    assert (machine.folder / "home/.local/share/starling/keys").is_dir()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stops_cleanly_and_quickly(room, how):
    one, two = room.chain("one", "two")
    one.post("kept")
    began = time.monotonic()
    assert one.end(how, seconds=10) == 0
    assert time.monotonic() - began < 5
    assert not (one.data / "control.sock").exists()
    assert two.end(how, seconds=10) == 0
    assert "did not end in order" not in one.start().journal()
    assert one.notes("one") == ["kept"]


def test_stops_while_busy(room):
    """Ctrl-C amid a bulk of posts: in order, and what was acknowledged stays."""
    one = room.node("one").start()
    lines = room.folder / "lines.txt"
    lines.write_text("".join(f"{i} {'x' * 300}\n" for i in range(20_000)))
    poster = subprocess.Popen(
        one.machine.command("post", "--json", "--data", one.data, "--lines", lines),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=one.machine.environment,
    )
    node.wait_until(lambda: one.status()["posts"] > 1000, "the bulk is under way")
    code = one.end(signal.SIGINT, seconds=20)
    out, err = poster.communicate(timeout=node.PATIENCE)
    assert code == 0 and (poster.returncode == 0 or b"went away" in err), (code, err)
    one.start()
    assert one.status()["posts"] > 1000
    one.check()


def test_search(room):
    """Words are found whatever their case and accents, with the node and without; reindex changes nothing."""
    machine = room.machine("m")
    data = machine.folder / "data"
    machine.starling("init", "ada", data=data).ok()
    texts = ["Déjà vu à Zürich", "東京タワーに行きました", "plain words", "\"quoted\" OR not"]
    addresses = [machine.starling("post", text, "--json", data=data).ok().json["address"] for text in texts]

    def found(*words):
        posts = machine.starling("search", *words, "--json", data=data).ok().json["posts"]
        return [addresses.index(post["address"]) for post in posts]

    def look():
        assert found("deja", "zurich") == [0] and found("タワー") == [1] and found("WORDS") == [2]
        assert found("quoted OR") == [3] and found("missing") == [] and found('"', "AND (") == []

    look()
    feed = data / "feed.sqlite"
    assert oct(feed.stat().st_mode & 0o777) == "0o600"
    assert machine.starling("reindex", data=data).ok().out.startswith("indexed ")
    look()
    # A damaged index is made anew, and costs nothing that was said.
    feed.write_bytes(b"no database" * 1_000)
    look()
    assert "Nothing here" in machine.starling("search", "missing", data=data).ok().out
    assert texts[2] in machine.starling("search", "plain", data=data).ok().out


def test_several_identities(room):
    one = room.node("one").start()
    second = one.ask("init", "Zoë B.")
    assert second["identity"] != one.identity and os.stat(second["words"]).st_mode & 0o777 == 0o600
    one.run("init", "one").fails(1, says="already")
    one.post("as the first")
    one.post("as the second", "--as", "Zoë B.")
    one.run("post", "--as", "Nobody", "x").fails(1, says="Zoë B.")
    one.ask("follow", "--as", "Zoë B.", "one")
    by = {p["text"]: (p["author"], p["name"]) for p in one.ask("timeline", "--all")["posts"]}
    assert by == {"as the first": (one.identity, "one"), "as the second": (second["identity"], "Zoë B.")}
    assert [a["name"] for a in one.status()["accounts"]] == ["one", "Zoë B."]
    one.stop()
    one.start()
    assert [a["state"] for a in one.status()["accounts"]] == ["writable"] * 2
    assert one.notes("Zoë B.") == ["as the second"]


def on_terminal(machine, *words, seconds=node.PATIENCE):
    """What a person sees: the program with a pseudo-terminal on all three."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        machine.command(*words), stdin=side, stdout=side, stderr=side, env=machine.environment, close_fds=True
    )
    os.close(side)
    out, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([main], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            got = os.read(main, 1 << 16)
        except OSError:
            break
        if not got:
            break
        out += got
    os.close(main)
    assert process.wait(seconds) == 0, out
    return out.decode()


def test_progress_only_for_who_watches(room):
    """Over a second of work: a terminal sees how far it is, a file or a pipe gets the result alone."""
    one = room.node("one").start()
    lines = room.folder / "lines.txt"
    count = 1
    # As many as keep it busy for some seconds, whatever the machine.
    seconds, number = 0, 10_000
    while seconds < 2 and number < 2_000_000:
        lines.write_text("".join(f"{i} {'x' * 40}\n" for i in range(number)))
        began = time.monotonic()
        done = one.run("post", "--lines", lines).ok()
        seconds, count = time.monotonic() - began, count + number
        assert not done.err and "\x1b" not in done.out and "\r" not in done.out
        if seconds < 2:
            number = int(number * min(20, 3 / max(seconds, 0.01)))
    seen = on_terminal(one.machine, "post", "--data", one.data, "--lines", lines)
    assert "posted" in seen and "a second" in seen and " %" in seen, seen[-500:]
    assert seen.rstrip().splitlines()[-1].split("\x1b[K")[-1].startswith(f"posted {number}"), seen[-300:]
    quiet = on_terminal(one.machine, "status", "--data", one.data)
    assert "\x1b" not in quiet
    print(f"{number} posts took {seconds:.1f} s")


def test_readable_first_start(room):
    """What `starling run` tells a person first: who, where, the words, how to post, how to stop."""
    machine = room.machine("m")
    data = machine.folder / "data"
    with open(machine.folder / "out", "wb") as out, open(machine.folder / "err", "wb") as err:
        process = subprocess.Popen(
            machine.command("run", "--data", data, "--listen", "127.0.0.1:0"),
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=machine.environment,
        )
    try:
        said = node.wait_until(lambda: "Ctrl-C" in (t := (machine.folder / "out").read_text()) and t, "a greeting")
        for word in ("did:key:z6Mk", "starling://z6Mk", str(data), "recovery-words", "paper", "starling post"):
            assert word in said, said
        words = next(data.glob("recovery-words-*"))
        assert str(words) in said and words.stat().st_mode & 0o777 == 0o600
        machine.starling("post", "Hello, square!", data=data).ok()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_output_into_a_closed_pipe(room):
    """`starling log | head -1` is no error."""
    one = room.node("one").start()
    for number in range(30):
        one.post("x" * 5000)
    words = " ".join(f"'{w}'" for w in one.machine.command("timeline", "--all", "--limit", 1000, "--data", one.data))
    done = subprocess.run(
        ["bash", "-c", f"{words} | head -1; exit ${{PIPESTATUS[0]}}"], capture_output=True, timeout=30,
        env=one.machine.environment,
    )
    assert done.returncode == 0 and not done.stderr, done
