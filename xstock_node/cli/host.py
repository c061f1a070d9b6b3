"""The plugins that a configuration allows; light, because a preview waits for it."""

from xstock_node.config import Config
from xstock_node.plugins.host import PluginHost


def plugin_host(config: Config) -> PluginHost:
    """The host over all plugins that are installed."""
    plugins = config.plugins
    return PluginHost(plugins.allow, in_process=plugins.in_process, mode=plugins.bubblewrap)
