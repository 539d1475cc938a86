"""Puts the vectors to a program, or to this reference, and compares the answers."""

import collections
import json
import os
import subprocess
import sys
import threading
import time

from vectors import FOLDER, lengthen

MALFORMED = [
    b"",
    b" ",
    b"{",
    b"}",
    b"[]",
    b"null",
    b"42",
    b'"sha256"',
    b"{}",
    b'{"op":}',
    b'{"op":"sha256"',
    b'{"op":null,"data":""}',
    b'{"op":7}',
    b'{"op":["sha256"]}',
    b'{"op":"sha-256","data":""}',
    b'{"op":""}',
    b'{"op":"sha256"}',
    b'{"op":"sha256","data":null}',
    b'{"op":"sha256","data":0}',
    b'{"op":"sha256","data":["00"]}',
    b'{"op":"sha256","data":"0"}',
    b'{"op":"sha256","data":"0g"}',
    b'{"op":"sha256","data":"AB"}',
    b'{"op":"sha256","data":"0x00"}',
    b'{"op":"sha256","data":" 00"}',
    b'{"op":"sha256","data":"\\u0000"}',
    b'{"op":"sha256","data":"\xff"}',
    b'{"op":"sha256","data":"00"} {}',
    b"{'op':'sha256','data':''}",
    b'{"op":"merkle-root","leaves":""}',
    b'{"op":"merkle-root","leaves":[0]}',
    b'{"op":"merkle-root","leaves":{}}',
    b'{"op":"tail","leaves":["00"],"from":-1,"size":1}',
    b'{"op":"tail","leaves":["00"],"from":1.5,"size":1}',
    b'{"op":"tail","leaves":["00"],"from":"1","size":1}',
    b'{"op":"tail","leaves":["00"],"from":1,"size":2}',
    b'{"op":"tail","leaves":["00"],"from":1,"size":18446744073709551616}',
    b'{"op":"tail","leaves":["00"],"from":1,"size":-9223372036854775809}',
    b'{"op":"inclusion-prove","leaves":["00"],"index":1e400,"size":1}',
    b'{"op":"inclusion-prove","leaves":[],"index":0,"size":0}',
    b'{"op":"did-key"}',
    b'{"op":"did-key","did":""}',
    b'{"op":"did-key","public":""}',
    b'{"op":"batch-verify","batch":"80","held":[]}',
    b'{"op":"noise-xk"}',
    b'{"op":"noise-xk","payloads":[]}',
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"[" * 100000,
    b'{"a":' * 100000,
    b"9" * 100000,
    b'{"op":"sha256","data":"' + b"0" * 1000001 + b'"}',
]


def load(folder=FOLDER):
    """File name -> the file's object, in order of names."""
    out = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                out[name] = json.load(file)
    return out


def flipped_hex(value):
    data = bytes.fromhex(value)
    for bit in range(8 * len(data)):
        yield (data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]).hex()


def changed_text(value):
    """Each ASCII character with each of its seven bits flipped, then each character left out."""
    for i, character in enumerate(value):
        if character < "\x80":
            for bit in range(7):
                yield value[:i] + chr(ord(character) ^ 1 << bit) + value[i + 1 :]
        yield value[:i] + value[i + 1 :]


CHANGES = {
    "bit": flipped_hex,
    "truncation": lambda value: (value[:i] for i in range(0, len(value), 2)),
    "character": changed_text,
}


def expand(case):
    """The requests of a case with the answers they must get: one, or one for each change."""
    request, answer = lengthen(case["request"]), lengthen(case["answer"])
    if "every" not in case:
        yield request, answer
        return
    field = case["every"]["field"]
    for changed in CHANGES[case["every"]["change"]](request[field]):
        yield {**request, field: changed}, answer


