"""The pictures of docs/images, taken of a demonstration that is being served (`script/demo`): `script/screenshots [ADDRESS]`.

Everything in them is synthetic. Each picture is written with 256 colours at most, and stays below 200 kB.
"""

from __future__ import annotations

import argparse
import os
import struct
import sys
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
LIMIT = 200_000
COLOURS = 256


@dataclass(frozen=True)
class Shot:
    """A picture: who looks (nobody: a visitor), where, and the link to follow there."""

    name: str
    username: str
    address: str
    follow: str = ""
    viewport: ViewportSize = field(default_factory=DESK.copy)
    height: int = 0


SHOTS = (
    Shot("dashboard", "training-supervisor", "/admin/", height=1100),
    Shot("workbench", "training-clerk", "/desk/"),
    Shot("reviews", "training-clerk", "/desk/reviews/?scheme=refunds&year=2024"),
    Shot(
        "case",
        "training-clerk",
        "/desk/reviews/?scheme=refunds&year=2024",
        "main tbody a[href*='/cases/']",
        height=1100,
    ),
    Shot("announcement", "", "/announcements/220100-2024-1/"),
    Shot("voucher", "training-reviewer", "/desk/dispatch/vouchers/", "main tbody a[href*='/vouchers/']", height=900),
    Shot("portal", "training-unit", "/portal/", viewport=PHONE),
)


def take(browser: Browser, base: str, shot: Shot, password: str) -> bytes:
    """One picture, as Chromium writes it."""
    size = shot.viewport.copy()
    if shot.height:
        size["height"] = shot.height
    context = browser.new_context(base_url=base, viewport=size, locale="zh-CN", reduced_motion="reduce")
    try:
        page = context.new_page()
        if shot.username:
            sign_in(page, shot.username, password)
        page.goto(shot.address, wait_until="networkidle")
        if shot.follow:
            target = page.locator(shot.follow).first.get_attribute("href")
            page.goto(str(target), wait_until="networkidle")
        return page.screenshot(animations="disabled")
    finally:
        context.close()


def sign_in(page: Page, username: str, password: str) -> None:
    """Through the login page."""
    page.goto("/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda address: "/login/" not in address)


# -- a PNG with a palette


def small(png: bytes) -> bytes:
    """The same picture with the 256 colours that it has most of; the others take the nearest of them."""
    width, height, pixels = decoded(png)
    counted = Counter(pixels)
    palette = [colour for colour, _ in counted.most_common(COLOURS)]
    place = {colour: number for number, colour in enumerate(palette)}
    for colour in counted:
        if colour not in place:
            place[colour] = min(range(len(palette)), key=lambda number: distance(palette[number], colour))
    lines = b"".join(
        b"\0" + bytes(map(place.__getitem__, pixels[row * width : (row + 1) * width])) for row in range(height)
    )
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def distance(one: bytes, other: bytes) -> int:
    """How far two colours are apart."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def decoded(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and colours (three bytes each) of a PNG of eight bits a channel, as Chromium writes it."""
    at, data, head = 8, b"", b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        data += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, _, colour = struct.unpack(">IIBB", head[:10])
    depth = 4 if colour == 6 else 3
    raw, stride = zlib.decompress(data), width * depth
    before, pixels = bytearray(stride), []
    for row in range(height):
        start = row * (stride + 1)
        line = unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), before, depth)
        pixels += [bytes(line[place : place + 3]) for place in range(0, stride, depth)]
        before = line
    return width, height, pixels


def unfiltered(kind: int, line: bytearray, before: bytearray, depth: int) -> bytearray:
    """A line as it was before one of PNG's five filters."""
    for place in range(len(line)):
        left = line[place - depth] if place >= depth else 0
        above = before[place]
        if kind == 1:
            line[place] = (line[place] + left) & 255
        elif kind == 2:
            line[place] = (line[place] + above) & 255
        elif kind == 3:
            line[place] = (line[place] + (left + above) // 2) & 255
        elif kind == 4:
            corner = before[place - depth] if place >= depth else 0
            guess = left + above - corner
            near = min((abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner))
            line[place] = (line[place] + near[2]) & 255
    return line


def main() -> int:
    """Take all of them, or those that are named."""
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--only", nargs="*", default=[shot.name for shot in SHOTS])
    given = parser.parse_args()
    password = os.environ.get("CASEWORKS_TRAINING_PASSWORD", "caseworks-demo-2024")
    over = []
    with sync_playwright() as playwright:
        found = next(filter(os.path.exists, ("/usr/bin/chromium", "/usr/bin/chromium-browser")), None)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for shot in SHOTS:
            if shot.name in given.only:
                content = small(take(browser, given.address, shot, password))
                (IMAGES / f"{shot.name}.png").write_bytes(content)
                print(f"{shot.name}.png {len(content) / 1000:.0f} kB", flush=True)
                over += [shot.name] if len(content) > LIMIT else []
        browser.close()
    if over:
        print(f"Larger than {LIMIT // 1000} kB: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
