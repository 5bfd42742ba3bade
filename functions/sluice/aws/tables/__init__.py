"""Adapters for DynamoDB: the stores of tasks, cohorts and the rate."""
