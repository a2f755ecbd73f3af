"""Both languages say everything, and nothing is asked for that neither says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"
NAMESPACES = sorted({path.stem for path in SRC.glob("i18n/*/*.json")})
PLURAL = re.compile(r"_(zero|one|two|few|many|other)$")


def words(language: str, namespace: str) -> dict[str, str]:
    """Dotted key and text."""

    def flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from flat(value, f"{prefix}{key}.")
            else:
                yield prefix + key, value

    return dict(flat(json.loads((SRC / "i18n" / language / f"{namespace}.json").read_text("utf-8"))))


def keys(language: str, namespace: str) -> set[str]:
    """Without the endings of plurals, of which languages have more or fewer."""
    return {PLURAL.sub("", key) for key in words(language, namespace)}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_both_languages_have_the_same_keys(namespace: str) -> None:
    assert keys("en", namespace) == keys("ja", namespace)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_both_languages_fill_in_the_same_values(namespace: str) -> None:
    def values(language: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for key, text in words(language, namespace).items():
            found.setdefault(PLURAL.sub("", key), set()).update(re.findall(r"{{\s*(\w+)", text))
        return found

    assert values("en") == values("ja")


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_nothing_shouts(namespace: str) -> None:
    for language in ("en", "ja"):
        for key, text in words(language, namespace).items():
            assert text.strip(), f"{language} {namespace}:{key} is empty"
            assert not re.search("[!\uff01]", text), f"{language} {namespace}:{key}"


def test_every_text_that_is_asked_for_exists() -> None:
    missing = []
    for path in sorted(SRC.rglob("*.ts*")):
        source = path.read_text("utf-8")
        named = re.findall(r"""useTranslation\(\s*["'](\w[\w-]*)["']""", source)
        default = named[0] if named else "shell"
        for asked in re.findall(r"""\bt\(\s*["']([\w.:-]+)["']""", source):
            namespace, _, key = asked.rpartition(":")
            if key not in keys("en", namespace or default):
                missing.append(f"{path.relative_to(SRC)}: {asked}")
    assert missing == []


WORDS = {
    "端末|コンピュータ|マシン|デバイス": "PC",
    "インベントリー": "インベントリ",
    "利用者|ユーザ(?!ー)": "ユーザー",
    "サーバ(?!ー)": "サーバー",
    "フォルダ(?!ー)": "フォルダー",
    "ブラウザ(?!ー)": "ブラウザー",
    "フィルタ(?!ー)": "フィルター",
    "ターゲット": "対象",
    "ヒストリー?": "履歴",
    "コンフィグ": "構成",
    r"[（）]|[^\s(\"]\(|\)[\u3040-\u30ff\u4e00-\u9fff]": "( and ), with a space outside",
}
"""Words that Japanese texts do not use, and what they use instead (README.md, Words)."""


def japanese() -> Iterator[tuple[str, str]]:
    """Every Japanese text of ours, and where it stands: the bundle's, and titles that plugins declare."""
    for namespace in NAMESPACES:
        for key, text in words("ja", namespace).items():
            yield f"{namespace}:{key}", text
    for path in sorted(SRC.parents[1].glob("*/*/pages.py")):
        for text in re.findall(r'"ja": "([^"]+)"', path.read_text("utf-8")):
            yield path.parent.name, text


@pytest.mark.parametrize("forbidden", WORDS)
def test_one_japanese_word_for_each_concept(forbidden: str) -> None:
    found = [f"{where}: {text}" for where, text in japanese() if re.search(forbidden, text)]
    assert found == [], f"say {WORDS[forbidden]}"
