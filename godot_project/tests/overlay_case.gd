extends "res://tests/test_case.gd"
## Tests of an overlay over a game that listens to every key and to the mouse.

const OVERLAY: PackedScene = preload("res://addons/longhall/scenes/overlay/overlay.tscn")
const ListeningGame := preload("res://tests/listening_game.gd")

const NOON_MS: int = 1_700_000_000_000

var overlay: ChatOverlay
var game: ListeningGame
## What the overlay asked its parent for, a sentence each.
var asked: Array[String] = []


func set_up() -> void:
	game = ListeningGame.new()
	overlay = OVERLAY.instantiate()
	overlay.wire_to_client = false
	overlay.username = "ada"
	overlay.typing_changed.connect(
		func(is_typing: bool) -> void: asked.append("typing" if is_typing else "done")
	)
	overlay.message_sent.connect(
		func(text: String, channel: String) -> void: asked.append("say %s in %s" % [text, channel])
	)
	overlay.command_entered.connect(
		func(text: String, channel: String) -> void: asked.append("do %s in %s" % [text, channel])
	)
	var scene := Control.new()
	scene.set_anchors_preset(Control.PRESET_FULL_RECT)
	scene.mouse_filter = Control.MOUSE_FILTER_IGNORE
	scene.add_child(overlay)
	# Later in the tree, so that it hears of everything before the overlay does.
	scene.add_child(game)
	await add(scene)


func tear_down() -> void:
	overlay.stop_typing()
	await super()


func part(part_name: String) -> Control:
	return overlay.get_node("%" + part_name)


func line_edit() -> LineEdit:
	return overlay.get_node("%LineEdit")


## Shows [param text] as what ben says, and waits until it is written.
func hear(text: String, sender: String = "ben", channel: String = "lobby") -> void:
	overlay.show_line(channel, sender, text, NOON_MS)
	await until_written()


func until_written() -> void:
	var chat: ChatOverlay.OverlayLog = overlay.get_node("%Log")
	await wait_until(chat.is_written, "the lines")
	await frames(2)


## What the log shows, without the marks that keep directions apart.
func shown() -> String:
	var chat: RichTextLabel = overlay.get_node("%Log")
	if not chat.is_visible_in_tree():
		return ""
	return chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "").strip_edges()


func opacity() -> float:
	return part("Panel").modulate.a if part("Panel").is_visible_in_tree() else 0.0
