"""The two scripts of Serbian."""

import pytest

from xstock_node.domain.latin import to_latin


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("Љубав, њива и џеп", "Ljubav, njiva i džep"),
        ("ЊЕГОШ", "NJEGOŠ"),
        ("УСЉ", "USLJ"),
        ("Ђурђевдан, ћошак, жаба, цвет, чаша, шума, хлеб", "Đurđevdan, ćošak, žaba, cvet, čaša, šuma, hleb"),
        ("%(num)s код {name} `xstock op` JSON", "%(num)s kod {name} `xstock op` JSON"),
        ("", ""),
    ],
)
def test_each_letter_has_its_pair_and_all_else_stays(cyrillic: str, latin: str) -> None:
    assert to_latin(cyrillic) == latin
