"""The manifest's JSON Schema against the contract's table (`contract/manifest.md` 12)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from kanade_host_jobs import api
from kanade_host_jobs.schema import DEFINITIONS, MANIFEST

REQUIRED = {
    "Manifest": {"id", "version", "execute"},
    "Execute": {"shell", "timeout"},
    "EmitConfig": {"type"},
    "InventoryHint": {"display"},
    "DisplayField": {"field", "label"},
    "ExplodeSpec": {"field", "table", "primary_key", "columns"},
    "ExplodeColumn": {"field"},
}


@pytest.mark.parametrize("name", REQUIRED)
def test_the_schema_says_what_is_decoded(name: str) -> None:
    schema = MANIFEST if name == "Manifest" else DEFINITIONS[name]
    struct = getattr(api, name)
    assert list(schema["properties"]) == list(struct.__struct_encode_fields__)
    required = {field.encode_name for field in msgspec.structs.fields(struct) if field.required}
    assert set(schema["required"]) == REQUIRED[name] == required
    assert schema.get("additionalProperties", True) is not struct.__struct_config__.forbid_unknown_fields
    assert all("description" in one for one in schema["properties"].values())


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            found = {value["$ref"].removeprefix("#/$defs/")} if "$ref" in value else set()
            return found.union(*(references(item) for item in value.values()))
        return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()

    assert references(MANIFEST) == set(DEFINITIONS)


@pytest.mark.kanade(plugins=["results", "jobs"])
async def test_the_editor_asks_without_a_token(host: Any) -> None:
    answer = await host.get("/api/schemas/manifest.json", role=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert list(answer.json()) == [
        "$defs",
        "$schema",
        "additionalProperties",
        "description",
        "properties",
        "required",
        "title",
        "type",
    ]
