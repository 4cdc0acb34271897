"""uncollapse: which remedies against posterior collapse work, for a VAE and for ControlVAE.

Start with `uncollapse.vae` (the model and the notation of the whole project), then `uncollapse.train`
(the loop) and `uncollapse.methods` (the remedies, one file each). `uncollapse.diagnose` is for anybody's
VAE, and `uncollapse.load` reads one that was trained here.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uncollapse.assemble import load as load
    from uncollapse.diagnosis import diagnose as diagnose


def __getattr__(name: str) -> Any:
    """`diagnose` and `load`, when they are asked for: they import torch, for which the command line and
    half of the stages should not wait."""
    if name == "diagnose":
        from uncollapse.diagnosis import diagnose

        return diagnose
    if name == "load":
        from uncollapse.assemble import load

        return load
    raise AttributeError(f"module 'uncollapse' has no attribute {name!r}")
