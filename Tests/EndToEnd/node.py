"""Real nodes for tests: machines, processes, the command line, and waiting with deadlines."""

import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
# What a debug build on a busy machine needs is far below this; only a hang reaches it.
PATIENCE = 60


def binary():
    """The program under test: $STARLING, else the release build, else the debug build."""
    if "STARLING" in os.environ:
        return os.path.abspath(os.environ["STARLING"])
    for kind in ("release", "debug"):
        path = ROOT / ".build" / kind / "starling"
        if path.exists():
            return str(path)
    raise SystemExit("build first: swift build -c release --product starling (or set STARLING)")


def wait_until(condition, what, seconds=PATIENCE, pause=0.02):
    """Polls `condition` until it gives something true, and returns that; fails loudly at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what} (last: {value!r})")
        time.sleep(pause)


class Result:
    """What a command printed, and how it ended."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    def __repr__(self):
        return f"$ starling {' '.join(map(str, self.words))}\n-> {self.code}\n{self.out}{self.err}"

    @property
    def json(self):
        return json.loads(self.out.strip("\n").split("\n")[-1])

    def ok(self):
        assert self.code == 0, self
        return self

    def fails(self, code=1, says=""):
        """An orderly refusal: the promised exit code, and a reason in words."""
        assert self.code == code, self
        assert self.err.strip(), f"no reason given: {self}"
        assert says.lower() in self.err.lower(), f"should say {says!r}: {self}"
        return self.orderly()

    def orderly(self):
        """However it ended, it was no crash."""
        assert self.code in (0, 1, 2), self
        assert "Fatal error" not in self.err and "Crash" not in self.err, self
        return self


