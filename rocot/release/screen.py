"""Screen: what only a whole split can tell. Two rules of the gate, and which rows the mix takes.

*Similar reflections*: a reflection that could stand under any answer. Reflections are the same where their words are,
once times, numbers and labels are taken out. Answers are the same where their label is, and what the reflection names
of them: the telling words that both have, or all words of the answer where there are none. A reflection breaks the rule
that stands, the same, under `gate.answers` different answers, unless half of them or more have its own. One that
says of twenty fights what each of them says does not.

*Near duplicate*: a row whose words, times and numbers included, are nearly those of another row. Of such rows one
stays: one that breaks no other rule before one that does, then by outcome (corrected, confirmed, unresolved, ungraded,
corrupted), then by clip and rollout.

Rows come in any order, and what is found is the same. They are laid down in a temporary database, so that memory stays
flat; the rules run once all have come.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import apsw

from rocot.core.answer import Answer
from rocot.core.chat import critique_text
from rocot.core.gate import RUN_RULES, Gate
from rocot.core.reflection import Fault, Outcome, rejected
from rocot.core.row import NotKept, Row
from rocot.core.rules.words import content
from rocot.recipe import Mix
from rocot.release.likeness import Groups, Runs, bands_of, find_meetings, runs_of, stored, words_of
from rocot.release.select import candidate, draw, read, select, spelt

ORDER: tuple[Outcome, ...] = ("corrected", "confirmed", "unresolved", "ungraded", "corrupted")
"""Which of two near duplicates stays: the scarcer, the righter."""
SIMILAR, DUPLICATE = RUN_RULES

_TABLES = """
CREATE TABLE row (member INTEGER PRIMARY KEY, split TEXT, clip TEXT, rollout INTEGER, id TEXT, rank INTEGER,
                  unkept TEXT, draw TEXT, candidate TEXT, label TEXT,
                  whole BLOB, reflection BLOB, answer BLOB,
                  whole_bands BLOB, reflection_bands BLOB, answer_bands BLOB);
