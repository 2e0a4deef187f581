"""Common words and abbreviations of languages, where sentencex 1.0.32 takes the one for the other.

`ABBREVIATIONS` stand before a name or a number and end no sentence. `WORDS` look like abbreviations (of months, states,
units) and often end a sentence: before a capital they end it. `SHORT_WORDS` are of four letters or fewer and as common,
and are never abbreviations: before a number they end a sentence, where another short word does not. `STARTERS` begin
a sentence behind an abbreviation that may end one, such as U.S. or Co.
"""


def _sets(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for tags, words in table.items() for language in tags.split()}


ABBREVIATIONS = _sets(
    {
        "da nb": "bl.a f.eks",
        "de": "Abb Bd Dipl.-Ing Fa Frl Hrn Kap Tel erm geb gem gest ggü inkl max",
        "en": "Approx Ch Dr Eq Figs Ft Mmes Mr Mrs Ms Prof Vol approx cf viz vs",
        "es": "D Dña",
        "fr": "Dr J.-C M av bd bât Mgr Mlle Mme Mmes Pr St Ste",
        "he": "פרופ",
        "hr": "npr sv ul",
        "hu": "ifj özv",
        "id": "Bpk Jl Sdr",
        "it": "Dott.ssa pag",
        "nl": "Dhr Mevr Mw d.w.z dhr mevr mw o.a",
        "pl": "al dr hab im inż m.in mgr nr p tj św",
        "pt": "Av Profa Srta núm pág",
        "ro": "Dl Dna str",
        "ru": "им напр рис св т.е",
        "sv": "t.ex",
        "tr": "Av Cad Mah Sn Sok",
        "vi": "PGS TS ThS GS BS KS CN TP Tp NXB ĐH GS.TS PGS.TS",
    }
)
WORDS = _sets(
    {
        "bs hr sh sr": "ga maj me no pa",
        "ca": "No com contra de des en entre mar no nos sobre un",
        "cs": "co no pod tu",
        "da": "da del din form med nat ned nord on par red sort ti to tv var vær",
        "de": "usw Art mag mich ok OK",
        "en": "No OK Ok art fed ill la may me miss no ok",
        "es": "No ante auto bien con contra da de entre mar no nos para post sobre tras un",
        "fil": "may mo no o pa",
        "fr": "art vol",
        "hu": "nem no",
        "id ms": "ia kan no",
        "it": "ecc No al bar ce ci col con di fa fai fin fra ha in la li lo ma mai me mi nato ne no ore po post sa sai "
        "se si sia so su te to tv va vi via",
        "lt": "la va",
        "lv": "no pa sen",
        "nb nn no": "del det ga kan la me med min ok ord ut",
        "nl": "enz al app bel best dat hand it me no pas tom top ver vol",
        "pl": "itd itp",
        "pt": "vi",
        "ro": "al alta la loc ore sens va",
        "ru": "муж",
        "sk": "no pod tu",
        "sl": "del ga me med no pa res z",
        "sv": "del det ens hon kan log med min ont ord sen ut va",
        "tr": "al kan o sen ver",
        "uk": "вид наук",
        "vi": "ca con may",
    }
)
SHORT_WORDS = _sets(
    {
        "ar": "هو هي لا ما قد به له لك",
        "da": "at den der er få gå han har hun ikke jeg mig nu op os så tre vi",
        "de": "ab an auf aus da dem den der die das du ein er es fünf gut hat ich ihm ihn ihr ist ja mir neu nie nun "
        "sie so tot tun uns vier vor war weg wir zu zwei zwölf drei acht elf zehn neun",
        "en": "all and are at away be both but by can car come day die do done down end fall far few five for four "
        "from gone good had half has have he her here him his home how in is it kid kids last left less life like long "
        "lot men mine more most much near new next nine not now of off old on one ones only or our out own play said "
        "same see seen she six so stop such ten than that them then they this time to too town two up us use was way "
        "we week went were what who why win wife with won work yes you year zero eat go run ran sat saw bed boy girl",
        "es": "allí aquí así cien diez dos el ella eso esto hay él hoy la lo los más mí muy nada ocho once dice sí "
        "seis soy su tres tú uno va ve vez yo ya casa",
        "fa": "شد کن ما من را تو او که هم",
        "fr": "a ai bien cent cinq deux dit dix elle eux fin huit il ici là lui moi mois neuf non oui ou pas peu plus "
        "rien sept six soi sont sur tard toi tous tout trop un va vie vu",
        "he": "לא זה כן לו לה הם הן גם או אם על",
        "hi": "है हैं था थी थे की का के दी ली लो दो सो हो जा गा गे ही भी यह वह",
        "it": "anni casa che cinque così due lei lui meno nulla otto più qui sei sette sono sì tre uno",
        "mr": "आहे होते होता होती नाही तो ती ते हे ही का की",
        "nl": "aan af dan een en er had ham hem het hij huis ik ja jaar je maar meer mij nee niet nog nu om ons op "
        "over tien toe twee uit vier vijf was we wel zes ze zo",
        "pl": "co dwa go ich ja je jest już ma mi mu my na nie nim on ona raz się sto tak tam ten to tu tym wie za",
        "pt": "aí ali anos aqui bem casa cem dez dois ela ele eu hoje isso já lá mais meu não oito sete seis sim só "
        "tem três tu um uma",
        "ru": "без был вам вас все год да два дом ей ему есть ещё его её им их мне мной мы на нас нет ним них но он "
        "она они оно пять сам сто так там те то тоже три ты тут уже час что это я",
        "sv": "av den du er få han har här ja jag mig nej nu om oss på så tre två upp vi är år",
    }
)
STARTERS = _sets(
    {
        "bg": "Той Тя То Те Аз Ние Вие Ти Това Този Тази Но Не На По Когато Кой Какво Как Защо Сега Тук Там След",
        "bs hr sh sr": "On Ona Ono Oni Ja Mi Vi Ti To Taj Ta Ali Ne Na Po Zatim Kad Tko Ko Što Šta Kako Zašto Sada Tu "
        "Tamo Je Bio Bila",
        "ca": "El La Els Les Un Una I Però En No Es Ell Ella Jo Quan Qui Com Després Ara",
        "cs": "On Ona Ono Oni Já My Vy Ty Ten Ta To Ale Ne Na Po Pak Potom Když Kdo Co Jak Proč Teď Tady Tam Je Byl "
        "Byla Bylo Jeho Její",
        "el": "Αυτός Αυτή Αυτό Εγώ Εμείς Ο Η Το Οι Τα Και Αλλά Δεν Όταν Ποιος Τι Πώς Τώρα Εδώ Εκεί Στη Στο Μετά",
        "et": "Ta Tema Nad Nemad Mina Ma Meie Me Sina Sa Teie See Need Aga Ja Ei Kui Kes Mis Kuidas Miks Nüüd Siin "
        "Seal Siis On Oli",
        "fi": "Hän He Minä Me Sinä Te Se Ne Tämä Tuo Mutta Ja Ei Kun Kuka Mitä Miten Miksi Nyt Täällä Siellä Sitten "
        "On Oli",
        "hu": "Ő Én Mi Ti Te Ez Az A És De Nem Ha Mikor Ki Hogy Miért Most Itt Ott Aztán Majd Egy",
        "is": "Hann Hún Það Þeir Þær Þau Ég Við Þið Þú En Og Ekki Þegar Hver Hvað Hvernig Núna Hér Þar Svo",
        "lv": "Viņš Viņa Viņi Viņas Es Mēs Tu Jūs Tas Tā Šis Bet Un Ne Kad Kas Kā Kāpēc Tagad Šeit Tur Tad Ir Bija",
        "ro": "El Ea Ei Ele Eu Noi Voi Acest Această Dar Și Nu În La Pe Apoi Când Cine Ce Cum Acum Aici Acolo Un O",
        "sk": "On Ona Ono Oni Ja My Vy Ty Ten Tá To Ale Nie Na Po Potom Keď Kto Čo Ako Prečo Teraz Tu Tam Je Bol Bola "
        "Bolo Jeho Jej",
        "sl": "On Ona Ono Oni Jaz Mi Vi Ti To Ta Toda Ne Na Po Potem Ko Kdo Kaj Kako Zakaj Zdaj Tu Tam Je Bil Bila",
        "tr": "O Onlar Ben Biz Sen Siz Bu Şu Ama Ve Ne Kim Nasıl Neden Şimdi Burada Orada Sonra",
        "uk": "Він Вона Воно Вони Я Ми Ви Це Цей Ця Але Не На По Потім Коли Хто Що Як Чому Тепер Тут Там",
        "da": "Den Det De Der Han Hun Hvad Hvem Hvor Hvorfor Jeg Vi Du En Et Og Men I På Som Da Når Nu Her",
        "de": "Das Die Der Er Es Sie Wir Ich Ein Eine Und Aber Doch Dann Dort Hier Jetzt Wer Was Wie Warum Im Am In "
        "Seine Ihre Diese Dieser Dieses",
        "en": "A An And As At But For He Her Here His How However I If In It Its Many Most My No Now On Our She So "
        "Some That The Their Then There These They This Those We What When Where Which While Who Why Yes You Your",
        "es": "El La Los Las Un Una Y Pero En No Se Es Su Ella Ellos Yo Cuando Qué Quién Cómo Después Ahora",
        "fr": "Le La Les Un Une Et Mais En Il Elle Ils Elles Nous Vous Je Ce Cette Ces Son Sa Ses Quand Qui Que",
        "it": "Il La Lo Gli Le Un Una E Ma In Non È Lui Lei Io Noi Questo Questa Quando Chi Che Come Dopo Ora",
        "nb nn no": "Den Det De Der Han Hun Hva Hvem Hvor Hvorfor Jeg Vi Du En Et Og Men I På Som Da Når Nå Her",
        "nl": "De Het Een Hij Zij Ze Ik Wij We En Maar In Op Er Dit Dat Deze Die Wat Wie Waar Waarom Toen Nu Hier",
        "pl": "On Ona Ono Oni One Ja My Wy To Ten Ta Te A I Ale Nie W Na Po Potem Gdy Kiedy Kto Co Jak Teraz Tu",
        "pt": "O A Os As Um Uma E Mas Em Não Se É Ele Ela Eles Eu Nós Quando Que Quem Como Depois Agora",
        "ru": "Он Она Оно Они Я Мы Вы Это Этот Эта А И Но Не На По Потом Когда Кто Что Как Почему Теперь Тут Там",
        "sv": "Den Det De Där Han Hon Vad Vem Var Varför Jag Vi Du En Ett Och Men I På Som Då När Nu Här",
    }
)
