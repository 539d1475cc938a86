"""The page in a real browser: from the link to the first post, and the mesh to look at."""

import pathlib
import re
import struct
import zlib

import apps
import node
import pytest
from apps import serve
from playwright.sync_api import expect


@pytest.fixture
def two(room):
    return serve(room, "ada"), serve(room, "bob")


def png(rows, scale=6, margin=4):
    """A QR code's modules as a picture in a file's bytes."""
    side = (len(rows) + 2 * margin) * scale
    light = b"\xff" * side
    lines = [light] * margin * scale
    for row in rows:
        edge = b"\xff" * margin * scale
        line = edge + b"".join((b"\0" if x == "1" else b"\xff") * scale for x in row) + edge
        lines += [line] * scale
    lines += [light] * margin * scale

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def step(page, name):
    expect(page.locator('.step[aria-current="step"]')).to_contain_text(name)


def button(place, name, **more):
    return place.get_by_role("button", name=name, **more)


def come_in(window, link=None):
    """By a link of the node's, as at a first start."""
    window.page.goto(link or window.node.ask("web")["link"])
    return window.page


def test_first_run_to_first_post(two, windows):
    ada, bob = two
    words_file = pathlib.Path(ada.greeting["words"])
    window = windows(ada, width=1440)
    page = come_in(window, ada.greeting["link"])
    step(page, "Name")
    assert "code" not in page.url, "the code does not stay in the address"
    window.picture("first-run-name-1440-light")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("About you").fill("Numbers and birds.")
    button(page, "Continue").click()

    step(page, "Words")
    expect(page.locator(".words")).to_have_count(0)
    button(page, "Show the words").click()
    expect(page.locator(".words li")).to_have_count(24)
    words = [w.strip() for w in page.locator(".words li").all_inner_texts()]
    assert words == re.findall(r"\d+\. ([a-z]+)", words_file.read_text())
    window.picture("first-run-words-1440-light")
    button(page, "written them down").click()
    expect(page.locator(".three label")).to_have_count(3)
    places = [int(label.split()[-1]) for label in page.locator(".three label").all_inner_texts()]
    for place in places:
        page.get_by_label(f"Word {place}", exact=True).fill("zebra" if place == places[0] else words[place - 1])
    button(page, "Check").click()
    wrong = page.locator('[aria-invalid="true"]')
    expect(wrong).to_have_count(1)
    assert words_file.exists()
    wrong.fill(words[places[0] - 1].upper())
    button(page, "Check").click()

    step(page, "Neighbours")
    assert not words_file.exists(), "the file is removed"
    page.reload()
    step(page, "Neighbours")
    code = png(apps.own_api(bob)("POST", "/invite", {})["qr"])
    page.set_input_files("input[type=file]", {"name": "code.png", "mimeType": "image/png", "buffer": code})
    expect(page.get_by_label("Your friend’s invite")).to_have_value(re.compile("^starling://.*secret="))
    button(page, "Connect", exact=True).click()
    expect(page.get_by_text("Connected with bob")).to_be_visible()
    window.picture("first-run-neighbours-1440-light", full=True)
    node.wait_until(lambda: ada.status()["followed"]["authors"] == 1, "the follow that the invite brings")
    button(page, "Continue").click()

    step(page, "Post")
    expect(page.get_by_label("Your first post")).to_have_value(re.compile("Ada Lovelace"))
    page.get_by_label("Your first post").fill("My first post & <b>hello</b>")
    button(page, "Sign and post").click()
    expect(page.get_by_role("heading", name="You are on the square")).to_be_visible()
    window.picture("first-run-end-1440-light")
    button(page, "To Home").click()
    window.see("My first post & <b>hello</b>")
    expect(page.locator(".first-steps")).to_have_count(0)
    node.wait_until(lambda: "My first post & <b>hello</b>" in bob.notes_or_none(ada.identity), "the post at bob's")
    window.go("/")
    window.see("My first post")
    assert page.url == window.origin + "/", "who was led through is not led there again"
    assert "null" not in page.locator("#main").inner_text()


@pytest.mark.parametrize("width, scheme, language", [(360, "dark", "fr-FR"), (1440, "light", "en-GB")])
def test_every_step_is_legible(two, windows, width, scheme, language):
    window = windows(two[0], width=width, height=800, scheme=scheme, language=language)
    page = come_in(window)
    for at, name in enumerate(("name", "words", "neighbours", "people", "post")):
        page.locator(".step").nth(at).click()
        expect(page.locator(".step").nth(at)).to_have_attribute("aria-current", "step")
        expect(page.locator(".welcome-ways").first).to_be_visible()
        window.audit(f"the step {name}")
        window.fits()
        window.picture(f"first-run-{name}-{width}-{scheme}", full=True)


