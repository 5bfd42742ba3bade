"""Measures Sluice beside what people use today, on one Local AWS under the same quotas; never deployed."""
