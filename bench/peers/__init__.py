"""The workflow engines that people run on AWS Batch today, as published, as clients of Local AWS."""
