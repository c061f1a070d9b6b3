"""The plugins that a configuration allows; light, because a preview waits for it."""

from pathlib import Path

from xstock_node.config import Config
from xstock_node.plugins.host import PluginHost


def plugin_host(config: Config, home: Path) -> PluginHost:
    """The host over all plugins that are installed; `home` is the data folder."""
    plugins = config.plugins
    return PluginHost(plugins.allow, in_process=plugins.in_process, mode=plugins.bubblewrap, home=home)
