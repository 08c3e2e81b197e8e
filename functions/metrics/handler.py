"""Lambda's entry point of the metrics function: numbers, and the dashboard's page."""

from mangum import Mangum

from llm_cache_proxy.api.aws.gateway_events import gateway_function
from llm_cache_proxy.api.operators.metrics_app import create_metrics_app
from llm_cache_proxy.bootstrap.function_settings import operator_settings
from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.bootstrap.priming import prime_everything

_settings = operator_settings()
# While Lambda lends a whole processor: later, an import takes longer than a store may take.
prime_everything(_settings)
_key = None if _settings.admin_key is None else _settings.admin_key.get_secret_value()

# Without lifespan: the stores stay connected from one invocation to the next.
handler = gateway_function(
    Mangum(create_metrics_app(administration(_settings), _key), lifespan="off")
)
