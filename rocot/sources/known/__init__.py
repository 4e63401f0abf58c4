"""The datasets that rocot knows: what each is, and how its official files become records of a manifest."""
