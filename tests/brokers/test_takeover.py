"""A worker that is killed in the middle of a batch: another one has done its work within seconds."""

from tests.brokers.machines import seconds_until_taken_over


def test_what_a_killed_worker_had_in_hand_another_one_does(broker_url, redis_url, tmp_path, record_property, capsys):
    environ = {} if broker_url.startswith("redis") else {"REDIS_URL": redis_url}
    took = seconds_until_taken_over(tmp_path, broker_url, **environ)
    record_property("seconds", took)
    with capsys.disabled():
        print(f"\n{broker_url.partition(':')[0]}: taken over {took:.1f} s after kill -9")
    assert took < 40


def test_without_redis_rabbitmq_hands_it_on_at_once(rabbitmq_url, tmp_path, capsys):
    took = seconds_until_taken_over(tmp_path, rabbitmq_url)
    with capsys.disabled():
        print(f"\namqp without REDIS_URL: taken over {took:.1f} s after kill -9")
    assert took < 25
