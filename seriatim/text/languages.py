"""Languages as people write them: English names and three-letter codes of ISO 639 beside the tags of BCP 47. Pure."""

import re
from collections.abc import Iterable

#: ISO 639-1: each code with its codes in ISO 639-2 and its English names
_STANDARD = """
aa aar/afar; ab abk/abkhazian; af afr/afrikaans; ak aka/akan; am amh/amharic; ar ara/arabic; an arg/aragonese; as
asm/assamese; av ava/avaric; ae ave/avestan; ay aym/aymara; az aze/azerbaijani; ba bak/bashkir; bm bam/bambara; be
bel/belarusian; bn ben/bengali/bangla; bh bih; bi bis/bislama; bo bod/tib/tibetan; bs bos/bosnian; br bre/breton; bg
bul/bulgarian; ca cat/catalan/valencian; cs ces/cze/czech; ch cha/chamorro; ce che/chechen; cu chu/church slavic/old
church slavonic; cv chv/chuvash; kw cor/cornish; co cos/corsican; cr cre/cree; cy cym/wel/welsh; da dan/danish; de
deu/ger/german; dv div/divehi/dhivehi/maldivian; dz dzo/dzongkha; el ell/gre/greek; en eng/english; eo
epo/esperanto; et est/estonian; eu eus/baq/basque; ee ewe/ewe; fo fao/faroese; fa fas/per/persian/farsi; fj
fij/fijian; fi fin/finnish; fr fra/fre/french; fy fry/western frisian; ff ful/fulah; gd gla/gaelic/scottish gaelic;
ga gle/irish/irish gaelic; gl glg/galician; gv glv/manx; gn grn/guarani; gu guj/gujarati; ht hat/haitian/haitian
creole; ha hau/hausa; he heb/hebrew; hz her/herero; hi hin/hindi; ho hmo/hiri motu; hr hrv/croatian; hu
hun/hungarian; hy hye/arm/armenian; ig ibo/igbo; io ido/ido; ii iii/sichuan yi/nuosu; iu iku/inuktitut; ie
ile/interlingue; ia ina/interlingua; id ind/indonesian; ik ipk/inupiaq; is isl/ice/icelandic; it ita/italian; jv
jav/javanese; ja jpn/japanese; kl kal/kalaallisut/greenlandic; kn kan/kannada; ks kas/kashmiri; ka kat/geo/georgian;
kr kau/kanuri; kk kaz/kazakh; km khm/central khmer/khmer; ki kik/kikuyu/gikuyu; rw kin/kinyarwanda; ky
kir/kirghiz/kyrgyz; kv kom/komi; kg kon/kongo; ko kor/korean; kj kua/kuanyama/kwanyama; ku kur/kurdish; lo lao/lao;
la lat/latin; lv lav/latvian; li lim/limburgan; ln lin/lingala; lt lit/lithuanian; lb
ltz/luxembourgish/letzeburgesch; lu lub/luba-katanga; lg lug/ganda; mh mah/marshallese; ml mal/malayalam; mr
mar/marathi; mk mkd/mac/macedonian; mg mlg/malagasy; mt mlt/maltese; mn mon/mongolian; mi mri/mao/maori; ms
msa/may/malay; my mya/bur/burmese; na nau/nauru; nv nav/navajo/navaho; nr nbl/south ndebele; nd nde/north
ndebele/ndebele; ng ndo/ndonga; ne nep/nepali; nl nld/dut/dutch/flemish; nn nno/norwegian nynorsk/nynorsk; nb
nob/bokmål/norwegian bokmål/bokmal; no nor/norwegian; ny nya/chichewa/chewa/nyanja; oc oci/occitan/provençal; oj
oji/ojibwa; or ori/oriya/odia; om orm/oromo; os oss/ossetian/ossetic; pa pan/panjabi/punjabi; pi pli/pali; pl
pol/polish; pt por/portuguese; ps pus/pushto/pashto; qu que/quechua; rm roh/romansh; ro
ron/rum/romanian/moldavian/moldovan; rn run/rundi; ru rus/russian; sg sag/sango; sa san/sanskrit; si
sin/sinhala/sinhalese; sk slk/slo/slovak; sl slv/slovenian; se sme/northern sami; sm smo/samoan; sn sna/shona; sd
snd/sindhi; so som/somali; st sot/sotho/southern sotho; es spa/spanish/castilian; sq sqi/alb/albanian; sc
srd/sardinian; sr srp/serbian; ss ssw/swati; su sun/sundanese; sw swa/swahili; sv swe/swedish; ty tah/tahitian; ta
tam/tamil; tt tat/tatar; te tel/telugu; tg tgk/tajik; tl tgl/tagalog; th tha/thai; ti tir/tigrinya; to ton/tonga; tn
tsn/tswana; ts tso/tsonga; tk tuk/turkmen; tr tur/turkish; tw twi/twi; ug uig/uighur/uyghur; uk ukr/ukrainian; ur
urd/urdu; uz uzb/uzbek; ve ven/venda; vi vie/vietnamese; vo vol/volapük; wa wln/walloon; wo wol/wolof; xh xho/xhosa;
yi yid/yiddish; yo yor/yoruba; za zha/zhuang/chuang; zh zho/chi/chinese/mandarin; zu zul/zulu
"""
#: what the engines speak beyond it, and varieties with a name of their own
_BEYOND = """
yue cantonese; grc ancient greek; chr cherokee; haw hawaiian; hak hakka chinese/hakka; jbo lojban; kok konkani; nci
classical nahuatl/nahuatl; pap papiamento; shn shan; smj lule sami; quc k'iche'; ltg latgalian; nog nogai; bpy
bishnupriya manipuri/bishnupriya; lfn lingua franca nova; hyw western armenian; sjn sindarin; qya quenya; en-GB
british english; en-US american english; pt-BR brazilian portuguese
"""
_ROWS = [row.split(" ", 1) for row in " ".join(f"{_STANDARD.strip()}; {_BEYOND}".split()).split("; ")]
#: every name and long code, in small letters, with its tag
NAMES = {word: tag for tag, words in _ROWS for word in words.split("/")}
TAGS = frozenset(tag.partition("-")[0] for tag in NAMES.values()) | {"cmn"}
#: tags of one language under another one, as CLDR has them
_SAME = {"cmn": "zh", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "ji": "yi", "mo": "ro", "sh": "sr"}
_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?([-_]([a-z]{2}|\d{3}))?", re.IGNORECASE)
_LONG_CODE = re.compile(r"[a-z]{3}(?=[-_]|$)", re.IGNORECASE)


