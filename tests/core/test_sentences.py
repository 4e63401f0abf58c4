"""Sentences that people and models write, and the rules that must, or must not, take offence."""

from dataclasses import replace

import pytest

from rocot.core.gate import Story, faults
from rocot.core.truth import Truth
from tests.builders import Sample, answer, fight, reflection
from tests.core.test_mutations import story


def say(text: str) -> Sample:
    return fight().but(revised=answer(reasoning=text))


def calm(text: str) -> Sample:
    return fight().but(
        initial=answer(()),
        revised=answer((), reasoning=text),
        truth=Truth(labels=("Normal",), spans=()),
        reflection=reflection(critique="People pass and nothing else.", pairs=()),
    )


def remark(critique: str, pairs: tuple[tuple[float, float], ...] = ((4.0, 8.0),)) -> Sample:
    return fight().but(reflection=reflection(critique=critique, pairs=pairs))


def shrug(critique: str) -> Sample:
    return calm("People pass; a calm street.").but(reflection=reflection(critique=critique, pairs=()))


def broken(sample: Sample) -> set[str]:
    return {fault.rule for fault in faults(story(sample))}


BAD = [
    ("leak phrase", say("According to the ground-truth annotation the fight is from 4 to 8 s.")),
    ("leak phrase", say("The labels provided confirm that this is Fighting.")),
    ("leak phrase", remark("As the reference states, this is a fight at 4 s.")),
    ("leak phrase", remark("The known answer is Fighting, so the blow at 5 s settles it.")),
    ("leak phrase", remark("I was given the true interval, so I keep 4-8 s.")),
    ("leak phrase", remark("Per the annotations, they strike at 5 s.")),
    ("leak phrase", remark("The dataset labels this clip as Fighting; they strike.")),
    ("leak phrase", remark("Since the correct answer is Fighting according to the label, they strike.")),
    ("identifying text", say("A black man hits a white woman at 5 s, blows are exchanged.")),
    ("identifying text", say("The attacker is John Smith, who exchanges blows.")),
    ("identifying text", say("I can recognize the face of the actor Tom Hanks as he strikes.")),
    ("identifying text", say("He appears to be of Middle Eastern descent and strikes.")),
    ("identifying text", say("The woman, Maria Lopez, strikes the clerk.")),
    ("identifying text", say("Mr. Brown strikes first.")),
    ("label contradicts reasoning", say("Nothing anomalous happens in this clip; everyone behaves normally.")),
    ("label contradicts reasoning", say("The clip is entirely normal.")),
    ("label contradicts reasoning", say("I conclude that the footage is normal.")),
    ("label contradicts reasoning", say("The clip shows normal activity only; no anomaly.")),
    ("label contradicts reasoning", calm("This is a clear case of Fighting.")),
    ("label contradicts reasoning", calm("Two people are fighting violently, so the clip is abnormal.")),
    ("label contradicts reasoning", say("The two figures are robbing a shop, hence Robbery.")),
    ("times contradict spans", say("The fight lasts from 12.0 to 15.0 s.")),
    ("times contradict spans", say("The anomaly spans 12.5-15.5 s.")),
    ("rubber stamp", remark("Everything looks right. The answer stands.", pairs=())),
    ("rubber stamp", remark("Yes, the initial analysis is accurate and well supported by the frames.", pairs=())),
    ("rubber stamp", remark("I have re-examined all frames thoroughly and found no errors in my reasoning.", pairs=())),
    ("rubber stamp", remark("After careful consideration, my conclusion remains the same.", pairs=())),
    ("phantom error", remark("The first answer wrongly stated that a Robbery took place.", pairs=())),
    ("phantom error", remark("My answer said Normal, which is wrong.", pairs=())),
    ("phantom error", remark("The initial answer placed the fight at 12.0-15.0 s, which is too late.", pairs=())),
    ("phantom error", remark("I previously claimed a Robbery; that is a mistake.", pairs=())),
    ("repetition loop", say("They fight. " * 12)),
    ("repetition loop", say("blow blow blow blow blow blow blow blow")),
    ("repetition loop", say("The man hits the other man, and the other man hits the man back, and so on. " * 6)),
    ("other language", say("Les deux hommes se battent dans la rue et les passants fuient.")),
    ("other language", remark("Die Antwort ist richtig, weil sich die Männer schlagen.")),
    ("too short", say("Fight.")),
    ("native spelling", say("The annotation-like label RoadAccidents fits; blows.")),
    ("no op", remark("They strike later.").but(reflection=reflection("revise"))),
    ("label contradicts reasoning", say("**Label:** Normal")),
    ("label contradicts reasoning", calm("**Label:** Robbery")),
    ("leak phrase", remark("The provided label is Fighting; they strike.")),
    ("leak phrase", remark("The answer that was provided to me says so; they strike.")),
    ("leak phrase", remark("The GT label agrees; they strike.")),
    ("leak phrase", remark("The labelled interval starts earlier; they strike.")),
    ("leak phrase", remark("Per the labels, they strike.")),
    ("native spelling", say("As in Fighting003_x264, blows are exchanged.")),
    ("native spelling", say("As in Fighting003, blows are exchanged.")),
    ("native spelling", say("As in Normal_Videos_003_x264, people pass, then blows.")),
    ("tag in text", say("They fight.</s>")),
    ("tag in text", say("They fight.<end_of_turn>")),
    ("tag in text", say("They fight.<\uff5cend\u2581of\u2581sentence\uff5c>")),
    ("repetition loop", say("then the man in the cap turns round and looks at the red car, " * 4)),
    ("identifying text", say("They fight by a car; the license plate KL 4823 can be read.")),
    ("identifying text", say("They fight; his name tag says Peter.")),
    ("time outside clip", say("They fight until the 48-second mark.")),
    ("phantom error", remark("The first answer was Robbery. That is wrong.", pairs=())),
    ("phantom error", remark("The initial label was 'Robbery', which the blows at 5 s refute.", pairs=())),
    ("phantom error", remark("My first answer was normal, though they strike at 5 s.", pairs=())),
    ("phantom error", remark("The previous conclusion is Robbery because of the bag.", pairs=())),
    ("tag in text", say("They fight.&lt;/think&gt;")),
    ("tag in text", say("They fight.&#60;answer&#x3e;Fighting")),
    ("tag in text", remark("They strike. \uff1cverdict\uff1ekeep")),
    ("tag in text", remark("They strike. \uff1c\uff0f\uff54\uff48\uff49\uff4e\uff4b\uff1e")),
    ("no op", remark("They strike later.").but(reflection=reflection("revise"), revised=answer([(4.001, 8.0)]))),
    ("no op", remark("They strike later.").but(reflection=reflection("revise"), revised=answer([(3.96, 8.04)]))),
    ("identifying text", say("Dr. Miller strikes the clerk.")),
    ("identifying text", say("On the street Dr. Paul Miller strikes the clerk.")),
    ("identifying text", say("A brown child hits the clerk.")),
    ("leak phrase", say("The metadata says that they fight.")),
    ("leak phrase", remark("Since the actual label is already given, the blow at 5 s settles it.")),
    ("leak phrase", remark("UCF-Crime lists such blows as Fighting.")),
    ("identifying text", say("Then Officer Daniel Craig strikes first.")),
    ("label contradicts reasoning", say("The clip shows normal traffic on a wet road.")),
]


