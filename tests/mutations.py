"""Ways to spoil a clean sample, by name, each with the rule that has to name it: two at least for every rule."""

from collections.abc import Callable
from dataclasses import dataclass

from rocot.core.answer import Answer, Check
from rocot.core.span import Span
from rocot.core.truth import Truth
from tests.builders import Sample, criticised, seen
from tests.styles import clean_samples

Spoil = Callable[[Sample], Sample]
SpoilRun = Callable[[list[Sample]], list[Sample]]


@dataclass(frozen=True)
class Mutation:
    """What is done to which samples, and the rule that tells."""

    name: str
    rule: str
    of: str
    """Style and kind of the clean samples that it spoils, as they begin."""
    spoil: Spoil


def like(name: str) -> list[Sample]:
    """The clean samples whose name begins so; a style, a kind, or both."""
    return [sample for named, sample in clean_samples(300) if name in named]


def first(**fields: object) -> Spoil:
    return lambda sample: sample.but(initial=changed(sample.initial, **fields))


def last(**fields: object) -> Spoil:
    return lambda sample: sample.but(revised=changed(sample.revised, **fields))


def reflected(**fields: object) -> Spoil:
    return lambda sample: sample.but(reflection=sample.reflection.model_copy(update=fields))


def changed(answer: Answer, **fields: object) -> Answer:
    return answer.model_copy(update=fields)


def adding(text: str) -> Spoil:
    """To the revised reasoning, on a line of its own."""
    return lambda sample: sample.but(
        revised=changed(sample.revised, reasoning=f"{sample.revised.reasoning}\n{placed(text, sample)}")
    )


def remarking(text: str) -> Spoil:
    """To the critique."""
    return lambda sample: reflected(critique=f"{sample.reflection.critique} {placed(text, sample)}")(sample)


def placed(text: str, sample: Sample) -> str:
    """With the clip's end and the true boundaries put in."""
    true = sample.truth.spans or (Span(start=0, end=1),)
    return text.format(past=sample.framed.end + 20, low=true[0].start, high=true[0].end)


def both(*spoils: Spoil) -> Spoil:
    def spoil(sample: Sample) -> Sample:
        for one in spoils:
            sample = one(sample)
        return sample

    return spoil


def shifted(by: float) -> Spoil:
    """Both answers' spans moved as far towards the clip's other end as they will go; what was seen stays."""

    def moved(answer: Answer, end: float) -> Answer:
        away = by * end if answer.spans and answer.spans[0].end < end / 2 else -by * end
        return changed(answer, spans=tuple(Span(start=max(0, s.start + away), end=max(0.5, min(end, s.end + away)))
                                           for s in answer.spans or ()))  # fmt: skip

    return lambda sample: sample.but(
        initial=moved(sample.initial, sample.framed.end), revised=moved(sample.revised, sample.framed.end)
    )


def marked(start: float, end: float) -> Spoil:
    """The first evidence of the revised answer, in clip lengths."""

    def spoil(sample: Sample) -> Sample:
        length = sample.framed.end
        seen = sample.revised.evidence[0].model_copy(update={"start": start * length, "end": end * length})
        return last(evidence=(seen, *sample.revised.evidence[1:]))(sample)

    return spoil


def half_blind(spoil: Spoil) -> Spoil:
    """Only the first half of the clip has frames; their number stays, so that the interval does."""

    def blinded(sample: Sample) -> Sample:
        frames = sample.framed.frames
        step = sample.framed.end / 2 / len(frames)
        seen = tuple(frame.model_copy(update={"time": step * (index + 0.5)}) for index, frame in enumerate(frames))
        return spoil(sample.but(framed=sample.framed.model_copy(update={"frames": seen})))

    return blinded


