"""YAML text to a tree of nodes that still knows the source text of each scalar.

A generic loader would turn `version: 1.10` into 1.1; upstream decodes by the expected type
(`contract/manifest.md` 6). So the text is composed only, within limits, and `yaml_reading` decodes.
"""

from __future__ import annotations

from typing import Any

import yaml

MAX_DEPTH = 128
MAX_EVENTS = 200_000
"""Far beyond any manifest; a text with more is refused before a tree of it is built."""
PLAIN, QUOTED = "plain", "quoted"
"""Tags of scalars without an explicit tag."""

Node = yaml.nodes.Node
ScalarNode = yaml.nodes.ScalarNode
SequenceNode = yaml.nodes.SequenceNode
MappingNode = yaml.nodes.MappingNode


class BadYaml(Exception):
    """The text is no YAML document of the wanted shape; the text is what follows `parse YAML body: `."""


class _Composer(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Composes without guessing types; libyaml where the wheel has it, for its speed and its texts."""

    def resolve(self, kind: type, value: str, implicit: Any) -> str:
        """Say whether a scalar without a tag was plain, instead of what YAML 1.1 thinks it is."""
        if kind is ScalarNode:
            return PLAIN if implicit[0] else QUOTED
        return str(super().resolve(kind, value, implicit))


def compose(text: str) -> Any:
    """The document's root node, or None where there is no document. Raises `BadYaml`."""
    text = text.removeprefix("\ufeff")
    try:
        _limit(text)
        loader = _Composer(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise BadYaml(_syntax(error)) from None
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from None


def _limit(text: str) -> None:
    """Refuse deep nesting and further documents before anything recurses."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Composer)):
        if count > MAX_EVENTS:
            raise BadYaml("repetition limit exceeded")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise BadYaml(f"recursion limit exceeded{position(event)}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise BadYaml("deserializing from YAML containing more than one document is not supported")


def position(node: Any) -> str:
    """` at line L column C` of where a node or event begins."""
    return _at(node.start_mark)


def _at(mark: Any) -> str:
    return f" at line {mark.line + 1} column {mark.column + 1}" if mark is not None else ""


def _syntax(error: yaml.MarkedYAMLError) -> str:
    if error.problem == "exceeded maximum nesting depth":  # libyaml looks ahead of the events it gives
        return f"recursion limit exceeded{_at(error.problem_mark)}"
    said = f"{error.problem or 'not YAML'}{_at(error.problem_mark)}"
    if error.context:
        said += f", {error.context}{_at(error.context_mark)}"
    return said
