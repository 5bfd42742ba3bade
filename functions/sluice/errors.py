"""What a service's answer means to Sluice, whatever service it came from."""

from __future__ import annotations

from typing import Final


class ServiceError(Exception):
    """Raised when a service did not do what was asked; its subclasses say what is known of it.

    Attributes:
        code: the service's error code, such as `AccessDeniedException`; empty when there was no answer.
    """

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ThrottledError(ServiceError):
    """Raised when the service refused the call because of its rate (429); the call had no effect."""


class NoSlotError(ThrottledError):
    """Raised when no slot of a shared rate fell due in time."""


class UnclearError(ServiceError):
    """Raised when nobody knows whether the call took effect: a timeout, a reset connection, a 5xx."""


class RejectedError(ServiceError):
    """Raised when the service refused the request for good; the message is for the request's sender."""


class DeniedError(ServiceError):
    """Raised when a permission or a table is missing: the stack's fault, not the request's."""


class UnauthenticatedError(ServiceError):
    """Raised when the caller's credentials or signature were not accepted: nobody's fault, and soon over."""


class TaskGoneError(ServiceError):
    """Raised when a task token is dead: timed out, stopped with its execution, or already completed."""


class AlreadyExistsError(ServiceError):
    """Raised when an execution of this name was started before."""


class DoesNotExistError(ServiceError):
    """Raised when there is no execution of this name."""


class NotRedrivableError(ServiceError):
    """Raised when an execution cannot go on where it failed: it runs, or it is too old or too long."""


class CohortCancelledError(ServiceError):
    """Raised when a cohort was cancelled after somebody asked for its samples to start."""


class BusyError(ServiceError):
    """Raised when others kept writing the same items; the write had no effect and may be repeated."""


REFUSALS: Final = frozenset({"", "ClientException"})
"""Codes with which Batch refuses a job's request for good; none is botocore's own refusal.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""


DENIED_BY_IAM: Final = "not authorized to perform: batch:"
"""The words by which a denial is one of IAM's."""


def is_refusal(error: ServiceError) -> bool:
    """True if an error of Batch's says that this request will never be taken.

    Any other error is left to the task's next owner, also one of which nobody has heard yet.
    """
    return isinstance(error, RejectedError) and error.code in REFUSALS


def is_denial(error: ServiceError) -> bool:
    """True if IAM has denied a call of Batch's: for good, or until a new permission is in force."""
    return isinstance(error, DeniedError) and DENIED_BY_IAM in str(error)