def checked(claim: str, *, holds: bool) -> Spoil:
    """One check, that of a claim, where the first one was."""

    def spoil(sample: Sample) -> Sample:
        at = sample.framed.frames[0].time
        check = Check(claim=placed(claim, sample), finding="The frames say otherwise.", start=at, end=at, holds=holds)
        return reflected(checks=(check, *sample.reflection.checks))(sample)

    return spoil


def stamped(critique: str) -> Spoil:
    return reflected(checks=(), critique=critique)


def swapped(kind: str) -> Spoil:
    """The answers of a sample of that kind, whose anomaly is another and lies elsewhere, under this reflection."""

    def spoil(sample: Sample) -> Sample:
        def far(other: Sample) -> bool:
            spans, own = other.initial.spans, sample.initial.spans
            return not own or not spans or abs(spans[0].start - own[0].start) > 0.25 * sample.framed.end

        other = next(
            other for other in like(kind)
            if other.initial.label != sample.initial.label and far(other)
        )  # fmt: skip
        return sample.but(initial=other.initial, revised=other.initial)

    return spoil


def unsaid(sample: Sample) -> Sample:
    """A first answer that says nothing of the anomaly, blamed for an accident that it never named."""
    return reflected(critique="The first answer claimed a Traffic accident. That is wrong.")(sample)


def misplaced(sample: Sample) -> Sample:
    """Blames the first answer for a time half a clip from its span."""
    assert sample.initial.spans
    at = (sample.initial.spans[0].start + 0.5 * sample.framed.end) % sample.framed.end
    return remarking(f"The first answer puts it at {at:.2f} s, which is wrong.")(sample)


def addressed(sample: Sample) -> Sample:
    """Blames a first answer, as `you`, for a time half a clip from its span."""
    assert sample.initial.spans
    at = (sample.initial.spans[0].start + 0.5 * sample.framed.end) % sample.framed.end
    return remarking(f"You gave {at:.2f}-{at + 1:.2f} s, which is wrong.")(sample)


def nudged(sample: Sample) -> Sample:
    """Revised, by a millisecond."""
    spans = tuple(Span(start=s.start, end=s.end - 0.001) for s in sample.revised.spans or ())
    return both(verdict("revise"), last(spans=spans))(sample)


def verdict(word: str) -> Spoil:
    return reflected(verdict=word)


def two_spans(*pairs: tuple[float, float]) -> Spoil:
    def spoil(sample: Sample) -> Sample:
        length = sample.framed.end
        return last(spans=tuple(Span(start=low * length, end=high * length) for low, high in pairs))(sample)

    return spoil


