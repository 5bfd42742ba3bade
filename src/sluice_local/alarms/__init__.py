"""When an alarm of CloudWatch rings: a function of its metrics' data and the time."""
