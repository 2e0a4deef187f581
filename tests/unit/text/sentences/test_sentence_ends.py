"""Ends of sentences in forty languages: abbreviations, initials, quotes, missing spaces, and scripts without capitals.

Each line is a language and its sentences, parted by ` | ` where the text has a space between them, else by `|`.
"""

import pytest

from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

#: what a public segmenter, or an earlier version of ours, cuts otherwise
HARD = """
ru Сбой %s. | Получен ответ. | Опции -L и -P. | Иначе нельзя.
bg Сол, пипер и т.н. | В този случай е добре.
hu Adja meg az URL-t. | Használja ezt.
pl Nie ma tu POSIX-a. | Zmienna jest pusta.
fr Jean-P. Martin et J.-J. Rousseau. | Voilà.
en She is the CEO of Acme Corp. | She lives in N.Y.C. Good.
en a.k.a. The Boss. | He came.
en Is this the end?|No, it is not.|Good.
en Hello,world.|This is it.|Yes.
en It is 20 °C. | It is 5 km. | It is 30 sec. | Stop.
en Who?|Me?|Yes, you!|Fine.
en Fig. 1. | A tree. | Table 2. | The data.
de Es ist usw. | Er kam u.s.w. | Dann.
fr J.-C. Dupont est né en 50 av. J.-C. | Il mourut.
fr Le XXe s. | Il fut long. | Au XIXe s. Paris grandit.
es EE. UU. es grande. | Vive en EE.UU. | Es feliz.
es Av. Juárez 5, Col. Roma, C.P. 06700. | Gracias.
es Gracias.|Y ahora qué?|Nada.
it Grazie.|E adesso?|Niente.
pt Nasceu no séc. XX. | Foi em 50 a.C. | Morreu.
pt Obrigado.|E agora?|Nada.
nl Om 5 u. kwam hij. | Om 17.30 u. | Toen.
nl Dank je.|En nu?|Niets.
sv T.ex. Malmö. | Det är bl.a. Lund. | Ja.
sv Tack.|Vad nu?|Inget.
da Hr. Hansen og fru Jensen. | Dr. Bo kom kl. 5. | Godt.
nb Hr. Hansen og dr. Moe kom kl. 5. | Bra.
nb F.eks. Bergen. | Det er bl.a. Oslo. | Ja.
nb Den 3. mai kom han. | Se s. 12. | Takk.
pl M.in. Kraków. | To jest m.in. Gdańsk. | Itd. Koniec.
pl W XIX w. Polska. | Było to w XIX w. | Potem.
pl Ok. 5 osób przyszło o godz. 12. | Tak.
pl Dzięki.|A teraz?|Nic.
cs Bylo to v r. 1990. | Dne 3. 5. 1990 přišel. | Ve 20. stol. Praha rostla.
cs Díky.|A co teď?|Nic.
hu 1990. május 5-én jött. | Az 5. kerületben él. | Jó.
hu Kossuth u. 5. | Petőfi tér 3. | Jó.
hu Köszi.|És most?|Semmi.
ro Dl. Popescu și dna. Ionescu. | Dr. Pop. | Str. Lungă nr. 5. | Bine.
ro De ex. Cluj. | Adică d.ex. Iași. | Da.
ro Mersi.|Și acum?|Nimic.
tr Örn. Ankara. | Yani vb. şeyler. | Tamam.
tr Sağ ol.|Şimdi ne olacak?|Hiç.
fi Dr. Aho ja prof. Niemi. | Esim. Turku. | Ts. Oulu. | Hyvä.
fi Klo 5 hän tuli. 3. päivänä. | Ks. kuva 5. | Joo.
lv Dr. Bērziņš un prof. Kalns. | Piem. Rīga. | Utt. | Labi.
hr Dr. Horvat i prof. Kovač. | Npr. Split. | Tj. Zadar. | Dobro.
sr Др Петровић и проф. Јовић. | Нпр. Ниш. | Тј. Београд. | Добро.
sl Dr. Novak in prof. Kos. | Npr. Celje. | Dobro.
ru Т. е. Москва. | Это, т. е. Москва, хорошо. | Да.
ru В г. Москве на пр. Мира, д. 5, кв. 12. | Да.
ru В 5 тыс. км. | Было 3 млн. | Много. | 5 млрд. руб. | Да.
ru Спасибо.|А что теперь?|Ничего.
uk Дякую.|А що тепер?|Нічого.
el Το 50 π.Χ. ήταν. | Ήταν το 50 μ.Χ. | Μετά. | Ν. Καζαντζάκης.
id Bpk. Ahmad dan Ibu Siti. | Dr. Budi. | Mis. Jakarta. | Baik.
is Hann kom 3. maí. | Sjá bls. 12. | Já.
ur اس نے کہا: ”جاؤ۔“ | پھر وہ گیا۔
hi यह अच्छा है. | वह आया. | सब ठीक है.
he ד"ר כהן בא. | הוא ישב. | למה? | לא!
he הוא אמר: "לך." | ואז הלך.
zh “走吧！”他说。|“不。”|她走了。
zh 你好!|我是王明.|很高兴认识你.
zh 「走吧。」他說。|「好。」|她走了。
ko “가자!” 그가 말했다. | “싫어.” | 그녀는 갔다.
ru Он купил iPhone. | Стоит 5 тыс. руб. | Компания Apple Inc. растёт.
ja 彼はDr. Smithです。|Mr. Brownも来た。
en The meeting is at 9 a.m. Monday. | Bring your notes.
en It was a P.S. in a letter. | P.S. I love you.
en P.S. I love you. | P.P.S. Call me.
en MR. LEE AND DR. LOW LEFT THE U.S. | THEY WENT.
de Bzgl. Ihrer Anfrage v. 3. Mai. | Mit frdl. Gruß
de Wir treffen uns Mo. um 8. | Bis dann.
de Elisabeth II. war Königin. | Papst Johannes Paul II. | Er starb.
de Hr. u. Fr. Meier. | Dr. h. c. Schulz. | Prof. em. Lang.
de Ich heiße Anna-M. Schmidt. | Hallo.
fr C.-à-d. Paris. | Oui.
fr Jean-P. Martin et J.-P. Sartre. | Bien.
fr Il vint vers 1900 apr. J.-C. | Elle vint avant.
es D. Juan y Dña. Inés. | Dª. Rosa. | Bien.
es Bs. As. es grande. | La Cía. López. | Bien.
pt Sta. Maria e S. João. | Bem.
it Vittorio Emanuele II. | Era re. | Papa Giovanni XXIII.
ru Им. Пушкина. | Театр им. Чехова. | Да.
ru И. о. директора. | Зам. дир. Иванов. | Да.
uk Ів. Франко. | Т. Г. Шевченко. | Так.
pl Ks. Jan, o. Piotr i s. Maria. | Św. Anna.
da Bl.a. Ole. | Evt. Bo. | Jf. kap. 4. | Ca. 5.
cs Karel IV. | Byl král. | Sv. Václav. | Tel. 123.
el Αγ. Νικόλαος. | Λεωφ. Αθηνών 5. | Τηλ. 123.
zh “为什么？”她问。|“因为……”|他停了。
ja 「なぜ？」|「だって…」|彼は黙った。
ja 「はい。」彼は言った。|「いいえ。」
ko “왜?” 그녀가 물었다. | “그냥.”
ko 그는 “네.” 하고 말했다. | 끝.
hi हाँ. | ना. | मैं हूँ. | तू कौन? | काम करो. | घर जाओ.
pl 5 tys. zł. | To dużo.
ru Пётр I. | Он был царь. | Николай II. | Он умер.
es Llegó a las 10 a. m. | Luego se fue.
en It is 9 a.m. EST. | It is late.
fr Il a dit ça pour eux. | 6 enfants jouent.
de Er kam gern. | 5 Leute gingen.
es Vino ayer. | 3 niños jugaban.
fi Hän tuli vain. | 3 miestä lähti.
nl Hij is er niet meer. | 5 mensen bleven.
cs Byl tam jen on. | 5 lidí odešlo.
pl To był pan. | 5 osób wyszło.
it Lo ha detto dopo. | 3 bambini giocavano.
sv Han kom just då. | 5 barn lekte.
hu Ez nem jó. | 5 ember elment.
ro Este bine. | 3 copii se jucau.
tr Bu çok az. | 5 kişi geldi.
ru Это твой дом. | 5 человек ушли.
id Dia pergi jauh. | 5 orang datang.
de Er kam gestern. | 5 Leute gingen. | Am Morgen. | 3 Kinder.
fi Hän tuli eilen. | 3 miestä lähti.
cs Přišel včera. | 5 lidí odešlo.
de Goethestr. 5 ist es, Hausnr. 6 auch, Kontonr. 8, insbes. 7 davon. | Gut.
fi Se on nro. 5 täällä. | Joo.
pl Było ok. 5 osób o godz. 12 w domu.
en He bought 5 ft. 3 in. 2 lb. of it. | Good.
id Lihat no. 5 di sini.
en He said, “Go.”|She went. | “In the U.S.”|They did. | (It fell.) | On.
en "Stop."|He stayed. | He said "Stop."|And then "no." | He left.
en It is "quoted"...and so. | Wait...what?|No!|Yes. | It grew 3.5%.|It fell.
en White played 1. e4 e5 2. Nf3 Nc6 3. O-O. | Then 14. Rfe1 won.
de Nach 1. e4 e5 2. Sf3 Sc6 steht es gut. | Nun gut.
ja 詳しくはドメイン.テストへ。|ジョン.スミスが来た。|そうだ.|明日は雨だ。
""".strip().splitlines()

