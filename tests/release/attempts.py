"""What a store tells of attempts."""

from rocot.engine.tables import AttemptRow


def attempt(made: str = "2026-11-23") -> AttemptRow:
    """One that was answered, as a store tells of it."""
    return AttemptRow(
        seq=1,
        call="c" * 64,
        item="yard/v0#0",
        stage="reason",
        model="scripted",
        endpoint="http://127.0.0.1",
        kind="ok",
        reason="",
        status=200,
        size=900,
        request_id="",
        latency=0.1,
        prompt_tokens=10,
        completion_tokens=2,
        cached_tokens=0,
        made=made,
    )
