"""What a person can fix."""


class LocalError(Exception):
    """Raised when a command cannot go on; the message names what is wrong and the way out."""
