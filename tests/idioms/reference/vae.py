"""A variational autoencoder that decodes the mean of the code in evaluation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Encoder(nn.Module):
    def __init__(self, pixels: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.inner = nn.Linear(pixels, hidden)
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = functional.relu(self.inner(x))
        return self.mean(y), self.log_variance(y)


class VAE(nn.Module):
    def __init__(self, pixels: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.encoder = Encoder(pixels, hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        mean, log_variance = self.encoder(x)
        code = mean
        if self.training:
            code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        return self.decoder(code), (mean, log_variance)


class Loss(nn.Module):
    """The negative evidence lower bound of each picture."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        y, (mean, log_variance) = self.net(x)
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(dim=-1)
        return (x - y).pow(2).sum(dim=-1) + divergence


def build(pixels: int, hidden: int, latent: int) -> nn.Module:
    return VAE(pixels, hidden, latent)


def build_loss(**sizes: int) -> nn.Module:
    return Loss(build(**sizes))
