"""Questions about scenes of shapes, with evidence as good as a caption model that is right nine times in ten."""

import random
from collections import Counter

import scenes
from scenes import COLOURS, SHAPES, Scene

from .photo_questions import Question, with_article
from .prompt import Evidence

UNANSWERABLE = "unanswerable"
WRONG_BEAM, WRONG_SAMPLE = 0.06, 0.35


def _wrong(text: str, rng: random.Random) -> str:
    """The caption with one colour, shape or number mistaken."""
    groups = (tuple(COLOURS), SHAPES, tuple(map(scenes.plural, SHAPES)), scenes.NUMBERS[2:7])
    words = text.split()
    spots = [(place, group) for place, word in enumerate(words) for group in groups if word in group]
    place, group = rng.choice(spots)
    words[place] = rng.choice(group)
    return " ".join(words)


def evidence(scene: Scene, rng: random.Random, noise_tags: list[str], noise_attributes: list[str]) -> Evidence:
    truth = scenes.caption(scene)
    captions = [truth if rng.random() > WRONG_BEAM else _wrong(truth, rng)]
    for _ in range(rng.randint(0, 8)):
        captions.append(truth if rng.random() > WRONG_SAMPLE else _wrong(truth, rng))
    captions = list(dict.fromkeys(captions))
    seen = [word for item in scene.items for word in (item.shape, item.colour)] + [scene.ground]
    tags = [word for word in dict.fromkeys(seen) if rng.random() < 0.7] + rng.sample(noise_tags, rng.randint(0, 4))
    rng.shuffle(tags)
    return Evidence(tuple(tags[:5]), tuple(rng.sample(noise_attributes, rng.randint(0, 5))), tuple(captions))


def _absent(rng: random.Random, present: set[str], group: tuple[str, ...]) -> str:
    return rng.choice([word for word in group if word not in present])


def _counts(scene, rng):
    shapes = Counter(item.shape for item in scene.items)
    shape, number = rng.choice(list(shapes.items()))
    colour = rng.choice([item.colour for item in scene.items])
    painted = sum(item.colour == colour for item in scene.items)
    return [
        Question(f"How many {scenes.plural(shape)} are there?", (str(number),), "count"),
        Question(f"How many {scenes.plural(shape)} are in the picture?", (str(number),), "count"),
        Question("How many shapes are there?", (str(len(scene.items)),), "count"),
        Question(f"How many {colour} shapes are there?", (str(painted),), "count"),
    ]


def _looks(scene, rng):
    item = rng.choice(scene.items)
    absent = _absent(rng, {other.shape for other in scene.items}, SHAPES)
    questions = [Question(f"What color is the {absent}?", (UNANSWERABLE,), "colour"),
                 Question(rng.choice(["What color is the background?", "What colour is the background?"]), (scene.ground,), "colour")]
    colours = tuple(dict.fromkeys(other.colour for other in scene.items if other.shape == item.shape))
    shapes = tuple(dict.fromkeys(other.shape for other in scene.items if other.colour == item.colour))
    spelled = rng.choice(["colour", "color"])
    single = sum(other.shape == item.shape for other in scene.items) == 1
    noun, verb = (item.shape, "is") if single else (scenes.plural(item.shape), "are")
    questions.append(Question(f"What {spelled} {verb} the {noun}?", colours, "colour"))
    questions.append(Question(rng.choice(["What shape is {c}?", "Which shape is {c}?", "What is {c}?"]).format(c=item.colour), shapes, "which"))
    if len({other.shape for other in scene.items}) == 1:
        questions.append(Question(rng.choice(["What shape is this?", "What shapes are there?", "Which shape is shown?"]), (item.shape,), "what"))
    questions.append(Question(rng.choice(["Describe the picture.", "What is in the picture?", "What does the picture show?"]),
                              (scenes.caption(scene),), "describe"))
    return questions


def _yes_no(scene, rng):
    item = rng.choice(scene.items)
    names = {f"{other.colour} {other.shape}" for other in scene.items}
    present = f"{item.colour} {item.shape}"
    other_colour = _absent(rng, {name.split()[0] for name in names}, tuple(COLOURS))
    other_shape = _absent(rng, {name.split()[1] for name in names}, SHAPES)
    absent = rng.choice([f"{other_colour} {item.shape}", f"{item.colour} {other_shape}"])
    form = rng.choice(["Is there {}?", "Is there {} in the picture?", "Can you see {}?"])
    pairs = [(present, absent), (item.shape, other_shape)]
    return [
        Question(form.format(with_article(name)), (answer,), "yes/no")
        for pair in pairs
        for name, answer in zip(pair, ("yes", "no"))
    ]


def _relations(scene, rng):
    if scene.layout not in ("beside", "stacked", "sizes"):
        return []
    one, two = scene.items
    if one.shape == two.shape:
        names = (f"{one.colour} {one.shape}", f"{two.colour} {two.shape}")
    else:
        names = (one.shape, two.shape)
    words = {"beside": ("left", "right"), "stacked": ("above", "below"), "sizes": ("larger", "smaller")}[scene.layout]
    questions = []
    for which, (item, name, other) in enumerate(((one, names[0], names[1]), (two, names[1], names[0]))):
        if scene.layout == "sizes":
            questions.append(Question(f"Which shape is {words[which]}?", (item.shape,), "which"))
            questions.append(Question(f"Is the {name} {words[0]} than the {other}?", ("yes" if which == 0 else "no",), "yes/no"))
        elif scene.layout == "beside":
            questions.append(Question(f"Is the {name} on the left or on the right?", (words[which],), "where"))
            questions.append(Question(f"What is on the {words[which]}?", (item.shape, item.name), "what"))
        else:
            questions.append(Question(f"Is the {name} above or below the {other}?", (words[which],), "where"))
            questions.append(Question(f"What is {words[which]} the {other}?", (item.shape, item.name), "what"))
    return questions


def questions(scene: Scene, rng: random.Random) -> list[Question]:
    """One question of each maker, so that no kind crowds out the others."""
    made = [make(scene, rng) for make in (_counts, _looks, _yes_no, _relations)]
    return [rng.choice(group) for group in made if group]
