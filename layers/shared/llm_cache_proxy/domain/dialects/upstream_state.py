"""Whether an answer depends on more than its request says; then it is never kept.

It does where the upstream searches or carries out other live tools, however they are spelled (one
table: docs/fidelity.md shows it), and where a request names what the upstream keeps.
"""

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.record import record


@record()
class LiveTool:
    """One spelling: request fields or models' names, and the provider's page that documents it."""

    provider: str
    source: str
    fields: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


LIVE_TOOLS = (
    LiveTool(
        "OpenAI",
        "https://developers.openai.com/api/docs/guides/tools-web-search",
        ("web_search_options",),
        ("*-search-preview*", "*-search-api*", "*-deep-research*"),
    ),
    LiveTool("xAI", "https://docs.x.ai/docs/guides/live-search", ("search_parameters",)),
    LiveTool(
        "OpenRouter",
        "https://openrouter.ai/docs/guides/routing/model-variants/online",
        ("plugins",),
        ("*:online", "*:online:*"),
    ),
    LiveTool(
        "Perplexity",
        "https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        ("search_domain_filter", "search_mode", "search_recency_filter", "web_search"),
        ("sonar", "sonar-*", "*/sonar", "*/sonar-*", "*-sonar-*", "*-online"),
    ),
    LiveTool(
        "Alibaba Cloud Model Studio",
        "https://www.alibabacloud.com/help/en/model-studio/web-search",
        ("enable_search", "search_options"),
    ),
    LiveTool(
        "Groq",
        "https://console.groq.com/docs/compound",
        ("compound_custom", "search_settings"),
        ("groq/compound*", "compound", "compound-mini", "compound-beta*"),
    ),
    LiveTool(
        "Google Gemini",
        "https://ai.google.dev/gemini-api/docs/google-search",
        ("google_search", "googleSearch", "google_search_retrieval", "googleSearchRetrieval"),
    ),
    LiveTool(
        "Venice",
        "https://docs.venice.ai/api-reference/endpoint/chat/model_feature_suffix",
        ("enable_web_search", "enable_web_scraping", "enable_x_search"),
        ("*enable_web_search=*", "*enable_web_scraping=*", "*enable_x_search=*"),
    ),
    LiveTool(
        "Tencent Hunyuan",
        "https://cloud.tencent.com/document/product/1729/111007",
        ("enable_enhancement", "force_search_enhancement"),
    ),
    LiveTool(
        "Cohere",
        "https://docs.cohere.com/v1/docs/creating-and-deploying-a-connector",
        ("connectors",),
    ),
    LiveTool(
        "Anthropic",
        "https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools",
        ("container", "mcp_servers"),
    ),
    LiveTool(
        "Azure OpenAI",
        "https://learn.microsoft.com/en-us/azure/ai-services/openai/references/on-your-data",
        ("data_sources", "dataSources"),
    ),
    LiveTool("Baichuan", "https://platform.baichuan-ai.com/docs/api", ("with_search_enhance",)),
    LiveTool("Volcengine Ark", "https://www.volcengine.com/docs/82379/1526787", (), ("bot-*",)),
    LiveTool(
        "Open WebUI",
        "https://docs.openwebui.com/getting-started/api-endpoints",
        ("files", "tool_ids"),
    ),
    LiveTool(
        "Brave",
        "https://api-dashboard.search.brave.com/app/documentation/ai-grounding",
        (),
        ("brave", "brave-pro"),
    ),
    LiveTool("Exa", "https://exa.ai/docs/integrations/openai-sdk", (), ("exa", "exa-*")),
    LiveTool("Jina", "https://jina.ai/deepsearch", (), ("*deepsearch*",)),
    LiveTool(
        "any, by its name",
        "",
        ("use_search", "use_web_search", "web_search_enabled"),
        (
            "*-search",
            "*-search-*",
            "*web-search*",
            "*websearch*",
            "*deep-search*",
            "*deepresearch*",
        ),
    ),
)

_FIELDS = frozenset(name for tool in LIVE_TOOLS for name in tool.fields)
_MODELS = re.compile("|".join(translate(name) for tool in LIVE_TOOLS for name in tool.models))
_LONGEST_REMEMBERED = 200
"""Characters of a model's name; a client may send any."""

_INSIDE = ("extra_body", "features", "google", "venice_parameters")
"""Members that hold a provider's own fields: those of Google, Open WebUI and Venice, and what
clients nest."""

_NAMED = _FIELDS.union(_INSIDE, ("models", "tools"))
"""Every field that may switch a live tool on."""

_CLIENTS_OWN = frozenset({"function", "custom"})
_CLIENTS_OWN_PREFIXES = ("bash_", "memory_", "text_editor_")
"""Anthropic's types, dated, of tools that the client runs and whose schema the model knows.

Not `computer_` and `browser_`: what their screens show is of the moment.
"""

_OFF = frozenset({"", "0", "disabled", "false", "never", "no", "none", "off"})
_SWITCHES = ("mode", "enable", "enabled")


def uses_live_tools(fields: JsonObject) -> bool:
    """Whether the upstream may search or act for this request, by its fields or its tools."""
    if _NAMED.isdisjoint(fields):  # as nearly every request is
        return False
    inner = (fields.get(name) for name in _INSIDE)
    return (
        any(_is_on(fields[name]) for name in fields.keys() & _FIELDS)
        or _offers_hosted_tools(fields.get("tools"))
        or _falls_back_on_search(fields.get("models"))
        or any(isinstance(each, dict) and uses_live_tools(each) for each in inner)
    )


def looks_things_up(models: Iterable[str]) -> bool:
    """Whether one of the models searches or computes on its own: by their documented names."""
    return any(
        _remembered(model) if len(model) <= _LONGEST_REMEMBERED else _searches(model)
        for model in models
    )


def _searches(model: str) -> bool:
    return _MODELS.match(model.lower()) is not None


_remembered = lru_cache(maxsize=1_000)(_searches)


def names_a_file(messages: object) -> bool:
    """Whether a part of a message is a file that was uploaded before (`file_id`)."""
    if not isinstance(messages, list):
        return False
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list) and any(map(_is_file, content)):
            return True
    return False


def _offers_hosted_tools(tools: object) -> bool:
    return isinstance(tools, list) and not all(map(_is_clients_own, tools))


def _falls_back_on_search(models: object) -> bool:
    """Whether one of the models that may take the first one's place searches (OpenRouter)."""
    return isinstance(models, list) and looks_things_up(
        model for model in models if isinstance(model, str)
    )


def _is_clients_own(tool: object) -> bool:
    """True if the client itself runs the tool; False where that is unknown."""
    if not isinstance(tool, dict):
        return False
    kind = tool.get("type")
    if kind is None:
        return any(isinstance(tool.get(name), dict) for name in ("function", "input_schema"))
    return isinstance(kind, str) and (
        kind in _CLIENTS_OWN or kind.startswith(_CLIENTS_OWN_PREFIXES)
    )


def _is_on(value: object) -> bool:
    """Whether a field switches something on; an object does, unless it says that it is off."""
    if isinstance(value, dict):
        return all(_is_on(value[name]) for name in _SWITCHES if name in value)
    if isinstance(value, str):
        return value.strip().lower() not in _OFF
    return bool(value)


def _is_file(part: object) -> bool:
    if not isinstance(part, dict):
        return False
    file = part.get("file")
    named = part.get("file_id") or (file.get("file_id") if isinstance(file, dict) else None)
    return named is not None
