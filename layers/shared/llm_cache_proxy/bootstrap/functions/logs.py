"""Log lines of a Lambda function: JSON, each with the request that it belongs to."""

import logging
import sys

from llm_cache_proxy.api.middleware.request_events import CURRENT


class OfRequest(logging.Filter):
    """Adds the ids of the request that is being served: its own, the client's, its trace's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True: nothing is left out."""
        current = CURRENT.get()
        if current is not None:
            record.request_id = current.request_id
            if current.correlation_id is not None:
                record.correlation_id = current.correlation_id
            if current.trace_id is not None:
                record.trace_id = current.trace_id
        return True


def log_as_json(level: str) -> None:
    """Write every logger's lines of `level` and above as JSON to standard output.

    Takes the place of the handler that Lambda's runtime installs, whose lines know no request of
    ours. Powertools' formatter adds level, location, time and the X-Ray trace.
    """
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LambdaPowertoolsFormatter())
    handler.addFilter(OfRequest())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
