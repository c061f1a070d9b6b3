"""What may be asked about plugins, and about what is written through them."""

from xstock_node.api.route import Route
from xstock_node.services import plugging, writing_back

PLUGIN_ROUTES = (
    Route(
        "plugin.list",
        "GET",
        "/plugins",
        "operate",
        None,
        list[plugging.PluginView],
        plugging.list_plugins,
        "Plugins, what they may do, how they fare",
    ),
    Route(
        "plugin.disable",
        "POST",
        "/plugins/disable",
        "operate",
        plugging.PluginRequest,
        plugging.PluginView,
        plugging.disable,
        "Switch a plugin off at once",
    ),
    Route(
        "plugin.enable",
        "POST",
        "/plugins/enable",
        "operate",
        plugging.PluginRequest,
        plugging.PluginView,
        plugging.enable,
        "Switch a plugin on, and try again what failed",
    ),
    Route(
        "plugin.load",
        "POST",
        "/plugins/load",
        "operate",
        plugging.PluginRequest,
        plugging.PluginView,
        plugging.check_plugin,
        "Load a plugin now and say how that went",
    ),
    Route(
        "stock.movements",
        "GET",
        "/stock/movements",
        "stock",
        None,
        list[writing_back.Written],
        writing_back.list_movements,
        "What was written to inventory systems",
    ),
    Route(
        "stock.retry",
        "POST",
        "/stock/movements/retry",
        "stock",
        writing_back.MovementId,
        writing_back.Written,
        writing_back.retry,
        "Try again what a system declined",
    ),
)
