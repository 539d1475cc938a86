"""The reference of Starling's protocol: `python3 Protocol/reference COMMAND` (Protocol/README.md)."""

import json
import os
import sys

import cases
import harness
import identity
import operations
import third_party
from vectors import FOLDER

USAGE = """usage: python3 Protocol/reference COMMAND
  generate                write Protocol/vectors/*.json again, always the same bytes
  check                   put the vectors to this reference; see that generate would not change them
  conform PROGRAM [ARG…]  put the vectors, and malformed lines, to a program
  answer                  be such a program: one JSON object a line in, one a line out
"""


def texts():
    """File name -> what it must hold."""
    return {file.name + ".json": file.text for file in cases.files()}


def generate():
    for name, text in texts().items():
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return 0


def check():
    if identity.WORDS is None:
        print("Sources/Crypto has no list of the recovery words: cases with words are left out")
    failed = harness.run(
        harness.load(),
        lambda lines: (operations.answer(json.loads(x)) for x in lines),
        lambda request: request["op"] == "words-to-root" and identity.WORDS is None,
    )
    failed += third_party.run()
    committed = {
        name: open(os.path.join(FOLDER, name), encoding="utf-8", newline="").read()
        for name in sorted(os.listdir(FOLDER))
    }
    made = texts()
    for name in sorted(set(committed) | set(made)):
        if committed.get(name) != made.get(name):
            print(f"{name}: not what generate writes")
            failed += 1
    return failed


def answer():
    for line in sys.stdin.buffer:
        try:
            request = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            request = None
        print(json.dumps(operations.answer(request)), flush=True)
    return 0


def main(arguments):
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    simple = {"generate": generate, "check": check, "answer": answer}
    if command in simple and not rest:
        failed = simple[command]()
    elif command == "conform" and rest:
        failed = harness.conform(rest)
    else:
        sys.stderr.write(USAGE)
        return 2
    if command != "answer" and failed:
        print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