@pytest.mark.parametrize(("rule", "sample"), BAD)
def test_what_should_not_be_said_is_told(rule: str, sample: Sample) -> None:
    assert rule in broken(sample)


GOOD = [
    say("A man in a white shirt and a woman in black exchange blows at 5 s."),
    say("The black car stops; two white vans block the road, and blows are exchanged."),
    say("The fight is not a normal greeting. At first the scene is normal."),
    say("Nothing unusual happens until 4 s, then blows are exchanged."),
    say("There is no anomaly before 4 s; from 4.0 to 8.0 s they fight."),
    say("From 0.0 to 3.0 s people walk past. From 4.0 to 8.0 s two men fight. From 9.0 to 16.0 s the scene is calm."),
    say("The correct label is Fighting rather than Robbery."),
    say("They hit, hit, and hit again."),
    say("The sign reads MAIN STREET 12 and the clock shows 10:42."),
    say("This could be labelled as Robbery, but no item is taken. Fighting it is."),
    say("Label: Fighting. Span: 4-8 s."),
    say("The person on the left is known to carry a bag; he looks like a guard."),
    say("As far as I can tell, the men are identified as the aggressors by their movement."),
    calm("A man waits. Is this a robbery? No. The scene is normal throughout."),
    calm("Normal traffic. The van brakes hard at 5 s, yet nobody is hit."),
    calm("Two kids are fighting for fun; it is a game."),
    calm("One might call this an anomaly, but it is ordinary."),
    calm("This is not an anomaly. The label is Normal."),
    remark("I said that they strike at 4 s. That holds: arms swing."),
    remark("The first answer called it Fighting. Could it be Robbery? No item is taken; they strike."),
    remark("A Robbery was considered and dismissed; the blows at 5 s are decisive."),
    remark(
        "Is it true that they strike? Yes.",
    ),
    remark("The first answer is right about the blows."),
    remark("My first answer says Fighting, not Robbery, and the exchange of blows supports it."),
    remark('The answer "Blows are exchanged" stands; see 5 s.'),
    remark("Confirmed: fighting, 4-8 s.", pairs=()),
    remark("The two figures do close in and strike.", pairs=()),
    remark("Label Fighting is supported.", pairs=()),
    shrug("I looked for fighting, robbery and falls, and found none; people just pass."),
    shrug("The street stays calm throughout, people pass by."),
    shrug("No sign of Robbery or Fighting in any frame: the people keep walking."),
    say("Among the labels provided, Fighting fits the blows best."),
    say("Of the provided labels, Fighting fits the blows best."),
    say("The correct label given these frames is Fighting."),
    say("In the background everything looks normal. In front of it blows are exchanged."),
    say("So far everything seems normal. Then blows are exchanged."),
    say("Blows are exchanged. They part and everything is normal again."),
    say("Up to that point the video is normal. Then they fight."),
    say("Possible label: Robbery. No item is taken, and blows are exchanged. Fighting."),
    say("They fight, and behind them runners finish their race."),
    remark("They strike at the 5-second mark, as told.", pairs=()),
    remark("A clear blow. The figure strikes.", pairs=()).but(
        initial=answer(reasoning="Blows: one after another.").model_copy(update={"evidence": ()}),
        revised=answer(reasoning="Blows: one after another.").model_copy(update={"evidence": ()}),
    ),
    say("The sign reads Dr. Miller Street; blows are exchanged beneath it."),
    say("Blows are exchanged outside Dr. Anna Miller Clinic."),
    say("A brown child seat lies beside the two who exchange blows."),
    say("The overlay metadata shows 10:42; blows are exchanged."),
    say("The real answer is given by the blows at 5 s."),
    say("A police officer strikes back; the Officer Training School is behind them."),
    say("Blows are exchanged; this violence is a crime."),
    say("The clip shows normal traffic in the next lane. In this one two drivers exchange blows."),
    say("Sales & repairs, reads the sign; they fight at 5 &lt; 6 s."),
    remark("The first answer was Fighting, and so it is: they strike."),
    remark("The first answer was right about the blows at 5 s."),
    remark("The first answer is normal prose, and its claim that they strike holds."),
    remark("The first answer was wrong to leave out the robbery scare; they strike at 5 s.", pairs=()),
    remark("They strike later.").but(reflection=reflection("revise"), revised=answer([(4.2, 8.0)])),
    remark("The first answer describes two men fighting over a bag.").but(
        initial=answer(label="Robbery", reasoning="Two men fight over a bag."),
        revised=answer(label="Robbery", reasoning="Two men fight over a bag."),
        truth=Truth(labels=("Robbery",)),
    ),
]


