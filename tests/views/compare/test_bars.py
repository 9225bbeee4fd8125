"""The picture of the Compare page: text of strangers stays text, and no bar leaves its track."""

import re

import pytest

from views.compare.bars import Bar, bars_html


def test_networks_of_a_data_set_stand_under_its_heading():
    html = bars_html(
        [Bar("a", "shipped", "Digits", 0.9), Bar("b", "published", "Garments", 0.1)], "#000000"
    )
    assert re.findall(r'class="head">(\w+)<|<span>(\w) ', html) == [
        *(("Digits", ""), ("", "a"), ("Garments", ""), ("", "b")),
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("yours, uploaded", "yours"), ("from a link", "from-a-link"), ("shipped", "shipped")],
)
def test_a_bar_says_whose_it_is_and_the_list_which_color_is_one_s_own(kind, name):
    html = bars_html([Bar("a", kind, "Digits", 0.9)], "#0F766E")
    assert f'<li class="{name}">' in html
    assert '<ul class="shares" style="--mine:#0F766E">' in html


def test_a_network_without_the_figure_has_no_bar():
    html = bars_html([Bar("A", "published", "Digits", None)], "#000000")
    assert "gave no such figure" in html and "track" not in html


def test_a_name_is_only_text():
    html = bars_html([Bar("<b>", '"x', "<i>", 0.5)], "#000000")
    assert not re.search(r"<b>\s|<i>\s*<", html.replace("<b>50.00 %</b>", ""))
    assert "&lt;b&gt;" in html and "&quot;x" in html


@pytest.mark.parametrize(("share", "width"), [(-1.0, "0.000%"), (2.0, "100.000%")])
def test_a_bar_stays_in_its_track(share, width):
    assert f'style="width:{width}"' in bars_html([Bar("a", "yours", "Digits", share)], "#000000")


def test_data_sets_of_one_title_have_a_heading_each():
    html = bars_html([Bar("a", "yours", "Mine", 0.5, f"own-{n}") for n in range(2)], "#000000")
    assert html.count('class="head"') == 2
