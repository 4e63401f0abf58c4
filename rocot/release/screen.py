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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw

from rocot.core.gate import RUN_RULES, Gate
from rocot.core.reflection import Fault, rejected
from rocot.core.row import NotKept, Row
from rocot.recipe import Mix
from rocot.release.likeness import Groups, find_meetings, stored, stored_bands
from rocot.release.marks import Mark, marks
from rocot.release.select import read, select

AT_ONCE = 256
"""Rows of which the marks are made together."""
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
        self._waiting: list[Row] = []

    def add(self, row: Row) -> None:
        """One more row. Of its faults those of the rules of whole runs are not looked at: they are found anew."""
        self._waiting.append(row)
        if len(self._waiting) == AT_ONCE:
            self._flush()

    def extend(self, marks: Sequence[Mark]) -> None:
        """As many more rows, of which these are the marks. Not to be mixed with `add`."""
        columns = ", ".join("?" * (1 + len(marks[0]))) if marks else ""
        self._database.executemany(
            f"INSERT INTO row VALUES ({columns})",  # noqa: S608  # marks of values
            [(number, *mark) for number, mark in enumerate(marks, self._count)],
        )
        self._count += len(marks)

    def _flush(self) -> None:
        self.extend(marks(self._waiting, self._gate, self._mix))
        self._waiting.clear()

    def verdicts(self) -> Iterator[Verdict]:
        """What each row comes to, in the order in which they came in. No row may be added any more."""
        self._flush()
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
            SELECT member, split, whole, whole_bands FROM row JOIN whole_met USING (member)
            ORDER BY split, rank, clip, rollout, id, member
        """
        for member, split, runs, bands in self._database.execute(query):
            leader, alike = groups.join(split, member, stored(runs), stored_bands(bands))
            if leader != member:
                self._database.execute("INSERT INTO twin VALUES (?, ?, ?)", (member, leader, alike))

    def _find_stamps(self) -> None:
        """A reflection that shares no band with another is a group of its own, of one answer, and breaks no rule."""
        names = ("reflection", "answer")
        for name in names:
            find_meetings(self._database, "row", name)
        groups = [Groups(self._database, name, self._gate.similar) for name in names]
        query = """
            SELECT row.member, split, label, reflection, answer, reflection_bands, answer_bands,
                   reflection_met.member, answer_met.member FROM row
            LEFT JOIN reflection_met USING (member) LEFT JOIN answer_met USING (member)
            WHERE reflection_met.member IS NOT NULL OR answer_met.member IS NOT NULL
            ORDER BY split, clip, rollout, id, row.member
        """
        for member, split, label, *found in self._database.execute(query):
            texts, bands, met = found[:2], found[2:4], found[4:]
            same, answer = (
                member if alone is None else group.join(split, member, stored(runs), stored_bands(keys))[0]
                for group, runs, keys, alone in zip(groups, texts, bands, met, strict=True)
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
