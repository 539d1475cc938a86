"""The page in a real browser: from the link to the first post, and the mesh to look at."""

import json
import pathlib
import re
import struct
import zlib

import apps
import node
import pytest
from apps import serve
from browser import SCREENSHOTS, audit, browser  # noqa: F401


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


def invite_picture(one):
    own = apps.own_api(one)
    return png(own("POST", "/invite", {})["qr"])


def until(page, expression):
    """Waits for something in the page; the driver's own way would need eval, which the page forbids."""
    node.wait_until(lambda: page.evaluate(expression), expression, 20, 0.05)


def step(page, name):
    page.wait_for_selector(f'.step[aria-current="step"]:has-text("{name}")')


def test_first_run_to_first_post(two, browser):
    ada, bob = two
    words_file = pathlib.Path(ada.greeting["words"])
    page = browser.page(1440)
    page.goto(ada.greeting["link"])
    step(page, "Name")
    assert "code" not in page.url, "the code does not stay in the address"
    page.screenshot(path=SCREENSHOTS / "first-run-name.png")
    page.fill("#welcome-name", "Ada Lovelace")
    page.fill("#welcome-about", "Numbers and birds.")
    page.get_by_role("button", name="Continue").click()

    step(page, "Words")
    assert page.locator(".words").count() == 0, "not shown unasked"
    page.get_by_role("button", name="Show the words").click()
    page.wait_for_selector(".words")
    words = [w.strip() for w in page.locator(".words li").all_inner_texts()]
    assert words == re.findall(r"\d+\. ([a-z]+)", words_file.read_text())
    page.screenshot(path=SCREENSHOTS / "first-run-words.png")
    page.get_by_role("button", name="written them down").click()
    places = [int(label.split()[-1]) for label in page.locator(".three label").all_inner_texts()]
    for number, place in enumerate(places):
        page.fill(f"#welcome-word-{number}", words[place - 1] if number else "zebra")
    page.get_by_role("button", name="Check").click()
    page.wait_for_selector('#welcome-word-0[aria-invalid="true"]')
    assert page.locator('[aria-invalid="true"]').count() == 1 and words_file.exists()
    page.fill("#welcome-word-0", words[places[0] - 1].upper())
    page.get_by_role("button", name="Check").click()

    step(page, "Neighbours")
    assert not words_file.exists(), "the file is removed"
    page.reload()
    step(page, "Neighbours")
    page.set_input_files("input[type=file]", {"name": "code.png", "mimeType": "image/png", "buffer": invite_picture(bob)})
    until(page, "document.querySelector('textarea.mono').value.startsWith('starling://')")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_selector("text=Connected with bob")
    page.screenshot(path=SCREENSHOTS / "first-run-neighbours.png")
    node.wait_until(lambda: ada.status()["followed"]["authors"] == 1, "the follow that the invite brings")
    page.get_by_role("button", name="Continue").click()

    step(page, "Post")
    assert "Ada Lovelace" in page.input_value("#welcome-post")
    page.fill("#welcome-post", "My first post & <b>hello</b>")
    page.get_by_role("button", name="Sign and post").click()
    page.wait_for_selector("text=You are on the square")
    page.get_by_role("button", name="To Home").click()
    page.wait_for_selector("text=My first post & <b>hello</b>")
    assert page.locator(".first-steps").count() == 0, "nothing is left of the first steps"
    node.wait_until(lambda: "My first post & <b>hello</b>" in bob.notes_or_none(ada.identity), "the post at bob's")
    page.goto(apps.web(ada) + "/")
    page.wait_for_selector(".post")
    assert page.url == apps.web(ada) + "/", "who was led through is not led there again"


