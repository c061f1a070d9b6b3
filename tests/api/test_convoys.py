"""Convoys seen: each passage once, told as a border step, late and coarse in threat mode; one alarm when one is late."""
