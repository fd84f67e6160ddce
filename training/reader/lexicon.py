"""The words that questions are made from. A word means what the photographs' captions mean by it."""

import re

COLOURS = "black white brown red blue yellow green orange pink purple grey tan".split()
COLOUR_SPELLINGS = {"gray": "grey", "golden": "yellow", "blond": "yellow", "blonde": "yellow", "silver": "grey"}
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}

# Canonical word -> the words in captions that mean it.
PEOPLE = {
    "man": "man men guy guys gentleman father dad cowboy",
    "woman": "woman women lady ladies mother mom bride",
    "boy": "boy boys",
    "girl": "girl girls",
    "child": "child children kid kids toddler",
    "baby": "baby infant",
}
ROLES = {
    "people": "people crowd group couple family team audience adults friends",
    "player": "player players quarterback pitcher goalie batter",
    "surfer": "surfer surfers",
    "skier": "skier skiers",
    "snowboarder": "snowboarder snowboarders",
    "skateboarder": "skateboarder skateboarders",
    "cyclist": "cyclist cyclists biker bikers bicyclist bicyclists",
    "climber": "climber climbers",
    "hiker": "hiker hikers",
}
VAGUE_PEOPLE = "person people adult adults crowd group couple family team player players rider riders he she his her him they".split()
ANIMALS = {
    "dog": "dog dogs puppy puppies greyhound greyhounds poodle retriever collie terrier dachshund rottweiler labrador "
    "dalmatian spaniel husky pug corgi hound beagle chihuahua doberman",
    "horse": "horse horses pony ponies",
    "bird": "bird birds seagull seagulls duck ducks goose geese pigeon pigeons swan parrot eagle flamingo",
    "cat": "cat cats kitten",
    "cow": "cow cows bull bulls calf",
    "sheep": "sheep lamb goat goats",
    "elephant": "elephant elephants",
    "camel": "camel camels",
    "fish": "fish",
}
PLACES = {
    "beach": "beach shore shoreline seashore",
    "water": "water",
    "ocean": "ocean sea",
    "lake": "lake pond",
    "river": "river stream creek rapids",
    "pool": "pool",
    "snow": "snow snowy",
    "ice": "ice icy rink",
    "grass": "grass grassy lawn",
    "field": "field meadow",
    "park": "park",
    "street": "street road sidewalk",
    "forest": "forest woods",
    "mountain": "mountain mountains mountainside",
    "rock": "rock rocks rocky cliff boulder",
    "hill": "hill hillside",
    "sand": "sand sandy",
    "dirt": "dirt mud muddy",
    "playground": "playground",
    "stage": "stage",
    "city": "city",
    "building": "building",
    "kitchen": "kitchen",
    "restaurant": "restaurant bar",
    "yard": "yard backyard garden",
    "track": "track",
    "ramp": "ramp",
    "bench": "bench",
    "couch": "couch sofa",
    "bed": "bed",
}
OBJECTS = {
    "ball": "ball balls football basketball baseball",
    "bicycle": "bicycle bicycles bike bikes",
    "motorcycle": "motorcycle motorcycles motorbike dirtbike",
    "car": "car cars",
    "truck": "truck trucks",
    "bus": "bus buses",
    "boat": "boat boats kayak canoe raft sailboat",
    "train": "train trains subway",
    "skateboard": "skateboard skateboards",
    "surfboard": "surfboard surfboards",
    "snowboard": "snowboard",
    "frisbee": "frisbee frisbees",
    "stick": "stick sticks branch",
    "hat": "hat hats cap caps",
    "helmet": "helmet helmets",
    "sunglasses": "sunglasses",
    "shirt": "shirt shirts t-shirt tshirt",
    "jacket": "jacket jackets coat coats",
    "dress": "dress dresses",
    "jeans": "jeans pants trousers",
    "backpack": "backpack backpacks",
    "camera": "camera cameras",
    "guitar": "guitar guitars",
    "umbrella": "umbrella umbrellas",
    "tree": "tree trees",
    "fence": "fence",
    "wall": "wall walls",
    "flower": "flower flowers",
    "table": "table tables",
    "chair": "chair chairs",
    "swing": "swing swings",
    "slide": "slide",
    "tent": "tent tents",
    "flag": "flag flags",
    "toy": "toy toys",
    "sign": "sign signs",
    "fountain": "fountain",
    "bridge": "bridge",
    "rope": "rope",
    "horse": ANIMALS["horse"],
}
SPORTS = {
    "soccer": "soccer",
    "football": "football quarterback",
    "basketball": "basketball",
    "baseball": "baseball",
    "tennis": "tennis",
    "hockey": "hockey",
    "skiing": "skiing skier skiers",
    "snowboarding": "snowboarding snowboarder snowboard",
    "surfing": "surfing surfer surfboard",
    "skateboarding": "skateboarding skateboarder skateboard",
    "cycling": "biking cyclist cyclists bicyclist biker",
    "climbing": "climber climbers climbing",
    "swimming": "swimming swimmer",
    "rugby": "rugby",
}

