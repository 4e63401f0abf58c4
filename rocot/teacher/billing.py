"""Whether an attempt that brought no count of tokens may have been billed all the same. Pure.

Who bills when is seldom written down. Azure says: what was processed may be charged whatever the status, such as a 400
by the content filter or by the length of the prompt, and a 408; a 401 and a 429 are not. Gateways answer 500, 502, 503
and 504 also where the model behind them has worked, and was too slow or broke off. So only what surely came before any
work is free.
"""

from rocot.errors import RunError, TeacherError
from rocot.teacher.faults import UNREACHABLE

UNSENT = (UNREACHABLE, "no picture", "bad frame")
"""Failures before anything was sent."""
REFUSED = frozenset({401, 402, 403, 404, 405, 407, 410, 411, 413, 415, 425, 429, 431})
"""Statuses of what is turned away unread: key, credit, model, address, size, rate."""
MALFORMED = frozenset({400, 422})
"""Statuses of what is turned away once it is read, but for the content filter and the length of the prompt."""
READ = ("content filter", "too large")
TOO_BUSY = frozenset({503, 529})
WORKED = 1.0
"""Seconds: a server that is too busy says so at once; what comes later may come from a model that has worked."""


def may_be_billed(status: int, fault: TeacherError | RunError | None, latency: float) -> bool:
    """Whether an attempt of that HTTP status (0: no reply) and outcome, after so many seconds, may cost something."""
    reason = fault.reason if isinstance(fault, TeacherError) else ""
    if status == 0:
        return reason not in UNSENT
    if status in MALFORMED:
        return reason in READ
    if status in TOO_BUSY:
        return latency >= WORKED
    return not (300 <= status < 400 or status in REFUSED)
