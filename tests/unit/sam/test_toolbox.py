"""What is read off a container network."""

from __future__ import annotations

from tools.sam.toolbox import gateway_of


def test_the_gateway_is_the_one_that_was_chosen() -> None:
    assert gateway_of({"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.254"}) == "172.18.0.254"


def test_the_gateway_is_the_subnets_first_address_where_none_was_chosen() -> None:
    assert gateway_of({"Subnet": "172.17.0.0/16"}) == "172.17.0.1"
