"""uncollapse: which remedies against posterior collapse work, for a VAE and for ControlVAE.

Start with `uncollapse.vae` (the model and the notation of the whole project), then `uncollapse.train`
(the loop) and `uncollapse.methods` (the remedies, one file each). For anybody's VAE there are
`uncollapse.audit`, `predict` and `diagnose`; `uncollapse.load` reads one that was trained here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uncollapse.assemble import load as load
    from uncollapse.diagnosis import diagnose as diagnose
    from uncollapse.loss_audit import audit as audit
    from uncollapse.monitor import Monitor as Monitor
    from uncollapse.own_loop import kl_weight as kl_weight
    from uncollapse.prediction import predict as predict

MODULES = {
    "Monitor": "monitor",
    "audit": "loss_audit",
    "diagnose": "diagnosis",
    "kl_weight": "own_loop",
    "load": "assemble",
    "predict": "prediction",
}


def __getattr__(name: str) -> Any:
    """What is in MODULES, when it is asked for: it imports torch, for which the command line and half of the
    stages should not wait."""
    if name not in MODULES:
        raise AttributeError(f"module 'uncollapse' has no attribute {name!r}")
    return getattr(import_module(f"uncollapse.{MODULES[name]}"), name)
