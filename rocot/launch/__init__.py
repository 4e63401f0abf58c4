"""One recipe on many machines: the parts as a Slurm array, a Kubernetes Job or Ray tasks, on engines that exist."""
