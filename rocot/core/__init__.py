"""The pure core: records, spans, prompts, replies, scores. It knows no disk, clock, network or event loop."""
