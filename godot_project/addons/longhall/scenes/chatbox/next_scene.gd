extends RefCounted
## What the chatbox of the next scene goes on with. It is kept at the [NetworkClient], which
## outlives scenes: that this login was welcomed, and what the player had open.

const ChatTab := preload("chat_tab.gd")

const _WELCOMED: StringName = &"_longhall_welcomed"
const _OPEN: StringName = &"_longhall_open"


## Whether this login was welcomed.
static func was_welcomed(client: NetworkClient) -> bool:
	return client.get_meta(_WELCOMED, false)


## This login was welcomed, until it is over, whichever chatboxes there are then.
static func keep_welcome(client: NetworkClient) -> void:
	if not client.has_meta(_WELCOMED):
		client.logged_out.connect(func(_reason: String) -> void: client.set_meta(_WELCOMED, false))
		client.disconnected.connect(
			func(_reason: String, will_retry: bool, _seconds: float) -> void:
				if not will_retry:
					client.set_meta(_WELCOMED, false)
		)
	client.set_meta(_WELCOMED, true)


## What the player had open, for [method open_again]; empty if nobody kept it.
static func left_open(client: NetworkClient) -> Dictionary:
	return client.get_meta(_OPEN, {})


## Keeps the tabs of whispers that the player has open in [param chatbox], which tab is in
## view, and what they have typed.
static func keep_open(client: NetworkClient, chatbox: Chatbox) -> void:
	var whispers: Array[String] = []
	for channel: String in chatbox.channels():
		if channel.begins_with(ChatTab.WHISPERS):
			whispers.append(channel)
	var open: Dictionary = {
		username = chatbox.username,
		whispers = whispers,
		current = chatbox.current_channel,
		lobby = chatbox.lobby,
		drafts = chatbox.drafts(),
	}
	client.set_meta(_OPEN, open)


## Opens in [param chatbox] what was [param kept], if it was that player's.
static func open_again(kept: Dictionary, chatbox: Chatbox) -> void:
	if kept.get("username", "") != chatbox.username:
		return
	var whispers: Array[String] = kept["whispers"]
	for channel: String in whispers:
		chatbox.open_tab(channel)
	var drafts: Dictionary[String, String] = kept["drafts"]
	# The player may have come into another hall of the lobby meanwhile.
	var lobby: String = kept["lobby"]
	for channel: String in drafts:
		chatbox.set_draft(chatbox.lobby if channel == lobby else channel, drafts[channel])
	var current: String = kept["current"]
	if current in chatbox.channels():
		chatbox.current_channel = current
