"""The running node's HTTP server and hostile or broken clients: a clear error, nothing lost, and it stays up."""

import html
import json
import re
import socket
import time
import urllib.parse

import apps
import node
import pytest
from apps import eventually, serve, sign_in

VECTORS = node.SHARED / "vectors"


@pytest.fixture
def one(room):
    return serve(room, "one")


def place(one):
    where = urllib.parse.urlsplit(apps.web(one))
    return where.hostname, where.port


def raw(one, data, seconds=10, half=False):
    """Sends bytes and reads all that comes until the end of the connection."""
    with socket.create_connection(place(one), seconds) as sock:
        out = b""
        try:
            # Who is refused early hears so before all is sent.
            sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        if half:
            return b""
        try:
            while piece := sock.recv(1 << 16):
                out += piece
        except (ConnectionResetError, TimeoutError):
            pass
        return out


def status(answer):
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else None


def request(one, method="GET", path="/api/v1/instance", body=b"", **headers):
    host = "%s:%d" % place(one)
    fields = {"Host": host, "Connection": "close"} | {k.replace("_", "-"): v for k, v in headers.items()}
    if body:
        fields["Content-Length"] = len(body)
    head = "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v is not None)
    return raw(one, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)


def serves(one, client):
    """It is up, and posts."""
    sent = client.status_post("still here")
    assert client.status(sent.id).id == sent.id
    client.status_delete(sent)


@pytest.mark.skipif(not (VECTORS / "JSONTestSuite").is_dir(), reason="no vectors beside the project")
def test_json(one):
    # A token has 300 requests in five minutes.
    clients = [sign_in(one) for _ in range(2)]
    counts = {}
    for number, file in enumerate(sorted((VECTORS / "JSONTestSuite" / "test_parsing").iterdir())):
        client = clients[number % 2]
        answer = request(
            one, "POST", "/api/v1/statuses", file.read_bytes() or b" ", Content_Type="application/json",
            Authorization=f"Bearer {client.access_token}",
        )
        code = status(answer)
        # What is JSON has no status in it, and what is not is not read.
        expected = {"n": (400, 413), "y": (400, 422), "i": (400, 422)}[file.name[0]]
        assert code in expected, f"{file.name}: {answer[:200]}"
        assert "error" in json.loads(answer.split(b"\r\n\r\n", 1)[1]), file.name
        counts[file.name[0], code] = counts.get((file.name[0], code), 0) + 1
    print(counts)
    client = sign_in(one)
    assert client.timeline_home() == []
    serves(one, client)


@pytest.mark.skipif(not (VECTORS / "naughty-strings").is_dir(), reason="no vectors beside the project")
def test_naughty_strings(room, one):
    """Posted here, read at another node: the same text, and nothing of it markup."""
    other = serve(room, "other", "--join", one.invite)
    # A token has 300 requests in five minutes.
    writers, readers = [sign_in(one) for _ in range(3)], [sign_in(other) for _ in range(5)]
    b = readers[0]
    him = eventually(lambda: b.search_v2(one.identity).accounts, "the author")[0]
    b.account_follow(him)
    texts = [t for t in json.loads((VECTORS / "naughty-strings" / "blns.json").read_text()) if t]
    ids = {}
    for number, text in enumerate(texts):
        ids[writers[number % 3].status_post(text).id] = text.replace("\r\n", "\n").replace("\r", "\n")
    last = max(ids, key=int)
    eventually(lambda: b.status(last), "the last of them")
    for number, (id, text) in enumerate(ids.items()):
        b = readers[number % 5]
        got = b.status(id)
        tags = set(re.findall(r"<(/?\w+)", got.content))
        assert tags <= {"p", "/p", "br", "a", "/a"}, (text, got.content)
        assert not re.search(r"<[^>]*\son\w+\s*=", got.content) and 'href="javascript:' not in got.content.lower()
        assert b.status_source(id).text == text
        plain = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br>|</p><p>", "\n", got.content)))
        shown = "".join(c for c in text if c in "\t" or c >= " " and not "\x7f" <= c < "\xa0" and c not in "\ufffe\uffff")
        assert "".join(plain.split()) == "".join(shown.split()), text


