"""What every function needs of its surroundings: settings, time, logs, workers, queue records."""
