"""The executions that take tasks from the Activity."""
