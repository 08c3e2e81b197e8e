"""The guided deployment, from the first question to the second answer.

May be run again: what is there already is kept, and only what differs changes.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from infra.deploy.dialogue import connections, questions
from infra.deploy.dialogue.answers import Answers, stack_name
from infra.deploy.dialogue.questions import Console, NotAnswered
from infra.deploy.dialogue.samconfig import SamConfig, answers_in
from infra.deploy.stack import endpoint, pruning, readiness, sam, standing
from infra.deploy.stack.architecture import buildable_architecture, not_buildable
from infra.deploy.stack.aws import ActionFailed, Aws, AwsError, reason
from infra.deploy.stack.log_role import log_role
from infra.tools import ROOT, NotInstalled

_MEND = "Nothing was built or changed: mend what is marked, and run again."


@dataclass(frozen=True, slots=True)
class Guide:
    """`console` shows what happens; a person is asked where `interactive`."""

    console: Console
    environment: Mapping[str, str]
    interactive: bool = True
    dry_run: bool = False
    config: SamConfig = field(default_factory=lambda: SamConfig(ROOT / "samconfig.toml"))
    tools: sam.Tools = field(default_factory=sam.Tools)

    def deploy(self) -> int:
        """Exit status 0: the stack answers, or would be deployed. 1 says what is missing."""
        try:
            return self._deploy()
        except NotAnswered as exc:
            return self._stopped(str(exc))
        except (sam.NotDeployed, NotInstalled, ActionFailed) as exc:
            return self._stopped(f"The deployment stopped: {exc}")
        except AwsError as exc:
            return self._stopped(f"AWS refused a step: {reason(exc)}")

    def _deploy(self) -> int:
        answers, aws = self._answers()
        if not self._connected(answers):
            return self._stopped(_MEND)
        overrides = self._overrides(answers, aws)
        if self.dry_run:
            return self._shown(answers, overrides)
        self.config.keep(answers, overrides)
        is_new = standing.is_created_anew(aws.status(answers.stack))
        if is_new:
            self._keep_secrets(answers, aws)
        template = self.tools.build(overrides)
        served = _in_force(answers, aws)
        if not is_new:  # and not before: functions that serve see them within a minute
            self._keep_secrets(answers, aws)
        if standing.is_to_be_deleted(aws.status(answers.stack)):  # still, after minutes
            self.console.say("Deleting what a first deployment that failed has left.")
            aws.delete(answers.stack)
        arguments = sam.deploy_arguments(answers, overrides, template, self.tools.images)
        try:
            sam.deploy(self.tools.sam(), arguments)
        except (sam.NotDeployed, KeyboardInterrupt):
            self._put_back(served, answers, aws)
            raise
        self._forget_secrets(answers, aws)
        self._prune(answers, aws)
        return self._report(answers, aws, overrides["Revision"])

    def _answers(self) -> tuple[Answers, Aws]:
        console = self.console if self.interactive else None
        stage = questions.stage_of(self.environment, console)
        kept = self.config.kept(stage)
        region = questions.region_of(self.environment, kept, console)
        aws = Aws(region)
        if not self._ready(aws, stack_name(stage)):
            raise NotAnswered(_MEND)
        answers = questions.ask(
            stage,
            region,
            kept=kept,
            kept_secret=aws.secret_if_readable,
            environment=self.environment,
            console=console,
            held=kept | answers_in(aws.parameters(stack_name(stage))),
        )
        missing = questions.incomplete(answers, other_redis=self._other_redis(answers, aws))
        if missing:
            raise NotAnswered("\n".join(missing))
        return answers, aws

    def _other_redis(self, answers: Answers, aws: Aws) -> str | None:
        """What gives the stack a Redis that is no Upstash."""
        if self.config.overrides(answers.stage).get("Network") == "vpc":
            return "Network=vpc"
        kept = aws.secret_if_readable(f"{answers.secrets_path}/{questions.REDIS_SECRET}")
        return questions.REDIS_SECRET if kept else None

    def _ready(self, aws: Aws, stack: str) -> bool:
        """Whether AWS lets us in, the stack may be changed and there is Docker to build with.

        Tried before anything else is asked, so that nobody types seven answers for nothing.
        """
        found = readiness.tried(aws, stack)
        missing = self.tools.no_builder()
        if missing and self.dry_run:
            self.console.say(f"  note  Docker, which a deployment needs: {missing}")
        elif missing:
            found.append(connections.Tried("Docker", ok=False, result=missing))
        return self._shown_to_be_fine(found)

    def _connected(self, answers: Answers) -> bool:
        self.console.say("\nTrying each connection:")
        with httpx.Client(timeout=connections.TIMEOUT_SECONDS) as client:
            return self._shown_to_be_fine(connections.tried(answers, client))

    def _shown_to_be_fine(self, trials: Iterable[connections.Tried]) -> bool:
        found = list(trials)
        for trial in found:
            self.console.say(f"  {'ok  ' if trial.ok else 'FAIL'}  {trial.name}: {trial.result}")
        return all(trial.ok for trial in found)

    def _prune(self, answers: Answers, aws: Aws) -> None:
        """Delete old versions; the stack serves, whether or not AWS lets that be done."""
        try:
            deleted = pruning.prune(aws, answers.stack)
        except AwsError as exc:
            self.console.say(f"Old versions are left, and tried again next time: {reason(exc)}")
            return
        pruning.bound_images(aws, answers.stack)
        if deleted:
            self.console.say(f"Deleted {deleted} old versions; the newest are kept.")

    def _overrides(self, answers: Answers, aws: Aws) -> dict[str, str]:
        """Every parameter: those that are kept, under the answers, with what is found out."""
        kept = self.config.overrides(answers.stage)
        architecture, why = buildable_architecture()
        if "Architecture" not in kept:
            self.console.say(f"  processors {architecture}: {why}")
        elif reason_against := not_buildable(kept["Architecture"]):
            raise NotAnswered(reason_against)
        return {
            "Architecture": architecture,
            **kept,
            **log_role(aws, answers.stack, kept),
            **answers.parameters(),
            "Revision": sam.revision(),
        }

    def _keep_secrets(self, answers: Answers, aws: Aws) -> None:
        path = answers.secrets_path
        changed = [
            *aws.keep_secrets(path, answers.secrets()),
            *aws.generate_secrets(path),
        ]
        self.console.say(f"Secrets below {path}: {', '.join(changed) or 'none'} changed.")

    def _put_back(self, served: Mapping[str, str], answers: Answers, aws: Aws) -> None:
        """Give the version that goes on serving the secrets of its own addresses again."""
        status = aws.status(answers.stack)
        if status is None or status.endswith("_IN_PROGRESS"):
            return  # the new version may still come
        moved = _moved(answers, aws)
        own = {name: value for name, value in served.items() if name in moved}
        if put_back := aws.keep_secrets(answers.secrets_path, own):
            self.console.say(f"Put back, since the version before serves: {', '.join(put_back)}.")

    def _forget_secrets(self, answers: Answers, aws: Aws) -> None:
        """Delete those of earlier answers, which the version before had an address for."""
        path = answers.secrets_path
        unused = [name for name in answers.unused_secrets() if aws.secret(f"{path}/{name}")]
        aws.forget(path, unused)

    def _shown(self, answers: Answers, overrides: Mapping[str, str]) -> int:
        say = self.console.say
        say("\nWould be kept in samconfig.toml, and deployed as parameters:")
        for name, value in overrides.items():
            say(f"  {name} = {value or '(empty)'}")
        say(f"\nWould be stored as SecureStrings below {answers.secrets_path}:")
        say(f"  {', '.join([*answers.secrets(), 'ADMIN_KEY', 'KEY_SIGNING_SECRET'])}")
        say("\nWould be run:")
        say(_shown_command(sam.build_arguments(overrides)))
        template = Path(".aws-sam/build/template.yaml")
        say(_shown_command(sam.deploy_arguments(answers, overrides, template, self.tools.images)))
        say("\nThen the stack would be asked twice. Nothing was changed.")
        return 0

    def _report(self, answers: Answers, aws: Aws, revision: str) -> int:
        say = self.console.say
        outputs = aws.outputs(answers.stack)
        url = endpoint.base_url(outputs, self.environment.get("AWS_ENDPOINT_URL"))
        with httpx.Client(timeout=connections.TIMEOUT_SECONDS) as client:
            model = endpoint.model_to_ask(connections.models(answers, client))
        endpoint.wait_until_it_answers(url)
        with endpoint.client_key(aws, outputs["AdminFunctionName"]) as key:
            asked = endpoint.ask_twice(url, key, model=model, revision=revision)
        say("\nAsked twice:")
        for one in asked:
            say(f"  {one.status} {one.cache:12} {one.seconds * 1000:,.0f} ms {one.summary}")
        say(f"\nbase_url:  {url}\ndashboard: {outputs['DashboardUrl']}")
        say(f"admin key: the SecureString {answers.secrets_path}/ADMIN_KEY")
        say(
            "A client key: llm-cache-proxy admin keys create my-team --name laptop "
            f"--stack {answers.stack}"
        )
        if [(one.status, one.cache) for one in asked] == [(200, "MISS"), (200, "HIT-EXACT")]:
            return 0
        if target := outputs.get("DomainTarget"):
            say(f"Does the domain's alias record point at {target} already?")
        return self._stopped(
            "The stack is deployed, and did not answer with a MISS and a HIT. Its log says why: "
            f"sam logs --stack-name {answers.stack} --region {aws.region}; run again when mended."
        )

    def _stopped(self, why: str) -> int:
        self.console.say(f"\n{why}")
        return 1


def _in_force(answers: Answers, aws: Aws) -> dict[str, str]:
    """Stored secrets of the addresses that these answers change. Raises AwsError."""
    stored = {name: aws.secret(f"{answers.secrets_path}/{name}") for name in _moved(answers, aws)}
    return {name: value for name, value in stored.items() if value}


def _moved(answers: Answers, aws: Aws) -> list[str]:
    """Names of secrets whose addresses are others in the stack than in these answers."""
    served = answers_in(aws.parameters(answers.stack))
    return [
        name
        for name, address in questions.ADDRESS_OF_SECRET.items()
        if served.get(address, "").rstrip("/") not in ("", getattr(answers, address))
    ]


def _shown_command(arguments: Sequence[str]) -> str:
    """As a shell would take it."""
    return f"  {shlex.join(['sam', *arguments])}"
