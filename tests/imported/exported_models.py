"""Models that somebody else wrote, small and with random weights: what a test needs of each to export and to run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.export import Dim

VOCABULARY = 50
SMALL = {"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
         "intermediate_size": 24, "max_position_embeddings": 40}
TOKENS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
VISION = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24,
          "image_size": 16, "patch_size": 4}


@dataclass(frozen=True)
class Case:
    """A model: how it is made, what goes in at a batch and a length, and which axes are open."""

    make: Callable[[], nn.Module]
    inputs: Callable[[int, int], Mapping[str, Tensor]]
    lengths: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def dynamic(self) -> dict[str, dict[int, Any]]:
        batch, length = Dim("batch", min=1, max=64), Dim("length", min=2, max=32)
        return {name: {0: batch, 1: length} if self.lengths else {0: batch} for name in self.inputs(2, 7)}


def ids(batch: int, length: int) -> dict[str, Tensor]:
    return {"input_ids": torch.randint(3, VOCABULARY, (batch, length))}


def masked(batch: int, length: int) -> dict[str, Tensor]:
    mask = torch.ones(batch, length, dtype=torch.long)
    mask[:1, -2:] = 0
    return {**ids(batch, length), "attention_mask": mask}


def image(size: int) -> Callable[[int, int], dict[str, Tensor]]:
    return lambda batch, length: {"pixel_values": torch.randn(batch, 3, size, size)}


def of(model: str, config: str, **options: Any) -> Callable[[], nn.Module]:
    return lambda: getattr(transformers, model)(getattr(transformers, config)(**options))


CASES = {
    "bert": Case(of("BertModel", "BertConfig", **SMALL), masked),
    "distilbert": Case(of("DistilBertModel", "DistilBertConfig", vocab_size=VOCABULARY, dim=16, hidden_dim=24,
                          n_heads=2, n_layers=3, max_position_embeddings=40), ids),
    "albert": Case(of("AlbertModel", "AlbertConfig", **SMALL, embedding_size=8), ids),
    "electra": Case(of("ElectraModel", "ElectraConfig", **SMALL, embedding_size=8), ids),
    "gpt2": Case(of("GPT2LMHeadModel", "GPT2Config", vocab_size=VOCABULARY, n_embd=16, n_layer=3, n_head=2,
                    n_positions=40, use_cache=False, **TOKENS), ids),
    "llama": Case(of("LlamaForCausalLM", "LlamaConfig", **SMALL, num_key_value_heads=1, use_cache=False), ids),
    "gpt_neox": Case(of("GPTNeoXModel", "GPTNeoXConfig", **SMALL, use_cache=False), ids),
    "vit": Case(of("ViTModel", "ViTConfig", **VISION), image(16), False),
    "dinov2": Case(of("Dinov2Model", "Dinov2Config", **VISION), image(16), False),
    "resnet": Case(of("ResNetForImageClassification", "ResNetConfig", embedding_size=8, hidden_sizes=[8, 16],
                      depths=[2, 2], layer_type="basic", num_labels=5), image(32), False),
    "convnext": Case(of("ConvNextModel", "ConvNextConfig", hidden_sizes=[8, 16], depths=[2, 2], num_stages=2),
                     image(32), False),
    "mobilenet": Case(of("MobileNetV2Model", "MobileNetV2Config", depth_multiplier=0.25, min_depth=4), image(64),
                      False),
    "roberta": Case(of("RobertaModel", "RobertaConfig", **SMALL), ids),
    "opt": Case(of("OPTModel", "OPTConfig", vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=3, ffn_dim=24,
                   num_attention_heads=2, max_position_embeddings=40, word_embed_proj_dim=16, use_cache=False), ids),
    "t5": Case(of("T5EncoderModel", "T5Config", vocab_size=VOCABULARY, d_model=16, d_kv=8, d_ff=24, num_layers=3,
                  num_heads=2), ids),
}


def made(case: Case) -> nn.Module:
    """The model, with weights of a size that shows in what comes out, and statistics that are none of a first step."""
    torch.manual_seed(0)
    model = case.make().eval()
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif value.dim() == 4:
                value.normal_(0, (value[0].numel()) ** -0.5)
            elif value.dim() == 1 and value.dtype.is_floating_point and value.requires_grad:
                value.add_(torch.randn_like(value) * 0.1)
    return model
