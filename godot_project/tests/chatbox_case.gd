extends "res://tests/test_case.gd"
## Tests of a chatbox alone, without a client, with a player's mouse and keyboard.

const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

const NOON_MS: int = 1_700_000_000_000
const MINUTE_MS: int = 60_000

var chatbox: Chatbox
var line_edit: LineEdit
## What the chatbox asked its parent for, a sentence each.
var asked: Array[String] = []


func set_up() -> void:
	chatbox = CHATBOX.instantiate()
	chatbox.wire_to_client = false
	chatbox.username = "ada"
	chatbox.show_timestamps = false
	chatbox.line_format = '{sender} says: "{text}"'
	chatbox.offers_channels = true
	await add(chatbox)
	line_edit = chatbox.get_node("%LineEdit")
	_listen()


## The tab in view shows this, without the marks that keep directions apart.
func shown(channel: String = "") -> String:
	var chat_log: ChatLog = chatbox.get_log(channel)
	var text: String = chat_log.get_parsed_text().replace("\u2068", "").replace("\u2069", "")
	return text.trim_suffix("\n")


## Waits until all lines of the tab are written.
func until_written(channel: String = "") -> void:
	await frames(2)
	await wait_until(chatbox.get_log(channel).is_written, "all lines are written")
	await frames(2)


## Types [param text] and sends it.
func send(text: String) -> void:
	await input.type(text)
	await input.press(KEY_ENTER)


func part(part_name: String) -> Control:
	return chatbox.get_node("%" + part_name)


## The texts of the tabs, each with its badge: "trade 3".
func tabs() -> Array[String]:
	var found: Array[String] = []
	for tab: Node in part("Tabs").get_children():
		var title: Button = tab.get_node("Row/Title")
		var badge: Label = tab.get_node("Row/Badge")
		found.append(title.text + (" " + badge.text if badge.visible else ""))
	return found


func tab_button(channel: String, button: String = "Title") -> Control:
	for tab: Node in part("Tabs").get_children():
		if tab.get_meta(&"channel") == channel:
			return tab.get_node("Row/" + button)
	return null


## Chooses the item [param text] of a menu.
func choose(menu_name: String, text: String) -> void:
	var menu: PopupMenu = chatbox.get_node("%" + menu_name)
	for i: int in menu.item_count:
		if menu.get_item_text(i) == text:
			menu.set_focused_item(i)
			await input.press(KEY_ENTER)
			await frames(2)
			return
	check(false, "%s has no %s" % [menu_name, text])


func menu_items(menu_name: String) -> Array[String]:
	var menu: PopupMenu = chatbox.get_node("%" + menu_name)
	var found: Array[String] = []
	for i: int in menu.item_count:
		found.append(menu.get_item_text(i))
	return found


## Lines [param from] to [param to] of [param channel]'s history.
func page(from: int, to: int) -> Array[Dictionary]:
	var lines: Array[Dictionary] = []
	for seq: int in range(from, to + 1):
		lines.append(
			{seq = seq, sender = "ben", text = "line %d" % seq, sent_at_ms = NOON_MS + seq}
		)
	return lines


## The line of the log at the upper edge of what is in sight, and its height there.
func top_line(channel: String = "") -> String:
	var chat_log: ChatLog = chatbox.get_log(channel)
	var place: float = chat_log.get_v_scroll_bar().value
	for i: int in chat_log.get_paragraph_count():
		if chat_log.get_paragraph_offset(i) >= place:
			var height: float = chat_log.get_paragraph_offset(i) - place
			return "%s at %.1f" % [shown(channel).get_slice("\n", i), height]
	return ""


func _listen() -> void:
	chatbox.message_sent.connect(
		func(text: String, channel: String) -> void: asked.append("say %s in %s" % [text, channel])
	)
	chatbox.command_entered.connect(
		func(text: String, channel: String) -> void: asked.append("do %s in %s" % [text, channel])
	)
	chatbox.history_requested.connect(
		func(channel: String) -> void: asked.append("history of " + channel)
	)
	chatbox.read.connect(
		func(channel: String, seq: int) -> void: asked.append("read %s to %d" % [channel, seq])
	)
	chatbox.leave_requested.connect(func(channel: String) -> void: asked.append("leave " + channel))
	chatbox.join_requested.connect(
		func(channel: String, password: String) -> void:
			asked.append("join %s with '%s'" % [channel, password])
	)
	chatbox.create_requested.connect(
		func(channel: String, access: String, password: String, topic: String) -> void:
			asked.append("create %s" % [[channel, access, password, topic]])
	)
	chatbox.channels_requested.connect(func() -> void: asked.append("channels"))
	chatbox.members_requested.connect(
		func(channel: String) -> void: asked.append("members of " + channel)
	)
	chatbox.edit_requested.connect(
		func(channel: String, seq: int, text: String) -> void:
			asked.append("edit %s %d: %s" % [channel, seq, text])
	)
	chatbox.delete_requested.connect(
		func(channel: String, seq: int) -> void: asked.append("delete %s %d" % [channel, seq])
	)
	chatbox.whisper_requested.connect(
		func(name: String) -> void: asked.append("whisper to " + name)
	)
	chatbox.block_requested.connect(func(name: String) -> void: asked.append("block " + name))
	chatbox.completion_requested.connect(
		func(text: String) -> void: asked.append("complete " + text)
	)