def test_host_and_origin(one):
    host, port = place(one)
    for value, code in [
        (f"{host}:{port}", 200), (f"localhost:{port}", 200), ("evil.example", 421), (f"evil.example:{port}", 421),
        (host, 421), ("", 421), (None, 400), (f"{host}:{port}, evil.example", 421), (f"{host}:{port + 1}", 421),
    ]:
        answer = request(one, Host=value)
        assert status(answer) in ({code} if code == 200 else {400, 403, 421}), (value, answer[:100])
    twice = f"GET /api/v1/instance HTTP/1.1\r\nHost: {host}:{port}\r\nHost: evil.example\r\n\r\n".encode()
    assert status(raw(one, twice)) == 400
    # A page of another origin may read what tokens guard, and never the forms of this node.
    for origin, site in [("https://evil.example", "cross-site"), ("null", "cross-site")]:
        answer = request(one, Origin=origin, Sec_Fetch_Site=site)
        assert status(answer) == 200 and b"Access-Control-Allow-Origin: *" in answer
        assert b"Access-Control-Allow-Credentials" not in answer
        form = request(
            one, "POST", "/oauth/authorize", b"decision=allow", Origin=origin, Sec_Fetch_Site=site,
            Content_Type="application/x-www-form-urlencoded",
        )
        assert status(form) == 403, form[:200]


def ask(one, method, path, hosts, body=b"", version="1.1", **headers):
    """A request with as many Host fields as there are `hosts`."""
    fields = [("Host", name) for name in hosts] + [("Connection", "close")]
    fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
    if body:
        fields += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", len(body))]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return raw(one, f"{method} {path} HTTP/{version}\r\n{head}\r\n".encode() + body)


def test_cve_2026_42559_a_rebound_name_reaches_nothing(one):
    """CVE-2026-42559: a server on loopback answered whatever Host it was asked for. A page of evil.example, whose
    name was bound to 127.0.0.1 once it was open, read and wrote there as if it were the server's own (DNS rebinding).
    To the browser such a page is of the same origin: only the Host tells."""
    client = sign_in(one)
    host, port = "%s:%d" % place(one), place(one)[1]
    evil = f"evil.example:{port}"
    page = {"Origin": f"http://{evil}", "Sec_Fetch_Site": "same-origin"}
    bearer = {"Authorization": f"Bearer {client.access_token}"}
    password = urllib.parse.urlencode({
        "grant_type": "password", "client_id": client.client_id, "client_secret": client.client_secret,
        "username": one.name, "password": apps.password(one), "scope": "read",
    }).encode()
    app = f"client_name=rebound&redirect_uris={apps.REDIRECT}".encode()
    # What each is answered when it is asked for by the right name, so that a refusal is the name's doing.
    asked = [
        ("GET", "/", b"", {}, 200), ("GET", "/api/v1/instance", b"", {}, 200),
        ("GET", "/api/v1/timelines/home", b"", bearer, 200), ("POST", "/oauth/token", password, {}, 200),
        ("POST", "/api/v1/apps", app, {}, 200), ("POST", "/api/v1/statuses", b"status=rebound", bearer, 200),
    ]
    names = [
        ([evil], 421), (["evil.example"], 421), ([evil.upper()], 421), ([f"127.0.0.1.nip.io:{port}"], 421),
        ([f"{host}.evil.example"], 421), ([f"evil.example@{host}"], 421), ([f"{host}, {evil}"], 421),
        ([], 400), ([""], 400), ([host, evil], 400), ([evil, host], 400), ([host, host], 400),
    ]
    for method, path, body, more, _ in asked:
        for hosts, code in names:
            for origin in (page, {}):
                answer = ask(one, method, path, hosts, body, **more, **origin)
                assert status(answer) == code, (method, path, hosts, answer[:200])
                assert b"access_token" not in answer and b"client_secret" not in answer, answer
        # HTTP/1.0 knows requests without a host, and none is let through for it.
        assert status(ask(one, method, path, [], body, "1.0", **more)) == 400
    assert client.timeline_home() == []
    for method, path, body, more, code in asked:
        own = ask(one, method, path, [host], body, **more)
        assert status(own) == code, (method, path, own[:200])
    assert [post.text for post in map(client.status_source, client.timeline_home())] == ["rebound"]
    # By the right name but from elsewhere: nothing that goes by what a browser adds of itself.
    origin, cookie = {"Origin": f"http://{evil}"}, {"Cookie": "session=x"}
    for more in (origin, cookie, origin | cookie):
        assert status(ask(one, "POST", "/oauth/authorize", [host], b"decision=allow", **more)) == 403, more
    serves(one, client)


def test_tokens(one):
    client = sign_in(one)
    for token in ("", "x", "A" * 5_000, client.access_token[:-1], client.access_token + "x", "../../etc", "é"):
        answer = request(one, "GET", "/api/v1/timelines/home", Authorization=f"Bearer {token}")
        assert status(answer) in (400, 401, 422, 431), (token, answer[:200])
    reader = sign_in(one, scopes=["read"])
    with pytest.raises(apps.mastodon.MastodonAPIError, match="scope"):
        reader.status_post("may not")
    client.revoke_access_token(allow_http=True)
    with pytest.raises(Exception):
        client.timeline_home()
    assert sign_in(one).timeline_home() == []


