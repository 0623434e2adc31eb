"""Every verb of the platform once: a function from a spec to a result, listed in one registry."""

from augury.operations.operation import Operation, Progress, Result
from augury.operations.registry import operation, operations, register, run

__all__ = ["Operation", "Progress", "Result", "operation", "operations", "register", "run"]
