"""Rooms: who is in them, under which name, who speaks, what the host decides, and each room's meetings and chat."""
