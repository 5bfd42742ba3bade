"""The only place that knows boto3: each module implements ports for one service."""
