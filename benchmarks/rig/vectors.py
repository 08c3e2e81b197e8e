"""An upstream that gives vectors without work: always the same one, in answers written once."""

import base64
import struct
from functools import cache

from servers.upstream.answers import CountingAnswers
from servers.upstream.scripts import Recorded, Script, answer

DIMENSIONS = 1_536
VECTOR = base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *[0.5] * DIMENSIONS)).decode()


class VectorsUpstream:
    """What a scripted upstream says; `inputs` is for how many texts it was asked so far."""

    def __init__(self, model: str) -> None:
        self.inputs = 0
        self._others = CountingAnswers()
        self._vectors = cache(lambda number: _answer(number, model))

    def __call__(self, request: Recorded) -> Script:
        """One vector for each input; a server may look at what else there is."""
        if "input" not in request.fields:
            return self._others(request)
        asked = request.fields["input"]
        number = len(asked) if isinstance(asked, list) else 1
        self.inputs += number
        return self._vectors(number)


def _answer(number: int, model: str) -> Script:
    data = [{"object": "embedding", "index": index, "embedding": VECTOR} for index in range(number)]
    usage = {"prompt_tokens": 8 * number, "total_tokens": 8 * number}
    return answer({"object": "list", "data": data, "model": model, "usage": usage})
