"""Lambda's entry point of the admin function: HTTP, direct invocations, and the schedule."""

import llm_cache_proxy.api.http.deferred_fastapi  # noqa: F401 - before all that imports FastAPI

# isort: split
from mangum import Mangum

from llm_cache_proxy.api.aws.admin_function import admin_function
from llm_cache_proxy.api.aws.gateway_events import gateway_function
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.bootstrap.functions.operators import Composed, operator_function
from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.settings import Settings


def _compose(settings: Settings) -> Composed:
    acting = administration(settings)
    key = None if settings.admin_key is None else settings.admin_key.get_secret_value()
    # Without lifespan: the stores stay connected from one invocation to the next.
    http = gateway_function(Mangum(create_admin_app(acting, key), lifespan="off"))
    return Composed(admin_function(acting, http), acting.close)


handler = operator_function(_compose)