def language_tag(language: str) -> str:
    """The tag of a language that is perhaps named in English, or by a code of three letters where BCP 47 has two.

    "" is for `auto`, which names none. What is not known is given back as it is.
    """
    name = " ".join(language.lower().split())
    if name == "auto":
        return ""
    if name in NAMES:
        return NAMES[name]
    long = _LONG_CODE.match(language)
    short = NAMES.get(long[0].lower()) if long else None
    return short + language[3:] if short else language


def base_language(tag: str) -> str:
    """A BCP 47 tag without script and region, in lower case: `pt` of `pt-BR`, `en` of an empty one."""
    return tag.replace("_", "-").split("-")[0].lower() or "en"


def is_language(tag: str) -> bool:
    """Whether this is a BCP 47 tag of a language that has a name here, with a region or script at most."""
    return _base(tag) in TAGS and bool(_TAG.fullmatch(tag))


def canonical_tag(tag: str) -> str:
    """The tag in lower case with dashes, its language by one code where there are two: `zh-tw` for `cmn_TW`."""
    base, dash, rest = tag.lower().replace("_", "-").partition("-")
    return _SAME.get(base, base) + dash + rest


def same_language(tag: str, other: str) -> bool:
    """Whether two BCP 47 tags are of one language, whatever the region; `cmn` is Chinese as `zh` is."""
    return _base(canonical_tag(tag)) == _base(canonical_tag(other))


def names_of(tags: Iterable[str]) -> dict[str, str]:
    """English names and codes of those languages, each with its tag as it is spelt there."""
    spelt = {tag.lower(): tag for tag in tags}
    return {word: spelt[tag.lower()] for word, tag in NAMES.items() if tag.lower() in spelt}


def english_name(tag: str) -> str:
    """The English name of a language by its tag, such as German for `de-AT`; the tag itself if it is not known."""
    base = _base(tag)
    return next((word.title() for word, known in NAMES.items() if known == base and len(word) > 3), tag)


def _base(tag: str) -> str:
    return tag.lower().replace("_", "-").partition("-")[0]
