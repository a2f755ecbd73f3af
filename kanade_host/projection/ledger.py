"""What the host itself writes in the transaction of a projection's rows: position, gaps, dead letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin.instants import Instant
from kanade_host.plugin.subscriptions import Tx
from kanade_host.projection.begin import Position

BODY_LIMIT = 1024 * 1024
KEPT_PER_PROJECTION = 10_000
_TEXT_LIMIT = 8_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be projected, with what is needed to look at it and to try again."""

    sequence: int
    time_ns: int
    subject: str
    body: bytes
    error: str
    traceback: str = ""


class Ledger:
    """The host's rows about one projection. Methods that take a `tx` run on the writer thread."""

    def __init__(self, projection: str, plugin: str, stream: str) -> None:
        self.projection, self.plugin, self.stream = projection, plugin, stream

    def advance(self, tx: Tx, position: Position) -> None:
        """Write how far the projection has come."""
        tx.execute(
            "INSERT INTO host_positions(projection, plugin, stream, stream_created, sequence, time_ns)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(projection) DO UPDATE SET plugin = excluded.plugin,"
            " stream = excluded.stream, stream_created = excluded.stream_created,"
            " sequence = excluded.sequence, time_ns = excluded.time_ns",
            (
                self.projection,
                self.plugin,
                self.stream,
                position.stream_created,
                position.sequence,
                position.time_ns,
            ),
        )

    def read(self, tx: Tx) -> Position | None:
        """The stored position, or None before the first batch."""
        row = tx.execute(
            "SELECT stream_created, sequence, time_ns FROM host_positions WHERE projection = ?",
            (self.projection,),
        ).fetchone()
        return Position(row[0], row[1], row[2]) if row else None

    def stands_at(self, tx: Tx, created: str, sequence: int) -> bool:
        """The position is after that message of the stream made at `created`."""
        position = self.read(tx)
        return position is not None and (position.stream_created, position.sequence) == (created, sequence)

    def note_gap(self, tx: Tx, created: str, gap: tuple[int, int], reason: str, at: Instant) -> None:
        """Record sequences that can never be projected; the same gap is recorded once."""
        tx.execute(
            "INSERT INTO host_gaps(projection, stream, stream_created, first_missing, last_missing, reason,"
            " noticed_at) SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM host_gaps WHERE"
            " projection = ? AND stream_created = ? AND first_missing = ? AND last_missing = ?)",
            (
                self.projection,
                self.stream,
                created,
                *gap,
                reason,
                at.stored,
                self.projection,
                created,
                *gap,
            ),
        )

    def set_aside(self, tx: Tx, created: str, letters: list[DeadLetter]) -> None:
        """Put messages among the dead letters; a message is there once, and the newest 10,000 are kept."""
        tx.executemany(
            "INSERT INTO host_dead_letters(projection, plugin, stream, stream_created, sequence, subject,"
            " time_ns, body, error, traceback) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                (
                    self.projection,
                    self.plugin,
                    self.stream,
                    created,
                    letter.sequence,
                    letter.subject,
                    letter.time_ns,
                    letter.body[:BODY_LIMIT],
                    letter.error[:_TEXT_LIMIT],
                    letter.traceback[-_TEXT_LIMIT:],
                )
                for letter in letters
            ],
        )
        tx.execute(
            "DELETE FROM host_dead_letters WHERE projection = ? AND id <= (SELECT id FROM host_dead_letters"
            " WHERE projection = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (self.projection, self.projection, KEPT_PER_PROJECTION),
        )
        tx.changed("dead-letters")

    def wanted_again(self, tx: Tx, limit: int = 100) -> list[Any]:
        """Dead letters that somebody asked to be replayed, oldest first."""
        return tx.execute(
            "SELECT id, sequence, time_ns, subject, body FROM host_dead_letters"
            " WHERE projection = ? AND status = 'replay' ORDER BY id LIMIT ?",
            (self.projection, limit),
        ).fetchall()

    def settled(self, letter_id: int) -> Callable[[Tx], None]:
        """A replayed letter is done with."""

        def remove(tx: Tx) -> None:
            tx.execute("DELETE FROM host_dead_letters WHERE id = ?", (letter_id,))
            tx.changed("dead-letters")

        return remove

    def failed_again(self, letter_id: int, error: str, traceback: str) -> Callable[[Tx], None]:
        """A replayed letter failed again: it waits as before, with the newer reason."""

        def update(tx: Tx) -> None:
            tx.execute(
                "UPDATE host_dead_letters SET status = 'waiting', error = ?, traceback = ? WHERE id = ?",
                (error[:_TEXT_LIMIT], traceback[-_TEXT_LIMIT:], letter_id),
            )
            tx.changed("dead-letters")

        return update
