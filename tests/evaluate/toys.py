"""A small benchmark, and predictions for it."""

from collections.abc import Sequence

from rocot.core.truth import NORMAL, Truth
from rocot.evaluate.case import Benchmark, Case
from rocot.evaluate.prediction import Conclusion, Prediction
from tests.builders import Pairs, spans

COMMON = {NORMAL: NORMAL, "Fighting": "Fighting", "Burglary": "Stealing", "Shoplifting": "Stealing"}
OPTIONS = ("He waves", "He runs away quickly", "He sits", "He sleeps")


def case(name: str, pairs: Pairs | None, label: str | None = "Fighting", **more: object) -> Case:
    """An anomalous case with these spans, a normal one with none, one that is not localised with None."""
    label = NORMAL if pairs is not None and not pairs else label
    labels = None if label is None else (label,)
    return Case(
        id=name,
        video=f"yard/{name}",
        names=(f"yard/{name}", f"{name}.mp4"),
        truth=Truth(labels=labels, spans=None if pairs is None else spans(pairs)),
        common=None if label is None else (COMMON[label],),
        **more,
    )


def asked(name: str, answer: int, pairs: Pairs | None = ((1, 2),)) -> Case:
    return case(name, pairs, question="What does he do?", options=OPTIONS, answer=answer)


def bench(cases: Sequence[Case], **more: object) -> Benchmark:
    return Benchmark(
        name="toy",
        title="Toy",
        cases=tuple(cases),
        classes=(NORMAL, "Fighting", "Burglary", "Shoplifting"),
        common={**COMMON, "Stealing": "Stealing"},
        **more,
    )


def said(label: str | None = None, pairs: Pairs | None = None, choice: str | None = None) -> Conclusion:
    return Conclusion(label=label, spans=None if pairs is None else tuple(pairs), choice=choice)


def predicted(name: str, final: Conclusion | None, first: Conclusion | None = None, **more: object) -> Prediction:
    return Prediction(id=name, final=final, first=first, **more)


def perfect(benchmark: Benchmark) -> list[Prediction]:
    """The truth as an answer."""
    made = []
    for one in benchmark.cases:
        known = one.truth.spans
        made.append(
            predicted(
                one.id,
                said(
                    one.truth.labels[0] if one.truth.labels else None,
                    None if known is None else [(span.start, span.end) for span in known],
                    None if one.answer is None else "ABCD"[one.answer],
                ),
            )
        )
    return made
