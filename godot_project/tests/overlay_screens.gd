extends RefCounted
## Small games with an overlay and bubbles in them, for pictures.

const OVERLAY: PackedScene = preload("res://addons/longhall/scenes/overlay/overlay.tscn")
const PlayerInput := preload("res://tests/player_input.gd")
const Scenes := preload("res://tests/overlay_scenes.gd")

const _TALK: PackedStringArray = [
	"Ulf: Evening! Who is up for the bear quest?",
	"Signe: Me! I keep the fire 🔥 until then",
	"Жанна: я с вами",
	"Ada: Always. Bring the good axe this time.",
]
const _HOSTILE: PackedStringArray = [
	"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
	"مرحبا بالجميع، من معي اليوم؟ (hello)",
	"🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻🐻",
]
const _NOW_MS: int = 1_700_000_000_000

# The theme of a game with light grounds.
static var _paper: Theme = _make_paper()

var overlay: ChatOverlay

var _tree: SceneTree
var _scene: Node
var _input: PlayerInput
var _bubbles: Dictionary[String, LonghallBubble] = {}


func _init(tree: SceneTree) -> void:
	_tree = tree
	_input = PlayerInput.new(tree.root)


## A meadow where people talk.
func show_meadow() -> void:
	var size: Vector2 = _tree.root.get_visible_rect().size
	var scene: Node2D = Scenes.meadow(size)
	var places: Dictionary[String, Vector2] = {
		"Ulf": Vector2(0.3, 0.45), "Signe": Vector2(0.62, 0.36), "Ada": Vector2(0.75, 0.62)
	}
	for name: String in places:
		var avatar: Node2D = Scenes.walker(
			size * places[name], Color.from_hsv(places[name].x, 0.6, 0.8)
		)
		_give_bubble(avatar, name)
		scene.add_child(avatar)
	_open(scene)
	await _talk()


## A hall where people talk.
func show_hall() -> void:
	var scene: Node3D = Scenes.hall()
	var places: Dictionary[String, Vector3] = {
		"Ulf": Vector3(-2.4, 0.0, -1.8), "Signe": Vector3(1.9, 0.0, -2.5)
	}
	for name: String in places:
		var avatar: Node3D = Scenes.guest(places[name], Color("#b5523b"))
		_give_bubble(avatar, name)
		scene.add_child(avatar)
	_open(scene)
	await _talk()


## The player types, and a command is offered.
func type(text: String) -> void:
	await _input.press(KEY_ENTER)
	await _input.type(text)


## What strangers write to fill the screen.
func show_hostile() -> void:
	for text: String in _HOSTILE:
		overlay.show_line("lobby", "Mallory", text, _NOW_MS)
		_bubbles["Ulf"].show_text(text)


## What is not said in the lobby, and what is not said at all.
func show_kinds() -> void:
	overlay.show_line("@Signe", "Signe", "Psst, the key is under the third stone", _NOW_MS)
	overlay.show_line("@Signe", "Ada", "/me nods", _NOW_MS)
	overlay.show_line("@Signe", "Ada", "I have it 🔑", _NOW_MS)
	overlay.show_all_channels = true
	overlay.show_line("trade", "Ulf", "Axes for mead!", _NOW_MS)
	overlay.show_notice(
		LonghallText.of_sanction(
			{sanction = "mute", channel = "", until_ms = _NOW_MS, reason = "Selling gold"}
		)
	)
	overlay.start_typing("But it is so cheap!")
	await _input.press(KEY_ENTER)
	overlay.line_denied(overlay.sent_id, "muted", LonghallText.of_denial("muted"))


## The same in a theme of paper and ink.
func wear_paper() -> void:
	overlay.theme = _paper
	for name: String in _bubbles:
		_bubbles[name].theme = _paper


## The game is over.
func leave() -> void:
	overlay.stop_typing()
	_scene.free()


func _open(scene: Node) -> void:
	_scene = scene
	overlay = OVERLAY.instantiate()
	overlay.wire_to_client = false
	overlay.username = "Ada"
	overlay.fade_after = 0.0
	var layer := CanvasLayer.new()
	layer.add_child(overlay)
	scene.add_child(layer)
	_tree.root.add_child(scene)


func _talk() -> void:
	for said: String in _TALK:
		var name: String = said.get_slice(": ", 0)
		var text: String = said.trim_prefix(name + ": ")
		overlay.show_line("lobby", name, text, _NOW_MS)
		if _bubbles.has(name):
			_bubbles[name].show_text(text)
	for i: int in 5:
		await _tree.process_frame


func _give_bubble(avatar: Node, name: String) -> void:
	var bubble := LonghallBubble.new()
	bubble.username = name
	bubble.wire_to_client = false
	bubble.seconds = 1000.0
	avatar.add_child(bubble)
	_bubbles[name] = bubble


static func _make_paper() -> Theme:
	var theme := Theme.new()
	var sheet := StyleBoxFlat.new()
	sheet.bg_color = Color("#f6f1e4")
	theme.set_stylebox(&"panel", &"PanelContainer", sheet)
	theme.set_stylebox(&"panel", &"Panel", sheet)
	theme.set_color(&"font_color", &"Label", Color("#1d1a16"))
	return theme
