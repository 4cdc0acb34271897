"""A gradient step on the loss of a batch, of encoder, decoder or both."""

from typing import final

import torch
from torch import Tensor

from uncollapse.compute.optimizer import find_clip_scale
from uncollapse.methods import Method
from uncollapse.methods.inference import StepResult
from uncollapse.methods.perturbation import Context, Inputs
from uncollapse.seeds import torch_generator
from uncollapse.training.objective import Terms, compute_objective, count_more_noise
from uncollapse.training.state import TrainState


@final
class GradientStep:
    """A gradient step on the loss of a batch.

    `step(x)` updates encoder and decoder, `step(x, decoder=False)` the encoder alone. The noise of an epoch
    is made from (seed, epoch), so it is the same for every method; noise that some methods need beyond it
    comes from another generator.
    """

    def __init__(self, state: TrainState, method: Method, clip: float, seed: int) -> None:
        self.state, self.method, self.clip = state, method, clip
        self.device = next(state.vae.parameters()).device
        self.noise = torch_generator(seed, "noise", state.epoch, device=self.device)
        self.more_noise = torch_generator(seed, "more noise", state.epoch, device=self.device)
        self.perturbation = torch_generator(seed, "perturbation", state.epoch, device=self.device)

    def __call__(self, x: Tensor, *, encoder: bool = True, decoder: bool = True) -> StepResult:
        """Update on a batch x (B, ...), and return what the weights before gave."""
        state = self.state
        groups = [name for name, update in {"encoder": encoder, "decoder": decoder}.items() if update]
        parameters = [parameter for name in groups for parameter in state.groups[name]]
        noise = torch.randn(2, len(x), state.vae.latents, generator=self.noise, device=self.device)
        if count := count_more_noise(state.vae, self.method):
            more = torch.randn(count, *noise[0].shape, generator=self.more_noise, device=self.device)
            noise = torch.cat([noise, more])
        with state.work.counted(encoder, decoder, x.shape):
            terms = self.terms(x, self.perturbed(x, noise), noise)
            gradients = torch.autograd.grad(terms.loss.mean(), parameters, materialize_grads=True)
        scale = find_clip_scale(gradients, self.clip)
        for name in groups:
            own, gradients = gradients[: len(state.groups[name])], gradients[len(state.groups[name]) :]
            state.optimizers[name].step(own, scale)
        state.work.encoder_steps += encoder
        state.work.decoder_steps += decoder
        means = torch.stack([terms.reconstruction.mean(), terms.kl.sum(1).mean(), terms.beta.mean()])
        units = state.vae.likelihood.units(x)
        return StepResult(terms.loss.detach().sum(), units, means.detach(), terms.state)

    def terms(self, x: Tensor, inputs: Inputs, noise: Tensor) -> Terms:
        """Return the terms of the loss with the weights as they are."""
        state = self.state
        return compute_objective(state.vae, self.method, x, inputs, noise, state.kl_weight, state.task)

    def perturbed(self, x: Tensor, noise: Tensor) -> Inputs:
        """Return what encoder and decoder read of x; a gradient for an adversary counts as a step of both."""

        def gradient(inputs: Inputs, embedded: Tensor) -> tuple[Tensor, Tensor]:
            embedded = embedded.detach().requires_grad_()
            loss = self.terms(x, inputs._replace(embedded=embedded), noise).loss
            self.state.work.encoder_steps += 1
            self.state.work.decoder_steps += 1
            return loss.detach(), torch.autograd.grad(loss.sum(), embedded)[0]

        inputs = Inputs(x, x)
        for perturb in self.method.perturbation:
            inputs = perturb(inputs, Context(self.state.vae, gradient, self.perturbation))
        return inputs
