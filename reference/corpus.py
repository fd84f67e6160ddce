"""The text that the toy tokenizers are trained on and tested with."""

SENTENCES = """
a picture of a small brown dog running across the green grass
a photo of a red bicycle leaning against a stone wall
two people are standing in front of an old house near the river
the cat is sleeping on the window sill in the morning light
three children play football on the beach while it's raining
a plate with pasta, tomatoes and basil on a wooden table
an airplane is flying over the mountains at sunset
a woman with a yellow umbrella is walking down the street
there are many books and a green lamp on the desk
the man doesn't look at the camera; he's reading a newspaper
a close-up of a white flower with 5 petals
what is unusual about this picture? answer in one word
how many people can you see? there are 12 of them
question: which colour is the train? short answer: blue
tags: dog, grass, ball, tree. attributes: which has four legs
a black and white photo of a bridge in the fog
snow covers the roof of the wooden cabin in the forest
the boats are in the harbour next to the lighthouse
someone's hand is holding a cup of hot coffee
an elephant drinks water from the muddy river bank
""".strip().splitlines()

PROBES = [
    "a picture of a dog",
    "A Photo of a TRAIN, isn't it?",
    "  two   spaces\tand a\nnew line ",
    "",
    "naïve café — déjà vu, Ωmega Straße",
    "猫 sits on 東京 tower",
    "emoji 🙂🚀 and a family 👩‍👩‍👧",
    "numbers 1234567890 3.14 50%",
    "don't we'll they've I'm he'd she's you're",
    "ﬁne ﬂowers ｆｕｌｌ width",
    "unpronounceablequixoticwordthatneverendsandgoeson",
    "question: what's this? \\ / < > & \"quotes\" 'single'",
    "\u0000control\u200bzero\u00adsoft",
]
