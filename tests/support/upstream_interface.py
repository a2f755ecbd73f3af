"""What the interface of kanade-backend 0.43.25 asks and reads (`contract/clients.md` 5.2), as a table.

It must work here unmodified: each request as it sends it, and of each answer the keys that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote


class Read(NamedTuple):
    """One request. `within`: the key whose list is read, `""`: the answer is the list, None: an object."""

    path: str
    within: str | None
    keys: str
    numbers: str = ""
    """Those of the keys that must be numbers, because it calculates with them."""


RUN = "result_id request_id pc_id job_id exec_id exit_code started_at finished_at stdout stderr"
DISK = "disk_read_bytes_per_sec disk_written_bytes_per_sec"
PERF = f"cpu_pct mem_used_bytes mem_total_bytes {DISK} net_rx_bytes_per_sec net_tx_bytes_per_sec"
AGENT = "pc_id hostname os_family agent_version last_heartbeat"

READS = [
    Read("/api/auth/me", None, "username role must_change_pw"),
    Read("/api/version", None, "version"),
    Read("/api/agents", "", f"{AGENT} agent_cpu_pct agent_rss_bytes"),
    Read("/api/agents?limit=50&q={pc_id}", "", AGENT),
    Read("/api/agents/{pc_id}", None, AGENT),
    Read(
        "/api/agents/{pc_id}/perf?step=1m", "points", f"at {PERF} net_rx_bytes_per_sec net_tx_bytes_per_sec"
    ),
    Read("/api/agents/{pc_id}/processes", None, "latest_at processes"),
    Read("/api/agents/{pc_id}/processes", "processes", f"pid name cpu_pct rss_bytes {DISK}", "cpu_pct"),
    Read("/api/agents/{pc_id}/processes/timeline?metric=cpu&step=1m&top=5", None, "names points"),
    Read("/api/agents/{pc_id}/processes/timeline?metric=rss&step=1m&top=10", "points", "at values"),
    Read("/api/agents/{pc_id}/effective_config", None, "effective warnings"),
    Read("/api/agents/{pc_id}/groups", None, "groups"),
    Read("/api/groups", "groups", "name members has_config"),
    Read("/api/results?limit=8", "", RUN),
    Read("/api/results?limit=50&status=success&stdout=.", "", RUN),
    Read("/api/results/{result_id}", None, f"{RUN} version"),
    Read("/api/audit?limit=8", "", "id actor action target payload occurred_at"),
    Read("/api/jobs", "", "id version description execute inventory live"),
    Read("/api/schedules", "", "id job_id cron enabled target runs_on mode auto_disable_when_done"),
    Read("/api/inventory/jobs", "", "manifest_id description display summary explode"),
    Read("/api/inventory/by-job/{manifest_id}", "rows", "pc_id facts collected_at"),
    Read("/api/inventory/{pc_id}", "", "job_id facts display collected_at"),
    Read(
        "/api/inventory/{manifest_id}/history/pc/{pc_id}",
        "",
        "id change_kind field_path identity_json before_json after_json observed_at",
    ),
    Read("/api/inventory/{manifest_id}/search/{field}?name__contains=i&limit=50&offset=0", "", "pc_id name"),
    Read("/api/obs_events?limit=50", "events", "id at pc_id kind source event_record_id payload"),
    Read("/api/obs_events/kinds", None, "kinds"),
    Read("/api/agents/releases", "", "version size modified digest"),
    Read("/api/app-packages", "", "name version size modified digest"),
    Read("/api/script-objects", "", "name version size modified digest"),
    Read("/api/jetstream/status", "streams", "name exists"),
    Read("/api/jetstream/status", "kv_buckets", "name exists"),
    Read("/api/jetstream/status", "object_stores", "name exists"),
    Read("/api/health/fleet", None, "status agents jetstream recent_results"),
    Read("/api/health/scan_durations", "", "job_id count p50_ms p95_ms p99_ms max_ms"),
    Read("/api/perf/fleet?metric=cpu_pct&agg=avg&step=15m", "points", "at value"),
    Read("/api/perf/top?metric=mem_used_bytes&window=1h&limit=5", "rows", "pc_id hostname value", "value"),
    Read("/api/perf/active-investigations", "rows", "pc_id hostname latest_at"),
    Read("/api/accounts", "", "username role disabled must_change_pw created_at", "disabled must_change_pw"),
]


def unread(get: Callable[[str], Any], known: Mapping[str, str]) -> Iterator[str]:
    """What that interface would not find."""
    named = {name: quote(value, safe="") for name, value in known.items()}
    for read in READS:
        path = read.path.format(**named)
        answer = get(path)
        try:
            found = answer if read.within is None else (answer[read.within] if read.within else answer)[0]
            missing = [key for key in read.keys.split() if key not in found]
            odd = [key for key in read.numbers.split() if not isinstance(found[key], int | float)]
        except (LookupError, TypeError) as error:
            yield f"{path}: {type(error).__name__}: {error}: {str(answer)[:200]}"
            continue
        if missing or odd:
            yield f"{path}: missing {missing}, no numbers {odd}: {str(found)[:200]}"
