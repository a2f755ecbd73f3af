"""Somebody before a browser: goes to pages, and notes everything that a page must not do."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "plugins" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "var" / "screens"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BUSY = "[role=status][aria-label=Loading], .mantine-Skeleton-root"
STILL = """() => {
  const ending = document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity);
  const still = Promise.allSettled(ending.map((one) => one.finished));
  return Promise.race([still, new Promise((done) => setTimeout(done, 2000))]).then(() => null);
}"""
"""Waits for what moves to its end; what pulses for ever is let be."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE = 30_000
"""Milliseconds for what should take one second: a test tells whether it comes, not how busy a machine is."""
expect.set_options(timeout=PATIENCE)
HEIGHTS = {390: 844, 1400: 900}


def chromium() -> str | None:
    """The program, or None."""
    named = os.environ.get("KANADE_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    cache = Path.home() / ".cache" / "ms-playwright"
    return next((str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"))), None)


@dataclass
class Visit:
    """One context. `noise` is what pages wrote to the console as errors, or threw."""

    browser: Browser
    url: str
    tokens: dict[str, str]
    noise: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    name: str = ""

    async def come(
        self,
        role: str | None = "admin",
        *,
        theme: str = "light",
        width: int = 1400,
        language: str = "en",
        still: bool = False,
    ) -> Page:
        """A new page of that role, not yet anywhere; `still`: who comes does not want things to move."""
        self.name = f"{theme}-{width}"
        context = await self.context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme="dark" if theme == "dark" else "light",
            locale=language,
            **({"reduced_motion": "reduce", "timezone_id": "UTC"} if still else {}),
        )
        if role is not None:
            token = json.dumps(self.tokens[role])
            await context.add_init_script(
                "if (!sessionStorage.getItem('begun')) { sessionStorage.setItem('begun', '1');"
                f" localStorage.setItem('kanade_token', {token}); }}"
            )
        return await self.tab()

    async def context(self, **options: Any) -> BrowserContext:
        """A new one, closed with the visit."""
        made = await self.browser.new_context(**options)
        self.contexts.append(made)
        return made

    async def tab(self) -> Page:
        """One more tab of the same browser."""
        page = await self.contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._console)
        page.on("pageerror", self._thrown)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium reports each refused request by itself; what a page does about it is its own matter.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.noise.append(f"{message.type}: {message.text}")

    def _thrown(self, error: Error) -> None:
        self.noise.append(f"thrown: {error}")

    async def go(self, page: Page, path: str) -> None:
        """Go there, and wait until there is content instead of skeletons."""
        await page.goto(self.url + path)
        await self.settled(page)

    async def settled(self, page: Page) -> None:
        """Wait until nothing on the page is still on its way."""
        await page.wait_for_selector("h1")
        await page.wait_for_function("(busy) => document.querySelectorAll(busy).length === 0", arg=BUSY)
        await page.wait_for_timeout(150)

    async def shot(self, page: Page, name: str) -> None:
        """A picture of it, to look at."""
        folder = SCREENS / self.name
        folder.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=folder / f"{name}.png")

    async def violations(self, page: Page) -> list[str]:
        """What axe-core finds, one line each, once nothing moves: half-faded text has half its contrast."""
        await page.evaluate(STILL)
        await page.evaluate(AXE.read_text("utf-8"))
        found: dict[str, Any] = await page.evaluate(
            "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
        )
        return [
            f"{one['id']}: {node['html'][:200]} ({' '.join(node['failureSummary'].split())[:240]})"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    async def overflow(self, page: Page) -> int:
        """Pixels by which the page is wider than its window."""
        return int(
            await page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    async def leave(self) -> None:
        """Close everything, and complain about noise."""
        for context in self.contexts:
            await context.close()
        assert self.noise == []
