"""The only place that knows botocore: each module implements ports for one service."""