MUTATIONS = [
    Mutation("the span runs past the clip", "span outside clip", "confirmed", two_spans((0.5, 1.4))),
    Mutation("the span lies past the clip", "span outside clip", "confirmed", two_spans((1.2, 1.4))),
    Mutation("spans descend", "spans out of order", "confirmed", two_spans((0.6, 0.8), (0.2, 0.4))),
    Mutation("spans overlap", "spans out of order", "confirmed", two_spans((0.2, 0.6), (0.5, 0.8))),
    Mutation("a label of no class", "unknown label", "confirmed", last(label="Juggling")),
    Mutation("a class in small letters", "unknown label", "templated confirmed", first(label="fighting")),
    Mutation("normal with a span", "label contradicts spans", "confirmed", last(label="Normal")),
    Mutation("abnormal without a span", "label contradicts spans", "confirmed", last(spans=())),
    Mutation("evidence past the clip", "evidence outside clip", "terse", marked(0.9, 1.6)),
    Mutation("evidence ends before it starts", "evidence outside clip", "terse", marked(0.8, 0.2)),
    Mutation("evidence where no frame is", "evidence unseen", "terse calm", half_blind(marked(0.8, 0.9))),
    Mutation("evidence late, none seen", "evidence unseen", "listed calm", half_blind(marked(0.97, 0.99))),
    Mutation("a time past the clip", "time outside clip", "essay", adding("At {past:.2f} s it happens again.")),
    Mutation("a stamp past the clip", "time outside clip", "chatty", remarking("See <{past:.2f}s>.")),
    Mutation("a time where no frame is", "time unseen", "calm", half_blind(
        lambda sample: adding(f"At {sample.framed.end * 0.9:.2f} s a dog barks.")(sample))),
    Mutation("a range where no frame is", "time unseen", "calm", half_blind(
        lambda sample: adding(f"A dog runs {sample.framed.end * 0.8:.2f}-{sample.framed.end * 0.9:.2f} s.")(sample))),
    Mutation("keep, and another span", "silent change", "confirmed", two_spans((0.1, 0.9))),
    Mutation("keep, and another label", "silent change", "narrowed", verdict("keep")),
    Mutation("a closing tag", "tag in text", "essay", adding("</think>")),
    Mutation("a tag of a chat template", "tag in text", "terse", remarking("<|im_end|>")),
    Mutation("a tag as HTML escapes it", "tag in text", "chatty", adding("&lt;/think&gt;")),
    Mutation("a tag in full-width letters", "tag in text", "listed", remarking("\uff1canswer\uff1e")),
    Mutation("an answer in a block of code", "tag in text", "essay", adding('```json {{"label": "Normal"}} ```')),
    Mutation("letters from right to left", "control characters", "essay", remarking("It is \u202elamron\u202c here.")),
    Mutation("an escape sequence", "control characters", "chatty", adding("a \x1b[31m red word")),
    Mutation("a null character", "control characters", "terse", remarking("then\x00nothing")),
    Mutation("one word of reasoning", "too short", "confirmed", first(reasoning="Yes.")),
    Mutation("two words of critique", "too short", "terse", reflected(critique="Looks fine.")),
    Mutation("reasoning without end", "too long", "essay", adding(" ".join(map(str, range(2100))))),
    Mutation("a critique without end", "too long", "calm", remarking(" ".join(map(str, range(2100))))),
    Mutation("reasoning in German", "other language", "terse", last(
        reasoning="Zwei Männer gehen auf die Straße und einer von ihnen schlägt den anderen mit der Faust.")),
    Mutation("a critique in Chinese", "other language", "chatty", reflected(critique="画面中两个人正在打架")),
    Mutation("reasoning in Spanish", "other language", "calm", last(
        reasoning="No hay nada que llame la atención en la calle; los coches pasan con calma.")),
    Mutation("a phrase that loops", "repetition loop", "essay", adding("and then he turns " * 8)),
    Mutation("a sentence that loops", "repetition loop", "calm", adding("The man is still standing there. " * 7)),
    Mutation("revise, and nothing changes", "no op", "confirmed", verdict("revise")),
    Mutation("revise, and normal stays normal", "no op", "calm", verdict("revise")),
    Mutation("revise, and a span moves by a millisecond", "no op", "confirmed", nudged),
    Mutation("reasoning says normal", "label contradicts reasoning", "confirmed", adding(
        "There is no anomaly in this clip.")),
    Mutation("reasoning concludes normal", "label contradicts reasoning", "found", adding(
        "Therefore the clip is normal.")),
    Mutation("reasoning names another label", "label contradicts reasoning", "calm", adding("The label is Robbery.")),
    Mutation("reasoning calls a normal clip an anomaly", "label contradicts reasoning", "calm", adding(
        "This is clearly an anomaly.")),
    Mutation("spans moved away from the evidence", "times contradict spans", "templated confirmed", shifted(0.5)),
    Mutation("spans moved away from the text", "times contradict spans", "essay confirmed", shifted(0.5)),
    Mutation("the ground truth", "leak phrase", "found", remarking("The ground truth says so as well.")),
    Mutation("the annotation", "leak phrase", "terse", adding("This agrees with the annotation.")),
    Mutation("the provided label", "leak phrase", "calm", remarking("The provided label is Normal.")),
    Mutation("the file name", "leak phrase", "chatty", adding("The file name hints at it.")),
    Mutation("a label that is given", "leak phrase", "found", remarking("Since the real label is given, this holds.")),
    Mutation("the name of a dataset", "leak phrase", "calm", adding("XD-Violence has many clips of this kind.")),
    Mutation("true boundaries in the text", "truth boundary", "essay found", adding(
        "It runs from {low:.3f} to {high:.3f} s.")),
    Mutation("true boundaries in the critique", "truth boundary", "templated found", remarking(
        "It starts at {low:.3f} s and is over at {high:.3f} s.")),
    Mutation("a label as the annotations spell it", "native spelling", "chatty", adding("A case of RoadAccidents.")),
    Mutation("the name of a file", "native spelling", "essay", remarking("As in CarAccident012_x264.")),
    Mutation("blamed for a label it has not", "phantom error", "templated calm", unsaid),
    Mutation("blamed for a time it has not", "phantom error", "templated confirmed", misplaced),
    Mutation("blamed for a time it has not, face to face", "phantom error", "templated confirmed", addressed),
    Mutation("said to have been a label it has not", "phantom error", "templated calm", reflected(
        critique="The first answer was Traffic accident. That is wrong.")),
    Mutation("blamed for words it has not", "phantom error", "terse", remarking(
        'The answer says "three masked figures smash the jeweller\'s window", and that is wrong.')),
    Mutation("a claim it never made", "phantom error", "calm", checked("The clip shows Robbery.", holds=False)),
    Mutation("praise without a claim", "rubber stamp", "confirmed", stamped(
        "I have checked the answer carefully and everything is correct.")),
    Mutation("the first reasoning once more", "rubber stamp", "essay", lambda sample: stamped(
        sample.initial.reasoning)(sample)),
    Mutation("a stamp for normal", "rubber stamp", "calm", stamped("The reasoning is sound and the verdict stands.")),
    Mutation("the answer of another anomaly", "rubber stamp", "templated confirmed", swapped("templated confirmed")),
    Mutation("the answer of a normal clip", "rubber stamp", "templated confirmed", swapped("templated calm")),
    Mutation("an origin", "identifying text", "essay", adding("A young Asian man is behind it.")),
    Mutation("a name", "identifying text", "calm", adding("The man is called Peter Miller.")),
    Mutation("an officer's name", "identifying text", "terse", adding("Officer Jane Porter walks by.")),
    Mutation("a face", "identifying text", "terse", remarking("His face matches that of the owner.")),
    Mutation("a number plate", "identifying text", "chatty", adding("The license plate reads KL 4823.")),
    Mutation("a fight that a fresh look at its frames calls normal", "blind reanswer disagrees", "confirmed",
             lambda sample: sample.but(reanswer=seen("Normal"))),
    Mutation("a calm clip that a fresh look finds a fire in", "blind reanswer disagrees", "calm",
             lambda sample: sample.but(reanswer=seen("Fire"))),
    Mutation("an anomaly that is there without its span", "counterfactual still abnormal", "found",
             lambda sample: sample.but(counterfactual=seen("Robbery"))),
    Mutation("a calm clip that is abnormal when trimmed", "counterfactual still abnormal", "calm",
             lambda sample: sample.but(counterfactual=seen("Fire"))),
    Mutation("an error that is none", "critic finds no error", "found",
             lambda sample: sample.but(critic=criticised("not real"))),
    Mutation("two errors, none of which is real", "critic finds no error", "narrowed",
             lambda sample: sample.but(critic=criticised("cannot tell", "not real"))),
    Mutation("truth between two frames", "unseen", "calm", lambda sample: sample.but(truth=Truth(
        labels=("Fire",), spans=(Span(start=0.01, end=0.1),)))),
    Mutation("truth where no frame is", "unseen", "terse calm", half_blind(lambda sample: sample.but(truth=Truth(
        labels=("Fire",), spans=(Span(start=0.8 * sample.framed.end, end=0.9 * sample.framed.end),))))),
]  # fmt: skip


