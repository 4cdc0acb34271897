"""uncollapse: which remedies against posterior collapse work, for a VAE and for ControlVAE.

Start with `uncollapse.vae` (the model and the notation of the whole project), then `uncollapse.training.loop`
(the loop) and `uncollapse.methods` (the remedies, one file each). For anybody's VAE there are
`uncollapse.suggest`, `audit`, `predict`, `diagnose` and `reads`, and the remedies for one's own loop, by
slot: `kl_weight`, `divergence`, `posterior`, `decoder`, `perturbation`, `inference`. `uncollapse.load` reads
a VAE that was trained here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from uncollapse.errors import need_extra

if TYPE_CHECKING:
    from uncollapse.pipeline.assemble import load as load
    from uncollapse.your_vae.advice import advice as advice
    from uncollapse.your_vae.audit import audit as audit
    from uncollapse.your_vae.diagnose import diagnose as diagnose
    from uncollapse.your_vae.lightning_monitor import LightningMonitor as LightningMonitor
    from uncollapse.your_vae.monitor import Monitor as Monitor
    from uncollapse.your_vae.prediction import predict as predict
    from uncollapse.your_vae.reads import reads as reads
    from uncollapse.your_vae.remedies import decoder as decoder
    from uncollapse.your_vae.remedies import divergence as divergence
    from uncollapse.your_vae.remedies import inference as inference
    from uncollapse.your_vae.remedies import kl_weight as kl_weight
    from uncollapse.your_vae.remedies import perturbation as perturbation
    from uncollapse.your_vae.remedies import posterior as posterior
    from uncollapse.your_vae.suggestion import suggest as suggest

MODULES = {
    "LightningMonitor": "your_vae.lightning_monitor",
    "Monitor": "your_vae.monitor",
    "advice": "your_vae.advice",
    "audit": "your_vae.audit",
    "diagnose": "your_vae.diagnose",
    "load": "pipeline.assemble",
    "predict": "your_vae.prediction",
    "reads": "your_vae.reads",
    "suggest": "your_vae.suggestion",
    **dict.fromkeys(
        ("decoder", "divergence", "inference", "kl_weight", "perturbation", "posterior"), "your_vae.remedies"
    ),
}
EXTRAS = {"LightningMonitor": "lightning", "load": "pipeline"}  # The others name their extra themselves.


def __getattr__(name: str) -> Any:
    """Import a name of MODULES when it is first used.

    The modules import torch, and the command line and half of the stages should not wait for that.
    """
    if name not in MODULES:
        raise AttributeError(f"module 'uncollapse' has no attribute {name!r}")
    with need_extra(EXTRAS.get(name, "pipeline")):
        return getattr(import_module(f"uncollapse.{MODULES[name]}"), name)
