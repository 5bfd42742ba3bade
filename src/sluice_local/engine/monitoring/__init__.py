"""CloudWatch's metrics of AWS's own services, and its alarms."""
