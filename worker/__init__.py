"""The entrance for time: relay, subscriptions, schedule, RQ workers."""
