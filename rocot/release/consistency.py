"""What a row says of itself, computed again: grades from truth and answers, faults from the rules, and the chat."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import isclose
from typing import TypeAlias

from rocot.core.chat import IMAGE, messages, shown
from rocot.core.checks import countered, reanswered, reviewed
from rocot.core.gate import RUN_RULES, SLACK, Gate, faults
from rocot.core.reflection import Fault, Scores, rejected
from rocot.core.row import Row
from rocot.core.score import outcome, scores
from rocot.core.span import clipped, union
from rocot.core.task import shuffled

Check: TypeAlias = Callable[[Row], str | None]


def id_disagrees(row: Row) -> str | None:
    """The id is the clip's, `#`, and the rollout's number."""
    wanted = f"{row.clip}#{row.rollout}"
    return None if row.id == wanted else f"the clip and rollout make {wanted}"


def clip_outside_video(row: Row) -> str | None:
    """The clip has a length, and lies in the video."""
    if row.clip_start < row.clip_end <= row.video_duration + SLACK:
        return None
    return f"clip {row.clip_start:g}-{row.clip_end:g} s of {row.video_duration:g} s"


def frames_disagree(row: Row) -> str | None:
    """Frame times ascend, lie in the video, and each has its digest; those of a relook are others."""
    for times, digests in ((row.frame_times, row.frame_digests), (row.relook_times, row.relook_digests)):
        if len(times) != len(digests):
            return f"{len(times)} times, {len(digests)} digests"
        for before, after in pairwise(times):
            if before >= after:
                return f"{after:g} s follows {before:g} s"
        if times and (times[0] < 0 or times[-1] > min(row.clip_end, row.video_duration) + SLACK):
            return f"frames at {times[0]:g}-{times[-1]:g} s, clip {row.clip_start:g}-{row.clip_end:g} s"
    twice = set(row.frame_times) & set(row.relook_times)
    return f"the frame at {min(twice):g} s stands in both looks" if twice else None


def truth_outside_clip(row: Row) -> str | None:
    """True spans are those of the clip, in order."""
    spans = row.truth.spans or ()
    if spans == union(clipped(spans, row.clip_start - SLACK, row.clip_end + SLACK)):
        return None
    return "true spans " + ", ".join(f"{span.start:g}-{span.end:g}" for span in spans) + " s"


def truth_unnamed(row: Row) -> str | None:
    """A truth that names labels names one at least; where nobody did, they are null."""
    return "true labels are an empty list; where nobody named any, null" if row.truth.labels == () else None


def depth_disagrees(row: Row) -> str | None:
    """`graded_on` says how deep the truth goes."""
    depth = row.truth.graded_on(located=row.revised.spans is not None)
    return None if row.graded_on == depth else f"graded on {row.graded_on}, the truth has {depth}"


def scores_disagree(row: Row) -> str | None:
    """The scores are those of the answers against the truth."""
    for name, wanted in _scores(row):
        said = getattr(row.scores, name)
        same = isclose(said, wanted, abs_tol=1e-6) if isinstance(said, float) and wanted is not None else said == wanted
        if not same:
            return f"{name} is {said}, computed again {wanted}"
    return None


def outcome_disagrees(row: Row) -> str | None:
    """The outcome is the cell of the flip matrix that the computed scores name."""
    again = dict(_scores(row))
    first, last = again["initial_right"], again["revised_right"]
    wanted = outcome(None if first is None else bool(first), None if last is None else bool(last))
    return None if row.outcome == wanted else f"outcome {row.outcome}, computed again {wanted}"


def posed_disagrees(row: Row) -> str | None:
    """A question with options was posed where the task is one: as it was asked, in the order drawn from the seed."""
    if (row.posed is None) == (row.task == "qa"):
        return f"posed is {'null' if row.posed is None else 'given'}, the task {row.task}"
    if row.posed is None:
        return None
    drawn = shuffled(len(row.classes), row.posed.seed, row.clip)
    if row.posed.order != drawn:
        return f"options in the order {list(row.posed.order[:8])}, drawn again from the seed {list(drawn[:8])}"
    return None if row.posed.text in row.question else f"the question does not hold {row.posed.text[:60]!r}"


def messages_disagree(row: Row) -> str | None:
    """The chat shows the row's frames, asks its question, and gives both its answers."""
    turns = [message.content for message in row.messages if message.role == "user"]
    told = "".join(message.content for message in row.messages if message.role == "assistant")
    looks = [times for times in (row.frame_times, row.relook_times) if times]
    asked = "".join(turns)
    held = [shown(times) in turn and turn.count(IMAGE) == len(times) for times, turn in zip(looks, turns, strict=False)]
    if not all(held) or len(looks) != len(turns):
        return "the user's turns do not hold the frames in their order"
    parts = {"question": (row.question, asked), "initial reasoning": (row.initial.reasoning, told)}
    parts |= {"critique": (row.reflection.critique, told), "revised reasoning": (row.revised.reasoning, told)}
    parts |= {
        "initial description": (row.initial.description or "", told),
        "revised description": (row.revised.description or "", told),
    }
    return next(
        (f"the chat does not hold the {name}" for name, (text, chat) in parts.items() if text not in chat), None
    )


