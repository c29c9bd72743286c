"""How tests look at pages: opening, what is in sight, accessibility, pictures."""

from __future__ import annotations

import io
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

# Pictures of every page, for people to look through after a run; git ignores them.
PICTURES = Path(__file__).resolve().parent / "pictures"


def visit(page, place: str):
    """Opens a page of ours, `visit(page, "#/models")`, and waits until its first content is there."""
    page.goto(place if place.startswith(("?", "http")) else "./" + place)
    settled(page)


def settled(page):
    expect(page.locator("#content")).to_have_attribute("aria-busy", "false")


def heading(page):
    return page.get_by_role("heading", level=1)


def address_has(page, text: str):
    """Waits until the address of a page contains a text."""
    expect(page).to_have_url(re.compile(re.escape(text)))


def overflow(page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def faults_of_accessibility(page) -> list[str]:
    """What axe-core finds on a page that is serious or critical, a line for each element."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def picture(page, name: str) -> Image.Image:
    """Takes and keeps a picture of the window."""
    PICTURES.mkdir(exist_ok=True)
    data = page.screenshot(animations="disabled", caret="hide")
    (PICTURES / f"{name}.png").write_bytes(data)
    return Image.open(io.BytesIO(data)).convert("RGB")


def picture_of(locator) -> Image.Image:
    """A picture of one element."""
    return Image.open(io.BytesIO(locator.screenshot(animations="disabled"))).convert("RGB")


def brightness_of_ground(image: Image.Image) -> float:
    """How bright the most frequent colour of a picture is: 0 is black, 1 is white."""
    colors = image.getcolors(image.width * image.height)
    red, green, blue = max(colors)[1]
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def share_of_ground(image: Image.Image) -> float:
    """Which part of a picture has its most frequent colour; 1 is an empty page."""
    return max(image.getcolors(image.width * image.height))[0] / (image.width * image.height)


def has_color(image: Image.Image, wanted: tuple[int, int, int], tolerance=12) -> bool:
    """Whether a colour stands somewhere in a picture, on more than a few pixels."""
    near = sum(
        amount
        for amount, color in image.getcolors(image.width * image.height)
        if all(abs(one - other) <= tolerance for one, other in zip(color, wanted))
    )
    return near > 20
