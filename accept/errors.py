"""What may go wrong with a run that is no finding of it."""


class AcceptError(Exception):
    """Raised when the run cannot be made; the message says why, and the way out."""


class TooLateError(Exception):
    """Raised when something has not happened in the time that a probe gives it."""


class StoppedError(Exception):
    """Raised in every probe once the run is to end."""