#: what is cut well by most
USUAL = """
en Dr. J. R. Smith, M.D., came. | He sat.
en “Oh!” he said. | “Yahoo! Inc. is big.”
en The file is main.py. | Open it. | See config.yaml for more.
en Wait... what? | No... | Yes.
en ‘It is late.’ | ‘Is it?’ he asked. | ‘Yes.’
en Mr. and Mrs. Smith vs. Jones et al. in 1990. | Fine.
en He has a B.A. in art. | She has an M.B.A. | They met.
en At 3 a.m. Mary woke up. | It was dark.
en No. | No. 5 is it. | I said no. | Never.
en What?! | Why?? | Really?!? | Yes.
en I live in Washington D.C. | It is hot. | I live in Washington D.C. in summer.
en He works at Amazon.com Inc. as a clerk. | She works at Booking.com. | Good.
en Chapter I. | The beginning.
en “Stop!” | She ran. | “Why?” he asked. | “Because.”
en He met Gen. Lee, Col. Mustard, Lt. Gov. Brown, Sgt. Pepper, Rev. King and Hon. Low. | Good.
en John Smith Jr. came. | Sammy Davis Jr. | He sang.
en e.g. this one. | i.e. that one.
en The No. 1 hit. | We are no. 1. | Yes.
en I saw C.S. Lewis. | I saw C. S. Lewis. | He wrote.
en Ask Mr. T. | He knows. | Malcolm X. | He spoke.
en "What?" | "Nothing." | "Sure?" | "Yes."
en It's over... | The end...
en At 10:30 a.m. on Friday. | At 10.30 p.m. | Late.
en Sen. Warren and Rep. Low of Mass. voted. | They won.
de Das ist z.B. Peter. | Das ist u. a. Anna. | Gut.
de Er wurde 5. | Dann ging er. | Sie wurde Dritte.
de Das war im 18. Jh. | Danach kam der Krieg. | Das ist v. Chr. so.
de „Komm!“, rief er. | „Nein.“ | Sie blieb.
de »Halt!« rief er. | »Wer da?« | »Ich.«
de Siehe S. 12, Abb. 3, Bd. 2, Nr. 5 und Kap. 4. | Danke.
de Er wohnt in der Goethestr. 5. | Sie wohnt in der Goethestr. | Gut.
de Hallo Hr. Müller, hallo Fr. Meier. | Danke.
de Das hat er gesagt... | Und dann? | Also … naja.
de Sie trank 2 l. | Er lief 5 km. | Gut.
de J. W. v. Goethe schrieb das. | J. S. Bach auch.
de Danke.|Und was jetzt?|Sag schon.
de Er hat am 24. 12. Geburtstag. | Am 24.12. feiert er. | Am 24.12.2020 war es.
fr M. et Mme Dupont. | MM. Durand et Fils.
fr Il dit : « Je pars. » | Puis il sortit.
fr P. ex. Paris est grand. | C'est p. ex. Lyon. | Oui.
fr Il est 5 h. | Elle part. | Il est 10 h 30.
fr La S.A.R.L. Dupont est là. | La S.N.C.F. | Elle roule.
fr Etc. etc. | Fin.
fr “Oui.” | “Non.” | Ok.
es —¿Vienes? —dijo. | —No. | —¡Ven! —gritó—. | Ya.
es Véase pág. 12, cap. 3, art. 5, núm. 8 y vol. 2. | Fin.
es ¡Oh! dijo él. | ¿Quién? preguntó ella.
es El Dr. J. L. Borges. | La Dra. Ruiz. | El Lic. Paz y el Ing. Sol.
es Costó 1.500,50 euros. | Caro.
es Luis fue al mar. | Vio un pez. | Comió sal. | Era tal. | Vio al Sr. Gil.
it «Vieni?» chiese lui. | «No.» | Andò via.
it Cioè, p. es. Roma. | Ad es. Milano. | Sì.
it Nel sec. XIX. | Nel 50 d.C. i Romani. | Nel 50 a.C. | Poi.
it È arrivato alle 5. | Poi è uscito.
it Io no. | Tu sì. | Lui va. | Lei fa. | Noi con te. | Ma no. | Ti do un po'. | Va be'.
pt Ver pág. 12, cap. 3, art. 5, n.º 8 e vol. 2. | Fim.
pt V. Exa. sabe. | V. Ex.ª decide. | Certo.
pt «Vem!» disse ele. | “Não.” | Foi-se.
pt Bom... não sei. | Talvez… | Amanhã.
nl Dhr. de Vries en mevr. Jansen. | Dr. J. van Dam. | Goed.
nl Bijv. Amsterdam. | Dat is bijv. Utrecht. | Ja.
nl Zie blz. 12, nr. 5, afb. 3 en hfst. 4. | Dank.
nl D.w.z. morgen. | Nl. dat. | Enz. enz. | Klaar.
nl „Kom!” riep hij. | ‘Nee.’ | Zij bleef.
nl ’s Avonds kwam hij. | ’t Is laat.
nl Hij woont in de 2e Jan v.d. Heijdenstr. 5. | Goed.
sv Dr. Ek och prof. Ås kom. | Kl. 5 kom de. | Kl. 8. | Sen gick de.
sv Se s. 12, nr 5, fig. 3 och kap. 4. | Tack.
sv ”Kom!” ropade han. | ”Nej.” | Hon gick.
sv Det var f.Kr. men inte e.Kr. | Bra.
da F.eks. Aarhus. | Det er bl.a. Odense. | Ja.
da D. 3. maj kom han. | Den 3. Maj. | Godt.
da »Kom!« råbte han. | »Nej.« | Hun gik.
da Se s. 12, nr. 5 og kap. 4. | Tak.
nb «Kom!» ropte han. | «Nei.» | Hun gikk.
pl P. Kowalski i dr Nowak. | Tzn. tak. | Np. Kraków. | Dobrze.
pl „Chodź!” zawołał. | „Nie.” | Poszła.
pl W 1990 r. było dobrze. | Było to w 1990 r. | Potem nie.
cs Pan dr. Novák a Ing. Dvořák. | Mgr. Malá. | Dobře.
cs Např. Brno. | Tj. Praha. | Viz str. 5. | Ano.
cs „Pojď!“ zvolal. | „Ne.“ | Odešla.
cs Ul. Dlouhá č. 5, tel. 123. | Ano.
sk Pán dr. Novák a Ing. Kráľ. | Napr. Nitra. | Áno.
sk Dňa 3. mája prišiel. | Pozri str. 5. | Tak.
sk „Poď!“ zvolal. | „Nie.“ | Odišla.
hu Dr. Nagy és prof. Kis. | Pl. Pécs. | Ill. Eger. | Jó.
hu „Gyere!” kiáltotta. | – Nem – mondta. | Elment.
ro „Vino!” strigă el. | „Nu.” | Plecă.
ro Nu știu. | El e aici. | Am un om. | Este aur. | Vine azi. | Du-te la ea. | Eu nu pot. | Ai un cal.
tr Dr. Kaya ve Prof. Ak. | Av. Demir geldi. | İyi.
tr Saat 5'te geldi. | M.Ö. 50 yılında. | T.C. Merkez Bankası.
tr “Gel!” dedi. | “Hayır.” | Gitti.
fi ”Tule!” hän huusi. | ”En.” | Hän lähti.
fi Kiitos.|Entä nyt?|Ei mitään.
et Hr. Tamm ja dr. Saar. | Nt. Tartu. | Jne. | Hea.
lt P. Jonas ir dr. Petras. | Pvz. Kaunas. | Gerai.
lt 1990 m. gegužės 5 d. jis atėjo. | Gerai. | Tai buvo 1990 m. | Paskui.
hr Dana 3. svibnja došao je. | U 19. st. Zagreb raste. | Dobro.
sr „Дођи!“ викну он. | „Не.“ | Оде.
bg Г-н Иванов и д-р Петров. | Проф. Колев. | Напр. София. | Да.
bg На ул. Витоша 5 в гр. София. | През 1990 г. беше. | Да.
bg „Ела!“ извика той. | „Не.“ | Тръгна.
ru Книги, газеты и т. д. | Потом он ушёл. | Ручки и т. п. лежали.
ru Г. Иванов и проф. Петров. | Д-р Сидоров. | Да.
ru А. С. Пушкин и Л. Н. Толстой. | Ф.М. Достоевский. | Да.
ru «Иди!» — крикнул он. | «Нет.» | Она ушла.
ru См. стр. 12, рис. 3, табл. 4, гл. 5. | Всё.
ru До н. э. было так. | Это 50 г. до н. э. | Потом.
ru Ну... не знаю. | Да… | Завтра.
ru Было 5 ч. | Он встал. | 10 мин. спустя. | Да.
uk Т. е. Київ. | Напр. Львів. | Тобто м. Київ. | Так.
uk У м. Києві на вул. Франка, буд. 5, кв. 12. | Так.
uk «Іди!» — крикнув він. | «Ні.» | Вона пішла.
uk У 1990 р. було добре. | Це було у 1990 р. | Потім ні.
el Ο κ. Παπάς και η κ. Νίκα. | Ο Δρ. Λάμπρου. | Ναι.
el Π.χ. Αθήνα. | Είναι π.χ. η Πάτρα. | Ναι.
el «Έλα!» είπε εκείνη. | «Όχι.» | Έφυγε.
el Τι; | Ποιος; | Εσύ; είπε. | Όχι!
id Jl. Merdeka No. 5. | Baik. | Ia tiba pkl. 5. | Lalu pergi.
id Dia ada. | Aku tahu. | Itu dia. | Ini ibu. | Kami di sini. | Apa itu.
vi Ông ta đi. | Tôi có. | Cô ấy ở đó. | Anh là ai. | Nhà to. | Em bé. | Tốt lắm.
ca El Sr. Puig i la Sra. Vila. | P. ex. Girona. | Sí.
ca —Vens? —va dir ella. | —No.
gl O Sr. López e a Sra. Díaz. | P. ex. Vigo. | Si.
is Hr. Jón og dr. Ari. | T.d. Akureyri. | Já.
ar جاء أ. محمد و د. علي. | ثم ذهب. | هل جاء؟ | نعم!
ar قال: «اذهب.» | ثم خرج. | "لا." | نعم.
ar في عام 1990 م. كان هنا. | القسم 2.1. هو الأول. | نعم.
fa آقای م. احمدی آمد. | او رفت. | چرا؟ | نه!
fa گفت: «برو.» | سپس رفت.
ur ڈاکٹر علی آئے۔ | وہ بیٹھے۔ | کیوں؟ | نہیں!
hi डॉ. शर्मा आए। | वे बैठे। | क्यों? | नहीं!
hi उसने कहा, “जाओ।” | फिर वह गया।
hi भारत की जनसंख्या 1.4 अरब है। | ठीक है।
bn ড. রহমান এলেন। | তিনি বসলেন। | কেন?
ta டாக்டர் குமார் வந்தார். | அவர் அமர்ந்தார். | ஏன்?
te డా. రావు వచ్చారు. | ఆయన కూర్చున్నారు.
th เขามา! | เธอไป? | ดี
lo ລາວມາ! | ເຈົ້າໄປ?
km គាត់មក។ | នាងទៅ? | បាទ។
km លោក ហ៊ុន សែន។|ល។ | បាទ។
my သူလာသည်။ | သူမသွားသည်။
bo ཁོང་ཡོང་། | མོ་ཕྱིན་སོང་།
am እሱ መጣ። | እሷ ሄደች? | አዎ!
am ዶ/ር አበበ መጡ። | ተቀመጡ።
hy Նա եկավ։ | Նա գնաց։ | Ի՞նչ։
he פרופ' לוי וגב' כהן. | כן.
ka ის მოვიდა. | ის წავიდა. | რატომ?
zh 他说：“走吧！”|然后走了。|“为什么？”|“没什么。”
zh 价格是3.5元。|编号No.5。|好。
zh 他住在U.S.A.，很好。|对。
zh 《红楼梦》好看吗？|好看！
zh （他来了。）|她走了。
ja 「はい。」と言った。|「いいえ。」|彼は去った。
ja 彼は「行こう！」と叫んだ。|そして去った。
ja 本当に…？|うん…。|そう。
ja 彼は来た！|彼女は？|さあ。
ja 価格は3.5円です。|No.5です。|はい。
ja Dr.スミスが来た。|Mr.ブラウンも。
ko 그는 왔다. | 그녀는 갔다. | 왜? | 아니!
ko “네.”라고 말했다. | 그리고 갔다.
ko 가격은 3.5만 원이다. | No. 5이다. | 네.
ko 1. 문을 연다. | 2. 닫는다.
zh 他用Python 3.12。|很好。
en I like 猫。|They are cute.
en The IP is 192.168.0.1. | Ping it.
en ‘Don’t go!’ she cried. | ‘I won’t.’ | He did.
en Thank you, Sgt. | You may go.
en It is I. | Who are you?
en He moved to L.A. | He liked it. | He moved to L.A. last year.
en Beware of the dog!!! | Ring bell...
en (See Fig. 3.) | It works. | (See p. 5, e.g. line 3.) | Good.
en So... | What? | Hm. | Well. | Oh. | Ah. | Mm.
en Do you know what E=mc2 means? | I do.
en The dept. of State and the univ. of X met. | Good.
en Gov. Brown, Pres. Lincoln, Sec. Clinton. | Supt. Low.
en min. 5, max. 10, avg. 7, no. 8. | Good.
""".strip().splitlines()


def pieces(text: str, language: str) -> list[str]:
    """The pieces of a text, which are the same if it comes letter by letter."""
    cut = SegmentOptions(language, limit_chars=1000)
    found, incremental = [piece.text for piece in segment(text, cut)], IncrementalSegmenter(cut)
    parts = [piece for char in text for piece in incremental.feed(char)] + incremental.flush()
    assert [piece.text for piece in parts] == found
    return found


@pytest.mark.parametrize("line", HARD + USUAL)
def test_a_text_is_cut_where_a_reader_would_pause(line: str) -> None:
    language, _, sentences = line.partition(" ")
    text = sentences.replace(" | ", " ").replace("|", "")
    assert pieces(text, language) == sentences.replace(" | ", "|").split("|")
