"""Run the contract on every carrier and every case, or on those of the carrier that `--carrier` names."""

import pytest

from app.carriers import adapters, find
from app.errors import ConfigurationError
from app.examples import examples


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    slug = metafunc.config.getoption("--carrier")
    try:
        chosen = [find(slug)] if slug else list(adapters().values())
    except ConfigurationError as problem:
        raise pytest.UsageError(str(problem)) from None
    if "example" in metafunc.fixturenames:
        pairs = [(adapter, example) for adapter in chosen for example in examples(adapter.slug)]
        metafunc.parametrize(("adapter", "example"), pairs, ids=[f"{a.slug}-{e.name}" for a, e in pairs])
    elif "adapter" in metafunc.fixturenames:
        metafunc.parametrize("adapter", chosen, ids=[adapter.slug for adapter in chosen])
