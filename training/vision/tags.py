"""The tags that CLIP is taught, all in one list, and what each picture says about each of them: yes, no or unknown."""

import re
from collections import Counter
from functools import cache

import numpy as np

from reader.lexicon import ANIMALS, OBJECTS, PEOPLE, ROLES
from scenes import COLOURS, SHAPES, Scene

STOP = set(
    "a an the in on of is and with at to are his her its by it for from through while up down off out over their that as "
    "he she they another other there has have which who into near next one two three four five six some several front "
    "behind along being be around very this them him looks holding wearing something against each between across under "
    "top having back inside onto above toward towards away not about look looking ii s t n doing does posed what outside "
    "picture side area small large little asian african air background holds laying high taking catch group ground dressed carrying yard young big long old older covered together each number".split()
)
# A label of the photo sets -> what it also is.
ALSO = {
    "dog": "chihuahua|dalmatian|german shepherd|golden retriever|labrador retriever|standard poodle|yorkshire terrier",
    "cat": "egyptian cat|persian cat|tabby|wild cat|cougar|lion|leopard",
    "car": "beach wagon|convertible|limousine|sports car|police van|moving van|go-kart",
    "bus": "school bus|trolleybus",
    "train": "bullet train|freight car",
    "boat": "gondola|lifeboat|ferry|ketch|schooner",
    "motorcycle": "motorbike",
    "bear": "brown bear|koala|panda",
    "elephant": "african elephant|elephant",
    "bird": "albatross|black stork|emu|flamingo|goose|ibis|king penguin|pigeon|rooster|crane bird",
    "monkey": "baboon|chimpanzee|gorilla|orangutan",
    "fish": "goldfish|seahorse",
    "insect": "ant|bee|butterfly|centipede|cockroach|dragonfly|fly|grasshopper|ladybug|mantis|mayfly|monarch|sulphur butterfly|tick",
    "butterfly": "monarch|sulphur butterfly",
    "spider": "black widow|tarantula",
    "frog": "bullfrog|tailed frog",
    "snake": "boa constrictor",
    "crocodile": "american alligator|crocodile head",
    "lobster": "american lobster|spiny lobster|crayfish",
    "bridge": "steel arch bridge|suspension bridge|viaduct",
    "flower": "lotus|sunflower|water lily",
    "fruit": "banana|lemon|orange|pomegranate|strawberry",
    "vegetable": "bell pepper|cauliflower|mashed potato",
    "food": "guacamole|ice cream|ice lolly|mashed potato|meat loaf|pizza|potpie|pretzel|espresso",
    "bottle": "beer bottle|pill bottle|pop bottle|water jug",
    "ball": "basketball|rugby ball|soccer ball|volleyball",
    "hat": "sombrero",
    "guitar": "electric guitar",
    "chair": "rocking chair|windsor chair",
    "table": "desk|dining table",
    "phone": "cell phone|pay-phone",
    "beach": "seashore",
    "mountain": "alp",
    "coat": "fur coat|cardigan|poncho",
    "instrument": "accordion|electric guitar|euphonium|grand piano|mandolin|oboe|organ|saxophone|drumstick",
    "sign": "stop sign",
    "clock": "hourglass|stopwatch|watch|metronome",
    "tower": "water tower|minaret|obelisk|beacon|pagoda",
    "face": "cougar face",
}
MEANS = {"bike": "bicycle", "grassy": "grass", "snowy": "snow", "rocky": "rock", "sandy": "sand", "dogs": "dog", "boys": "boy",
         "girls": "girl", "men": "man", "women": "woman", "children": "child", "kids": "child", "trees": "tree", "puppy": "dog",
         "gray": "grey", "runs": "running", "jumps": "jumping", "walks": "walking", "plays": "playing", "sits": "sitting",
         "stands": "standing", "rides": "riding", "climbs": "climbing", "swims": "swimming", "mountains": "mountain", "rocks": "rock",
         "horses": "horse", "cars": "car", "waves": "wave", "hats": "hat", "flags": "flag", "shirts": "shirt", "sit": "sitting",
         "stand": "standing", "walk": "walking", "run": "running", "jump": "jumping", "ride": "riding", "play": "playing", "smiles": "smiling",
         "flowers": "flower", "players": "player", "hands": "hand", "arms": "arm", "pose": "posing", "watches": "watching", "bikes": "bicycle",
         "race": "racing", "buildings": "building", "skateboarding": "skateboard"}  # fmt: skip


