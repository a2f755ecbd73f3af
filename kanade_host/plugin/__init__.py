"""Everything that a plugin may use of the host: import from here, and nothing else of `kanade_host`.

A plugin is a distribution with an entry point in the group `kanade_host.plugins` that names a module.
Beside that module lies `kanade-plugin.toml` (name, title, api, requires, after, essential), which the
host reads without importing anything. The module implements hooks (see `kanade_host.plugin.hooks`).
"""

from typing import Any

from kanade_host.plugin import deprecation
from kanade_host.plugin.audit import audit
from kanade_host.plugin.authenticators import (
    Authenticator,
    Credentials,
    NotMine,
    Permission,
    Principal,
    Refusal,
    Role,
    Verdict,
)
from kanade_host.plugin.clock import Clock, SystemClock
from kanade_host.plugin.context import (
    Bus,
    Context,
    Entry,
    KeyValue,
    LiveMap,
    Logger,
    ObjectInfo,
    ObjectReader,
    Objects,
    ReplySubscription,
)
from kanade_host.plugin.durations import BadDuration, parse_duration, whole_seconds
from kanade_host.plugin.errors import (
    ApiError,
    BrokerUnavailable,
    HttpError,
    InvalidKey,
    KanadeError,
    MessageTooLarge,
    NoResponders,
    ObjectDamaged,
    ObjectNotFound,
    OperatorError,
    PluginError,
    ResourceMissing,
    Retry,
    RevisionConflict,
    ServiceMissing,
    StoreUnavailable,
    Unavailable,
)
from kanade_host.plugin.exports import ExportFormat, export_format, exported
from kanade_host.plugin.hooks import hookimpl
from kanade_host.plugin.instants import BadInstant, Instant
from kanade_host.plugin.json import (
    I32,
    I64,
    U32,
    U64,
    BadJson,
    BadShape,
    Decoder,
    canonical,
    decode,
    encode,
)
from kanade_host.plugin.migrations import Migrations
from kanade_host.plugin.moving import move_rows
from kanade_host.plugin.origin import marked
from kanade_host.plugin.pages import Page
from kanade_host.plugin.rebuild import Reach, Rebuild
from kanade_host.plugin.resources import Bucket, ObjectStore, Resource, Stream
from kanade_host.plugin.retention import DAY_SECONDS, delete_older, in_parts
from kanade_host.plugin.routes import Caller, HttpErrorText, Request, Response, Route
from kanade_host.plugin.rows import insert_rows
from kanade_host.plugin.settings import Settings
from kanade_host.plugin.subscriptions import (
    Batch,
    Message,
    Meta,
    Projection,
    Samples,
    Subscription,
    Tx,
    Watch,
)
from kanade_host.plugin.tasks import Job, Sweep, Task
from kanade_host.plugin.versions import API_VERSION

__all__ = [
    "API_VERSION",
    "DAY_SECONDS",
    "I32",
    "I64",
    "U32",
    "U64",
    "ApiError",
    "Authenticator",
    "BadDuration",
    "BadInstant",
    "BadJson",
    "BadShape",
    "Batch",
    "BrokerUnavailable",
    "Bucket",
    "Bus",
    "Caller",
    "Clock",
    "Context",
    "Credentials",
    "Decoder",
    "Entry",
    "ExportFormat",
    "HttpError",
    "HttpErrorText",
    "Instant",
    "InvalidKey",
    "Job",
    "KanadeError",
    "KeyValue",
    "LiveMap",
    "Logger",
    "Message",
    "MessageTooLarge",
    "Meta",
    "Migrations",
    "NoResponders",
    "NotMine",
    "ObjectDamaged",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectReader",
    "ObjectStore",
    "Objects",
    "OperatorError",
    "Page",
    "Permission",
    "PluginError",
    "Principal",
    "Projection",
    "Reach",
    "Rebuild",
    "Refusal",
    "ReplySubscription",
    "Request",
    "Resource",
    "ResourceMissing",
    "Response",
    "Retry",
    "RevisionConflict",
    "Role",
    "Route",
    "Samples",
    "ServiceMissing",
    "Settings",
    "StoreUnavailable",
    "Stream",
    "Subscription",
    "Sweep",
    "SystemClock",
    "Task",
    "Tx",
    "Unavailable",
    "Verdict",
    "Watch",
    "audit",
    "canonical",
    "decode",
    "delete_older",
    "encode",
    "export_format",
    "exported",
    "hookimpl",
    "in_parts",
    "insert_rows",
    "marked",
    "move_rows",
    "parse_duration",
    "whole_seconds",
]


def __getattr__(name: str) -> Any:
    """Names that are going; see `kanade_host.plugin.deprecation`."""
    return deprecation.look_up(name)
