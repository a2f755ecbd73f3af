"""What the service tells the service manager (host.md 11); the dispatcher itself runs on Windows only."""

from __future__ import annotations

import sys

import pytest

from kanade_host.platform.service import Service

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4


@pytest.mark.skipif(sys.platform == "win32", reason="asks the real dispatcher there")
def test_elsewhere_it_is_no_service() -> None:
    assert Service(lambda _: 0).dispatch() is False


def test_a_life() -> None:
    seen: list[tuple[int, int]] = []
    asked: list[bool] = []

    def main(service: Service) -> int:
        service.on_stop = lambda: asked.append(True)
        seen.append(service.fields()[1:3])
        service.running()
        seen.append(service.fields()[1:3])
        assert service.control(4) == 0  # interrogate
        assert service.control(2) == 120  # pause is not implemented
        assert service.control(1) == 0  # stop
        seen.append(service.fields()[1:3])
        return 0

    service = Service(main)
    service.run()
    assert seen == [(START_PENDING, 0), (RUNNING, 5), (STOP_PENDING, 0)]
    assert asked == [True]
    assert service.fields() == (0x10, STOPPED, 0, 0, 0, 0, 0)


def test_a_failed_start_is_no_success() -> None:
    service = Service(lambda _: 1)
    service.run()
    assert service.fields()[3:5] == (1066, 1)


def test_a_raising_start_is_no_success_either() -> None:
    def main(_: Service) -> int:
        raise OSError("no")

    service = Service(main)
    with pytest.raises(OSError, match="no"):
        service.run()
    assert service.fields()[1] == STOPPED
    assert service.fields()[3:5] == (1066, 1)