def mismatch(request, expected, got):
    """What is wrong with an answer, or None."""
    if type(got) is not dict or type(got.get("ok")) is not bool:
        return "not an answer"
    if not got["ok"] and not (type(got.get("error")) is str and got["error"]):
        return "a refusal without an error"
    if "echo" in expected:
        field = expected["echo"]
        same = not got["ok"] or got.get(field) == request[field]
        return None if same else f"accepted, and {field} came back as {got.get(field)}"
    for name, value in expected.items():
        if got.get(name) != value or type(got.get(name)) is not type(value):
            return f"{name} is {json.dumps(got.get(name))}, not {json.dumps(value)}; {got.get('error', '')}"
    return None


def report(name, results):
    """Prints one line for a file and one for each of its first failures; the count of failures."""
    failures = [(case, why) for case, why in results if why]
    print(f"{name}: {len(results) - len(failures)} passed, {len(failures)} failed")
    for case, why in failures[:10]:
        print(f"  {case}: {why[:300]}")
    return len(failures)


def run(files, ask, leave_out=lambda request: False):
    """Puts every case to `ask`, which maps an iterator of lines to an iterator of answers."""
    failed = 0
    for name, file in files.items():
        every = [(c["name"], r, a) for c in file["cases"] for r, a in expand(c)]
        cases = [case for case in every if not leave_out(case[1])]
        if len(cases) < len(every):
            print(f"{name}: {len(every) - len(cases)} left out")
        lines = (json.dumps({**r, "id": i}).encode() for i, (_, r, _) in enumerate(cases))
        results = []
        for i, ((case, request, expected), got) in enumerate(zip(cases, ask(lines))):
            why = mismatch(request, expected, got)
            results.append((case, why or (None if got.get("id") == i else "the id was not echoed")))
        results += [("no answer", "the program ended")] * (len(cases) - len(results))
        failed += report(name, results)
    return failed


class Program:
    """A program that answers one JSON object a line; it is ended when an answer takes over a minute."""

    PATIENCE = 60

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.waiting_since = None
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while self.process.poll() is None:
            time.sleep(1)
            since = self.waiting_since
            if since is not None and time.monotonic() - since > self.PATIENCE:
                print("no answer for a minute: the program is ended", file=sys.stderr)
                self.process.kill()

    def ask(self, lines):
        """Writes from a thread of its own, since both pipes can be full."""
        asked = collections.deque()
        done = threading.Event()

        def write():
            try:
                for line in lines:
                    asked.append(None)
                    self.process.stdin.write(line + b"\n")
                self.process.stdin.flush()
            except (BrokenPipeError, OSError):
                pass
            done.set()

        threading.Thread(target=write, daemon=True).start()
        while True:
            while not asked and not done.wait(0.001):
                pass
            if not asked:
                return
            asked.popleft()
            self.waiting_since = time.monotonic()
            line = self.process.stdout.readline()
            self.waiting_since = None
            if not line:
                return
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None

    def close(self):
        """The status with which the program ends once its input does."""
        try:
            self.process.stdin.close()
            return self.process.wait(timeout=30)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            return self.process.wait()


def malformed(program):
    """[CONF-3] Every malformed line is refused, and the program lives on."""
    results = []
    for line, got in zip(MALFORMED, program.ask(iter(MALFORMED))):
        why = mismatch({}, {"ok": False}, got)
        results.append((repr(line[:60]), why))
    results += [("no answer", "the program ended")] * (len(MALFORMED) - len(results))
    after = list(program.ask([b'{"op":"sha256","data":"","id":"last"}']))
    alive = after and type(after[0]) is dict and after[0].get("id") == "last" and after[0].get("ok")
    results.append(("a good request afterwards", None if alive else "was not answered"))
    return report("malformed lines", results)


def conform(command):
    """The number of failures of `command` over all vectors and malformed lines."""
    program = Program(command)
    failed = run(load(), program.ask) + malformed(program)
    status = program.close()
    if status != 0:
        print(f"the program ended with status {status}", file=sys.stderr)
    return failed + (status != 0)
