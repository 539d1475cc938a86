"""Makes the pictures of the README: a small square, its main views, in few colours.

    STARLING=… python Tests/EndToEnd/readme_pictures.py    (needs Pillow beside the tests' requirements)
"""

import io
import pathlib
import random
import sys
import tempfile

import apps
import browser
import node
from PIL import Image, ImageDraw

PLACE = node.ROOT / "Sources" / "WebPage" / "pictures"
SAID = {
    "Mina": [
        "First frost on the allotment this morning. The kale does not mind. #garden",
        "Whoever has a spare seed tray: I swap it for quince jelly.",
    ],
    "Tomás": [
        "Our node has been up for 200 days now, on the old laptop under the stairs. 11 watts.",
        "Reading about Merkle trees on the night train. You really can check everything yourself. #books",
    ],
    "Yuki": [
        "The choir sings on Friday at seven, in the library. Bring a friend and a scarf.",
    ],
}


def face(colours):
    """A round hill under a round sun: enough for an avatar."""
    picture = Image.new("RGB", (256, 256), colours[0])
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 34, 214, 98), fill=colours[1])
    draw.ellipse((-60, 130, 200, 400), fill=colours[2])
    draw.ellipse((90, 160, 360, 430), fill=colours[3])
    return encoded(picture)


def landscape():
    """Layers of hills in the evening."""
    chance = random.Random(7)
    picture = Image.new("RGB", (1200, 600), "#f3c98b")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((840, 110, 980, 250), fill="#fbeecb")
    for layer, colour in enumerate(("#d9a06f", "#a9746a", "#6f5566", "#3f3d56", "#262b3f")):
        base, points = 240 + 70 * layer, [(0, 600)]
        for x in range(0, 1201, 60):
            points.append((x, base + chance.randint(-40, 40)))
        draw.polygon([*points, (1200, 600)], fill=colour)
    return encoded(picture)


def encoded(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def people(room):
    """Ada's node, and three others that she is joined with and follows."""
    ada = apps.serve(room, "Ada")
    client = apps.sign_in(ada)
    looks = {
        "Ada": ("#cfe8f3", "#f7d774", "#5aa77b", "#2f7d5b"), "Mina": ("#f6d6c9", "#e76f51", "#8ab17d", "#4f7942"),
        "Tomás": ("#1f2a44", "#f4f1de", "#3d5a80", "#293f5f"), "Yuki": ("#e4d4f4", "#ffffff", "#9b72cf", "#6a4c93"),
    }
    client.account_update_credentials(
        display_name="Ada", note="Beekeeper. Runs a node behind the kitchen door.", avatar=face(looks["Ada"]),
        avatar_mime_type="image/png")
    others = {}
    for name in SAID:
        one = apps.serve(room, name, "--join", ada.invite)
        others[name] = apps.sign_in(one)
        others[name].account_update_credentials(
            display_name=name, avatar=face(looks[name]), avatar_mime_type="image/png")
        ada.run("follow", one.identity).ok()
        one.run("follow", ada.identity).ok()
    return ada, client, others


def talk(client, others):
    for at in range(2):
        for name, words in SAID.items():
            if at < len(words):
                others[name].status_post(words[at], language="en")
    picture = others["Mina"].media_post(landscape(), mime_type="image/png", description="Hills in the evening sun")
    view = others["Mina"].status_post("From the hill above the village, an hour ago.", media_ids=[picture])
    poll = others["Yuki"].make_poll(["Mulled wine", "Hot chocolate", "Both, obviously"], 86_400)
    asked = others["Yuki"].status_post("What shall we serve after the concert?", poll=poll)

    def here(words):
        return apps.eventually(
            lambda: next((s for s in client.timeline_home() if words in s.content), None), words, 60)

    shown = here("concert")
    client.poll_vote(shown.poll, [2])
    others["Mina"].poll_vote(apps.eventually(
        lambda: next((s for s in others["Mina"].timeline_public() if "concert" in s.content), None), "poll").poll, [1])
    client.status_favourite(here("From the hill"))
    client.status_post("Beautiful! Is that the path behind the mill?", in_reply_to_id=here("From the hill"))
    client.status_post("Two hives wrapped for the winter, one to go. 🐝 #garden", language="en")
    return view, asked


def keep(window, name):
    """A picture with the colours that it needs, so that it is small."""
    window.settle()
    shot = Image.open(io.BytesIO(window.page.screenshot()))
    PLACE.mkdir(exist_ok=True)
    path = PLACE / f"{name}.png"
    shot.convert("RGB").quantize(96, Image.Quantize.MEDIANCUT).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size >> 10} KiB")


def main():
    with tempfile.TemporaryDirectory(prefix="starling-") as folder:
        room = node.Room(pathlib.Path(folder))
        chromium = browser.Chromium()
        try:
            ada, client, others = people(room)
            talk(client, others)
            wide = browser.Window(chromium, ada, width=1200, height=820).sign_in()
            wide.page.get_by_text("Do not show again").click()
            wide.see("hives wrapped")
            wide.page.locator("article img").first.wait_for(state="visible")
            keep(wide, "home")
            wide.go("/p/mesh")
            # A look at what flows needs some seconds.
            wide.page.wait_for_timeout(5_000)
            keep(wide, "network")
            wide.go("/")
            wide.see("night train")
            wide.act("night train", "verify")
            wide.page.wait_for_timeout(1_500)
            keep(wide, "verify")
            small = browser.Window(chromium, ada, width=390, height=820, scheme="dark").sign_in()
            small.see("hives wrapped")
            keep(small, "phone")
        finally:
            chromium.close()
            room.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
