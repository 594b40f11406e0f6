"""Questions to risk; nothing here changes anything."""
