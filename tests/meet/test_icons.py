"""Icons stand in the page itself and say nothing to those who cannot see them."""

import pytest
from django.template import Context, Template


def drawn(tag: str) -> str:
    return Template("{% load icons %}" + tag).render(Context())


def test_an_icon_is_drawn_where_it_stands_in_the_colour_of_the_text():
    found = drawn('{% icon "mic" %}')
    assert found.startswith("<svg")
    assert 'aria-hidden="true"' in found
    assert "currentColor" in found
    assert "<path" in found


def test_an_icon_has_the_size_that_is_asked_for():
    assert 'width="16" height="16"' in drawn('{% icon "pencil" 16 %}')


def test_an_icon_that_the_set_does_not_have_is_told():
    with pytest.raises(KeyError, match="no-such-icon"):
        drawn('{% icon "no-such-icon" %}')