def test_left_and_taken_up_again(two, windows):
    ada, _ = two
    window = windows(ada, width=360)
    page = come_in(window, ada.greeting["link"])
    step(page, "Name")
    button(page, "Leave for later").click()
    expect(page.locator(".first-steps")).to_contain_text("5 of the first steps are left")
    window.audit("home with the line that leads back")
    page.reload()
    page.get_by_role("link", name="Go on").click()
    step(page, "Name")
    assert pathlib.Path(ada.greeting["words"]).exists()
    window.go("/")
    button(page, "Do not show again").click()
    page.reload()
    expect(page.locator(".prompt")).to_be_visible()
    expect(page.locator(".first-steps")).to_have_count(0)


def test_a_spent_link_says_so(two, windows):
    ada, _ = two
    apps.let_in(ada, ada.greeting["link"])
    page = come_in(windows(ada, width=360), ada.greeting["link"])
    expect(page.get_by_text("This link was used already")).to_be_visible()
    page.get_by_label("Password").fill(apps.password(ada))
    page.keyboard.press("Enter")
    step(page, "Name")


def test_the_mesh_shows_a_second_node(two, windows):
    ada, bob = two
    ada.run("join", bob.ask("invite")["invite"]).ok()
    ada.post("Who has this?")
    window = windows(ada, width=1440).sign_in().go("/p/mesh")
    page = window.page
    row = page.locator(".peers tbody tr")
    expect(row).to_contain_text("bob")
    expect(page.locator(".flock")).to_have_attribute("aria-label", re.compile("bob"))
    expect(page.locator(".flock-peer image")).to_have_count(1)
    expect(page.get_by_text("1 of 1 connected nodes has it: bob")).to_be_visible()
    expect(page.locator(".author")).to_contain_text("all of")
    expect(page.locator("blockquote")).to_have_text("Who has this?")
    expect(page.locator(".reach-verdict")).to_have_text("Only from this machine")
    expect(page.get_by_text("Nothing was dropped")).to_be_visible()
    lines = "\n".join(f"flowing {n} {'x' * 200}" for n in range(50))
    bob.run("post", "--lines", "-", stdin=lines).ok()
    expect(row.locator("td").first).to_contain_text(re.compile("5[0-9] posts"))
    node.wait_until(lambda: dots(page), "dots that move", pause=0.05)
    for width, scheme in ((360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        window.audit(f"the mesh, {width} pixels wide, {scheme}")
        window.fits()
        window.picture(f"mesh-{width}-{scheme}", full=True)
    page.emulate_media(reduced_motion="reduce")
    node.wait_until(lambda: not dots(page), "nothing that moves", pause=0.05)

    button(page, "Invite a friend").click()
    button(page, "Make an invite").click()
    expect(page.locator(".qr")).to_be_visible()
    window.audit("an invite")
    window.picture("invite-1440-dark")
    assert "secret=" in page.get_by_label("The invite as text").input_value()
    page.keyboard.press("Escape")

    button(page, "Forget bob").click()
    button(page.locator("dialog"), "Forget", exact=True).click()
    expect(page.get_by_text("Nobody is connected. With an invite")).to_be_visible()
    node.wait_until(lambda: not ada.peers(), "no connection")


def dots(page):
    """How many dots are seen on their way."""
    return page.evaluate("[...document.querySelectorAll('.dot-in, .dot-out')].filter((dot) => dot.getAttribute('opacity') > 0).length")


def test_an_invite_that_is_none(two, windows):
    window = windows(two[0], width=360, language="fr-FR").sign_in().go("/p/mesh")
    page = window.page
    button(page, "J’ai une invitation").click()
    box = page.locator("dialog")
    button(box, "Relier").click()
    expect(box.locator("[role=alert]")).to_have_text("Collez d’abord l’invitation.")
    box.locator("textarea").fill("starling://nonsense")
    button(box, "Relier").click()
    expect(box.locator("[role=alert]")).to_contain_text("starling://")
    for picture, words in ((b"no picture", "n’est pas une image"), (png(["10" * 15] * 30), "Aucun code trouvé")):
        page.set_input_files("dialog input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": picture})
        expect(box.locator("[role=alert]")).to_contain_text(words)
    window.audit("a window with a complaint")
