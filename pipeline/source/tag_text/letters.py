"""Letters of languages by how often they occur, and the character encodings in which old files hold them."""

from collections.abc import Mapping
from typing import NamedTuple


class Latin(NamedTuple):
    """A language in Latin letters."""

    share: float
    """Of all its letters, those beyond ASCII."""
    letters: str
    """Those beyond ASCII, the most frequent first."""
    rare: str
    """ASCII letters that hardly occur."""


LATIN: Mapping[str, Latin] = {
    "German": Latin(0.02, "üäöß", ""),
    "French": Latin(0.04, "éèàêçâîûôùïëœÿæ", "kw"),
    "Spanish": Latin(0.03, "óíáéñúüº", "kw"),
    "Italian": Latin(0.01, "àèùòìé", "jkwxy"),
    "Portuguese": Latin(0.04, "ãçáéíóõêâúàô", "kwy"),
    "Swedish": Latin(0.05, "äåöé", "qwz"),
    "Danish": Latin(0.03, "øåæé", "qwxz"),
    "Polish": Latin(0.07, "łąęóśżćńź", "qvx"),
    "Czech": Latin(0.13, "íáéěýřčžšůúňťďóľĺŕôä", "qwx"),
    "Hungarian": Latin(0.11, "áéöóőüíúű", "qwx"),
    "Croatian": Latin(0.04, "šžčćđ", "qwxy"),
    "Romanian": Latin(0.06, "ăţşîâșț", "kqwy"),
    "Turkish": Latin(0.10, "ışüğçöâîû", "qwx"),
    "Lithuanian": Latin(0.06, "ėšžųįąūčę", "qwx"),
    "Latvian": Latin(0.12, "āīēšūļņķģžč", "qwxy"),
    "Estonian": Latin(0.05, "äõüöšž", "qwxy"),
}
OTHER: Mapping[str, str] = {
    "Greek": "αοιετσνηυρπκμλςωδγχθφβξζψάήίόύέώϊϋΐΰ",
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оаинітревсклудмпзьябгйчхжцюєїшфщґ",
    "Serbian": "аоиенртсјукдвмплзгбчцшхљжњћфђџ",
    "Hebrew": "יוהלאמתרבשנםכקדעחפסטזצגןךףץ",
    "Arabic": "اليمنرتبدعسقفهوحكجةشصخطذزضغثىءأظئؤإآ",
    "Thai": "านรอกเงมยลว่ีด้ทตสบปคัะหิไุขจพชแ์ูใ็โถืซผึธศณญฟภำษฉฝฐฮฎฆฏฌฒฑฬ๊๋ๆฯฤฺํ",
}
"""All letters of languages in other scripts, the most frequent first."""

_WEST = ("German", "French", "Spanish", "Italian", "Portuguese", "Swedish", "Danish")
_CENTRE = ("Polish", "Czech", "Hungarian", "Croatian", "Romanian")
_BALTIC = ("Lithuanian", "Latvian", "Estonian")
_CYRILLIC = ("Russian", "Ukrainian", "Serbian")
CODINGS: Mapping[str, tuple[str, ...]] = {
    "windows-1252": _WEST,
    "windows-1250": _CENTRE,
    "windows-1251": _CYRILLIC,
    "windows-1253": ("Greek",),
    "windows-1254": ("Turkish",),
    "windows-1257": _BALTIC,
    "windows-1255": ("Hebrew",),
    "windows-1256": ("Arabic",),
    "cp874": ("Thai",),
    "iso8859-15": _WEST,
    "iso8859-2": _CENTRE,
    "iso8859-7": ("Greek",),
    "koi8-r": ("Russian",),
    "koi8-u": ("Ukrainian",),
    "iso8859-5": ("Russian",),
    "mac-roman": _WEST,
    "mac-latin2": _CENTRE,
    "mac-greek": ("Greek",),
    "mac-cyrillic": ("Russian", "Ukrainian"),
    "cp850": _WEST,
    "cp852": _CENTRE,
    "cp866": ("Russian",),
    "cp737": ("Greek",),
}
"""Python's names of encodings of one byte a letter, and the languages that each is for."""
ENDINGS: Mapping[str, str] = {"ך": "כ", "ם": "מ", "ן": "נ", "ף": "פ", "ץ": "צ", "ς": "σ"}
"""Letters that only end a word, and those that stand for them elsewhere."""
MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
"""Vowels and tones of Thai that stand above or below a letter, as a part of a class of a regular expression."""
GREEK_ACCENTED = frozenset("άήίόύέώΐΰ")

_HANZI = (
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事"
    "只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情"
    "部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处"
    "总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象"
    "记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领"
    "传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史"
    "商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏呀兴"
)
_HANZI_OF_TAIWAN = (
    "這來國個說們為時會過學對裡後麼沒於還發當無開見經頭從動兩長樣現將與進實點種聲話兒問機給幾業最間電門東聽氣關並內卻軍產萬體別處總場師書"
    "員華報馬張難數車應親務記邊風戰島戲愛讓認論義術結隊帶條變聯權該領傳紅決達辦運強區轉眾輕語滿寫識極黃臉錢黨設雙歷廣議際則單據導網專誰讀飛"
    "觀爭組視濟離雖壞興"
)
_KANJI = (
    "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎"
    "白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海"
    "売知道集別物使品計死特私始朝運終台広住無真有口少町料工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図"
    "週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛魚兄犬妹姉漢村島戦争愛恋"
)
FREQUENT: Mapping[str, frozenset[str]] = {
    "shift-jis": frozenset(_KANJI),
    "euc-jp": frozenset(_KANJI),
    "gb18030": frozenset(_HANZI),
    "big5": frozenset(_HANZI) | frozenset(_HANZI_OF_TAIWAN),
}
"""Frequent Chinese characters of the language that an encoding is for."""
