"""uncollapse: which remedies against posterior collapse work, for a VAE and for ControlVAE.

Start with `uncollapse.vae` (the model and the notation of the whole project), then `uncollapse.train`
(the loop) and `uncollapse.methods` (the remedies, one file each).
"""
