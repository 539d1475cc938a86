"""Apps that exist, unmodified, over two real nodes: what one writes the other reads."""

import json
import queue
import re
import struct
import urllib.error
import urllib.request
import xml.etree.ElementTree
import zlib

import apps
import mastodon
import node
import pytest
from apps import eventually, serve, sign_in


@pytest.fixture
def town(room):
    """Alice and Bob, each at home, each with Mastodon.py; each follows the other."""
    alice = serve(room, "alice")
    bob = serve(room, "bob", "--join", alice.invite)
    a, b = sign_in(alice), sign_in(bob)
    return Town(alice, bob, a, b)


class Town:
    def __init__(self, alice, bob, a, b):
        self.alice, self.bob, self.a, self.b = alice, bob, a, b

    def befriend(self):
        """Each follows the other by their did."""
        for client, other in ((self.a, self.bob), (self.b, self.alice)):
            found = eventually(
                lambda c=client, o=other: c.search_v2(o.identity, resolve=True).accounts, f"{other.name} is found"
            )
            assert client.account_follow(found[0]).following
        return self


def text(status):
    """A status's words without its marks."""
    return re.sub(r"<[^>]+>", "", status.content.replace("<br>", "\n").replace("</p><p>", "\n\n"))


def at_home(client, words, what="the post at home"):
    return eventually(lambda: next((s for s in client.timeline_home() if text(s) == words), None), what)


def test_what_is_missing_in_a_thread_comes(town, room):
    """Who keeps only those they follow reads an answer to a stranger: the stranger's post is fetched."""
    a, b = town.befriend().a, town.b
    town.alice.ask("policy", "follows", "--depth", "1")
    carol = serve(room, "carol", "--join", town.bob.invite)
    asked = sign_in(carol).status_post("What is the question?")
    found = eventually(
        lambda: next((s for s in b.timeline_public() if s.uri == asked.uri), None), "carol's post at bob's")
    b.status_post("That is.", in_reply_to_id=found)
    who = a.search_v2(town.bob.identity, resolve=True).accounts[0]
    # Answers to strangers stand on their author's page, not at home.
    answer = eventually(
        lambda: next((s for s in a.account_statuses(who) if text(s) == "That is."), None), "bob's answer")
    assert answer.in_reply_to_id is None, "the question is not wanted by the policy"

    def above():
        return [text(s) for s in a.status_context(answer).ancestors]

    assert above() in (["This post is not here: it was taken back, dropped, or has not come yet."], [text(asked)])
    eventually(lambda: above() == [text(asked)], "the question")
    shown = a.status_context(answer).ancestors[0]
    assert shown.id == asked.id and eventually(
        lambda: a.status_context(answer).ancestors[0].account.display_name == "carol", "whose question it is")


def test_what_one_writes_the_other_reads(town):
    a, b = town.befriend().a, town.b
    sent = a.status_post("Hello, #square!\n\nSecond <b>paragraph</b> & https://example.org/a?b=1&c.")
    assert sent.visibility == "public" and sent.account.acct == "alice"
    got = at_home(b, text(sent))
    assert got.id == sent.id and got.uri == sent.uri, "every node gives the same number"
    assert got.account.username == "alice" and "@z6Mk" in got.account.acct
    assert "&lt;b&gt;" in got.content and 'href="https://example.org/a?b=1&amp;c"' in got.content
    assert [t.name for t in got.tags] == ["square"]
    assert [s.id for s in b.timeline_hashtag("square")] == [sent.id]
    assert [s.id for s in b.timeline_public()] == [sent.id] and b.timeline_local() == []

    reply = b.status_reply(got, "Hello yourself")
    assert reply.in_reply_to_id == got.id and reply.mentions[0].id == got.account.id
    answer = eventually(lambda: a.status_context(sent).descendants, "the answer in the thread")
    assert [s.id for s in answer] == [reply.id]
    assert [s.id for s in a.status_context(reply).ancestors] == [sent.id]
    assert a.status(sent).replies_count == 1
    told = eventually(lambda: a.notifications(types=["mention"]), "a notification of the answer")
    assert told[0].status.id == reply.id and told[0].account.username == "bob"


def test_marks_and_reposts(town):
    a, b = town.befriend().a, town.b
    sent = a.status_post("Mark me")
    got = at_home(b, "Mark me")
    assert b.status_favourite(got).favourited and b.status_favourite(got).favourites_count == 1
    boosted = b.status_reblog(got)
    assert boosted.reblog.id == got.id and boosted.account.username == "bob"
    assert b.status_reblog(got).id == boosted.id, "once more changes nothing"
    eventually(lambda: a.status(sent).reblogs_count == 1 and a.status(sent).favourites_count == 1, "both counted")
    assert [x.username for x in a.status_favourited_by(sent)] == ["bob"]
    assert [x.username for x in a.status_reblogged_by(sent)] == ["bob"]
    assert {n.type for n in a.notifications()} == {"favourite", "reblog", "follow"}
    b.status_unfavourite(got)
    b.status_unreblog(got)
    eventually(lambda: a.status(sent).reblogs_count == 0 and a.status(sent).favourites_count == 0, "both gone")
    assert [n.type for n in a.notifications()] == ["follow"]

    assert b.status_bookmark(got).bookmarked and [s.id for s in b.bookmarks()] == [got.id]
    assert not b.status_unbookmark(got).bookmarked and b.bookmarks() == []
    assert a.status_pin(sent).pinned
    eventually(lambda: [s.id for s in b.account_statuses(got.account, pinned=True)] == [sent.id], "the pin")


