"""Common words and abbreviations of languages, where sentencex 1.0.32 takes the one for the other.

`ABBREVIATIONS` stand before a name or a number and end no sentence. `AND_SO_ON` ends a list, and before a capital the
sentence, too. `WORDS` look like abbreviations (of months, states,
units) and often end a sentence: before a capital they end it. `SHORT_WORDS` are of four letters or fewer and as common,
and are never abbreviations: before a number they end a sentence, where another short word does not; short_words.txt has
more of them, made by bench/text/short_words.py. `STARTERS` begin
a sentence behind an abbreviation that may end one, such as U.S. or Co.
"""

from functools import cache
from importlib.resources import files


def _sets(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for tags, words in table.items() for language in tags.split()}


ABBREVIATIONS = _sets(
    {
        "cs": "pí",
        "da nb": "bl.a f.eks",
        "de": "Abb Bd Bgm Dipl.-Ing Fa Frl Gebr Hptm Hrn Kap Pfr Tel em erm frdl geb gem gest ggü inkl insb insbes max",
        "el": "Αγ Λεωφ Οδ Πλ Σελ Τηλ δηλ λεωφ",
        "en": "Approx Ch Dr Eq Figs Ft Mmes Mr Mrs Ms Ofc Prof Vol approx cf viz vs",
        "es": "Alcde Arq Avda Cap Cnel Col Cía D Dª Dña Excmo Gral Hna Hno Ilmo Ing Lic Mons Ntra Pdte Profa Tte",
        "fi": "esim mm ts",
        "fr": "Cdt Col Dr Gal J.-C M Sgt Sté av bd bât c.-à-d Mgr Mlle Mme Mmes Pr St Ste éd",
        "he": "גב טל מס עמ פרופ רח שד",
        "bs hr": "npr prof sv tj ul",
        "hu": "ifj özv Özv",
        "id": "Bpk CV Ir Jend Jl Kapt Kol Letjen Mayjen Nn Ny PT Sdr mis",
        "it": "Amm Col Dott.ssa Egr Fam Gent Magg Mons Preg Sen Spett Ten pag",
        "lv": "piem",
        "nl": "Dhr Kol Mej Mevr Mw burg d.w.z dhr gen mevr mw o.a resp",
        "pl": "abp al dr gen hab im inż kard ks m.in mec mgr nr o os p por red tj woj św",
        "pt": "Alm Av Cap Cel Dep Des Eng Exmo Exma Gen Ilmo Ilma Maj Min Pe Profa Profª S Sen Srta Sta Sto Ten Ver al "
        "aprox cf i.e núm pág pça",
        "ro": "Dl Dna dl dna ex pag prof str",
        "ru": "адм акад арх дир бул зав зам им инж кап кн наб напр пер пос пр просп ред рис св т.е",
        "sl": "npr",
        "sr": "bul npr prof sv tj ul бул др нпр проф св тј ул",
        "ta": "திரு",
        "sv": "t.ex",
        "tr": "Alb Av Cad Doç Gör Mah Mim Müh Org Sn Sok Uzm Yrd Öğr örn",
        "uk": "акад бул ів ім напр пл просп проф",
        "vi": "BS CN GS GS.TS KS NXB P PGS PGS.TS Q TP TS ThS Tp Đ ĐH",
    }
)
AND_SO_ON = frozenset(
    ["etc", "ecc", "enz", "usw", "u.s.w", "itd", "itp", "atd", "apod", "atď", "stb", "osv", "o.s.v", "m.m", "m.fl",
     "jne", "yms", "jms", "ym", "t.t", "kt", "u.c", "dll", "dsb", "dst", "v.v", "vb", "κ.λπ", "κλπ", "κ.τ.λ", "κτλ",
     "κ.ά", "ș.a.m.d", "ş.a.m.d", "т.д", "т.п", "ін", "إلخ"]
)  # fmt: skip
#: that is, for example: no sentence ends behind it
INTRODUCTIONS = frozenset(
    ["a.k.a", "bl.a", "c.-à-d", "d.ex", "d.h", "d.vs", "d.w.z", "e.g", "f.eks", "i.a", "i.e", "m.a.o", "m.in", "o.a",
     "n.b", "p.ej", "p.es", "p.ex", "p.p.s", "p.s", "p.-s", "s.k", "t.d", "t.ex", "t.j", "u.a",
     "v.b", "z.b", "π.χ", "т.е", "т.ч"]
)  # fmt: skip
#: second words of names that begin a sentence as well: J. De Boer, R. Das
PARTICLES = frozenset(
    ["De", "La", "Le", "Les", "El", "Los", "Las", "Di", "Da", "Dal", "Do", "Du", "Das", "Der", "Den", "Des", "Die",
     "In", "An", "On", "Te", "Van", "Von", "Zu", "So", "No", "May"]
)  # fmt: skip
HALF_DAYS = frozenset(["a.m", "p.m", "A.M", "P.M", "am", "pm", "AM", "PM"])
AFTER_HALF_DAY = frozenset(  #: 9 a.m. Monday
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "EST", "ET", "PST", "PT", "GMT",
     "UTC", "CET", "Eastern", "Pacific", "Central"]
)  # fmt: skip
COMPANIES = frozenset(["co", "inc", "ltd", "corp", "plc", "llc", "gmbh", "ag", "sa", "spa", "bv", "ab", "as", "oy"])
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
        "it": "ecc No al bar ce ci col con di fa fai fin fra ha in la li lo ma mai me mi nato ne no ore po post re sa "
        "sai se si sia so su te to tv va vi via",
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
        "tr": "al kan o sen ver vs",
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
        "hi": "है हैं हाँ हां हूँ हूं मैं तू जो तो ना था थी थे की का के दी ली लो दो सो हो जा गा गे ही भी यह वह",
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