@cache
def also(label: str) -> tuple[str, ...]:
    return tuple(general for general, labels in ALSO.items() if label in labels.split("|") and general != label)


def caption_counts(captions: list[str]) -> Counter:
    """How many of the captions say each word."""
    said = Counter()
    for caption in captions:
        said.update({MEANS.get(word, word) for word in re.findall("[a-z]+", caption.lower())})
    return said


def all_tags(labels: list[str], counts: list[Counter], least: int = 25) -> list[str]:
    """Labels, what they also are, colours, shapes and the words that at least `least` pictures show."""
    shown = Counter(word for said in counts for word, times in said.items() if times >= 2)
    words = {word for word, pictures in shown.items() if pictures >= least and word not in STOP}
    general = {name for label in labels for name in also(label)}
    return sorted(set(labels) | general | words | set(COLOURS) | set(SHAPES))


class Truths:
    """Rows of +1 (yes), 0 (unknown), -1 (no) over the tags, those with pictures first and then the `extra` ones."""

    def __init__(self, tags: list[str], labels: set[str], extra: list[str] = (), synonyms: dict[str, set[str]] | None = None):
        self.tags, self.synonyms = [*tags, *extra], synonyms or {}
        self.index = {tag: place for place, tag in enumerate(self.tags)}
        self.with_word = {}  # a word -> the extra tags that have it
        for place, tag in enumerate(extra, len(tags)):
            for word in tag.split():
                self.with_word.setdefault(word, []).append(place)
        self.kinds = [(place, also(tag)) for place, tag in enumerate(self.tags) if also(tag)]
        self.people = [self.index[name] for name in (*PEOPLE, *ROLES, "person") if name in self.index]
        general = {name for label in labels for name in also(label)}
        things = labels | general | set(ANIMALS) | set(OBJECTS) | set(extra)
        # A photograph of a thing may well have people, grass or something red in it.
        self.is_thing = np.array([tag in things and tag not in COLOURS for tag in self.tags])

    def of_label(self, label: str) -> np.ndarray:
        """The label, its synonyms and what it also is: yes. Extra tags that share a word with one of these: unknown."""
        names = {label, *also(label), *self.synonyms.get(label, ())}
        words = {word for name in names for word in name.split()}
        row = np.where(self.is_thing, -1, 0).astype(np.int8)
        row[self.sharing(words)] = 0
        row[[self.index[name] for name in names if name in self.index]] = 1
        return row

    def sharing(self, words) -> list[int]:
        """The extra tags that have one of the words."""
        return [place for word in words for place in self.with_word.get(word, ())]

    def of_captions(self, said: Counter) -> np.ndarray:
        """Said twice: yes. Said once, or a kind of what was said: unknown."""
        row = np.full(len(self.tags), -1, np.int8)
        row[self.sharing(said)] = 0
        for word in said:
            if word in self.index:
                row[self.index[word]] = 1 if said[word] >= 2 else 0
        unsure = [place for place, kinds in self.kinds if any(said[kind] for kind in kinds)]
        unsure += self.people if any(said[self.tags[place]] for place in self.people) else []
        row[[place for place in unsure if row[place] < 0]] = 0
        return row

    def of_names(self, names: set[str]) -> np.ndarray:
        """These and nothing else; colours are unknown."""
        row = np.full(len(self.tags), -1, np.int8)
        row[[self.index[name] for name in COLOURS]] = 0
        row[[self.index[name] for name in names if name in self.index]] = 1
        return row

    def of_scene(self, scene: Scene) -> np.ndarray:
        row = np.full(len(self.tags), -1, np.int8)
        for item in scene.items:
            row[[self.index[item.shape], self.index[item.colour]]] = 1
        if scene.ground not in {item.colour for item in scene.items}:
            row[self.index[scene.ground]] = 0
        return row
