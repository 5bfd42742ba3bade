"""Whatever the environment holds: it is settings, or one sentence names the variable."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.runtime.settings import InvalidSettingError, Settings, read_settings
from tests.unit.sluice.runtime.test_settings import GOOD

WHOLE = sorted(name for name, value in GOOD.items() if value.isdecimal() and "RATE" not in name)
NUMBERS = sorted([*WHOLE, "SUBMIT_RATE_PER_SECOND", "OTHER_RATE_PER_SECOND"])

NO_NUMBERS = {
    "blank": " ",
    "words": "ten",
    "not a number": "nan",
    "infinity": "inf",
    "minus infinity": "-Infinity",
    "a unit": "10s",
    "a comma": "1,5",
    "two points": "1.2.3",
    "an underscore": "1_0",
    "digits of another script": "\u0661\u0660",
    "hexadecimal": "0x10",
    "a second line": "10\n",
    "a minus": "-1",
    "nought": "0",
    "too much": "1e99",
    "more than a float": "9" * 400,
    "an exponent of a thousand": "1e1000",
    "a NUL": "10\x00",
    "half of a surrogate pair": "\ud800",
    "a bool": "true",
    "JSON": "[10]",
}


def said_of(environment: dict[str, str]) -> str:
    with pytest.raises(InvalidSettingError) as caught:
        read_settings(environment)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_variable_that_is_missing_or_empty_is_named(name: str) -> None:
    missing = {known: value for known, value in GOOD.items() if known != name}
    assert said_of(missing) == said_of({**GOOD, name: ""})
    assert said_of(missing) == f"environment variable {name} is not set; template.yaml sets it"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=NO_NUMBERS.keys())
def test_what_is_no_number_within_bounds_is_named_with_what_is_allowed(name: str, value: str) -> None:
    said = said_of({**GOOD, name: value})
    assert said.startswith(f"{name} is ")
    assert "number from" in said
    assert len(said) < 250


@pytest.mark.parametrize("name", WHOLE)
def test_half_a_poller_is_not_rounded(name: str) -> None:
    assert said_of({**GOOD, name: "1.5"}).startswith(f"{name} is 1.5; a whole number from 1 to ")


@pytest.mark.parametrize("value", ["True", "TRUE", "yes", "1", " true", "true\n", "null"])
def test_only_true_and_false_are_flags(value: str) -> None:
    assert "ALWAYS_ON is" in said_of({**GOOD, "ALWAYS_ON": value})


@pytest.mark.parametrize(("value", "number"), [("12", 12), ("12.0", 12), ("1.2e1", 12), ("+12", 12)])
def test_a_number_as_cloudformation_may_write_it_is_read(value: str, number: int) -> None:
    assert read_settings({**GOOD, "POLLER_THREADS": value}).poller_threads == number


def test_variables_of_others_are_nobodys_business() -> None:
    assert read_settings({**GOOD, "PATH": "/bin", "SLUICE": "\x00"}) == read_settings(GOOD)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(st.characters()) | st.floats().map(str)))
def test_no_environment_fails_in_another_way(spoilt: dict[str, str]) -> None:
    try:
        settings = read_settings({**GOOD, **spoilt})
    except InvalidSettingError as error:
        said = str(error)
    else:
        said = ""
        assert all(getattr(settings, field.name) not in (None, "") for field in fields(Settings))
    assert not said or any(name in said for name in spoilt)
