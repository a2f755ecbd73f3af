"""Files of the web interface (host.md 13, clients.md 1.3)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from kanade_host.plugin import OperatorError
from kanade_host.web.static import StaticFiles

INDEX = b"<!doctype html><script>let a = 1</script><script src='/assets/index-1.js'></script>"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_bytes(INDEX)
    (dist / "icon.svg").write_bytes(b"<svg/>")
    (dist / "odd").write_bytes(b"?")
    for name in ("index-1.js", "x.css", "f.ttf", "a b.js"):
        (dist / "assets" / name).write_bytes(name.encode())
    (dist / "assets" / "large.js").write_bytes(b"x" * 300_000)
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    return dist


@pytest.fixture
async def served(make_site: Any, dist: Path) -> Any:
    return await make_site(files=StaticFiles(dist, "1"))


@pytest.mark.parametrize(
    "path, status, kind, body",
    [
        ("/", 200, "text/html", INDEX),
        ("/index.html", 200, "text/html", INDEX),
        ("///index.html", 200, "text/html", INDEX),
        ("/icon.svg", 200, "image/svg+xml", b"<svg/>"),
        ("/icon.svg?v=2", 200, "image/svg+xml", b"<svg/>"),
        ("/odd", 200, "application/octet-stream", b"?"),
        ("/assets/index-1.js", 200, "text/javascript", b"index-1.js"),
        ("/assets/x.css", 200, "text/css", b"x.css"),
        ("/assets/f.ttf", 200, "font/ttf", b"f.ttf"),
        ("/assets/large.js", 200, "text/javascript", b"x" * 300_000),
        ("/assets/missing.js", 404, None, b""),
        ("/assets/", 404, None, b""),
        ("/assets/a%20b.js", 404, None, b""),
        ("/assets/../index.html", 404, None, b""),
        ("/assets", 200, "text/html", INDEX),
        ("/agents/pc-1", 200, "text/html", INDEX),
        ("/favicon.ico", 200, "text/html", INDEX),
        ("/../secret.txt", 200, "text/html", INDEX),
        ("/%2e%2e/secret.txt", 200, "text/html", INDEX),
        ("/link.txt", 200, "text/html", INDEX),
        ("//etc/passwd", 200, "text/html", INDEX),
    ],
)
async def test_paths(served: Any, path: str, status: int, kind: str | None, body: bytes) -> None:
    answer = await served.get(path, role=None)
    assert (answer.status, answer.headers.get("content-type"), answer.body) == (status, kind, body)
    head = await served.ask("HEAD", path, role=None)
    assert head.status == status
    assert head.headers["content-length"] == str(len(body))


async def test_caching(served: Any) -> None:
    page, asset = await served.get("/"), await served.get("/assets/index-1.js")
    assert page.headers["cache-control"] == "no-cache"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path, answer in (("/", page), ("/assets/index-1.js", asset)):
        again = await served.get(path, f"If-None-Match: {answer.headers['etag']}")
        assert (again.status, again.body) == (304, b"")
    assert (await served.get("/agents", f"If-None-Match: {page.headers['etag']}")).status == 304


async def test_pages_run_their_own_scripts_only(served: Any) -> None:
    policy = (await served.get("/")).headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(b"let a = 1").digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "frame-ancestors 'none'" in policy
    asset = (await served.get("/assets/x.css")).headers
    assert asset["x-content-type-options"] == "nosniff"


async def test_files_that_went_away_are_404(served: Any, dist: Path) -> None:
    (dist / "assets" / "large.js").unlink()
    assert (await served.get("/assets/large.js")).status == 404


def test_a_folder_that_is_missing_is_for_the_operator(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="dist"):
        StaticFiles(tmp_path / "nothing", "1")


async def test_without_an_index_there_are_no_pages(make_site: Any, tmp_path: Path) -> None:
    site = await make_site(files=StaticFiles(tmp_path, "1"))
    answer = await site.get("/")
    assert (answer.status, answer.body) == (404, b"")


async def test_the_landing_page_says_what_to_do(site: Any) -> None:
    answer = await site.get("/anything", role=None)
    assert "1.2.3" in answer.text
    assert "/api/openapi.json" in answer.text
    assert "script-src 'self';" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "header, coding",
    [
        ("br, gzip", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip;q=1.0", "gzip"),
        ("br;q=0.000", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_compressed_files_are_negotiated(
    make_site: Any, tmp_path: Path, header: str, coding: str | None
) -> None:
    (tmp_path / "assets").mkdir()
    bodies = {None: b"plain", "br": b"brotli", "gzip": b"zipped"}
    for suffix, body in (("", b"plain"), (".br", b"brotli"), (".gz", b"zipped")):
        (tmp_path / "assets" / f"a.js{suffix}").write_bytes(body)
    site = await make_site(files=StaticFiles(tmp_path, "1"))
    answer = await site.get("/assets/a.js", f"Accept-Encoding: {header}")
    assert (answer.headers.get("content-encoding"), answer.body) == (coding, bodies[coding])
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.headers["vary"] == "accept-encoding"
    again = await site.get(
        "/assets/a.js", f"Accept-Encoding: {header}", f"If-None-Match: {answer.headers['etag']}"
    )
    assert again.status == 304
    plain = await site.get("/assets/a.js")
    assert (plain.headers["etag"] == answer.headers["etag"]) == (coding is None)


async def test_the_compressed_page_has_the_policy_of_the_page(make_site: Any, dist: Path) -> None:
    (dist / "index.html.br").write_bytes(b"compressed")
    site = await make_site(files=StaticFiles(dist, "1"))
    plain, short = await site.get("/"), await site.get("/agents", "Accept-Encoding: br")
    assert short.headers["content-encoding"] == "br"
    policies = {answer.headers["content-security-policy"] for answer in (plain, short)}
    assert len(policies) == 1
    assert "sha256-" in policies.pop()


async def test_workers_may_ask_the_api(served: Any) -> None:
    """A worker lives by the policy of its own script."""
    policy = (await served.get("/assets/index-1.js")).headers["content-security-policy"]
    assert "connect-src 'self'" in policy
    assert "script-src 'self'" in policy


async def test_modules_of_plugins_lie_under_their_names(make_site: Any, dist: Path, tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "levels.js").write_bytes(b"export function mount() {}")
    site = await make_site(files=StaticFiles(dist, "1", {"battery": web}))
    found = await site.get("/modules/battery/levels.js", role=None)
    assert (found.status, found.headers["content-type"]) == (200, "text/javascript")
    assert found.headers["cache-control"] == "no-cache"
    for path in ("/modules/battery/none.js", "/modules/other/levels.js", "/modules/"):
        assert (await site.get(path)).status == 404
