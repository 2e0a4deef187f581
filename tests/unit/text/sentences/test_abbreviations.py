"""Abbreviations, and what looks like them: where a stop ends a sentence in the languages of public bug reports."""

import pytest

from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

#: a language, and its sentences parted by ` | `
LINES = """
en Pens, etc. | Every day people come. | Pens, etc. and ink.
fr Des stylos, etc. | Puis il partit. | Des stylos, etc., et de l'encre.
es Plumas, tinta, etc. | Luego se fue. | Después, etc. | Todo bien.
de Stifte etc. | Trotzdem kam er. | Stifte usw. | Peter kam.
nl Pennen, etc. | Toen kwam hij. | Pennen, enz. | Alles is weg.
cs Pera atd. | Potom odešel. | Pera apod. | Všichni byli rádi.
sv Pennor m.m. | Alla var glada. | Pennor m.m. och bläck.
da Penne osv. | Derefter gik han.
lt Rašikliai ir t.t. | Tada jis išėjo.
ro Pixuri etc. | Apoi a plecat. | Pixuri ș.a.m.d. | Toți erau fericiți.
vi Bút, v.v. | Sau đó anh đi.
el Στυλό κ.λπ. | Μετά έφυγε.
uk Ручки і т. д. | Усі були раді. | Ручки та ін. | Потім.
ru Ручки и пр. | Все были рады. | Ручки и др. | Потом он ушёл.
tr Kalemler vs. | Herkes mutluydu.
lt Miestai, pvz. Vilnius, yra dideli.
lv Pilsētas, piem. Rīga, ir lielas.
cs Města, např. Praha a mj. Brno, jsou velká.
hr Gradovi, npr. Zagreb, tj. Hrvatska.
sl Mesta, npr. Ljubljana.
et Linnad, nt. Tallinn.
tr Şehirler, örn. Ankara, bkz. Türkiye.
el Πόλεις, δηλ. Ελλάδα, βλ. Χάρτη.
pt Cidades, cf. Anexo, i.e. Porto.
de Städte, insb. Hamburg und Pfr. Braun.
fr Villes, c.-à-d. Lyon et la Sté. Renault.
pl Był ks. Kowal, gen. Anders, płk. Lis i bp. Ryś na pl. Wolności.
ru Был кн. Болконский, ред. Кольцов и арх. Иванов.
es Vino el Cnel. Díaz con la Profa. Luna y Mons. Romero.
pt Veio o Cel. Lima com o Pe. Vieira e o Des. Souza a S. Paulo.
nl Daar waren Ds. Kuyper, Jhr. Six en burg. Aboutaleb.
tr Alb. Çelik, Yzb. Şahin ve Öğr. Gör. Ak geldi.
hu Eljött özv. Nagyné, gr. Széchenyi és Szt. István.
id Ir. Soekarno dan Jend. Ahmad di PT. Telkom dan CV. Karya.
vi Ông ở Đ. Láng, Q. Ba Đình.
fr Nous avons vu J. Verne et J.-J. Rousseau.
es Vimos a J. Borges. | Vitamina C. | Luego salió.
pl Widziano J. Kowalskiego.
pt Vimos J. Amado ontem.
cs Viděli J. Nováka.
da Vi så J. Bang.
ca Vam veure J. Pla.
de Plan B. | Niemand wusste es. | J. Das kam.
en It was Malcolm X. | Nobody knew. | J. De Boer came.
es Son 12 km. | Luego vino. | Pesa 80 kg. | Ana rio. | Dura 10 min. | Todo bien.
it Sono 12 km. | Poi venne. | Pesa 80 kg. | Anna rise.
nl Hij weegt 80 kg. | Anna lachte. | Het duurt 10 min. | Alles goed.
ru Весит 80 кг. | Анна смеялась. | Длится 10 мин. | Всё хорошо.
uk Коштує 20 грн. | Ніхто не купить.
hu Ára 20 Ft. | Senki sem veszi.
ru Дом, где он родился, 1898 г. В 1854 году дом продан.
ru Это было в 1941 г. | Война началась. | Летом 1941 г. Германия напала. | В 1812 г. Наполеон пришёл.
pl Urodził się w 1990 r. | Kraków był inny. | W 1990 r. Polska była wolna.
cs Viz str. 5 a obr. 3. | Přišel Karel. | Dne 5. ledna odešel.
tr Bkz. sayfa 12. | Krş. Ahmet.
tr Ara 0850 222 33 44. | Randevunuz var.
pt O total, aprox. 500 reais, foi pago.
es Peso máx. 10 kg.
ar بلغت الخسائر 4.5%. | ثم عاد.
fa در بخش‌های ۲٫۱. داده‌های ورودی آمده است.
es Hm. | Bueno. | Shh. | Callad.
uk Вид. «Освіта» випустило книгу.
hu Brr. | Hideg van.
cs Je to krk. | Potom odešel. | Smrt. | Život.
hr To je vrt. | Ana je tu.
es El club. | Todos. | El chef. | Luego.
fr Un km. | Tous partent.
""".strip().splitlines()


@pytest.mark.parametrize("line", LINES)
def test_a_stop_ends_a_sentence_only_where_a_reader_would_pause(line: str) -> None:
    language, _, sentences = line.partition(" ")
    text, cut = sentences.replace("| ", ""), SegmentOptions(language, limit_chars=1000)
    found = [piece.text for piece in segment(text, cut)]
    assert " | ".join(found) == sentences
    incremental = IncrementalSegmenter(cut)
    pieces = [piece for char in text for piece in incremental.feed(char)] + incremental.flush()
    assert [piece.text for piece in pieces] == found
