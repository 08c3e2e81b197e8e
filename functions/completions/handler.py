"""Lambda's entry point of the completions function where answers are buffered.

A streamed answer arrives in one body here; in AWS `run.sh` takes this file's place.
"""

from mangum import Mangum

from llm_cache_proxy.api.aws.gateway_events import gateway_function
from llm_cache_proxy.bootstrap.functions.completions import completions_app

# Without lifespan: the stores stay connected from one invocation to the next.
handler = gateway_function(Mangum(completions_app(), lifespan="off"))
