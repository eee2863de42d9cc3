extends "res://addons/longhall/scenes/chatbox/chat_line.gd"
## A line of a [ChatOverlay], which has lines of several channels in one log.

## Where it was said: a channel, or "@" and the other player of a whisper. Empty if nobody
## said it.
var channel: String = ""
## Whether its channel is told in front of it.
var tells_channel: bool = false


## Whether it is between this player and one other.
func is_whisper() -> bool:
	return channel.begins_with("@")
