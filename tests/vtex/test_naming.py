"""What VTEX calls an account is read from its address and its key, where they say it."""

import pytest

from app.vtex import named_by_address, named_by_key


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://lojabr.vtexcommercestable.com.br", "lojabr"),
        ("https://LojaBR.vtexcommercebeta.com.br/", "lojabr"),
        ("https://lojabr.myvtex.com", "lojabr"),
        ("https://test--lojabr.myvtex.com", "lojabr"),
        ("https://vtex-proxy.shop.example", None),
        ("https://lojabr.vtexcommercestable.com.br.shop.example", None),
        ("http://127.0.0.1:8090/lojabr", None),
        ("https://.myvtex.com", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_an_address_of_vtex_names_its_account(base_url: str, name: str | None) -> None:
    assert name == named_by_address(base_url)


@pytest.mark.parametrize(
    ("app_key", "name"),
    [
        ("vtexappkey-lojabr-ABCDEF", "lojabr"),
        ("VTEXAPPKEY-LojaBR-abc123", "lojabr"),
        ("vtexappkey-demo", None),
        ("a-key", None),
        ("xvtexappkey-lojabr-ABCDEF", None),
    ],
)
def test_a_key_names_the_account_that_it_was_made_in(app_key: str, name: str | None) -> None:
    assert name == named_by_key(app_key)
