from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from sim.kernel.clock import Clock
from sim.kernel.errors import InputError

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = timezone(timedelta(hours=8))


def test_now_follows_the_environment():
    clock = Clock(datetime(2021, 7, 17, 8, tzinfo=SHANGHAI))
    assert clock.now_s == 0.0
    clock.env.run(until=12.5)
    assert clock.now_s == 12.5


def test_calendar_and_seconds_are_inverse():
    clock = Clock(datetime(2021, 7, 17, 8, tzinfo=SHANGHAI))
    moment = clock.calendar(86_400.5)
    assert moment == datetime(2021, 7, 18, 8, 0, 0, 500_000, tzinfo=SHANGHAI)
    assert moment.utcoffset() == timedelta(hours=8)
    assert clock.seconds(moment) == 86_400.5


def test_seconds_of_another_zone_and_before_the_start():
    clock = Clock(datetime(2021, 7, 17, 8, tzinfo=SHANGHAI))
    assert clock.seconds(datetime(2021, 7, 17, 1, tzinfo=UTC)) == 3600.0
    assert clock.seconds(datetime(2021, 7, 16, 23, tzinfo=UTC)) == -3600.0


@pytest.mark.parametrize(
    ("start", "hour_after"),
    [
        (datetime(2024, 3, 30, 12, tzinfo=BERLIN), 13),
        (datetime(2024, 10, 26, 12, tzinfo=BERLIN), 11),
    ],
    ids=["clocks go forward", "clocks go back"],
)
def test_a_day_of_24_hours_across_a_change_of_daylight_saving(start, hour_after):
    clock = Clock(start)
    later = clock.calendar(86_400.0)
    assert later.hour == hour_after
    assert clock.seconds(later) == 86_400.0


def test_moments_without_a_zone_are_refused():
    with pytest.raises(InputError, match="without a time zone"):
        Clock(datetime(2021, 7, 17, 8))  # noqa: DTZ001 - the case to refuse
    with pytest.raises(InputError, match="2021-07-17T08:00:00"):
        Clock(datetime(2021, 7, 17, tzinfo=UTC)).seconds(datetime(2021, 7, 17, 8))  # noqa: DTZ001


def test_settled_comes_after_all_events_of_its_moment():
    clock = Clock(datetime(2021, 7, 17, tzinfo=UTC))
    order = []

    def model():
        yield clock.settled(10.0)
        order.append(("model", clock.now_s))

    def valve():
        yield clock.env.timeout(10.0)
        order.append(("valve", clock.now_s))
        yield clock.env.timeout(0.0)
        order.append(("after the valve", clock.now_s))

    clock.env.process(model())
    clock.env.process(valve())
    clock.env.run()
    assert order == [("valve", 10.0), ("after the valve", 10.0), ("model", 10.0)]
