"""Verbs of speech by language, as tags of quotations have them: `said Anna`, `fragte Anna`. Pure."""

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "en": (
        "said says say asked asks answered answers replied replies cried cries shouted whispered murmured muttered"
        " added continued exclaimed called screamed yelled remarked observed returned repeated agreed admitted"
        " announced began declared demanded explained insisted interrupted inquired enquired laughed sighed sobbed"
        " snapped growled groaned gasped hissed mumbled stammered protested suggested thought wondered ordered"
        " commanded begged pleaded promised warned urged ventured joked breathed roared grunted retorted responded"
    ),
    "de": (
        "sagte sagt fragte fragt antwortete antwortet rief ruft flüsterte murmelte erwiderte entgegnete meinte schrie"
        " brüllte erklärte bemerkte brummte seufzte lachte stammelte stotterte schluchzte zischte befahl bat dachte"
        " wiederholte ergänzte versicherte gestand jammerte knurrte hauchte versetzte verkündete behauptete"
    ),
    "fr": (
        "dit demanda demande répondit répond répliqua cria crie s'écria s’écria murmura chuchota ajouta reprit continua"
        " s'exclama s’exclama hurla soupira expliqua déclara annonça insista balbutia grommela souffla lança fit pensa"
    ),
    "es": (
        "dijo dice preguntó pregunta respondió contestó replicó gritó exclamó susurró murmuró añadió continuó repuso"
        " explicó insistió suspiró ordenó pidió pensó"
    ),
    "it": (
        "disse dice chiese domandò rispose replicò gridò esclamò sussurrò mormorò aggiunse continuò riprese spiegò"
        " insistette sospirò ordinò pensò"
    ),
    "nl": (
        "zei zegt vroeg vraagt antwoordde riep fluisterde mompelde voegde vervolgde schreeuwde gilde zuchtte lachte"
        " verklaarde herhaalde beval dacht"
    ),
    "pt": (
        "disse diz perguntou pergunta respondeu replicou gritou exclamou sussurrou murmurou acrescentou continuou"
        " explicou insistiu suspirou ordenou pediu pensou"
    ),
    "pl": (
        "powiedział powiedziała rzekł rzekła spytał spytała zapytał zapytała odpowiedział odpowiedziała odparł odparła"
        " odrzekł odrzekła zawołał zawołała krzyknął krzyknęła wykrzyknął wykrzyknęła szepnął szepnęła wyszeptał"
        " wyszeptała mruknął mruknęła dodał dodała powtórzył powtórzyła ciągnął ciągnęła zauważył zauważyła stwierdził"
        " stwierdziła wyjaśnił wyjaśniła westchnął westchnęła zaśmiał zaśmiała roześmiał roześmiała uśmiechnął"
        " uśmiechnęła zdziwił zdziwiła oświadczył oświadczyła oznajmił oznajmiła przyznał przyznała poprosił poprosiła"
        " rozkazał rozkazała mówił mówiła pomyślał pomyślała burknął burknęła wrzasnął wrzasnęła zaczął zaczęła"
        " przerwał przerwała zaproponował zaproponowała"
    ),
    "ru": (
        "сказал сказала говорил говорила спросил спросила ответил ответила отвечал отвечала крикнул крикнула закричал"
        " закричала воскликнул воскликнула прошептал прошептала шепнул шепнула пробормотал пробормотала произнёс"
        " произнес произнесла проговорил проговорила добавил добавила продолжал продолжала продолжил продолжила"
        " повторил повторила возразил возразила заметил заметила объяснил объяснила пояснил пояснила подумал подумала"
        " попросил попросила приказал приказала отозвался отозвалась усмехнулся усмехнулась улыбнулся улыбнулась"
        " вздохнул вздохнула засмеялся засмеялась рассмеялся рассмеялась заявил заявила признался призналась удивился"
        " удивилась согласился согласилась буркнул буркнула промолвил промолвила начал начала перебил перебила"
        " предложил предложила"
    ),
}  # fmt: skip
VERBS: Mapping[str, tuple[str, ...]] = {language: tuple(words.split()) for language, words in _WORDS.items()}

#: pronouns that stand for a speaker in a tag
PRONOUNS: Mapping[str, tuple[str, ...]] = {
    "en": ("he", "she", "they", "it"), "de": ("er", "sie", "es"),
    "fr": ("il", "elle", "-il", "-elle", "-t-il", "-t-elle"),
    "es": ("él", "ella"), "it": ("lui", "lei", "egli", "ella"), "nl": ("hij", "zij", "ze"), "pt": ("ele", "ela"),
    "pl": ("on", "ona"), "ru": ("он", "она"),
}  # fmt: skip
