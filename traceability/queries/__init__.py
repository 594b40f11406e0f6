"""Questions to what was captured; nothing here changes anything."""