def test_left_and_taken_up_again(two, browser):
    ada, _ = two
    page = browser.page(360)
    page.goto(ada.greeting["link"])
    step(page, "Name")
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        audit(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.get_by_role("button", name="Leave for later").click()
    page.wait_for_selector(".first-steps")
    assert "5 of the first steps are left" in page.inner_text(".first-steps")
    page.reload()
    page.wait_for_selector(".first-steps")
    page.get_by_role("link", name="Go on").click()
    step(page, "Name")
    for name, heading in (("Words", "Your 24 words"), ("Neighbours", "Find neighbours"), ("People", "Whom do you want to read?"),
                          ("Post", "Say hello")):
        page.locator(".step", has_text=name).click()
        page.wait_for_selector(f"h2:has-text('{heading}')")
        audit(page)
        page.screenshot(path=SCREENSHOTS / f"first-run-{name.lower()}-1440.png", full_page=True)
    assert pathlib.Path(ada.greeting["words"]).exists()


def test_a_spent_link_says_so(two, browser):
    ada, _ = two
    apps.let_in(ada, ada.greeting["link"])
    page = browser.page(360)
    page.goto(ada.greeting["link"])
    page.wait_for_selector("text=This link was used already")
    page.fill("#login-password", apps.password(ada))
    page.keyboard.press("Enter")
    step(page, "Name")


def enter(page, one):
    """Signed in, with the first steps left for another day."""
    page.goto(one.ask("web")["link"])
    page.wait_for_selector(".step")
    page.get_by_role("button", name=re.compile("Leave for later|Remettre")).click()
    page.wait_for_selector(".prompt")


def test_the_mesh_shows_a_second_node(two, browser):
    ada, bob = two
    ada.run("join", bob.ask("invite")["invite"]).ok()
    mine = ada.post("Who has this?")
    page = browser.page(1440)
    enter(page, ada)
    page.goto(apps.web(ada) + "/p/mesh")
    page.wait_for_selector(".peers tbody tr:has-text('bob')")
    page.wait_for_selector(".flock[aria-label*=bob] .flock-peer image")
    page.wait_for_selector("text=1 of 1 connected nodes has it: bob")
    page.wait_for_selector(".author:has-text('all of')")
    assert page.locator("blockquote").inner_text() == "Who has this?"
    assert "Only from this machine" in page.inner_text(".verdict")
    page.wait_for_selector("text=Nothing was dropped")
    before = page.inner_text(".peers td:nth-child(2)")
    bob.run("post", "--lines", "-", stdin="\n".join(f"flowing {n} {'x' * 200}" for n in range(50))).ok()
    until(page, f"document.querySelector('.peers td:nth-child(2)').innerText !== {json.dumps(before)}")
    until(page, "[...document.querySelectorAll('.dot-in')].some((dot) => dot.getAttribute('opacity') > 0)")
    for width, scheme in ((360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        audit(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        page.screenshot(path=SCREENSHOTS / f"mesh-{width}-{scheme}.png", full_page=True)
    page.emulate_media(reduced_motion="reduce")
    until(page, "[...document.querySelectorAll('.dot-in, .dot-out')].every((dot) => dot.getAttribute('opacity') === '0')")

    page.get_by_role("button", name="Invite a friend").click()
    page.get_by_role("button", name="Make an invite").click()
    page.wait_for_selector(".qr")
    audit(page)
    text = page.locator("dialog textarea").input_value()
    assert "secret=" in text
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Forget bob").click()
    page.locator("dialog").get_by_role("button", name="Forget").click()
    page.wait_for_selector("text=Nobody is connected")
    node.wait_until(lambda: not ada.peers(), "no connection")
    assert mine


def test_an_invite_that_is_none(two, browser):
    ada, _ = two
    page = browser.page(360, locale="fr-FR")
    enter(page, ada)
    page.goto(apps.web(ada) + "/p/mesh")
    page.get_by_role("button", name="J’ai une invitation").click()
    page.locator("dialog").get_by_role("button", name="Relier").click()
    page.wait_for_selector("text=Collez d’abord l’invitation.")
    page.fill("dialog textarea", "starling://nonsense")
    page.locator("dialog").get_by_role("button", name="Relier").click()
    until(page, "document.querySelector('dialog .bad-words').innerText.includes('starling://')")
    page.set_input_files("dialog input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.wait_for_selector("text=Ce fichier n’est pas une image lisible.")
    page.set_input_files("dialog input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": png(["10" * 15] * 30)})
    page.wait_for_selector("text=Aucun code trouvé")
    audit(page)
