"""The embedding model for a command that embeds in this process: prepared when it is first needed.

A folder named in MODEL_DIR is its owner's to fill, and is never written to.
"""

import click

from llm_cache_proxy.adapters.embedder.minilm.model_build.manifest import is_complete
from llm_cache_proxy.bootstrap.local.folders import own_model_dir
from llm_cache_proxy.settings import Settings


def prepare_model(settings: Settings) -> None:
    """See to it that the model is there, where it is needed. Raises SettingsError."""
    elsewhere = (
        settings.embedder != "minilm" or settings.embedding_url or settings.embedding_function
    )
    folder = own_model_dir()
    if elsewhere or settings.model_dir is not None or is_complete(folder, quantised=False):
        return
    # On the first start of a machine alone: no other pays for what shows the download.
    from llm_cache_proxy.cli.model_download import download_model  # noqa: PLC0415

    click.echo(f"The embedding model is prepared in {folder} (once).", err=True)
    download_model(folder)