def test_edit_and_delete(town):
    a, b = town.befriend().a, town.b
    sent = a.status_post("First wrods", spoiler_text="typos")
    got = at_home(b, "First wrods")
    assert got.spoiler_text == "typos" and got.sensitive
    changed = a.status_update(sent, "First words")
    assert text(changed) == "First words" and changed.edited_at
    assert text(eventually(lambda: (s := b.status(got)).edited_at and s, "the edit")) == "First words"
    assert [text(v) for v in b.status_history(got)] == ["First wrods", "First words"]
    assert a.status_source(sent).text == "First words"
    assert b.search_v2("wrods").statuses == [] and [s.id for s in b.search_v2("words").statuses] == [sent.id]
    with pytest.raises(mastodon.MastodonNotFoundError):
        b.status_update(got, "not mine")
    with pytest.raises(mastodon.MastodonNotFoundError):
        b.status_delete(got)
    a.status_delete(sent)
    eventually(lambda: b.timeline_home() == [], "nothing at home any more")
    with pytest.raises(mastodon.MastodonNotFoundError):
        b.status(got)


def test_polls(town):
    a, b = town.befriend().a, town.b
    sent = a.status_post("Which?", poll=a.make_poll(["red", "green", "blue"], 3600, multiple=True))
    got = at_home(b, "Which?")
    assert [o.title for o in got.poll.options] == ["red", "green", "blue"] and got.poll.multiple
    voted = b.poll_vote(got.poll, [0, 2])
    assert voted.own_votes == [0, 2] and voted.voted
    with pytest.raises(mastodon.MastodonAPIError):
        b.poll_vote(got.poll, [1])
    counted = eventually(lambda: (p := a.poll(sent.poll)).voters_count and p, "the vote")
    assert [o.votes_count for o in counted.options] == [1, 0, 1]


def test_search_and_people(town):
    a, b = town.befriend().a, town.b
    a.account_update_credentials(display_name="Alice Ω", note="About #me", fields=[("Site", "https://alice.example")])
    sent = a.status_post("Crème brûlée 東京都")
    at_home(b, "Crème brûlée 東京都")
    for words in ("creme BRULEE", "東京"):
        assert [s.id for s in b.search_v2(words).statuses] == [sent.id], words
    assert [s.id for s in b.search_v2(sent.uri, resolve=True).statuses] == [sent.id]
    her = b.search_v2("alice").accounts[0]
    assert her.display_name == "Alice Ω" and her.fields[0].name == "Site" and "<a " in her.fields[0]["value"]
    assert b.account_lookup(her.acct).id == her.id and b.account(her).note.startswith("<p>About ")
    assert [x.username for x in b.account_followers(her)] == ["bob"]
    assert [x.id for x in b.account_following(b.me())] == [her.id]
    b.account_note_set(her, "met at the fair")
    assert b.account_relationships(her)[0].note == "met at the fair" and b.account_relationships(her)[0].followed_by

    b.account_mute(her)
    hidden = b.timeline_home()[0]
    assert hidden.filtered[0].filter.title == "You muted Alice Ω", "a line in its place, one click from being seen"
    assert [x.id for x in b.mutes()] == [her.id]
    b.account_unmute(her)
    assert not b.account_unfollow(her).following and b.timeline_home() == []


def test_streaming(town):
    a, b = town.befriend().a, town.b
    heard = queue.Queue()

    class Listener(mastodon.StreamListener):
        def on_update(self, status):
            heard.put(("update", text(status)))

        def on_notification(self, notification):
            heard.put(("notification", notification.type))

        def on_status_update(self, status):
            heard.put(("edit", text(status)))

        def on_delete(self, status_id):
            heard.put(("delete", status_id))

    stream = b.stream_user(Listener(), run_async=True, timeout=60)
    try:
        assert b.stream_healthy()
        sent = a.status_post("Live")
        assert heard.get(timeout=30) == ("update", "Live")
        a.status_update(sent, "Still live")
        assert heard.get(timeout=30) == ("edit", "Still live")
        a.status_post("Psst @" + a.account_search("bob")[0].acct)
        assert {heard.get(timeout=30)[0], heard.get(timeout=30)[0]} == {"update", "notification"}
        a.status_delete(sent)
        assert heard.get(timeout=30) == ("delete", sent.id)
    finally:
        stream.close()