# What a caption that has one of the words on the right may leave unsaid: never ask "is there a ...?" expecting "no".
MAYBE = {
    "beach": "sand sandy ocean sea water waves coast",
    "water": "ocean sea lake river stream pool pond wave waves surfer surfing swimming swims boat beach wet rapids splash",
    "ocean": "water beach wave waves surfer surfing boat shore",
    "lake": "water pond boat",
    "river": "water stream rapids kayak boat",
    "pool": "water swimming swims",
    "snow": "ski skis skier skiing snowboard snowboarder snowboarding sled ice winter icy",
    "ice": "snow hockey skating winter",
    "grass": "field park yard lawn green meadow soccer baseball football hill",
    "field": "grass grassy soccer baseball football rugby",
    "street": "road sidewalk city car cars bus traffic parade",
    "building": "city street house buildings store restaurant church",
    "mountain": "hill cliff rock rocks rocky peak hiker climber snow ski skier snowboarder",
    "rock": "cliff mountain climber climbing stone boulders",
    "tree": "forest woods park wooded leaves branch trees log",
    "forest": "trees tree woods wooded path",
    "car": "street road traffic race racing vehicle",
    "bicycle": "cyclist biker bikers cyclists bicyclist rider riders biking race",
    "motorcycle": "biker rider race racing",
    "shirt": "wearing dressed uniform jersey clothes",
    "hat": "wearing dressed helmet",
    "ball": "soccer tennis football basketball baseball game play playing player players",
    "people": "crowd group couple men women boys girls kids children family two three four",
    "sand": "beach shore",
    "jacket": "wearing dressed suit",
    "jeans": "wearing dressed",
    "helmet": "football biker cyclist motorcycle rider player",
    "tent": "camping",
}

# base, third person, -ing
VERBS = {
    ing: (third, ing)
    for third, ing in (
        pair.split("/")
        for pair in "runs/running jumps/jumping plays/playing stands/standing sits/sitting walks/walking rides/riding "
        "climbs/climbing swims/swimming smiles/smiling swings/swinging dances/dancing eats/eating flies/flying "
        "poses/posing chases/chasing slides/sliding drinks/drinking surfs/surfing skis/skiing reads/reading "
        "throws/throwing catches/catching kicks/kicking fights/fighting sleeps/sleeping talks/talking laughs/laughing "
        "sings/singing skates/skating digs/digging leaps/leaping crawls/crawling lies/lying fishes/fishing "
        "paddles/paddling splashes/splashing races/racing hikes/hiking performs/performing snowboards/snowboarding "
        "skateboards/skateboarding".split()
    )
}

_END_OF_PHRASE = set(
    "in on at with and of to is are while by near through over from up down off into that who which as for under "
    "behind during along around across onto next outside inside against toward towards after being out . , ; his her "
    "its their it them him she he".split()
)


def words(caption: str) -> list[str]:
    return re.findall(r"[a-z]+(?:-[a-z]+)?|[.,;]", caption.lower())


def table(meanings: dict[str, str]) -> dict[str, str]:
    """Caption word -> canonical word."""
    return {word: name for name, spelled in meanings.items() for word in spelled.split()}


def noun_phrase_head(tokens: list[str]) -> str | None:
    """The last word of the phrase that begins here: `a small red bike on the road` -> `bike`."""
    phrase = []
    for token in tokens[:6]:
        if token in _END_OF_PHRASE:
            break
        phrase.append(token)
    return phrase[-1] if phrase and len(phrase[-1]) > 2 else None
