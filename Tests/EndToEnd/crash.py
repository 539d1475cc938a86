"""Two nodes that are killed again and again while they post and sync, and what must never happen then.

`scripts/torture kill N` runs it by hand; test_crash.py runs it in the suite.
"""

import random
import threading
import time

import node
from control import Control, Refusal

# Entries asked for at once: the longest posts here times this stay well below one answer's limit.
PAGE = 1000


class Recorder:
    """Every root that any node ever showed of a log at a size: two of them prove a fork."""

    def __init__(self):
        self.roots, self.acknowledged, self.size = {}, {}, 0

    def saw(self, log, size, root, where):
        before = self.roots.setdefault((log, size), (root, where))
        assert before[0] == root, f"{log} at {size}: {before} and now {(root, where)}"

    def saw_logs(self, logs, where):
        for log in logs:
            self.saw(log["log"], log["signedSize"], log["root"], where)

    def acknowledge(self, reply):
        """A reply to `post`: its addresses (of many posts the last one alone), and that all before are there."""
        for address in reply.get("addresses", [reply["address"]]):
            self.acknowledge_address(address)
        self.size = max(self.size, reply["size"])

    def acknowledge_address(self, address):
        log, index, _ = address.rsplit("/", 2)
        before = self.acknowledged.setdefault((log, int(index)), address)
        assert before == address, f"acknowledged twice at one place: {before} {address}"

    def first_missing(self, logs, start=0):
        """An acknowledged address at `start` or behind that these logs lack."""
        there = {e["address"] for log in logs for e in log["entries"]}
        wanted = (a for (_, index), a in self.acknowledged.items() if index >= start)
        return next((a for a in wanted if a not in there), None)


class Poster(threading.Thread):
    """Posts until the node is gone, in one of the ways that an owner has; notes what was acknowledged."""

    def __init__(self, target, recorder, chance, folder):
        super().__init__(daemon=True)
        self.target, self.recorder, self.chance = target, recorder, chance
        self.path, self.failure = folder / "lines.txt", None
        self.way = chance.choice(["post", "lines", "socket", "socket"])

    def run(self):
        try:
            getattr(self, self.way)()
        except (OSError, EOFError):
            pass  # The node was killed: what was asked then was not acknowledged.
        except BaseException as failure:
            self.failure = failure

    def text(self):
        return "x" * self.chance.choice([1, 20, 300, 3000]) + str(self.chance.random())

    def post(self):
        while self.target.running:
            done = self.target.run("post", "--json", self.text())
            done.orderly()
            if done.code == 0:
                self.recorder.acknowledge(done.json)
            elif self.target.running and "control" not in done.out:
                raise AssertionError(done)

    def lines(self):
        while self.target.running:
            texts = [self.text() for _ in range(self.chance.randint(1, 400))]
            self.path.write_text("\n".join(texts) + "\n")
            done = self.target.run("post", "--json", "--lines", self.path)
            done.orderly()
            if done.code == 0:
                self.recorder.acknowledge(done.json)

    def socket(self):
        control = Control(self.target.data)
        under_way = 0
        while True:
            texts = [self.text() for _ in range(self.chance.choice([1, 1, 5, 16, 40]))]
            control.send("post", {"texts": texts})
            under_way += 1
            if under_way >= 4:
                self.recorder.acknowledge(control.receive()[1])
                under_way -= 1


class Pair:
    """A posts; B, joined to A, stores. Either or both are killed in each round."""

    def __init__(self, room, seed):
        self.room, self.chance, self.recorder = room, random.Random(seed), Recorder()
        self.a, self.b = room.node("a"), room.node("b")
        self.a.start()
        self.b.start(*self.b.join(self.a))
        self.who, self.checked, self.kills = self.a.identity, 0, 0

    def run(self, kills):
        """Rounds until there were so many kills; twice on the way both are left to catch up."""
        rests = [kills // 2, kills]
        number = 0
        while rests:
            self.round()
            number += 1
            self.verify(every=number % 10 == 0)
            if self.kills >= rests[0]:
                self.finish()
                rests.pop(0)

    def round(self):
        poster = Poster(self.a, self.recorder, self.chance, self.room.folder)
        poster.start()
        time.sleep(self.chance.random() ** 2 * 0.2)  # When the kill comes is what varies, no proof hangs on it.
        victims = self.chance.choice([[self.a], [self.a], [self.b], [self.a, self.b]])
        for victim in victims:
            victim.kill()
            self.kills += 1
        if self.a.running:
            time.sleep(self.chance.random() * 0.05)
            self.a.kill()
            self.kills += 1
        poster.join(node.PATIENCE)
        assert not poster.is_alive(), f"the way {poster.way} hangs after the kill"
        if poster.failure:
            raise poster.failure
        # A dials too: B's back-off would grow over the many losses.
        self.a.start(*self.a.join(self.b))
        if not self.b.running:
            self.b.start(*self.b.join(self.a))

    def verify(self, every):
        """Nothing acknowledged is lost, no log shows two roots at a size; now and then the whole store."""
        start = 0 if every else self.checked
        control = Control(self.a.data)
        logs, at = [], start
        while True:
            page = control.ask("log", {"who": self.who, "limit": PAGE, "from": at})["logs"]
            logs += page
            at += PAGE
            if all(log["size"] <= at for log in page):
                break
        self.recorder.saw_logs(logs, "a")
        missing = self.recorder.first_missing(logs, start)
        assert missing is None, f"acknowledged and lost: {missing}"
        state = control.ask("status")["accounts"][0]["state"]
        assert state == "writable", f"after a mere crash the log is {state}"
        self.checked = max(log["size"] for log in logs)
        assert self.checked >= self.recorder.size, f"{self.recorder.size} acknowledged, {self.checked} there"
        if every:
            assert control.ask("check")["ok"]
        control.close()
        other = Control(self.b.data)
        try:
            self.recorder.saw_logs(other.ask("log", {"who": self.who, "limit": 1})["logs"], "b")
        except Refusal:
            pass  # B has nothing of it yet.
        if every:
            assert other.ask("check")["ok"]
        other.close()

    def finish(self):
        """Left in peace, both come to hold the same, and all of it verifies."""
        self.verify(every=True)
        last = self.a.post("the last one")
        self.recorder.acknowledge_address(last)
        size = int(last.rsplit("/", 2)[1]) + 1

        def same():
            logs = self.b.logs(self.who, limit=1)
            return any(log["size"] == size for log in logs)

        node.wait_until(same, "B has everything", pause=0.1)
        for one in (self.a, self.b):
            report = one.check()
            self.recorder.saw_logs(one.logs(self.who, limit=1), one.name)
            assert report["entries"] >= size
            assert "FORK" not in one.journal(), one.journal()[-2000:]
        missing = self.first_missing_at_b(size)
        assert missing is None, f"B lacks {missing}"
        print(f"{self.kills} kills, {size} posts, {len(self.recorder.acknowledged)} acknowledged, "
              f"{len(self.recorder.roots)} roots seen")

    def first_missing_at_b(self, size):
        logs = []
        for start in range(0, size, PAGE):
            logs += self.b.logs(self.who, limit=PAGE, start=start)
        return self.recorder.first_missing(logs)
