"""The camera: goes to a place, waits until it is still, and takes its picture in each theme."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from browsing import Visit
from playwright.async_api import Browser, Page

from pictures.places import Place

QUIET = """async () => {
  await new Promise((done) => {
    const over = () => { seen.disconnect(); clearTimeout(quiet); clearTimeout(most); done(); };
    let quiet = setTimeout(over, 200);
    const most = setTimeout(over, 3000);
    const seen = new MutationObserver(() => { clearTimeout(quiet); quiet = setTimeout(over, 200); });
    seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  await document.fonts.ready;
  const ends = (one) => one.effect.getTiming().iterations !== Infinity;
  for (let still = 0, frames = 0; still < 3 && frames < 300; frames++) {
    await new Promise(requestAnimationFrame);
    still = document.getAnimations().some(ends) ? 0 : still + 1;
  }
}"""
"""Until nothing has changed for a fifth of a second (what ticks for ever is given three), and nothing moves
for three frames: what a theme changes runs down the page, an element and its children one after the other."""
INK = """async ([picture, box]) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = new OffscreenCanvas(box.width, box.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, -box.x, -box.y);
  const dots = new Uint32Array(pen.getImageData(0, 0, box.width, box.height).data.buffer);
  const times = new Map();
  let seen = 0;
  for (; seen * 7 < dots.length; seen++) times.set(dots[seen * 7], (times.get(dots[seen * 7]) ?? 0) + 1);
  return 1 - Math.max(...times.values()) / seen;
}"""
"""The share of a picture's dots, each seventh is looked at, that have another colour than most."""
BLANK = 0.003
"""Less ink than that is no page: one heading and a line of text have three times as much."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One file. `ink`: the share of the page, without the menu, that is not background."""

    place: Place
    theme: str
    width: int
    path: Path
    ink: float

    @property
    def blank(self) -> bool:
        return self.ink < BLANK


def file_of(folder: Path, place: str, theme: str, width: int) -> Path:
    """Where the picture of a place is kept."""
    return folder / f"{theme}-{width}" / f"{place}.png"


class Camera:
    """One window width. `folder` gets the pictures."""

    def __init__(self, visit: Visit, folder: Path, width: int) -> None:
        self.visit, self.folder, self.width = visit, folder, width
        self._pages: dict[str | None, Page] = {}
        self._judge: Page | None = None

    async def go(self, place: Place) -> Page:
        """Be there. Whoever is needed is logged in already."""
        if place.role not in self._pages:
            self._pages[place.role] = await self.visit.come(place.role, width=self.width, still=True)
        page = self._pages[place.role]
        await self.visit.go(page, place.path)
        return page

    async def theme(self, page: Page, theme: str) -> None:
        """As the system would switch it, and still again."""
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        await page.evaluate(QUIET)

    async def take(self, page: Page, place: Place, theme: str) -> Picture:
        """The window as it is now."""
        path = file_of(self.folder, place.name, theme, self.width)
        path.parent.mkdir(parents=True, exist_ok=True)
        shot = await page.screenshot(path=path, animations="disabled")
        return Picture(place, theme, self.width, path, await self._ink(page, shot))

    async def _ink(self, page: Page, shot: bytes) -> float:
        main = page.locator("main").first
        box = await main.bounding_box() if await main.count() else None
        size = page.viewport_size
        assert size is not None
        box = box or {"x": 0, "y": 0, **size}
        seen = {
            "x": int(box["x"]),
            "y": max(int(box["y"]), 0),
            "width": int(min(box["width"], size["width"] - box["x"])),
            "height": int(min(box["height"], size["height"] - max(box["y"], 0))),
        }
        if self._judge is None:  # a page of its own: those of the host may load no pictures from elsewhere
            self._judge = await (await self.visit.context()).new_page()
        address = "data:image/png;base64," + base64.b64encode(shot).decode()
        return float(await self._judge.evaluate(INK, [address, seen]))


async def take_all(
    browser: Browser,
    url: str,
    tokens: dict[str, str],
    shown: Sequence[Place],
    folder: Path,
    forms: Iterable[tuple[str, int]],
    said: Callable[[str], None],
) -> list[Picture]:
    """Every place in every form (theme, width); `said` hears how far it is."""
    wanted, made = list(forms), []
    for width in dict.fromkeys(width for _, width in wanted):
        themes = [theme for theme, at in wanted if at == width]
        visit = Visit(browser, url, tokens)
        camera = Camera(visit, folder, width)
        for number, place in enumerate(shown, 1):
            said(f"{width} px, {number} of {len(shown)}: {place.name}")
            page = await camera.go(place)
            for theme in themes:
                await camera.theme(page, theme)
                made.append(await camera.take(page, place, theme))
        await visit.leave()
    return made
