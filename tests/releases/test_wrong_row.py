"""A wrong row turns a test red: each fact of the first and the last release is turned round, and tried again."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

import pytest

from compat.releases import Release
from tests.releases import test_options as options
from tests.releases import test_password as password
from tests.releases import test_tokens as tokens

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKS = {
    "redis_started": password.test_redis_runs_and_asks_for_the_password_only_where_the_tables_say_so,
    "password_guards": password.test_wrong_password_gets_in_unless_the_tables_say_that_it_guards,
    "external_redis": tokens.test_ray_reads_the_address_of_a_redis_of_ones_own_where_the_table_says_so,
    "redis_username": options.test_redis_username_is_an_option_where_the_table_says_so,
    "agent_port_covered": tokens.test_agent_port_is_open_to_strangers_until_the_table_says_that_it_is_covered,
    "get_auth_token_needs_mode": tokens.test_get_auth_token_needs_the_mode_only_where_the_table_says_so,
    "k8s_tokens": tokens.test_gcs_server_knows_kubernetes_tokens_where_the_tables_say_so,
    "auto_enable": tokens.test_head_that_finds_a_token_is_guarded_only_where_the_table_says_so,
}

seen = options.seen
seconds_to_get_in = password.seconds_to_get_in


@pytest.mark.parametrize(("fact", "check"), CHECKS.items(), ids=CHECKS)
def test_fact_turned_round_fails_its_test(
    request: pytest.FixtureRequest, said: Release, fact: str, check: Callable[..., None]
) -> None:
    turned: dict[str, Any] = {fact: not getattr(said, fact)}
    wrong = dataclasses.replace(said, **turned)
    needed = [name for name in inspect.signature(check).parameters if name != "said"]
    given = {name: request.getfixturevalue(name) for name in needed}
    with pytest.raises(AssertionError):
        check(said=wrong, **given)


def test_every_fact_of_the_table_has_a_check() -> None:
    """``token_auth`` decides which heads are started, and with what: a wrong one fails nearly everything."""
    facts = {field.name for field in dataclasses.fields(Release)} - {"version", "token_auth"}
    assert facts == CHECKS.keys()
