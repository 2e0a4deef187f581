"""The listening text: 200 sentences of plain words that a small recogniser does not mistake, no two of them alike.

Made of lists, by strides: two sentences share at most one of person, deed, thing and place. So it is beyond doubt which
sentence is heard in another's place, or twice.
"""

N_SENTENCES = 200
PERSONS = (
    "baker", "farmer", "teacher", "doctor", "sailor", "painter", "gardener", "soldier", "driver", "student", "lawyer",
    "carpenter", "musician", "librarian", "fisherman", "shepherd", "mechanic", "reporter", "pilot", "princess",
)  # fmt: skip
DEEDS = (
    "carried", "painted", "counted", "discovered", "sold", "bought", "washed", "lost", "buried", "collected",
    "repaired", "borrowed", "delivered", "photographed", "described", "ordered", "unpacked", "returned", "polished",
    "destroyed",
)  # fmt: skip
THINGS = (
    "yellow umbrellas", "wooden chairs", "silver spoons", "leather boots", "winter coats", "broken clocks",
    "kitchen knives", "paper lanterns", "garden tools", "glass bottles", "old newspapers", "cotton shirts",
    "bicycle wheels", "copper pots", "blankets", "oil paintings", "fresh oranges", "heavy suitcases", "picture frames",
    "birthday candles",
)  # fmt: skip
PLACES = (
    "behind the school", "near the harbor", "on the bridge", "in the market", "under the stairs", "beside the river",
    "at the museum", "outside the hotel", "in the valley", "above the restaurant", "across the street",
    "at the airport", "in the forest", "next to the church", "by the window", "inside the castle",
    "along the railway", "in the library", "at the hospital", "on the island",
)  # fmt: skip
TIMES = (
    "before breakfast", "last summer", "on Monday morning", "after the storm", "late in the evening", "at midnight",
    "during the winter", "on her birthday", "after lunch", "every Sunday",
)  # fmt: skip
NUMBERS = ("three", "twelve", "seven", "twenty", "five", "sixteen", "nine", "thirty", "six", "eleven")
ORDERS = (
    "{time}, the {person} {deed} {number} {thing} {place}.",
    "The {person} {deed} {number} {thing} {place} {time}.",
    "{place}, the {person} {deed} {number} {thing} {time}.",
    "{number} {thing} were {deed} by the {person} {place} {time}.",
)


def sentences(first: int = 0, n: int = N_SENTENCES) -> list[str]:
    """`n` sentences from number `first`, 0-based, on; behind the last comes the first again."""
    return [_sentence(number % N_SENTENCES) for number in range(first, first + n)]


def _sentence(number: int) -> str:
    turn, place = divmod(number, len(PERSONS))

    def pick(words: tuple[str, ...], stride: int) -> str:
        return words[(place + stride * turn) % len(words)]

    # Two strides' difference times fewer than ten turns is no multiple of twenty: no two sentences share two words.
    text = ORDERS[number % len(ORDERS)].format(
        person=pick(PERSONS, 0), deed=pick(DEEDS, 1), thing=pick(THINGS, 3), place=pick(PLACES, 14),
        time=pick(TIMES, 7), number=pick(NUMBERS, 6),
    )  # fmt: skip
    return text[0].upper() + text[1:]
