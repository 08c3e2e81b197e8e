"""`python -m infra.sam_local`: serve the stack on PORT (3000) until it is interrupted."""

import os
import signal
import subprocess
import sys
from types import FrameType

from infra.sam_local.machine import no_engine, say
from infra.sam_local.services import NotStarted, answers
from infra.sam_local.stack import sam_local
from infra.tools import ROOT, NotInstalled


def main() -> int:
    """Exit status 0 after an interruption, 1 where a part cannot be started."""
    signal.signal(signal.SIGTERM, _interrupted)
    if missing := no_engine():
        say(f"Docker: {missing}")
        return 1
    port = int(os.environ.get("PORT", "3000"))
    build_dir = ROOT / "build" / "sam-local"
    try:
        with sam_local(build_dir=build_dir, port=port) as stack:
            if not answers(f"{stack.api}/health"):
                say(f"The completions function does not start; see {build_dir}-start-api.log")
                return 1
            say(_announcement(stack.api, stack.functions))
            signal.pause()
    except KeyboardInterrupt:
        say("Stopped; nothing is left running.")
    except (NotStarted, NotInstalled, subprocess.CalledProcessError) as exc:
        say(f"sam local cannot be started: {exc}")
        return 1
    return 0


def _interrupted(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _announcement(api: str, functions: str) -> str:
    message = '{"role": "user", "content": "What is Rust?"}'
    body = f'{{"model": "llama-3.1-8b-instant", "messages": [{message}]}}'
    return (
        f"\nThe stack serves {api}/v1 (answers are buffered: sam local does not stream)\n\n"
        "Try this twice; the second answer is a hit (see the header x-cache):\n"
        f"  curl -i {api}/v1/chat/completions -H 'content-type: application/json' \\\n"
        f"    -d '{body}'\n"
        f"  curl -s {api}/metrics\n"
        "Direct invocations:\n"
        f"  aws lambda invoke --endpoint-url {functions} --region us-east-1 --no-sign-request \\\n"
        "    --function-name AdminFunction --cli-binary-format raw-in-base64-out \\\n"
        '    --payload \'{"action": "stats"}\' /dev/stdout\n'
    )


if __name__ == "__main__":
    sys.exit(main())
