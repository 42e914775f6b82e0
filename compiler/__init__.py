"""The functor to PyTorch: from typed diagrams to the source of `nn.Module`s."""
