"""Statistical early warning: incidents, observations, series, signals."""