@dataclass(frozen=True)
class RunMutation:
    """What is done to a whole run, and the rule that tells of the last `told` samples, and of no other."""

    name: str
    rule: str
    of: str
    """Style and kind of the clean samples that it begins with."""
    spoil: SpoilRun
    told: int = 3


def renamed(sample: Sample, name: str) -> Sample:
    """The same sample of another clip, which is the last of all."""
    framed = sample.framed.model_copy(update={"id": f"yard/z{name}", "video": f"z{name}"})
    return sample.but(framed=framed)


def unlike(samples: list[Sample], count: int) -> list[Sample]:
    """So many whose first answers have nothing in common."""
    found: dict[str, Sample] = {}
    for sample in samples:
        found.setdefault(sample.initial.evidence[0].observation, sample)
    return list(found.values())[:count]


def answers_swapped(change: Spoil = lambda sample: sample, *, style: str) -> SpoilRun:
    """One reflection, whose first answer is swapped for those of three other rows, each of another label."""

    def spoil(samples: list[Sample]) -> list[Sample]:
        stamp, own = samples[0].reflection, samples[0].initial.label
        labels = {sample.initial.label: sample for sample in like(style) if sample.initial.label != own}
        swapped = [change(sample.but(reflection=stamp, revised=sample.initial)) for sample in list(labels.values())[:3]]
        return [*samples[1:], *(renamed(sample, str(index)) for index, sample in enumerate(swapped))]

    return spoil


