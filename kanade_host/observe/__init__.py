"""What the host tells about itself: logs, metrics, health."""

from kanade_host.observe.health import Health, Reason
from kanade_host.observe.logs import setup_logging
from kanade_host.observe.metrics import Metrics
from kanade_host.observe.writing import Logging

__all__ = ["Health", "Logging", "Metrics", "Reason", "setup_logging"]
