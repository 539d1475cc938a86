"""What people wrote elsewhere comes along, and what they wrote here can be taken away."""

import io
import json
import stat
import tarfile
import zipfile

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def tweets(folder, count, name="tw.zip"):
    posts = [
        {"tweet": {"id_str": str(1000 + n), "created_at": f"Wed Nov 25 18:{n % 60:02}:13 +0000 2020", "lang": "en",
                   "full_text": f"post {n} &lt;b&gt;", "entities": {"hashtags": [{"text": "tea"}, {"text": "a b"}]}}}
        for n in range(count)
    ]
    posts.append({"tweet": {"id_str": "1", "created_at": "Wed Nov 25 18:00:00 +0000 2020", "full_text": "RT @a: b"}})
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps(posts))
    return path


def outbox(folder, notes):
    path = folder / "m.tar.gz"
    items = [{"type": "Create", "object": {"type": "Note", "published": "2022-01-01T00:00:00Z"} | note} for note in notes]
    data = json.dumps({"@context": [], "orderedItems": items}).encode()
    with tarfile.open(path, "w:gz") as out:
        member = tarfile.TarInfo("outbox.json")
        member.size = len(data)
        out.addfile(member, io.BytesIO(data))
    return path


def entries(one):
    logs = one.ask("log", one.identity, "--limit", "10000")["logs"]
    return [entry for log in logs for entry in log["entries"]]


def test_import_twice(room):
    """The second time brings only what is new, with a node that runs and without."""
    one = room.node("one").start()
    folder = room.machine("files").folder
    said = one.ask("import", "twitter", tweets(folder, 1500))
    assert said == {"posted": 1500, "known": 0, "reposts": 1, "notPublic": 0, "other": 0}
    one.stop()
    said = one.ask("import", "twitter", tweets(folder, 1503))
    assert (said["posted"], said["known"]) == (3, 1500)
    past = [entry for entry in entries(one) if "imported" in entry]
    assert len(past) == 1503
    assert past[0]["text"] == "post 0 <b>"
    assert past[0]["imported"]["url"] == "https://twitter.com/i/web/status/1000"
    assert past[0]["imported"]["time"] < past[0]["time"]


def test_conversations_with_oneself(room):
    """An archive that begins with its newest, as Twitter's does; twice, the second time with one answer more."""
    one = room.node("one").start()
    folder = room.machine("files").folder
    answers = {2: 1, 3: 2, 4: 2, 5: 999, 6: 5, 7: 8, 8: 7, 9: 9}

    def pack(numbers):
        posts = [{"tweet": {"id_str": str(n), "created_at": f"Wed Nov 25 18:{n:02}:00 +0000 2020", "full_text": f"post {n}"}
                  | ({"in_reply_to_status_id_str": str(answers[n])} if n in answers else {})} for n in numbers]
        path = folder / "thread.zip"
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps(posts))
        return path

    def conversations():
        past = {entry["text"]: entry for entry in entries(one) if "imported" in entry}
        names = {entry["address"]: text[5:] for text, entry in past.items()}
        reply = {text[5:]: entry["reply"] for text, entry in past.items() if "reply" in entry}
        return len(past), {n: (names[r["to"]], names.get(r.get("root"))) for n, r in reply.items()}

    assert one.ask("import", "twitter", pack([9, 8, 7, 6, 5, 3, 2, 1]))["posted"] == 8
    count, told = conversations()
    # 5 answers somebody else, 7 and 8 each other, and 9 itself: no post can, and none is lost.
    assert count == 8 and told == {"2": ("1", None), "3": ("2", "1"), "6": ("5", None)}, told
    assert one.ask("import", "twitter", pack([4, 3, 2, 1]))["posted"] == 1
    assert conversations() == (9, told | {"4": ("2", "1")})


def test_a_question_keeps_its_answers(room):
    one = room.node("one").start()
    path = outbox(room.machine("files").folder, [
        {"id": "https://m.example/1", "type": "Question", "to": [PUBLIC], "content": "<p>Which?</p>",
         "oneOf": [{"type": "Note", "name": "tea", "replies": {"totalItems": 3}}, {"type": "Note", "name": "coffee"}]},
        {"id": "https://m.example/2", "to": [PUBLIC], "content": "Tea it is.", "inReplyTo": "https://m.example/1"},
    ])
    assert one.ask("import", "mastodon", path)["posted"] == 2
    asked, answer = [entry for entry in entries(one) if "imported" in entry]
    assert asked["text"] == "Which?\n\n- tea: 3\n- coffee" and answer["reply"] == {"to": asked["address"]}


