"""docs/apps.md is what the profiles say."""

from support.apps_page import PAGE, page


def test_the_page_is_as_the_profiles_have_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: PYTHONPATH=tests python -m support.apps_page"
