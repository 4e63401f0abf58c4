"""The stages of the flow, one verb each."""
