"""Questions to sampling; nothing here changes anything."""
