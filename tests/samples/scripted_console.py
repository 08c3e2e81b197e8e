"""A person at a terminal, as a test has written her."""

from dataclasses import dataclass, field


@dataclass
class ScriptedConsole:
    """Gives its answers in turn; an empty one takes the default. Keeps what it was shown."""

    answers: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """Everything, line by line."""
        return "\n".join(self.lines)

    def ask(self, text: str, *, default: str) -> str:
        """The next answer, or the default."""
        self.asked.append(text)
        return self.answers.pop(0) or default

    def ask_secret(self, text: str, *, kept: bool) -> str:
        """The next secret."""
        self.asked.append(f"{text} kept" if kept else text)
        return self.secrets.pop(0)

    def say(self, line: str) -> None:
        """Keep the line."""
        self.lines.append(line)
