"""Resource types that MiniStack's CloudFormation makes or removes otherwise than AWS's."""
