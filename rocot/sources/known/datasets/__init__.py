"""One module a dataset, named after it: `read(files, about)` yields what its official files say."""
