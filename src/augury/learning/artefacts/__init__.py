"""Artefacts: one ONNX file and a manifest for each model, and what runs them."""
