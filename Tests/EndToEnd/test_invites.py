"""One line of text makes two people's nodes meet and the two follow each other."""

import node


def followed(one, identity):
    """Whom an identity of `one` follows, by what its logs say."""
    said = {}
    for log in one.logs(identity):
        said |= {e["text"]: e["kind"] for e in log["entries"] if e["kind"] in ("follow", "unfollow")}
    return {who for who, word in said.items() if word == "follow"}


def follows(one, other):
    return other.identity in followed(one, one.identity)


def follow_each_other(one, other):
    node.wait_until(lambda: follows(one, other) and follows(other, one), "a mutual follow")


def test_one_command_does_it_all(room):
    """`starling join LINE`: both follow each other, both hold each other's posts, and it says so."""
    ada, bob = room.node("ada").start(), room.node("bob").start()
    post = ada.post("before you came")
    line = ada.run("invite").ok().out.strip()
    said = bob.run("join", line).ok().out
    assert "You follow" in said and ada.identity in said and "follow you" in said
    follow_each_other(ada, bob)
    node.wait_until(lambda: bob.notes_or_none(ada.identity) == ["before you came"], "the post at bob")
    assert [p["text"] for p in bob.ask("timeline")["posts"]] == ["before you came"]
    assert bob.ask("show", post)["post"]["text"] == "before you came"
    assert "has come with an invite" in ada.journal()
    ada.check(), bob.check()


def test_with_the_first_start(room):
    """`starling run --join LINE` on a fresh machine: the identity comes into being and joins."""
    ada, bob = room.node("ada").start(), room.node("bob")
    bob.start("--join", ada.ask("invite")["invite"])
    follow_each_other(ada, bob)


def test_good_once(room):
    """A second bearer of the line is connected, and nobody follows them."""
    ada, bob, eve = (room.node(name).start() for name in ("ada", "bob", "eve"))
    line = ada.ask("invite")["invite"]
    bob.ask("join", line)
    follow_each_other(ada, bob)
    eve.ask("join", line)
    eve.wait_for_peers()
    node.wait_until(lambda: eve.notes_or_none(ada.identity) == ada.notes(ada.identity), "sync with eve")
    node.wait_until(lambda: follows(eve, ada), "eve follows ada")
    ada.wait_for_peers(2)
    assert not follows(ada, eve)


def test_a_bare_address_makes_nobody_follow(room):
    ada, bob = room.node("ada").start(), room.node("bob").start()
    said = bob.run("join", ada.ask("invite", "--plain")["invite"]).ok().out
    assert "follow" not in said
    bob.wait_for_peers()
    ada.post("hello")
    node.wait_until(lambda: bob.notes_or_none(ada.identity) == ["hello"], "sync")
    assert not follows(ada, bob) and not follows(bob, ada)


def test_survives_restarts(room):
    """Made, and then the inviter restarts; joined while the inviter is away and while the joiner's own node is off."""
    ada, bob = room.node("ada").start(), room.node("bob").start()
    line = ada.ask("invite")["invite"]
    ada.kill()
    bob.stop()
    assert "You follow" in bob.run("join", line).ok().out
    assert follows(bob, ada)
    bob.start()
    ada.start()
    follow_each_other(ada, bob)
    # It was used up, and stays so: the same line again brings nobody in.
    eve = room.node("eve").start("--join", line)
    eve.wait_for_peers()
    ada.stop()
    ada.start()
    ada.wait_for_peers(2)
    assert not follows(ada, eve)


def test_each_identity_invites_for_itself(room):
    """`--as` on both sides says who follows whom."""
    ada, bob = room.node("ada").start(), room.node("bob").start()
    work = ada.ask("init", "work")["identity"]
    line = ada.ask("invite", "--as", "work")["invite"]
    bob.ask("join", line)
    node.wait_until(lambda: work in followed(bob, bob.identity), "bob follows work")
    node.wait_until(lambda: bob.identity in followed(ada, work), "work follows bob")
    assert not follows(bob, ada) and not follows(ada, bob)


def test_sixty_four_at_a_time(room):
    ada = room.node("ada").start()
    for _ in range(64):
        ada.ask("invite")
    ada.run("invite").fails(1, says="64 invites")
    ada.run("invite", "--plain").ok()


def test_damaged_lines(room):
    """Whatever was lost on the way: refused with a reason, and nothing is remembered."""
    ada, bob = room.node("ada").start(), room.node("bob").start()
    line = ada.ask("invite")["invite"]
    at = line.index("?secret=z") + 9
    wrong = [line[:at] + line[at + 9:], line[:at] + "0" + line[at + 1:], line[:-1], line + "&secret=z1", line + "&"]
    for bad in wrong:
        bob.run("join", bad).fails(1, says="invite")
    assert bob.peers() == [] and not follows(bob, ada)
