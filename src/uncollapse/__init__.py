"""uncollapse: which remedies against posterior collapse work, for a VAE and for ControlVAE.

Start with `uncollapse.vae` (the model and the notation of the whole project), then `uncollapse.train`
(the loop) and `uncollapse.methods` (the remedies, one file each). `uncollapse.diagnose` is for anybody's VAE.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uncollapse.diagnosis import diagnose as diagnose


def __getattr__(name: str) -> Any:
    """`diagnose`, when it is asked for: it imports torch, for which the command line and half of the stages should not wait."""
    if name == "diagnose":
        from uncollapse.diagnosis import diagnose

        return diagnose
    raise AttributeError(f"module 'uncollapse' has no attribute {name!r}")
