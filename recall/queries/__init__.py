"""Questions to recall: the files of a recall, and what is published of it."""
