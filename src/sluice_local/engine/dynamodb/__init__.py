"""What MiniStack's DynamoDB lacks."""
