"""The broker: connection, JetStream resources, buckets, object stores, readers, the embedded nats-server.

Everything that the host knows of nats-py is in this package; the rest of the host and the plugins see
the protocols of `kanade_host.plugin.context`.
"""