def stamped_run(critique: str, style: str) -> SpoilRun:
    """The same critique, but for what is put into it, under three answers that have nothing in common."""

    def spoil(samples: list[Sample]) -> list[Sample]:
        fresh = [
            stamped(critique.format(label=sample.initial.label, at=sample.framed.frames[index].time))(sample)
            for index, sample in enumerate(unlike(like(style), 3))
        ]
        return [*samples, *(renamed(sample, str(index)) for index, sample in enumerate(fresh))]

    return spoil


def copied(change: Spoil = lambda sample: sample) -> SpoilRun:
    """Three copies of rows under other names, changed a little."""
    return lambda samples: [
        *samples, *(renamed(change(sample), str(index)) for index, sample in enumerate(samples[:3]))
    ]  # fmt: skip


def later(sample: Sample) -> Sample:
    """A tenth of a second later, in both answers."""

    def moved(answer: Answer) -> Answer:
        return changed(answer, spans=tuple(Span(start=s.start + 0.1, end=s.end + 0.1) for s in answer.spans or ()))

    return sample.but(initial=moved(sample.initial), revised=moved(sample.revised))


RUN_MUTATIONS = [
    RunMutation("first answers swapped between rows", "similar reflections", "essay confirmed",
                answers_swapped(style="essay confirmed"), told=3),
    RunMutation("first answers swapped, another verdict's words added", "similar reflections", "chatty confirmed",
                answers_swapped(remarking("It holds."), style="chatty confirmed"), told=3),
    RunMutation("one stamp with another time and label each time", "similar reflections", "terse confirmed",
                stamped_run("I went through it once more, and the call of {label} at {at:.2f} s is what I would still "
                            "say; the people in view do what was described.", "terse confirmed")),
    RunMutation("one stamp under normal answers", "similar reflections", "templated calm",
                stamped_run("Nobody in view behaves in a way that would make me doubt this. It stays at {label}.",
                            "templated calm")),
    RunMutation("a row under another name", "near duplicate", "listed confirmed", copied()),
    RunMutation("a row with a word more", "near duplicate", "templated found", copied(remarking("Indeed."))),
    RunMutation("a row with its spans moved by a tenth of a second", "near duplicate", "listed confirmed",
                copied(later)),
]  # fmt: skip
"""Ways to spoil a run of clean samples, two at least for every rule that looks at all of them."""
