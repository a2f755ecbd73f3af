"""The daily log file, with the retention that upstream meant (host.md 7, improved).

`logs/backend.log` names `logs/backend.2026-11-23.log` and so on. Only files of exactly that form
count, by the date in their name, and `keep_days` of them stay, today's included.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path, PurePath
from typing import TextIO

from kanade_host.plugin.errors import OperatorError

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class LogPathError(OperatorError):
    """`[log] path` names no file."""


class DailyFile:
    """Appends to the file of the day; a new day's first line opens the next one."""

    def __init__(self, path: str, keep_days: int) -> None:
        """Raises `LogPathError`, and OperatorError when the folder cannot be made."""
        pure = self.check(path)
        self.folder = Path(pure.parent)
        name, dot, extension = pure.name.rpartition(".")
        self.stem, self.extension = (name, extension) if dot and name else (pure.name, "log")
        self.keep_days = keep_days
        self._day = ""
        self._file: TextIO | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OperatorError(f'create log dir "{self.folder}": {error.strerror}') from error

    @staticmethod
    def check(path: str) -> PurePath:
        """The path as a path. Raises `LogPathError`, also where no file is going to be written."""
        pure = PurePath(path)
        if not pure.name:
            raise LogPathError(f"[log] path '{path}' has no parent dir")
        return pure

    def of_day(self, day: str) -> Path:
        """The file of a UTC date."""
        return self.folder / f"{self.stem}.{day}.{self.extension}"

    def open(self, day: str) -> None:
        """Make that day's file the current one. Raises OperatorError."""
        self.close()
        self._prune(day)
        try:
            self._file = self.of_day(day).open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            raise OperatorError(f'build rolling appender at "{self.folder}": {error.strerror}') from error
        self._day = day

    def write(self, line: str, day: str) -> None:
        """Append a line; raises OSError or OperatorError, the caller goes on without the file."""
        if day > self._day or self._file is None:
            self.open(day)
        assert self._file is not None
        self._file.write(line + "\n")

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _prune(self, today: str) -> None:
        dated = {found: path for path in self.folder.iterdir() if (found := self._date_of(path))}
        surplus = sorted(dated.keys() | {today}, reverse=True)[self.keep_days :]
        for day in surplus:
            if day in dated and day != today:
                dated[day].unlink(missing_ok=True)

    def _date_of(self, path: Path) -> str | None:
        head, tail = f"{self.stem}.", f".{self.extension}"
        if not (path.name.startswith(head) and path.name.endswith(tail) and path.is_file()):
            return None
        middle = path.name[len(head) : -len(tail)]
        if not _DATE.fullmatch(middle):
            return None
        try:
            date.fromisoformat(middle)
        except ValueError:
            return None
        return middle
