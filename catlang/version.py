"""The version of catlang, which all that is remembered or reported says."""

VERSION = "0.1.0"
