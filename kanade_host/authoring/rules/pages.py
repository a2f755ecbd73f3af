"""Silver and gold: what the plugin adds to the web interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kanade_host.authoring.rule import Grade, rule
from kanade_host.authoring.subject import Subject

LANGUAGES = ("en", "ja")


def _modules(subject: Subject) -> Iterator[tuple[str, Path]]:
    """Page id and file of each module that the plugin brings."""
    for page in subject.collected.pages if subject.collected else ():
        if page.module is not None:
            yield page.id, subject.package / "web" / page.module


@rule(
    "pages",
    Grade.SILVER,
    "every page has a title in each language, a permission, and a module that mounts",
    reason="The shell shows what it is told; a page that cannot be mounted shows an error instead.",
    repair='title={"en": …, "ja": …}, permission=READ.name, web/FILE.js with `export function mount`.',
)
def pages(subject: Subject) -> Iterator[str]:
    loaded = subject.collected
    known = {route.permission.name for route in loaded.routes if route.permission} if loaded else set()
    for page in loaded.pages if loaded else ():
        for language in LANGUAGES:
            if not page.title.get(language, "").strip():
                yield f"{page.id}: no title in {language!r}"
        if page.permission is None and page.module is not None:
            yield f"{page.id}: no permission"
        elif page.permission is not None and known and page.permission not in known:
            yield f"{page.id}: permission {page.permission!r} is that of no route"
    for id, file in _modules(subject):
        if not file.is_file():
            yield f"{id}: {subject.where(file)} does not exist"
        elif not re.search(
            r"export\s+(?:async\s+)?(?:function\s+mount\b|const\s+mount\b)", file.read_text("utf-8")
        ):
            yield f"{id}: {subject.where(file)} exports no mount"


_MARKUP = re.compile(r"\b(?:innerHTML|outerHTML)\s*\+?=|\b(?:insertAdjacentHTML|document\.write|eval)\s*\(")
_ELSEWHERE = re.compile(r"""(?:from|import|fetch|src\s*=)\s*\(?\s*["'`](?:https?:)?//[^"'`]*""")


@rule(
    "page-safe",
    Grade.SILVER,
    "pages put texts in as text, and load nothing from elsewhere",
    reason="A PC may be called anything, also <script>; and the interface has to work without the internet.",
    repair="textContent and append instead of innerHTML; ship what you need in web/.",
)
def page_safe(subject: Subject) -> Iterator[str]:
    for file in subject.files("web/**/*.js"):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            code = line.partition("//")[0] if "://" not in line else line
            found = _MARKUP.search(code) or _ELSEWHERE.search(code)
            if found:
                yield f"{subject.where(file, number)}: {found[0].strip()}"


_ACCESSIBLE = (
    (r"""createElement\(\s*["']table["']""", r"""["']caption["']|aria-label""", "a table without a caption"),
    (r"""createElement\(\s*["']table["']""", r"""\bscope\b""", "a table whose headings have no scope"),
    (r"""createElement\(\s*["']img["']""", r"""\balt\b""", "an image without alt"),
    (
        r"""createElement\(\s*["'](?:input|select|textarea)["']""",
        r"""createElement\(\s*["']label["']|aria-label|ariaLabel""",
        "a field without a label",
    ),
    (
        r"""createElement\(\s*["']button["']""",
        r"""textContent|aria-label|ariaLabel|append""",
        "a button without a text",
    ),
    (
        r"""createElement\(\s*["'](?:canvas|svg)["']|createElementNS\([^)]*["']svg["']""",
        r"""aria-label|ariaLabel|["']title["']|role""",
        "a drawing without a name",
    ),
)
"""What is there, what then has to be there too, and what is said when it is not."""
_NEVER = (
    (
        r"""tabindex["']?\s*[,=:]\s*["']?[1-9]|tabIndex\s*=\s*[1-9]""",
        "a tabindex above 0 (it breaks the order of the keyboard)",
    ),
    (r"""outline\s*[:=]\s*["']?(?:none|0)\b""", "no outline (the focus cannot be seen)"),
)
_CLICKED = re.compile(
    r"""const\s+(\w+)\s*=\s*document\.createElement\(\s*["'](?:div|span|td|tr|li|p)["']\s*\)"""
)


@rule(
    "page-accessible",
    Grade.GOLD,
    "pages can be used with a keyboard and a screen reader",
    reason="Operators work that way too, and some have to.",
    repair="caption and th scope in tables, label for fields, alt for images, button for what is clicked.",
)
def page_accessible(subject: Subject) -> Iterator[str]:
    for file in subject.files("web/**/*.js"):
        text = file.read_text("utf-8")
        for there, wanted, said in _ACCESSIBLE:
            if re.search(there, text) and not re.search(wanted, text):
                yield f"{subject.where(file)}: {said}"
        for never, said in _NEVER:
            if re.search(never, text):
                yield f"{subject.where(file)}: {said}"
        for name in _CLICKED.findall(text):
            if re.search(rf"""\b{name}\.(?:onclick\s*=|addEventListener\(\s*["']click)""", text):
                yield f"{subject.where(file)}: {name} is clicked, but is no button or link"
