"""The starter: the zhiheng command, embedded servers, the demo city."""
