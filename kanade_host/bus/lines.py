"""The broker's lines are divided by spaces and tabs; nats-py's parser divides them by any white space.

A subject may hold a vertical tab or a form feed: the broker takes it, nats-py's patterns do not match the
line, and the connection ends with a protocol error. The message lies in a stream, so the next connection
ends with it too: whoever may publish could keep the host away from its broker. Hence patterns of our own in
the place of those two; nats-py is pinned exactly, and a test sends such subjects.
"""

from __future__ import annotations

import re

from nats.protocol import parser

_WORD = rb"([^ \t\r\n]+)[ \t]+"
_REPLY = rb"(([^ \t\r\n]+)[ \t]+)?"
MESSAGE = re.compile(rb"\AMSG[ \t]+" + _WORD + _WORD + _REPLY + rb"([0-9]+)\r\n")
MESSAGE_WITH_HEADERS = re.compile(rb"\AHMSG[ \t]+" + _WORD + _WORD + _REPLY + rb"([0-9]+)[ \t]+([0-9]+)\r\n")


def divide_by_spaces_and_tabs() -> None:
    """Let nats-py read what the broker may send. For the whole process; more than once does no harm."""
    parser.MSG_RE = MESSAGE
    parser.HMSG_RE = MESSAGE_WITH_HEADERS
