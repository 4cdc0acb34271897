"""uncollapse: which remedies against posterior collapse work, for a VAE and for ControlVAE.

Start with `uncollapse.vae` (the model and the notation of the whole project), then `uncollapse.train`
(the loop) and `uncollapse.methods` (the remedies, one file each). For anybody's VAE there are
`uncollapse.audit`, `predict` and `diagnose`, and the remedies for one's own loop, by slot: `kl_weight`,
`divergence`, `posterior`, `decoder`, `perturbation`, `inference`. `uncollapse.load` reads a VAE that was
trained here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from uncollapse.errors import needs

if TYPE_CHECKING:
    from uncollapse.advising import advice as advice
    from uncollapse.assemble import load as load
    from uncollapse.diagnosis import diagnose as diagnose
    from uncollapse.lightning_monitor import LightningMonitor as LightningMonitor
    from uncollapse.loss_audit import audit as audit
    from uncollapse.monitor import Monitor as Monitor
    from uncollapse.own_loop import decoder as decoder
    from uncollapse.own_loop import divergence as divergence
    from uncollapse.own_loop import inference as inference
    from uncollapse.own_loop import kl_weight as kl_weight
    from uncollapse.own_loop import perturbation as perturbation
    from uncollapse.own_loop import posterior as posterior
    from uncollapse.prediction import predict as predict

MODULES = {
    "LightningMonitor": "lightning_monitor",
    "Monitor": "monitor",
    "advice": "advising",
    "audit": "loss_audit",
    "diagnose": "diagnosis",
    "load": "assemble",
    "predict": "prediction",
    **dict.fromkeys(
        ("decoder", "divergence", "inference", "kl_weight", "perturbation", "posterior"), "own_loop"
    ),
}
EXTRAS = {"LightningMonitor": "lightning", "load": "pipeline"}  # what others need, they say themselves


def __getattr__(name: str) -> Any:
    """What is in MODULES, when it is asked for: it imports torch, for which the command line and half of the
    stages should not wait."""
    if name not in MODULES:
        raise AttributeError(f"module 'uncollapse' has no attribute {name!r}")
    with needs(EXTRAS.get(name, "pipeline")):
        return getattr(import_module(f"uncollapse.{MODULES[name]}"), name)
