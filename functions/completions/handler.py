"""Lambda's entry point of the completions function where answers are buffered.

A streamed answer arrives in one body here; in AWS `run.sh` takes this file's place.
"""

import gc

gc.disable()  # an import leaves no garbage behind; to look for it takes a tenth of the start

from mangum import Mangum  # noqa: E402 - see above

from llm_cache_proxy.api.aws.gateway_events import gateway_function  # noqa: E402
from llm_cache_proxy.bootstrap.functions.completions import completions_app  # noqa: E402

# Without lifespan: the stores stay connected from one invocation to the next.
handler = gateway_function(Mangum(completions_app(), lifespan="off"), may_stream=True)

gc.freeze()  # what is there now stays for good: no later collection looks at it
gc.enable()
