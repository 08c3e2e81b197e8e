"""`make destroy`: the stack and its secrets go; the databases are closed where they were made."""

from dataclasses import dataclass, field

from infra.deploy.dialogue.answers import secrets_path, stack_name
from infra.deploy.dialogue.questions import Console
from infra.deploy.stack import sam
from infra.deploy.stack.aws import Aws, AwsError, reason, status_in
from infra.deploy.stack.standing import foreign
from infra.tools import NotInstalled

_AT_ONCE = 10  # of SSM's DeleteParameters


@dataclass(frozen=True, slots=True)
class Destroyer:
    """What is deleted, after it was shown; a person types the stack's name where `interactive`."""

    console: Console
    aws: Aws
    stage: str
    interactive: bool = True
    dry_run: bool = False
    tools: sam.Tools = field(default_factory=sam.Tools)

    def destroy(self) -> int:
        """Exit status 0: nothing is left, or it was only shown."""
        try:
            return self._destroy()
        except (sam.NotDeployed, NotInstalled) as exc:
            self.console.say(f"The stack was not deleted: {exc}")
        except AwsError as exc:
            self.console.say(f"AWS refused a step: {reason(exc)}")
        return 1

    def _destroy(self) -> int:
        stack = stack_name(self.stage)
        described = self.aws.described(stack)
        status = status_in(described)
        there = status is not None
        why_not = foreign(described)
        parameters = self.aws.parameters_below(secrets_path(self.stage))
        say = self.console.say
        say(f"Stack {stack} in {self.aws.region}: {status or 'not there'}")
        say(f"Parameters: {', '.join(parameters) or 'none'}")
        if why_not:
            say(f"Nothing was changed: stack {stack}: {why_not}.")
            return 1
        if self.dry_run or not (there or parameters):
            say("Nothing was changed.")
            return 0
        if self.interactive and self.console.ask("Type its name to delete it", default="") != stack:
            say("Nothing was changed.")
            return 1
        if there:
            self.tools.delete(stack, self.aws.region)
        for start in range(0, len(parameters), _AT_ONCE):
            self.aws.client("ssm").delete_parameters(Names=parameters[start : start + _AT_ONCE])
        say("Deleted. Entries in Redis and Qdrant stay: delete the databases where you made them.")
        say(
            "So do the role by which API Gateway logs, and SAM's bucket (the stack "
            "aws-sam-cli-managed-default): others of the account may use them."
        )
        return 0
