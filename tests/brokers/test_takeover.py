"""A worker that is killed in the middle of a batch: another one has done its work within seconds."""

from tests.brokers.machines import seconds_until_taken_over


def test_what_a_killed_worker_had_in_hand_another_one_does(broker_url, redis_url, tmp_path):
    environ = {} if broker_url.startswith("redis") else {"REDIS_URL": redis_url}
    assert seconds_until_taken_over(tmp_path, broker_url, **environ) < 40


def test_where_no_redis_keeps_the_lane_rabbitmq_hands_it_on_at_once(rabbitmq_url, tmp_path):
    assert seconds_until_taken_over(tmp_path, rabbitmq_url) < 25
