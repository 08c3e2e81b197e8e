"""Lambda's entry point of the admin function: HTTP, direct invocations, and the schedule."""

from mangum import Mangum

from llm_cache_proxy.api.aws.admin_function import admin_function
from llm_cache_proxy.api.aws.gateway_events import gateway_function
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.bootstrap.function_settings import operator_settings
from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.bootstrap.priming import prime_everything

_settings = operator_settings()
# While Lambda lends a whole processor: later, an import takes longer than a store may take.
prime_everything(_settings)
_administration = administration(_settings)
_key = None if _settings.admin_key is None else _settings.admin_key.get_secret_value()

# Without lifespan: the stores stay connected from one invocation to the next.
handler = admin_function(
    _administration,
    gateway_function(Mangum(create_admin_app(_administration, _key), lifespan="off")),
)
