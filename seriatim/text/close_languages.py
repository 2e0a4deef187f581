"""Close languages: families whose members share most of their words, and the words that tell them apart. Pure.

A detector divides its probability among the members of a family, so the family's sum says how sure it is. Which member
it is, words say that are spelt otherwise, or not used, by the other members.
"""

import re

_FAMILIES = (frozenset(["bs", "hr", "sr"]), frozenset(["id", "ms"]), frozenset(["nb", "nn", "no"]))
_MARKERS = {
    "hr": "što tko netko nitko djeca djece riječ riječi vrijeme vremenu mlijeko ovdje gdje uvijek pokraj tisuću tisuća "
    "općina lijepo lijep djevojka sljedeći svijet svijetu čovjek čovjeka dvije prije poslije također tjedan tjedna "
    "zrakoplov vlak kolodvor sveučilište glazba kazalište ravnatelj siječnja veljače ožujka travnja svibnja lipnja "
    "srpnja kolovoza rujna listopada studenoga prosinca dijete htio vjerovati vijest cijena mjesto mjesec posjetiti "
    "razumjeti vidjeti živjeti",
    "sr": "šta ko deca dece reč reči vreme mleko ovde gde uvek hiljadu hiljada opština lepo lep devojka sledeći svet "
    "svetu čovek čoveka dve pre posle takođe nedelja nedelje voz univerzitet muzika pozorište januara februara aprila "
    "juna jula avgusta septembra oktobra novembra decembra dete hteo verovati vest cena mesto mesec posetiti razumeti "
    "videti živeti",
    "id": "bisa karena kemarin besok mobil kantor uang bahwa pemerintah sementara berbicara bisnis kepolisian polisi "
    "televisi universitas kualitas perusahaan apotek mengunjungi senin jumat agustus maret juli oktober desember "
    "gampang kangen kalian nggak ponsel rapat bus mau",
    "ms": "kerana semalam esok wang hospital bahawa kerajaan manakala sahaja iaitu awak berhampiran "
    "belanjawan mesyuarat pengarah syarikat universiti kualiti televisyen polis bas isnin khamis jumaat ogos "
    "mac julai disember adakah encik puan telefon bimbit perkhidmatan kakitangan",
}  # fmt: skip
_WORDS = {tag: frozenset(words.split()) for tag, words in _MARKERS.items()}
_WORD = re.compile(r"[^\W\d_]+")


def family_of(tag: str) -> frozenset[str]:
    """A language with those that are close to it."""
    return next((family for family in _FAMILIES if tag in family), frozenset([tag]))


def closest_language(text: str, tag: str) -> str:
    """The member of a language's family that has most of the telling words of a text; in doubt the language itself."""
    words = _WORD.findall(text.lower())
    counts = {other: _count(words, other, family_of(tag)) for other in sorted(family_of(tag) & _WORDS.keys())}
    best = max(counts, key=lambda other: counts[other], default=tag)
    return best if counts and counts[best] > counts.get(tag, 0) else tag


def _count(words: list[str], tag: str, family: frozenset[str]) -> int:
    """How many of the words are written in this language, and in no other one of its family that is known here."""
    others = frozenset[str]().union(*(_WORDS[other] for other in family & _WORDS.keys() if other != tag))
    return sum(word in _WORDS[tag] and word not in others for word in words)
