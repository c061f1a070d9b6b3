"""The search key bridges scripts, accents and habits of typing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.folding import fold, words

ONE_KEY = {
    "sator": ["sator", "šator", "ŠATOR", "шатор", "ШАТОР", "s\u030cator", " Šator. "],
    "satori": ["Šatori", "шатори", "SATORI"],
    "cebe": ["ćebe", "Ћебе", "ќебе", "CEBE", "čebe"],
    "celicni": ["čelični", "челични"],
    "zica": ["žica", "жица"],
    "sunder": ["sunđer", "сунђер", "sundjer", "сунѓер", "SUNĐER"],
    "deca": ["djeca", "deca", "деца", "ђеца"],
    "odeca": ["odjeća", "одећа", "odeća"],
    "ljudi": ["ljudi", "људи", "люди", "Ljudi", "ǉudi"],
    "njega": ["njega", "њега"],
    "dzem": ["džem", "џем", "джем", "ѕем"],
    "hrana": ["hrana", "храна", "Hrána"],
    "cigla": ["cigla", "цигла"],
    "jaje": ["jaje", "јаје", "яје"],
    "juha": ["juha", "јуха", "юха"],
    "caj": ["čaj", "чај", "чай"],
    "vazglavnica": ["възглавница"],
    "pomost": ["помощ"],
    "zivlennja": ["живлення"],
    "jizak": ["їжак"],
    "jevropa": ["Європа"],
    "gudzyk": ["ґудзык", "gudzyk"],
    "satyr": ["шатыр", "ШАТЫР"],
    "kosym": ["көсым", "қосым"],
    "orun": ["өрұн", "орүн"],
    "skini": ["σκηνή", "ΣΚΗΝΗ", "σκηνη\u0301"],
    "cadir": ["çadır", "ÇADIR", "çadir", "cadir", "ÇADİR"],
    "iskele": ["İSKELE", "iskele"],
    "patura": ["pătură", "patura"],
    "sosete": ["șosete", "şosete"],
    "prici": ["prici", "priči"],
    "tarani": ["țărani", "ţărani"],
    "strasse": ["Straße", "STRASSE"],
    "stromaggregate": ["Stromaggregäte"],
    "palatka": ["палатка", "Palatka"],
    "caderr": ["çadërr"],
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in ONE_KEY.items() for text in texts])
def test_spellings_of_one_word_meet(key: str, text: str) -> None:
    assert fold(text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Obiteljski šator 16 m²", "obiteljski sator 16 m2"),
        ("Породични шатор 16 m²", "porodicni sator 16 m2"),
        ("Decke, hochwärmend 150×200", "decke hochwarmend 150 200"),
        ("Вода минерална 1,5 л", "voda mineralna 1 5 l"),
        ('Pumpa 3" dizel', "pumpa 3 dizel"),
        ("First-aider's kit", "first aiders kit"),
        ("п'ять п’ять", "pjat pjat"),
        ("Платнище 4х6 м", "platniste 4 6 m"),
        ("Cerada 4 x 6 x 0,2", "cerada 4 6 0 2"),
        ("4xx6 hx", "4xx6 hx"),
        ("box/carton_20", "box carton 20"),
        ("a\u00a0b\tc\nd", "a b c d"),
        ("zero\u200bwidth", "zerowidth"),
        ("ﬁlter №5", "filter no5"),
        ("½", "1 2"),
        ("帐篷", "zhangpeng"),
        ("⛺", "tent"),
        ("\U000f0000x\ue000y", "x y"),
        ("", ""),
        (" .,;", ""),
    ],
)
def test_numbers_marks_and_far_scripts(text: str, key: str) -> None:
    assert fold(text) == key


def test_words_keep_order_and_repeats() -> None:
    assert words("Šator, шатор — cort!") == ["sator", "sator", "cort"]


@given(st.text(max_size=60))
def test_a_key_is_its_own_key_and_plain(text: str) -> None:
    key = fold(text)
    assert fold(key) == key
    assert key.isascii() and key == key.lower()
    assert all(word.isalnum() for word in key.split(" ") if key)


@given(
    st.lists(
        st.sampled_from(["4", "x", "х", "×", "h2", "dj", "šator", "'", "m²", "-", " ", "\u0301", "\u2003"]), max_size=9
    )
)
def test_words_have_the_keys_that_they_have_in_a_text(parts: list[str]) -> None:
    text = " ".join(parts)
    assert fold(text) == fold(" ".join(fold(part) for part in parts)) == fold("\n".join(parts))


SERBIAN = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True))
SERBIAN |= {"љ": "lj", "њ": "nj", "џ": "dž"}


@given(st.text(alphabet="".join(SERBIAN) + " ", max_size=40))
def test_serbian_in_both_scripts_has_one_key(cyrillic: str) -> None:
    latin = "".join(SERBIAN.get(letter, letter) for letter in cyrillic)
    assert fold(cyrillic) == fold(latin) == fold(latin.upper())