@cache
def short_words(language: str) -> frozenset[str]:
    """The short words of a language that are never abbreviations."""
    return SHORT_WORDS.get(language, frozenset()) | _listed_words().get(language, frozenset())


@cache
def _listed_words() -> dict[str, frozenset[str]]:
    table = files("seriatim.text.segment") / "short_words.txt"
    rows = [line.split() for line in table.read_text("utf-8").splitlines()]
    return {language: frozenset(words) for tags, *words in rows for language in tags.split(",")}


STARTERS = _sets(
    {
        "bg": "Той Тя То Те Аз Ние Вие Ти Това Този Тази Но Не На По Когато Кой Какво Как Защо Сега Тук Там След",
        "bs hr sh sr": "On Ona Ono Oni Ja Mi Vi Ti To Taj Ta Ali Ne Na Po Zatim Kad Tko Ko Što Šta Kako Zašto Sada Tu "
        "Tamo Je Bio Bila",
        "ca": "El La Els Les Un Una I Però En No Es Ell Ella Jo Quan Qui Com Després Ara",
        "cs": "On Ona Ono Oni Já My Vy Ty Ten Ta To Ale Ne Na Po Pak Potom Když Kdo Co Jak Proč Teď Tady Tam Je Byl "
        "Byla Bylo Jeho Její Všichni Všechno Nikdo Nic Dnes Včera Zítra Také Pokud S Z Do Od Pro Před Můj Moje Jejich "
        "Byli Jsou Proto Poté",
        "el": "Αυτός Αυτή Αυτό Εγώ Εμείς Ο Η Το Οι Τα Και Αλλά Δεν Όταν Ποιος Τι Πώς Τώρα Εδώ Εκεί Στη Στο Μετά Όλοι "
        "Όλα Κανείς Τίποτα Σήμερα Χθες Αύριο Επίσης Αν Γιατί Με Για Από Σε Στον Στην Ένα Μια Ένας",
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
        "tr": "O Onlar Ben Biz Sen Siz Bu Şu Ama Ve Ne Kim Nasıl Neden Şimdi Burada Orada Sonra Daha Herkes Hiç "
        "Kimse Her Bugün Dün Yarın Çok Çünkü Eğer Böyle Öyle Bunun Bunlar Şunlar Kendi Onun Bizim Benim",
        "uk": "Він Вона Воно Вони Я Ми Ви Це Цей Ця Але Не На По Потім Коли Хто Що Як Чому Тепер Тут Там Тоді Все "
        "Всі Усе Усі Ніхто Ніщо Сьогодні Вчора Завтра Також Якщо Мій Моя Його Її Їх Був Була "
        "Було Були Є Тому Дуже",
        "da": "Den Det De Der Han Hun Hvad Hvem Hvor Hvorfor Jeg Vi Du En Et Og Men I På Som Da Når Nu Her Derefter "
        "Alle Alt Ingen Intet Også Hvis Med Uden For Fra Til Af Min Hans Hendes Deres Dette Disse Ikke Kun Hvordan",
        "de": "Das Die Der Er Es Sie Wir Ich Ein Eine Und Aber Doch Dann Dort Hier Jetzt Wer Was Wie Warum Im Am In "
        "Seine Ihre Diese Dieser Dieses Danach Trotzdem Dabei Damit Darum Deshalb Daher Später Schließlich Heute "
        "Gestern Nun Auch Alle Viele Manche Einige Kein Keine Niemand Jeder Man Mein Meine Unser Unsere Mit Nach Vor "
        "Bei Seit Von Auf Aus Für Ohne Durch Wenn Als Ob Weil Obwohl Sobald Während So Sonst Sogar Nur Noch Immer Nie "
        "Nicht Nichts",
        "en": "A An And As At But For He Her Here His How However I If In It Its Many Most My No Now On Our She So "
        "Some That The Their Then There These They This Those We What When Where Which While Who Why Yes You Your "
        "Every Everyone Someone Nothing Everything All Also Both Each Later Soon Today "
        "Yesterday Tomorrow After Before During Because Since Although Though Not Never Only Or Perhaps Maybe Please "
        "To With Without From",
        "es": "El La Los Las Un Una Y Pero En No Se Es Su Ella Ellos Yo Cuando Qué Quién Cómo Después Ahora Luego "
        "Entonces Todo Todos Toda Todas Nadie Nada Hoy Ayer Mañana También Así Aunque Porque Si Como Con Sin Para Por "
        "Desde Hasta Este Esta Esto Ese Esa Eso Mi Mis Sus Nosotros Nos Me Le Lo Hay Era Fue Son",
        "fr": "Le La Les Un Une Et Mais En Il Elle Ils Elles Nous Vous Je Ce Cette Ces Son Sa Ses Quand Qui Que Puis "
        "Ensuite Alors Tout Tous Toute Toutes Personne Rien Aujourd'hui Hier Demain Aussi Ainsi Après Avant Dans Pour "
        "Sur Avec Sans Si Comme Ne On Mon Ma Mes Notre Nos Leur Leurs C'est C'était Ça Cela Où Pourquoi Comment",
        "it": "Il La Lo Gli Le Un Una E Ma In Non È Lui Lei Io Noi Questo Questa Quando Chi Che Come Dopo Ora Poi "
        "Allora Tutto Tutti Tutte Tutta Nessuno Niente Oggi Ieri Domani Anche Così Perché Se Con Senza Per Da Dal Nel "
        "Nella Questi Queste Quello Quella Mio Mia Suo Sua Loro Ci Si Mi Era Sono Fu",
        "nb nn no": "Den Det De Der Han Hun Hva Hvem Hvor Hvorfor Jeg Vi Du En Et Og Men I På Som Da Når Nå Her "
        "Deretter Så Alle Alt Ingen Også Hvis Med Uten For Fra Til Av Min Hans Hennes Deres Dette Disse Ikke Bare "
        "Hvordan",
        "nl": "De Het Een Hij Zij Ze Ik Wij We En Maar In Op Er Dit Dat Deze Die Wat Wie Waar Waarom Toen Nu Hier "
        "Daarna Dan Daarom Alles Alle Iedereen Niemand Niets Vandaag Gisteren Morgen Ook Als Omdat Met Zonder Voor "
        "Van Naar Bij Aan Mijn Zijn Haar Ons Onze Hun Jij Je Jullie Hoe Want Dus Toch Later Na",
        "pl": "On Ona Ono Oni One Ja My Wy To Ten Ta Te A I Ale Nie W Na Po Potem Gdy Kiedy Kto Co Jak Teraz Tu "
        "Następnie Wtedy Wszystko Wszyscy Nikt Nic Dziś Wczoraj Jutro Także Też Bo Jeśli Z Do Od Dla Przez Przed Pod "
        "Nad Mój Moja Jego Jej Ich Był Była Było Byli Jest Są Więc Dlatego Kiedyś Później",
        "pt": "O A Os As Um Uma E Mas Em Não Se É Ele Ela Eles Eu Nós Quando Que Quem Como Depois Agora Então Tudo "
        "Todos Toda Todas Ninguém Nada Hoje Ontem Amanhã Também Assim Porque Com Sem Para Por Este Esta Isto Esse "
        "Essa Isso Meu Minha Seu Sua Nos Há Era Foi São Aí",
        "ru": "Он Она Оно Они Я Мы Вы Это Этот Эта А И Но Не На По Потом Когда Кто Что Как Почему Теперь Тут Там "
        "Затем Тогда Всё Все Никто Ничто Ничего Сегодня Вчера Завтра Также Тоже Если Чтобы "
        "После Перед Мой Моя Его Её Их Был Была Было Были Есть Поэтому Очень Позже",
        "sv": "Den Det De Där Han Hon Vad Vem Var Varför Jag Vi Du En Ett Och Men I På Som Då När Nu Här Sedan "
        "Därefter Alla Allt Ingen Inget Idag Igår Imorgon Också Om Med Utan För Från Till Av Min Mitt Hans Hennes "
        "Deras Dessa Inte Bara Hur",
    }
)
# apart from the list: our own prose may not have these words, and its test reads strings with spaces as prose
STARTERS["en"] |= {"Nobody", "Everybody", "Somebody"}
