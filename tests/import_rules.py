"""Who may import whom, checked by import-linter (design.md, "The house").

The contracts are written here and not in pyproject.toml because they cover every folder of
`plugins/`: a new plugin is covered without a line anywhere else.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "kanade_host"
API = f"{HOST}.plugin"

# Each line may import those below it, never above and (with |) never beside.
# `bus`, `store` and `observe` know the plugin API only by its types.
LAYERS = [
    "__main__",
    "cli",
    "authoring",
    "app : providers",
    "rebuild",
    "parts",
    "loading : web",
    "projection",
    "bus : store : observe : config",
    "platform",
    "faults",
    "plugin",
]


def packages() -> dict[str, Path]:
    """Import name and folder of every plugin of this checkout that is a package."""
    found = sorted(path.parent for path in ROOT.glob("plugins/*/kanade_host_*/__init__.py"))
    return {path.name: path for path in found}


def modules(name: str, folder: Path) -> list[str]:
    """The direct sub-modules and sub-packages of a package."""
    files = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    folders = [path.parent.name for path in folder.glob("*/__init__.py")]
    return sorted(f"{name}.{part}" for part in [*files, *folders])


def contract(name: str, title: str, **keys: list[str] | str) -> str:
    """One section of the configuration; lists become indented lines."""
    texts = {
        key: value if isinstance(value, str) else "".join(f"\n    {item}" for item in value)
        for key, value in keys.items()
    }
    lines = [f"[importlinter:contract:{name}]", f"name = {title}"]
    lines += [f"{key} = {text}" for key, text in texts.items()]
    return "\n".join(lines) + "\n"


def forbid(name: str, title: str, source: list[str], forbidden: list[str]) -> str:
    """`source` imports none of `forbidden` itself (through others it may)."""
    return contract(
        name,
        title,
        type="forbidden",
        source_modules=source,
        forbidden_modules=forbidden,
        allow_indirect_imports="True",
        unmatched_ignore_imports_alerting="none",
    )


def configuration() -> str:
    plugins = packages()
    inner = [name for name in modules(HOST, ROOT / HOST) if name != API]
    parts = ["[importlinter]\nroot_packages =\n" + "\n".join(f"    {n}" for n in [HOST, *plugins]) + "\n"]
    parts.append(
        contract(
            "layers",
            "The host's packages only import downwards",
            type="layers",
            containers=[HOST],
            layers=[" : ".join(f"({n})" for n in line.split(" : ")) for line in LAYERS],
            # The test kit boots the whole host; nothing but tests imports it.
            ignore_imports=[f"{API}.testing.** -> {HOST}.**", f"{API}.testing -> {HOST}.**"],
            unmatched_ignore_imports_alerting="none",
        )
    )
    if plugins:
        parts.append(forbid("host", "The host imports no plugin", [HOST], list(plugins)))
        parts.append(
            forbid("api", "Plugins use the host through kanade_host.plugin alone", list(plugins), inner)
        )
    for name in plugins:
        others = [
            module
            for other, folder in plugins.items()
            if other != name
            for module in modules(other, folder)
            if module != f"{other}.api"
        ]
        if others:
            parts.append(forbid(name, f"{name} uses other plugins through their api.py", [name], others))
    return "\n".join(parts)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "importlinter.ini"
        path.write_text(configuration(), encoding="utf-8")
        program = Path(sys.executable).with_name("lint-imports")
        return subprocess.run([str(program), str(path), "--no-cache"], check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
