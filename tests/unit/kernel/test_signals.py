import simpy

from sim.kernel.signals import Signals


def test_read_gives_the_last_value_or_the_default():
    signals = Signals(simpy.Environment())
    assert signals.read("depth_m", "J1") is None
    assert signals.read("depth_m", "J1", 0.0) == 0.0
    signals.publish("depth_m", "J1", 0.2)
    signals.publish("depth_m", "J1", 0.3)
    assert signals.read("depth_m", "J1", 0.0) == 0.3
    assert signals.read("depth_m", "J2", 0.0) == 0.0
    signals.publish("depth_m", "J3", None)
    assert signals.read("depth_m", "J3", 0.0) is None


def test_topics_are_listed_in_order():
    signals = Signals(simpy.Environment())
    signals.publish("stage_m", "river", 1.0)
    signals.publish("depth_m", "J1", 1.0)
    signals.changed("waited_for_only")
    assert signals.topics == ("depth_m", "stage_m")


def watched(publishing):
    """Run a publisher beside a process that notes (time, J1, J2) at each change of the topic."""
    env = simpy.Environment()
    signals = Signals(env)
    seen = []

    def watch():
        for _ in range(10):
            yield signals.changed("depth_m")
            seen.append((env.now, signals.read("depth_m", "J1"), signals.read("depth_m", "J2")))

    env.process(watch())
    env.process(publishing(env, signals))
    env.run(until=100)
    return seen


def test_waiting_processes_wake_at_a_change_only():
    def publishing(env, signals):
        for value in (0.0, 0.0, 0.2, 0.2, 0.0):
            yield env.timeout(1)
            signals.publish("depth_m", "J1", value)
            signals.publish("other", "J1", env.now)

    assert watched(publishing) == [(1, 0.0, None), (3, 0.2, None), (5, 0.0, None)]


def test_changes_of_one_moment_wake_once_and_all_are_seen():
    def publishing(env, signals):
        yield env.timeout(1)
        signals.publish("depth_m", "J1", 0.1)
        signals.publish("depth_m", "J2", 0.2)

    assert watched(publishing) == [(1, 0.1, 0.2)]


def test_all_who_wait_are_woken():
    env = simpy.Environment()
    signals = Signals(env)
    first, second = signals.changed("depth_m"), signals.changed("depth_m")
    signals.publish("depth_m", "J1", 1.0)
    assert first.triggered
    assert second.triggered
    assert not signals.changed("depth_m").triggered