class Machine:
    """A simulated machine: its own state directory, and perhaps a network namespace."""

    def __init__(self, folder, namespace=None):
        self.folder, self.namespace = pathlib.Path(folder), namespace
        self.folder.mkdir(parents=True, exist_ok=True)
        self.extra_environment = {}

    @property
    def environment(self):
        """Nothing of the tester's own home is seen or touched."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
        own = {"HOME": str(self.folder / "home"), "XDG_STATE_HOME": str(self.folder / "state")}
        return kept | own | {"USER": "tester", "TZ": "UTC"} | self.extra_environment

    def command(self, *words):
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        return inside + [binary(), *map(str, words)]

    def starling(self, *words, stdin=None, seconds=PATIENCE, data=None):
        """Runs one command to its end."""
        more = ["--data", str(data)] if data else []
        words = (*words[:1], *more, *words[1:])
        given = stdin if isinstance(stdin, bytes) or stdin is None else stdin.encode()
        source = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        done = subprocess.run(
            self.command(*words), capture_output=True, timeout=seconds,
            env=self.environment, **source,
        )
        return Result(
            words, done.returncode, done.stdout.decode(errors="surrogateescape"),
            done.stderr.decode(errors="surrogateescape"),
        )


class Node:
    """A node's data directory on a machine, and the process that runs it, if one does."""

    def __init__(self, machine, name, host="127.0.0.1", data=None):
        self.machine, self.name, self.host, self.port = machine, name, host, 0
        self.data = pathlib.Path(data or machine.folder / "data")
        self.out = machine.folder / f"{name}.out"
        self.err = machine.folder / f"{name}.err"
        self.process, self.greeting = None, None

    # The process

    def launch(self, *words, prefix=()):
        """Starts the process without waiting; an old port is kept, so that invites stay good."""
        listen = f"{self.host}:{self.port}"
        if "--web" not in words:
            words = ("--no-web", *words)
        command = self.machine.command(
            "run", "--json", "--data", self.data, "--listen", listen, "--name", self.name, *words
        )
        self.offset = self.out.stat().st_size if self.out.exists() else 0
        with open(self.out, "ab") as out, open(self.err, "ab") as err:
            self.process = subprocess.Popen(
                [*prefix, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=self.machine.environment,
            )
        return self

    def start(self, *words, prefix=(), seconds=PATIENCE):
        """Starts, and waits until the node says that it runs."""
        self.launch(*words, prefix=prefix)
        wait_until(lambda: self.greeted() or self.process.poll() is not None, "greeting", seconds, 0.004)
        assert self.process.poll() is None, f"{self.name} ended at its start:\n{self.journal()[-3000:]}"
        self.port = int(self.greeting["invite"].split("?")[0].rsplit(":", 1)[1])
        return self

    def greeted(self):
        with open(self.out, "rb") as file:
            file.seek(self.offset)
            text = file.read()
        if b"\n" not in text:
            return False
        first = json.loads(text.splitlines()[0])
        if "error" in first:
            # Why it does not start; its end follows.
            return False
        self.greeting = first
        return True

    def join(self, *others):
        """Words for `start`: keep a connection with these."""
        return [word for other in others for word in ("--join", other.invite)]

    def end(self, sig, seconds=PATIENCE):
        """Signals the process and waits for its end; gives the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            return self.process.wait(seconds)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process = None

    def stop(self, seconds=PATIENCE):
        code = self.end(signal.SIGTERM, seconds)
        assert code in (0, None), f"{self.name} ended with {code}:\n{self.journal()[-3000:]}"
        return self

    def kill(self):
        return self.end(signal.SIGKILL)

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    # What it says

    def run(self, *words, **more):
        return self.machine.starling(*words, data=self.data, **more)

    def ask(self, *words, **more):
        """A command that must succeed, and its answer."""
        return self.run(words[0], "--json", *words[1:], **more).ok().json

    @property
    def invite(self):
        return self.greeting["invite"]

    @property
    def identity(self):
        return self.greeting["identity"]

    def status(self):
        return self.ask("status")

    def account(self, name=None):
        return next(a for a in self.status()["accounts"] if name in (None, a["name"]))

    def logs(self, who, limit=10_000, start=None):
        more = [] if start is None else ["--from", start]
        return self.ask("log", who, "--limit", limit, *more)["logs"]

    def notes(self, who):
        """The texts of somebody's notes in order, over all their devices."""
        logs = self.logs(who)
        return [e["text"] for log in logs for e in log["entries"] if e["kind"] == "note"]

    def notes_or_none(self, who):
        """Like `notes`, and empty while nothing of them is here."""
        return self.notes(who) if self.run("log", "--json", who, "--limit", 1).code == 0 else []

    def post(self, text, *words):
        return self.ask("post", *words, "--", text)["address"]

    def peers(self):
        return self.ask("peers")

    def journal(self):
        return self.err.read_text(errors="replace") if self.err.exists() else ""

    def memory(self):
        """Resident bytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(next(x for x in text.splitlines() if x.startswith("VmRSS")).split()[1])

    def share_of_memory(self):
        """Bytes that are this process's own, and its share of what others map too (PSS)."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return 1024 * int(next(x for x in text.splitlines() if x.startswith("Pss:")).split()[1])

    # Waiting

    def wait_for_entries(self, count, seconds=PATIENCE):
        wait_until(lambda: self.status()["entries"] >= count, f"{count} entries at {self.name}", seconds, 0.05)
        return self

    def wait_for_peers(self, count=1, seconds=PATIENCE):
        wait_until(lambda: len(self.peers()) >= count, f"{count} peers of {self.name}", seconds, 0.05)
        return self

    def check(self):
        """The program's own verdict on its store."""
        report = self.ask("check")
        assert report["ok"] and report["damageCount"] == 0 and not report["damage"], report
        return report


class Room:
    """Everything that one test starts; it ends what it started, and nothing else."""

    def __init__(self, folder):
        self.folder, self.nodes, self.networks = pathlib.Path(folder), [], []

    def machine(self, name, namespace=None):
        return Machine(self.folder / name, namespace)

    def node(self, name, machine=None, **more):
        node = Node(machine or self.machine(name), name, **more)
        self.nodes.append(node)
        return node

    def chain(self, *names):
        """Running nodes on loopback, each joined to the one before."""
        nodes = []
        for name in names:
            node = self.node(name)
            nodes.append(node.start(*node.join(*nodes[-1:])))
        return nodes

    def close(self):
        for node in self.nodes:
            node.kill()
        for network in self.networks:
            network.close()

    def logs(self):
        return "\n".join(f"--- {n.name}, {n.err}\n{n.journal()[-4000:]}" for n in self.nodes)


def tweets():
    """4,200 real posts, or generated ones where the shared data is absent; says which."""
    path = SHARED / "data" / "tweets.txt"
    if path.exists():
        return path.read_text(encoding="utf-8").split("\n")[:-1]
    print(f"SKIPPED REAL TEXT: {path} is absent, posting generated lines instead")
    return [f"Post {i} of a flock: {'wing ' * (i % 40)}é ☃ 🐦" for i in range(4200)]
