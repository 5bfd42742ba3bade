"""AWS Batch on one machine: jobs wait, depend, retry and end as AWS documents, and run as local processes."""
