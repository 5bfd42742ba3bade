"""What Local AWS and the simulation know of DynamoDB beside its API."""
