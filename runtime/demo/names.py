"""Names, codes and article numbers of the demo city. All invented, all obviously generic.

The cities were compared with the table of county-level and higher divisions: none of them is one.
Names of a place lead every enterprise's name, so no enterprise here can be met outside the demo.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from registry.maths.codes import USCC_ALPHABET, gtin_check_digit, make_uscc

PROVINCE = ("990000", "东岚省")
CITIES: tuple[tuple[str, str], ...] = (
    ("990100", "岚州市"),
    ("990200", "青澜市"),
    ("990300", "云岫市"),
    ("990400", "临汐市"),
    ("990500", "望川市"),
    ("990600", "石汀市"),
    ("990700", "南屏市"),
    ("990800", "澄湾市"),
    ("990900", "白鹭市"),
    ("991000", "宁浦市"),
    ("991100", "松湾市"),
    ("991200", "金渡市"),
)
# Share of the province's people: 岚州 is the large one.
CITY_WEIGHTS = (0.20, 0.13, 0.11, 0.10, 0.09, 0.08, 0.07, 0.06, 0.05, 0.045, 0.035, 0.03)

WORDS = (
    "星澜", "天工", "嘉禾", "锦程", "瑞泽", "恒远", "晨曦", "品冠", "海棠", "北辰",
    "力通", "博雅", "金谷", "明阳", "宏光", "启程", "聚力", "万里", "优耐", "远帆",
    "青禾", "云帆", "长风", "和光", "广源", "立新", "百川", "安达", "春晖", "东篱",
    "鼎盛", "方圆", "守拙", "汀兰", "景明", "凯旋", "清岚", "茂林", "鹏程", "千帆",
    "日新", "盛和", "素心", "卫宁", "祥云", "永固", "正则", "致远", "中和", "卓越",
    "众诚", "自强", "朝露", "雅风", "银杏", "友邻", "玉衡", "泽润", "竹青", "紫电",
)  # fmt: skip
EXTRA_WORDS = "一德信佳美康福顺达利昌隆兴旺通捷创科智联融汇益诚宝源丰实朗嘉"


def credit_code(region_code: str, serial: int) -> str:
    """A well-formed unified social credit code (统一社会信用代码) nobody was given."""
    places = ""
    rest = serial
    for _ in range(6):
        rest, place = divmod(rest, len(USCC_ALPHABET))
        places = USCC_ALPHABET[place] + places
    return make_uscc(authority="91", region=region_code, organisation="MA" + places)


def gtin13(serial: int) -> str:
    """A GTIN-13 in the restricted range 29…: valid check digit, never a maker's own number."""
    body = f"29{serial:010d}"
    return body + gtin_check_digit(body)


def gtin14(serial: int) -> str:
    """A GTIN-14 (trade unit, indicator 1) in the same restricted range."""
    body = f"129{serial:010d}"
    return body + gtin_check_digit(body)


def unused_words(rng: np.random.Generator, reserved: set[tuple[str, str]]) -> Iterator[str]:
    """Words for firm names, each combination at most once, in shuffled order.

    Parameters
    ----------
    reserved : set of (city, word)
        Kept for the planted story; single words in it are never given again.
    """
    taken = {word for _, word in reserved}
    pairs = [first + second for first in WORDS for second in EXTRA_WORDS if first not in taken]
    order = rng.permutation(len(pairs))
    for index in order:
        yield pairs[int(index)]


def mark_of(serial: int) -> str:
    """Two or three letters that begin a firm's lot numbers: AA, AB, … ZZ, AAA, …"""
    letters = ""
    rest = serial
    for _ in range(2 if serial < 26 * 26 else 3):
        rest, place = divmod(rest, 26)
        letters = chr(65 + place) + letters
    return letters