_TAG = re.compile(r"</?(?:think|answer|description|glue|reflection|verdict)>")
_SAID = re.compile(r"<(answer|verdict)>([^<]*)</\1>")
_GLUE = re.compile(r"<glue>([^<]*)</glue>")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def tags_disagree(row: Row) -> str | None:
    """The chat's tags stand in their order, and hold the row's labels, spans and verdict."""
    told_of = row.initial, row.relook_times, row.reflection, row.revised
    again = messages(row.frame_times, row.question, *told_of, row.classes if row.task == "qa" else ())
    chats = ["".join(one.content for one in chat if one.role == "assistant") for chat in (row.messages, again)]
    if _TAG.findall(chats[0]) != _TAG.findall(chats[1]):
        return "the chat's tags are not think, answer, glue, reflection, verdict, think, answer, glue"
    said, wanted = (_SAID.findall(chat) for chat in chats)
    if said != wanted:
        return f"the chat says {[text[:40] for _, text in said]}, the row {[text[:40] for _, text in wanted]}"
    told, spans = ([float(one) for glue in _GLUE.findall(chat) for one in _NUMBER.findall(glue)] for chat in chats)
    same = len(told) == len(spans) and all(isclose(*pair, abs_tol=0.011) for pair in zip(told, spans, strict=True))
    return None if same else f"the chat's spans are {told[:8]}, the row's {spans[:8]}"


def findings_disagree(row: Row) -> str | None:
    """What a check came to follows from what was answered; where nobody was asked, the row says why."""
    story, asked_of = row.story(), row.provenance
    for name, check, credit, wanted in (
        ("reanswer", row.reanswer, asked_of.reanswer, reanswered(story.reanswer, row.revised)),
        ("counterfactual", row.counterfactual, asked_of.counterfactual, countered(story.counterfactual)),
        ("critic", row.critic, asked_of.critic, reviewed(story.review)),
    ):
        if check is not None and check.finding != wanted:
            return f"{name} {check.finding}, computed again {wanted}"
        asked = check is not None and wanted != "unchecked"
        if asked != (credit is not None) or (check is not None and asked != (check.unchecked is None)):
            return f"{name}: what was found, who was asked and why nobody was do not fit"
    for look in (row.reanswer, row.counterfactual):
        if look is not None and (len(look.frame_times) != len(look.frame_digests) or _outside(row, look.frame_times)):
            return f"{len(look.frame_times)} frames of a check are not those of the clip, in their order"
    return None


def _outside(row: Row, times: tuple[float, ...]) -> bool:
    end = min(row.clip_end, row.video_duration) + SLACK
    return any(before >= after for before, after in pairwise(times)) or any(not 0 <= time <= end for time in times)


CHECKS: dict[str, Check] = {
    check.__name__.replace("_", " "): check
    for check in (
        id_disagrees,
        clip_outside_video,
        frames_disagree,
        truth_outside_clip,
        truth_unnamed,
        depth_disagrees,
        scores_disagree,
        outcome_disagrees,
        posed_disagrees,
        messages_disagree,
        tags_disagree,
        findings_disagree,
    )
}


def contradictions(row: Row, found: tuple[Fault, ...]) -> Iterator[Fault]:
    """Why a row is invalid; `found` are the gate's rules that it breaks. A fault that it admits, unkept, is none."""
    for name, check in CHECKS.items():
        detail = check(row)
        if detail is not None:
            yield Fault(rule=name, severity="reject", detail=detail)
    own = [fault for fault in row.faults if fault.rule not in RUN_RULES]
    yield from disagreements(named(own), found)
    if row.kept != (row.not_kept is None) or (row.kept and row.handed is not None):
        said = f"kept is {row.kept}, not_kept is {row.not_kept}" + ", and it is a control" * (row.handed is not None)
        yield Fault(rule="kept disagrees", severity="reject", detail=said)
    if row.kept:
        yield from (fault for fault in found if rejected([fault]))


def broken_rules(row: Row, gate: Gate) -> tuple[Fault, ...]:
    """The gate's rules that a row breaks, computed again."""
    return faults(row.story(), gate)


def disagreements(said: Iterable[str], found: Sequence[Fault]) -> Iterator[Fault]:
    """Where the faults that a row admits, by their names, are not those that were found again."""
    broken = named(found)
    if set(said) != broken:
        told = ", ".join(sorted(said)) or "none", ", ".join(sorted(broken)) or "none"
        yield Fault(rule="faults disagree", severity="reject", detail=f"recorded: {told[0]}; found again: {told[1]}")


def named(faults: Iterable[Fault]) -> set[str]:
    """Their names, and of those that only warn that they do."""
    return {fault.rule if rejected([fault]) else f"{fault.rule} (warn)" for fault in faults}


def _scores(row: Row) -> Iterator[tuple[str, bool | float | None]]:
    again: Scores = scores(row.initial, row.revised, row.truth, row.tiou_floor, row.improved_floor, row.in_common)
    return iter(dict(again).items())
