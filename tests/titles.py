"""Titles and names of old films in the encodings of their time, on which the guess of encodings is measured.

The rules of `pipeline.source.tag_text.text_coding` were made on other titles, and none is changed to fit these.
"""

from collections.abc import Iterator

from pipeline.messages import is_utf_8

_WEST = ("windows-1252", "mac-roman", "cp850")
_CENTRE = ("windows-1250", "iso8859-2", "mac-latin2", "cp852")
_GREEK = ("windows-1253", "iso8859-7", "mac-greek", "cp737")
_RUSSIAN = ("windows-1251", "koi8-r", "mac-cyrillic", "cp866", "iso8859-5")
_TITLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "German": (
        _WEST,
        (
            "Die Büchse der Pandora",
            "Das Cabinet des Dr. Caligari – Jägerstraße",
            "Friedrich Wilhelm Murnau, Schloß Vogelöd",
            "Menschen am Sonntag, übertragen",
            "Der Schatz im Märchenwald",
            "Frühlings Erwachen",
            "Mädchen in Uniform",
            "Die Straße",
        ),
    ),
    "French": (
        _WEST,
        (
            "À propos de Nice",
            "La Passion de Jeanne d'Arc – restauré",
            "Les Misérables, première époque",
            "L'Âge d'or",
            "Zéro de conduite",
            "Le Mystère de la chambre jaune",
            "Ça c'est Paris",
            "L'Hôtel du Nord, Jean Vigo à Noël",
        ),
    ),
    "Spanish": (
        _WEST,
        (
            "La aldea maldita, versión sonora",
            "El sexto sentido, Nemesio Sobrevila, España",
            "Nobleza baturra y el niño",
            "¡Viva Madrid, que es mi pueblo!",
            "Canción de cuna",
        ),
    ),
    "Swedish": (
        _WEST,
        (
            "Körkarlen",
            "Gösta Berlings saga",
            "Häxan",
            "Victor Sjöström: Berg-Ejvind och hans hustru på fjället",
        ),
    ),
    "Portuguese": (
        _WEST,
        (
            "Limite, de Mário Peixoto",
            "São Paulo, Sinfonia da Metrópole",
            "Douro, Faina Fluvial, edição de 1931",
            "A Canção de Lisboa, não é?",
        ),
    ),
    "Danish": (
        _WEST,
        (
            "Præsidenten",
            "Du skal ære din hustru",
            "Klovnen på ø",
        ),
    ),
    "Italian": (
        _WEST[:2],
        (
            "Perché no?",
            "Città di notte",
            "La più bella, è così",
        ),
    ),
    "Icelandic": (_WEST[:1], ("Saga Borgarættarinnar",)),
    "Polish": (
        _CENTRE,
        (
            "Mocny człowiek",
            "Bestia, czyli Kochanka wójta, Łódź 1917",
            "Zew morza, reżyseria Henryk Szaro",
            "Pan Tadeusz, księga pierwsza: Żegota",
            "Janko Muzykant, źródło",
            "Policmajster Tagiejew",
            "Kult ciała",
            "Ślubne wspomnienia",
            "Uwiedziona – Częstochowa",
            "Ludzie dzisiejsi, zdjęcia: Wywerka",
        ),
    ),
    "Czech": (
        _CENTRE,
        (
            "Erotikon, režie Gustav Machatý",
            "Příchozí z temnot",
            "Stavitel chrámu",
            "Batalion – kytice žižkovská",
            "Ze soboty na neděli",
            "Kreutzerova sonáta, Děvče z hor",
            "Takový je život",
            "Svatý Václav",
        ),
    ),
    "Hungarian": (
        _CENTRE,
        (
            "A tolonc, Kertész Mihály",
            "Az aranyember – Korda Sándor műve",
            "Hyppolit, a lakáj",
            "Tavaszi zápor, Fejős Pál",
            "Őfelsége a szerelem",
            "Isten fia és az ördög fia",
        ),
    ),
    "Croatian": (
        _CENTRE,
        (
            "Birtija, Zagreb, Škola narodnog zdravlja",
            "Grička vještica",
            "Kralj ugljena: čovjek i šuma",
        ),
    ),
    "Romanian": (
        _CENTRE[:2],
        (
            "Manasse, după Ronetti-Roman",
            "Haiducii şi Iancu Jianu",
            "Războiul pentru independenţă",
        ),
    ),
    "Greek": (
        _GREEK,
        (
            "Δάφνις και Χλόη",
            "Η γροθιά του σακάτη",
            "Αστέρω",
            "Ο Μαγος της Αθήνας",
            "Κοινωνική σαπίλα",
            "Έρως και κύματα",
            "ΤΟ ΛΙΜΑΝΙ ΤΩΝ ΔΑΚΡΥΩΝ",
            "Μαρία Πενταγιώτισσα (1929)",
        ),
    ),
    "Russian": (
        _RUSSIAN,
        (
            "Октябрь",
            "Мать",
            "Аэлита, 1924",
            "Третья Мещанская",
            "Дом на Трубной",
            "Потомок Чингисхана",
            "СТАЧКА",
            "Девушка с коробкой – Борис Барнет",
            "Шинель",
            "По закону",
        ),
    ),
    "Ukrainian": (
        (
            "windows-1251",
            "koi8-u",
            "mac-cyrillic",
        ),
        (
            "Земля, Олександр Довженко, Україна",
            "Звенигора – Київ",
            "Людина з кіноапаратом",
        ),
    ),
    "Bulgarian": (
        ("windows-1251",),
        (
            "Българан е галант",
            "След пожара над Русия",
        ),
    ),
    "Serbian": (
        ("windows-1251",),
        (
            "Карађорђе",
            "Са вером у Бога",
        ),
    ),
    "Turkish": (
        ("windows-1254",),
        (
            "Ateşten Gömlek",
            "Bir Millet Uyanıyor",
            "İstanbul'da Bir Facia-i Aşk",
            "Boğaziçi Esrarı",
            "Ankara Postası, yönetmen Muhsin Ertuğrul",
        ),
    ),
    "Lithuanian": (
        ("windows-1257",),
        (
            "Onytė ir Jonelis",
            "Lietuvos kariuomenė, žiūrovų šventė",
        ),
    ),
    "Latvian": (
        ("windows-1257",),
        (
            "Lāčplēsis",
            "Zvejnieka dēls, Rīga",
        ),
    ),
    "Estonian": (
        ("windows-1257",),
        (
            "Noored kotkad, õnnelik mäng",
            "Kire lained – Jäljed",
        ),
    ),
    "Hebrew": (
        ("windows-1255",),
        (
            "עודד הנודד",
            "צבר",
            "זאת היא הארץ",
        ),
    ),
    "Arabic": (
        ("windows-1256",),
        (
            "ليلى",
            "زينب",
            "أولاد الذوات",
        ),
    ),
    "Japanese": (
        (
            "shift-jis",
            "euc-jp",
        ),
        (
            "生れてはみたけれど",
            "狂った一頁",
            "滝の白糸 (1933)",
            "東京の合唱",
            "雄呂血",
            "ちょんまげ大作戦",
        ),
    ),
    "Korean": (
        ("euc-kr",),
        (
            "아리랑",
            "청춘의 십자로",
            "임자없는 나룻배 1932",
        ),
    ),
    "Chinese": (
        ("gb18030",),
        (
            "神女",
            "小玩意",
            "大路 1934",
            "劳工之爱情",
            "一江春水向东流",
        ),
    ),
    "Chinese (Taiwan)": (
        ("big5",),
        (
            "漁光曲",
            "新女性",
            "火山情血",
            "桃李劫",
        ),
    ),
    "Thai": (
        ("tis-620",),
        (
            "นางสาวสุวรรณ",
            "หลงทาง",
        ),
    ),
}
"""By language: encodings of its old files, and texts."""


def titles() -> Iterator[tuple[str, str, bytes]]:
    """(encoding, text, its bytes) of each that its encoding holds, and that is not UTF-8 by chance."""
    for codings, texts in _TITLES.values():
        for coding in codings:
            for text in texts:
                held = text if coding.startswith(("windows", "mac")) else text.replace("–", "-")
                try:
                    data = held.encode(coding)
                except UnicodeEncodeError:
                    continue
                if not is_utf_8(data):
                    yield coding, held, data