def test_only_what_was_public(room):
    one = room.node("one").start()
    folder = room.machine("files").folder
    path = outbox(folder, [
        {"id": "https://m.example/1", "to": [PUBLIC], "content": "<p>one</p>"},
        {"id": "https://m.example/2", "to": ["https://m.example/a/followers"], "cc": [PUBLIC], "content": "two"},
        {"id": "https://m.example/3", "to": ["https://m.example/a/followers"], "content": "for friends"},
        {"id": "https://m.example/4", "to": ["https://m.example/b"], "content": "for one"},
        {"id": "https://m.example/5", "to": [PUBLIC], "summary": "w" * 600, "content": "long warning"},
    ])
    said = one.ask("import", "mastodon", path)
    assert (said["posted"], said["notPublic"]) == (3, 2)
    texts = [entry.get("text", "") for entry in entries(one)]
    assert not any("for friends" in text or "for one" in text for text in texts)
    # A warning that has no room is not lost.
    assert any(text.startswith("w" * 600) and "long warning" in text for text in texts)


def test_hostile_archives(room):
    one = room.node("one").start()
    folder = room.machine("files").folder
    before = len(entries(one))
    path = folder / "bad.zip"
    for name, text in [("../data/tweets.js", "x = []"), ("/data/tweets.js", "x = []"), ("data/other.js", "x = []"),
                       ("data/tweets.js", "x = [" + '{"a": "' + "x" * (2 << 20) + '"}]'),
                       ("data/tweets.js", "x = " + "[" * 10_000), ("data/tweets.js", " " * (100 << 20))]:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(name, text)
        one.run("import", "twitter", path).fails(1)
    path.write_bytes(b"no archive")
    one.run("import", "twitter", path).fails(1)
    one.run("import", "twitter", folder / "none.zip").fails(1)
    one.run("import", "myspace", path).fails(2)
    assert len(entries(one)) == before
    assert not (folder.parent / "data").exists()


def test_export(room):
    one = room.node("one").start()
    folder = room.machine("files").folder
    one.ask("post", "<script>alert(1)</script> & more")
    one.ask("import", "twitter", tweets(folder, 20))
    target = folder / "out"
    said = one.ask("export", target)
    assert said["posts"] == 21
    lines = [json.loads(line) for line in (target / "posts.jsonl").read_text().splitlines()]
    assert len(lines) == said["entries"]
    page = (target / "posts-1.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page and "post 19 &lt;b&gt;" in page
    # Each proof holds on a machine that has never heard of the author.
    other = room.machine("other")
    proofs = sorted(target.glob("proofs/*/*.txt"))
    assert len(proofs) == said["entries"]
    for proof in proofs[-3:]:
        assert other.starling("verify", proof).ok()
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    one.run("export", target).fails(1)


def test_password(room):
    """A first start makes one; the owner's own takes its place, and the file goes."""
    web = ("--web", "127.0.0.1:0")
    one = room.node("one").start(*web)
    first = one.data / "first-password.txt"
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert len(first.read_text().splitlines()[0].split("-")) == 6
    before = (one.data / "owner-password").read_text()
    one.run("password", "--stdin", stdin="short\n").fails(1)
    one.run("password", "--stdin", stdin="two lines\nof words\n").fails(1)
    one.run("password").fails(1)
    assert (one.data / "owner-password").read_text() == before and first.exists()
    assert one.run("password", "--stdin", stdin="my own password\n").ok()
    after = (one.data / "owner-password").read_text()
    assert not first.exists() and "my own password" not in after
    assert before.splitlines()[1] != after.splitlines()[1]
    assert one.run("password", "--stdin", "--keep-sessions", stdin="my next password\n").ok()
    assert (one.data / "owner-password").read_text().splitlines()[1] == after.splitlines()[1]
    one.stop()
    one.start(*web)
    assert not first.exists()