@pytest.mark.parametrize("sample", GOOD)
def test_what_may_be_said_is_not(sample: Sample) -> None:
    assert broken(sample) == set()


def told(description: str, critique: str) -> Story:
    """Open reasoning that says in its description what the reflection speaks of."""
    said = answer(reasoning="Such conduct calls for action.", label="Robbery").model_copy(
        update={"description": description, "spans": None, "evidence": ()}
    )
    sample = fight().but(initial=said, revised=said, reflection=reflection(critique=critique, pairs=()))
    return replace(story(sample), task="reasoning")


@pytest.mark.parametrize(
    "critique",
    [
        'The first answer says "takes a purse out of the drawer", and so he does.',
        "The purse is in his hand indeed.",
    ],
)
def test_a_reflection_may_speak_of_the_description(critique: str) -> None:
    found = faults(told("A man leans over and takes a purse out of the drawer.", critique))
    assert [fault.rule for fault in found] == []


def test_a_reflection_on_a_label_may_name_the_time_that_the_revised_answer_cites() -> None:
    first = answer((), reasoning="Cars queue at the light.").model_copy(update={"spans": None})
    last = answer(label="Fighting", reasoning="Blows at 5.0 s.").model_copy(update={"spans": None, "evidence": ()})
    sample = fight().but(
        initial=first, revised=last, reflection=reflection("revise", "Missed a scuffle at 5.0 s.", pairs=())
    )
    assert broken(sample) == set()