CREATE TABLE twin (member INTEGER PRIMARY KEY, leader INTEGER, alike REAL);
CREATE TABLE stamp (member INTEGER PRIMARY KEY, reflection INTEGER, label TEXT, answer INTEGER);
CREATE INDEX stamp_by_reflection ON stamp (reflection);
CREATE TABLE stamped (member INTEGER PRIMARY KEY, answers INTEGER);
CREATE TABLE left (member INTEGER PRIMARY KEY, why TEXT);
"""


@dataclass(frozen=True)
class Verdict:
    """What the whole split tells of one row."""

    faults: tuple[Fault, ...]
    """Of the rules of whole runs alone."""
    not_kept: NotKept | None
    """Why the row is not kept; None where it is."""


class Screen:
    """Takes rows in, then tells of each what it comes to among the others of its split."""

    def __init__(self, gate: Gate, mix: Mix) -> None:
        self._gate, self._mix = gate, mix
        self._weights = {rule: getattr(gate.rules, rule.replace(" ", "_")) for rule in RUN_RULES}
        self._database = apsw.Connection("")
        self._database.execute(f"{_TABLES} BEGIN")
        self._count = 0

    def add(self, row: Row) -> None:
        """One more row. Of its faults those of the rules of whole runs are not looked at: they are found anew."""
        own = [fault for fault in row.faults if fault.rule not in RUN_RULES]
        wanted = row.outcome in self._mix.keep
        unkept = "fault" if rejected(own) else None if wanted else "outcome"
        rank = (unkept == "fault") * len(ORDER) + ORDER.index(row.outcome)
        unkept = "control" if row.handed is not None else unkept
        similar, duplicate = (self._weights[rule] != "off" for rule in RUN_RULES)
        texts = (
            told(row) if duplicate else None,
            plain(critique_text(row.reflection), row.classes) if similar else None,
            named(row) if similar else None,
        )
        self._database.execute(
            "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._count, row.split, row.clip, row.rollout, row.id),
                rank,
                unkept,
                draw(self._mix.seed, row.id),
                spelt(candidate(row, self._count)),
                conclusion(reflected_on(row)),
                *(None if runs is None else runs.tobytes() for runs in texts),
                *(None if runs is None else bands_of(runs).tobytes() for runs in texts),
            ),
        )
        self._count += 1

    def verdicts(self) -> Iterator[Verdict]:
        """What each row comes to, in the order in which they came in. No row may be added any more."""
        if self._weights[DUPLICATE] != "off":
            self._find_twins()
        if self._weights[SIMILAR] != "off":
            self._find_stamps()
        self._leave_out()
        query = """
            SELECT row.unkept, left.why, twin.alike, other.id, stamped.answers
            FROM row LEFT JOIN left USING (member)
            LEFT JOIN twin USING (member) LEFT JOIN row AS other ON other.member = twin.leader
            LEFT JOIN stamped USING (member)
            ORDER BY row.member
        """
        for unkept, why, alike, other, answers in self._database.execute(query):
            found = []
            if answers is not None:
                found.append(self._fault(SIMILAR, f"the same reflection stands under {answers} different answers"))
            if alike is not None:
                found.append(self._fault(DUPLICATE, f"{alike:.0%} of what it says is what {other} says"))
            yield Verdict(tuple(found), unkept or ("fault" if rejected(found) else why))

    def _fault(self, rule: str, detail: str) -> Fault:
        return Fault.model_validate({"rule": rule, "severity": self._weights[rule], "detail": detail})

    def _find_twins(self) -> None:
        find_meetings(self._database, "row", "whole")
        groups = Groups(self._database, "whole", self._gate.duplicate)
        query = """
            SELECT member, split, whole FROM row JOIN whole_met USING (member)
            ORDER BY split, rank, clip, rollout, id, member
        """
        for member, split, runs in self._database.execute(query):
            leader, alike = groups.join(split, member, stored(runs))
            if leader != member:
                self._database.execute("INSERT INTO twin VALUES (?, ?, ?)", (member, leader, alike))

    def _find_stamps(self) -> None:
        """A reflection that shares no band with another is a group of its own, of one answer, and breaks no rule."""
        names = ("reflection", "answer")
        for name in names:
            find_meetings(self._database, "row", name)
        groups = [Groups(self._database, name, self._gate.similar) for name in names]
        query = """
            SELECT row.member, split, label, reflection, answer, reflection_met.member, answer_met.member FROM row
            LEFT JOIN reflection_met USING (member) LEFT JOIN answer_met USING (member)
            WHERE reflection_met.member IS NOT NULL OR answer_met.member IS NOT NULL
            ORDER BY split, clip, rollout, id, row.member
        """
        for member, split, label, *found in self._database.execute(query):
            texts, met = found[:2], found[2:]
            same, answer = (
                member if alone is None else group.join(split, member, stored(runs))[0]
                for group, runs, alone in zip(groups, texts, met, strict=True)
            )
            if met[0] is not None:
                self._database.execute("INSERT INTO stamp VALUES (?, ?, ?, ?)", (member, same, label, answer))
        self._database.execute(
            """
            WITH same AS (SELECT reflection, count(*) AS rows, count(DISTINCT json_array(label, answer)) AS answers
                          FROM stamp GROUP BY reflection HAVING answers >= ?),
                 one AS (SELECT reflection, label, answer, count(*) AS rows FROM stamp GROUP BY 1, 2, 3)
            INSERT INTO stamped
            SELECT member, answers FROM stamp JOIN same USING (reflection) JOIN one USING (reflection, label, answer)
            WHERE 2 * one.rows < same.rows
            """,
            (self._gate.answers,),
        )

    def _leave_out(self) -> None:
        """Has the mix choose among the rows that nothing else leaves out, split by split."""
        rejecting = [rule for rule in RUN_RULES if self._weights[rule] == "reject"]
        broken = "FALSE"
        broken += " OR member IN (SELECT member FROM twin)" * (DUPLICATE in rejecting)
        broken += " OR member IN (SELECT member FROM stamped)" * (SIMILAR in rejecting)
        for (split,) in self._database.execute("SELECT DISTINCT split FROM row ORDER BY split").fetchall():
            query = f"""
                SELECT member, candidate FROM row WHERE split = ? AND unkept IS NULL AND NOT ({broken})
                ORDER BY draw, id, member
            """  # noqa: S608  # nothing of a row
            drawn = (read(member, text) for member, text in self._database.execute(query, (split,)))
            for member, why in select(drawn, self._mix):
                self._database.execute("INSERT INTO left VALUES (?, ?)", (member, why))


def told(row: Row) -> Runs:
    """All that a student learns to say, with its times, numbers and tags."""
    return runs_of("\n".join(message.content for message in row.messages if message.role == "assistant"))


def plain(text: str, labels: tuple[str, ...]) -> Runs:
    """A text without its times, numbers and labels."""
    return runs_of(_labels(labels).sub(" ", text), numbers=False)


def named(row: Row) -> Runs:
    """What a reflection names of its answer; the words of the answer where it names nothing."""
    labels, answer = _labels(row.classes), said(reflected_on(row))
    reflection = critique_text(row.reflection)
    both = content(labels.sub(" ", reflection)) & content(labels.sub(" ", answer))
    return words_of(both) if both else plain(answer, row.classes)


def reflected_on(row: Row) -> Answer:
    """The answer that a reflection has to fit: the first one, and where that found nothing and is revised, the last."""
    found_nothing = row.initial.normal and row.reflection.verdict == "revise"
    return row.revised if found_nothing else row.initial


def conclusion(answer: Answer) -> str:
    """What an answer comes to."""
    return answer.label


def said(answer: Answer) -> str:
    """The words of an answer."""
    return "\n".join([answer.reasoning, answer.description or "", *(part.observation for part in answer.evidence)])


@cache
def _labels(labels: tuple[str, ...]) -> re.Pattern[str]:
    spelt = (re.escape(label).replace("_", "[ _]") for label in sorted(labels, key=lambda label: (-len(label), label)))
    return re.compile(rf"\b(?:{'|'.join(spelt)})\b", re.IGNORECASE)


def _told(labels: int, answers: int) -> str:
    return f"answers with {labels} labels" if labels > 1 else f"{answers} different answers"