def test_bodies(one):
    client = sign_in(one)
    bearer = {"Authorization": f"Bearer {client.access_token}"}
    long = json.dumps({"status": "x" * (8 << 20)}).encode()
    assert status(request(one, "POST", "/api/v1/statuses", long, Content_Type="application/json", **bearer)) == 413
    text = json.dumps({"status": "x" * 60_001}).encode()
    answer = request(one, "POST", "/api/v1/statuses", text, Content_Type="application/json", **bearer)
    assert status(answer) == 422 and b"60,000" in answer
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    assert status(request(one, "POST", "/api/v1/statuses", deep, Content_Type="application/json", **bearer)) == 400
    # A client that goes away in the middle of an upload leaves nothing behind.
    host = "%s:%d" % place(one)
    head = (
        f"POST /api/v2/media HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {client.access_token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    ).encode()
    for _ in range(20):
        raw(one, head + b"\x89PNG" * 100_000, half=True)
    node.wait_until(lambda: not list(one.data.glob("**/upload-*")), "no file is left")
    serves(one, client)


@pytest.mark.slow
def test_slow_connections(one):
    """500 connections of a byte a second, and no more than some of them at once: apps are served all the while."""
    client = sign_in(one)
    head = b"GET /api/v1/instance HTTP/1.1\r\nHost: %s:%d\r\nX-Slow: " % (place(one)[0].encode(), place(one)[1])
    held, began, refused = [], time.monotonic(), 0
    try:
        for _ in range(500):
            try:
                sock = socket.create_connection(place(one), 5)
                sock.setblocking(False)
                held.append(sock)
            except OSError:
                refused += 1
        sent = 0
        while held and time.monotonic() - began < 40:
            for sock in list(held):
                try:
                    sock.send(head[sent % len(head):][:1] or b"x")
                    if sock.recv(1) == b"":
                        raise ConnectionResetError
                except BlockingIOError:
                    continue
                except OSError:
                    sock.close()
                    held.remove(sock)
            sent += 1
            time.sleep(1)
            if sent % 5 == 0 and refused == 0:
                served = request(one)
                assert status(served) in (200, 503, None)
        print(f"500 slow connections: {refused} refused, all gone after {time.monotonic() - began:.0f} s")
        assert not held
    finally:
        for sock in held:
            sock.close()
    serves(one, client)


def llhttp_cases():
    """What Node.js tests its parser with: each input's name, bytes, whether the strict parser refuses it at once."""
    escapes = {"r": b"\r", "n": b"\n", "t": b"\t", "f": b"\f"}
    for path in sorted((VECTORS / "http-llhttp").rglob("*.md")):
        title, meta, text = "", "", None
        for found in re.finditer(r"^#+ ([^\n]*)$|^<!-- meta=([^\n]*) -->$|^```(\w+)\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S
        ):
            if found[1]:
                title = found[1]
            elif found[2]:
                meta = found[2]
            elif found[3] == "http":
                text = found[4].removesuffix("\n")
            elif found[3] == "log" and text is not None:
                data = text.replace("\\\n", "").replace("\n", "\r\n").encode()
                data = re.sub(
                    rb"\\(?:([rntf])|x([0-9a-fA-F]{2}))",
                    lambda m: escapes[m[1].decode()] if m[1] else bytes([int(m[2], 16)]), data)
                refused = "error code=" in found[4] and "Pause" not in found[4] and "message complete" not in found[4]
                yield f"{path.name}: {title}", data, refused and "lenient" not in meta
                text = None


def test_the_requests_that_parsers_are_tested_with(one):
    """With the right Host in the place of any other: never an error of the server's own, never a page for what a
    strict parser refuses, and the node answers as before."""
    cases = list(llhttp_cases())
    if not cases:
        pytest.skip("the vectors of llhttp are not here")
    host = b"Host: %s:%d" % (place(one)[0].encode(), place(one)[1])
    counts = {}
    for name, data, refused in cases:
        if re.search(rb"\r\nhost:", data, re.I):
            data = re.sub(rb"(?i)\r\nhost:[^\r\n]*", b"\r\n" + host, data)
        else:
            data = re.sub(rb"( HTTP/[0-9.]+\r\n)", lambda m: m[1] + host + b"\r\n", data, count=1)
        # The page stands at "/": what is let through is seen.
        data = re.sub(rb"^([A-Z]+) /[\w/.-]* HTTP", rb"\1 / HTTP", data)
        code = status(raw(one, data, 0.3))
        counts[code] = counts.get(code, 0) + 1
        assert code is None or code < 500 or code in (501, 505), (name, code, data)
        if refused:
            assert code is None or code >= 400, (name, code, data)
        assert one.running, name
    print(f"{len(cases)} requests, by answer: {counts}")
    assert status(request(one)) == 200 and len(cases) > 100
