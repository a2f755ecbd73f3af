"""Silver: what the code of a plugin must not do, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kanade_host.authoring.reach import Reached, reach
from kanade_host.authoring.rule import Grade, rule
from kanade_host.authoring.rules.identity import migrations_of
from kanade_host.authoring.subject import Source, Subject
from kanade_host.plugin.subscriptions import Projection
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.ownership import inspect_one

_CLOCKS = {
    "time": ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime"),
    "datetime": ("now", "utcnow", "today"),
    "uuid": ("uuid1", "uuid4"),
    "random": None,
    "secrets": None,
}
"""Module -> names that answer something else each time; None: all."""
_SQL_CLOCK = re.compile(
    r"\b(?:datetime|date|time|julianday|unixepoch|strftime)\s*\([^)]*'now'"
    r"|\bCURRENT_(?:TIMESTAMP|TIME|DATE)\b|\brandom(?:blob)?\s*\(",
    re.IGNORECASE,
)
_BLOCKING_MODULES = ("requests", "urllib.request", "http.client", "socket", "subprocess", "shutil", "smtplib")
_BLOCKING_METHODS = ("read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir")
_WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM|UPDATE(?:\s+OR\s+\w+)?)\s+"
    r"[\"`\[]?([A-Za-z_]\w*)",
)


def _projecting(subject: Subject) -> Iterator[Reached]:
    """All code of the package that an `apply` of a projection reaches, each function once."""
    loaded = subject.collected
    seen = set()
    for one in loaded.subscriptions if loaded else ():
        if isinstance(one, Projection):
            for reached in reach(one.apply, subject.package.name):
                if (reached.file, reached.first_line) not in seen:
                    seen.add((reached.file, reached.first_line))
                    yield reached


@rule(
    "clock",
    Grade.SILVER,
    "apply uses no clock and nothing random",
    reason="A rebuild or a replay has to give the same rows; a clock gives others.",
    repair="Use message.meta.time and message.meta.sequence; derive ids from the message (uuid5, a hash).",
)
def clock(subject: Subject) -> Iterator[str]:
    for reached in _projecting(subject):
        for node, called, text in reached.calls():
            if _answers_otherwise(called) or text.endswith((".clock.now", ".clock.monotonic")):
                yield f"{_place(subject, reached, node)} calls {text}"
        for text_node, words in reached.texts():
            found = _SQL_CLOCK.search(words)
            if found:
                yield f"{_place(subject, reached, text_node)} has {found[0]!r} in SQL"


def _answers_otherwise(called: object) -> bool:
    module = getattr(called, "__module__", None)
    if module is None:  # a bound method of a class in C, such as datetime.now
        module = getattr(getattr(called, "__self__", None), "__module__", "")
    owner = getattr(called, "__self__", None)
    if not isinstance(module, str) or (isinstance(owner, type) and owner.__module__ == "datetime"):
        module = "datetime"
    if type(owner).__module__ == "random":
        module = "random"
    names = _CLOCKS.get(module, ())
    return names is None or getattr(called, "__name__", "") in names


def _place(subject: Subject, reached: Reached, node: ast.AST) -> str:
    return subject.where(reached.file, reached.line(node))


@rule(
    "apply-io",
    Grade.SILVER,
    "apply does nothing but SQL",
    reason="It holds the one writing thread, and what it does elsewhere is not undone with its transaction.",
    repair="Fetch in prepare(ctx, batch) before; send with tx.send, which is part of the transaction.",
)
def apply_io(subject: Subject) -> Iterator[str]:
    for reached in _projecting(subject):
        for node, called, text in reached.calls():
            if _blocks(called, text):
                yield f"{_place(subject, reached, node)} calls {text}"


def _blocks(called: object, text: str) -> bool:
    module = str(getattr(called, "__module__", "") or "")
    if called in (open, input, print) or text in ("open", "time.sleep", "sqlite3.connect", "os.system"):
        return True
    if module == "time" and getattr(called, "__name__", "") == "sleep":
        return True
    known = tuple(f"{one}." for one in _BLOCKING_MODULES)
    return (
        f"{module}.".startswith(known)
        or f"{text}.".startswith(known)
        or text.rpartition(".")[2] in _BLOCKING_METHODS
    )


@rule(
    "blocking",
    Grade.SILVER,
    "coroutines do not block the event loop",
    reason="While one waits in a blocking call, no other plugin and no request gets a turn.",
    repair="await asyncio.sleep(…), ctx.query, ctx.write, or asyncio.to_thread(…) for what has no await.",
    needs="source",
)
def blocking(subject: Subject) -> Iterator[str]:
    for source in subject.sources:
        for call in _in_coroutines(source):
            text = ast.unparse(call.func)
            known = tuple(f"{one}." for one in _BLOCKING_MODULES if one != "socket")
            if text in ("open", "time.sleep", "sqlite3.connect", "os.system", "input") or text.startswith(
                known
            ):
                yield f"{subject.where(source.path, call.lineno)} calls {text}"


def _in_coroutines(source: Source) -> Iterator[ast.Call]:
    for node in ast.walk(source.tree) if source.tree is not None else ():
        if isinstance(node, ast.AsyncFunctionDef):
            yield from _own_calls(node)


def _own_calls(node: ast.AST) -> Iterator[ast.Call]:
    """Calls of this function itself: those of functions inside run elsewhere (`to_thread`, `ctx.write`)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _own_calls(child)


@rule(
    "own-tables",
    Grade.SILVER,
    "it writes to its own tables only",
    reason="The host refuses the statement when it runs: too late for whoever waits for it.",
    repair="Offer and ask for services (api.py, ctx.service); read a stream by a projection of your own.",
)
def own_tables(subject: Subject) -> Iterator[str]:
    item = migrations_of(subject.collected)
    owned: set[str] = set()
    dynamic = None
    if item is not None:
        try:
            owned = {table.lower() for table in inspect_one(item).tables}
        except MigrationFailed:
            return  # the rule `tables` says so
        assert subject.collected is not None
        assert subject.collected.migrations is not None
        dynamic = subject.collected.migrations.dynamic
    for source in subject.sources:
        for line, text in _sql(source):
            for table in _WRITES.findall(text):
                low = table.lower()
                if low not in owned and low != "set" and not (dynamic and dynamic(table)):
                    yield f"{subject.where(source.path, line)} writes to {table}"


def _sql(source: Source) -> Iterator[tuple[int, str]]:
    """String constants that are no docstrings."""
    tree = source.tree
    if tree is None:
        return
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value