def test_pages(town):
    """`max_id`, `since_id`, `min_id`, and the addresses that lead from page to page."""
    a = town.a
    ids = [a.status_post(f"number {n}").id for n in range(25)]
    first = a.timeline_home(limit=10)
    second = a.fetch_next(first)
    third = a.fetch_next(second)
    assert [s.id for s in first + second + third] == ids[::-1]
    assert [s.id for s in a.fetch_previous(second)] == [s.id for s in first]
    assert [s.id for s in a.timeline_home(since_id=ids[20])] == ids[:20:-1]
    assert [s.id for s in a.timeline_home(min_id=ids[3], limit=2)] == [ids[5], ids[4]]
    assert ids == sorted(ids, key=int)


def test_it_is_still_there_after_a_restart(town):
    a = town.befriend().a
    sent = a.status_post("Kept")
    a.status_bookmark(sent)
    web = town.alice.greeting["web"].rsplit(":", 1)[1]
    town.alice.kill()
    town.alice.start("--no-lan", "--web", f"127.0.0.1:{web}")
    assert [s.id for s in a.timeline_home()] == [sent.id] and [s.id for s in a.bookmarks()] == [sent.id]


def test_everything_is_public(town):
    with pytest.raises(mastodon.MastodonAPIError, match="public"):
        town.a.status_post("for you alone", visibility="direct")
    assert town.a.timeline_home() == []


def picture(width=64, height=48):
    """A PNG with a remark in it about where it was made."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = b"".join(b"\0" + bytes((x * 3 + y) & 255 for x in range(width) for _ in range(3)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    place = chunk(b"tEXt", b"GPSLatitude\x0048.8584 N")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + place + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return answer.status, answer.headers, answer.read()


def test_pictures(town):
    a, b = town.befriend().a, town.b
    raw = picture()
    media = a.media_post(raw, mime_type="image/png", description="a slope", focus=(0.5, -0.25))
    assert media.type == "image" and media.description == "a slope" and media.meta.original.width == 64
    assert a.media_update(media, description="a grey slope").description == "a grey slope"
    sent = a.status_post("Look", media_ids=[media])
    got = at_home(b, "Look")
    shown = got.media_attachments[0]
    assert shown.description == "a grey slope" and shown.id == media.id and shown.meta.focus.x == 0.5
    assert shown.url.startswith(apps.web(town.bob)), "each reads from their own node"

    def arrived():
        try:
            return fetch(shown.url)
        except urllib.error.HTTPError:
            return None

    status, headers, data = node.wait_until(arrived, "the picture at bob's node", pause=0.2)
    assert headers["Content-Type"] == "image/png" and "sandbox" in headers["Content-Security-Policy"]
    assert data == fetch(sent.media_attachments[0].url)[2] and data.startswith(b"\x89PNG") and b"GPSLatitude" not in data
    status, headers, part = fetch(shown.url, Range="bytes=8-15")
    assert status == 206 and part == data[8:16] and headers["Content-Range"] == f"bytes 8-15/{len(data)}"
    assert [s.id for s in b.account_statuses(got.account, only_media=True)] == [sent.id]

    updated = a.account_update_credentials(avatar=raw, avatar_mime_type="image/png")
    assert fetch(updated.avatar)[2] == data, "the same picture is the same blob"
    assert fetch(b.me().avatar)[1]["Content-Type"] == "image/png", "whoever has none gets one out of their key"
    for bad, why in ((b"", "empty"), (b"<svg onload=alert(1)>", "kind"), (raw[:60], "damaged")):
        with pytest.raises(mastodon.MastodonAPIError, match=why):
            a.media_post(bad, mime_type="image/png")
    with pytest.raises(mastodon.MastodonAPIError):
        b.status_post("not mine", media_ids=[media])


def test_feeds_for_feed_readers(town):
    a, b = town.befriend().a, town.b
    sent = a.status_post("Read <me> & weep\n\nsecond #tag", spoiler_text="a \"warning\"")
    b.status_reply(at_home(b, text(sent)), "an answer is not in it")
    her = b.search_v2("alice").accounts[0]
    for base, acct in ((apps.web(town.alice), "alice"), (apps.web(town.bob), her.acct)):
        status, headers, data = fetch(f"{base}/@{acct}/feed.atom")
        assert headers["Content-Type"].startswith("application/atom+xml")
        feed = xml.etree.ElementTree.fromstring(data)
        names = {"a": "http://www.w3.org/2005/Atom"}
        assert feed.findtext("a:title", namespaces=names) == "alice"
        entries = feed.findall("a:entry", names)
        assert [e.findtext("a:id", namespaces=names) for e in entries] == [sent.uri]
        assert "Read &lt;me&gt; &amp; weep" in entries[0].findtext("a:content", namespaces=names)
        feed = json.loads(fetch(f"{base}/@{acct}/feed.json")[2])
        assert feed["version"].endswith("1.1") and [i["id"] for i in feed["items"]] == [sent.uri]
        assert feed["items"][0]["content_text"].startswith("Read <me> & weep") and feed["items"][0]["summary"] == 'a "warning"'
