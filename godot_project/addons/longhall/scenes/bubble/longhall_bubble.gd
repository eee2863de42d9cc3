@icon("res://addons/longhall/icons/bubble.svg")
class_name LonghallBubble
extends Node
## Shows over an avatar what its player said last.
##
## Put it under the avatar, a [Node2D], [Node3D] or [Control], and tell whose it is by
## [member username]. With a [NetworkClient] in the scene nothing else is needed. The bubble
## has the same size wherever the avatar is, goes along with it, and is not there while the
## avatar is behind the camera or hidden. Words of strangers are shown as the plain text they
## are. Whispers are not shown: others may look at the screen.
## [br][br]
## Without a client ([member wire_to_client] off) the game calls [method show_text].

const BubbleWiring := preload("bubble_wiring.gd")
const Colors := preload("res://addons/longhall/scenes/longhall_colors.gd")
const Fading := preload("res://addons/longhall/scenes/overlay/fading.gd")
const LineWriter := preload("res://addons/longhall/scenes/chatbox/chat_line_writer.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const PlainText := preload("res://addons/longhall/scenes/chatbox/plain_text.gd")

## Whose ground it has: that of what floats over others, or of any panel.
const _GROUND: StringName = &"FloatingPanel"
const _ANY_GROUND: StringName = &"PanelContainer"
const _PADDING := Vector2(10.0, 6.0)
const _RADIUS: int = 10
## So far from the edges of the window.
const _EDGE: float = 4.0

## Whose words are shown.
@export var username: String = ""

## The channel whose lines are shown; those of all channels if empty.
@export var channel: String = ""

## Seconds that a text stays.
@export_range(0.5, 60.0, 0.5, "or_greater", "suffix:s") var seconds: float = 6.0:
	set(value):
		seconds = maxf(value, 0.0)
		_fading.after = seconds

## Characters that are shown at most; an ellipsis stands for the rest.
@export_range(1, 500) var max_chars: int = 120

## The greatest width, in pixels. A longer text has more rows.
@export_range(40.0, 1000.0, 1.0, "or_greater", "suffix:px") var max_width: float = 220.0

## Where the bubble ends, from the avatar's own place, for an avatar in two dimensions.
@export var offset_2d := Vector2(0.0, -64.0)

## Where the bubble ends, from the avatar's own place, for an avatar in three dimensions.
@export var offset_3d := Vector3(0.0, 2.1, 0.0)

## The layer it is drawn in, see [member CanvasLayer.layer]: above the game and below what has
## a higher one.
@export var layer: int = 0:
	set(value):
		layer = value
		_canvas.layer = value

## The theme that ground and letters are taken from. When empty, that of the project, else ours.
@export var theme: Theme:
	set(value):
		theme = value
		if is_node_ready():
			_dress()

@export_group("Network Client")

## The node that connects. When empty, the nearest one in the tree is taken.
@export var client: NetworkClient:
	set(value):
		client = value
		if is_node_ready():
			_wiring.look_for_client()

## Whether the bubble listens to the [NetworkClient] itself. Switch it off to tell it by
## [method show_text].
@export var wire_to_client: bool = true:
	set(value):
		wire_to_client = value
		if is_node_ready():
			_wiring.look_for_client()

## What is shown now; empty if nothing is.
var text: String:
	get:
		return _label.text if _fading.opacity() > 0.0 else ""

var _fading := Fading.new()
# The text is not seen until the bubble fits it.
var _frames_to_fit: int = 0
var _canvas := CanvasLayer.new()
var _panel := PanelContainer.new()
var _label := Label.new()
var _wiring := BubbleWiring.new()


func _init() -> void:
	# After the avatar and the camera have moved.
	process_priority = 100
	_fading.after = seconds
	_fading.seconds = 0.5
	_canvas.layer = layer
	_panel.visible = false
	_panel.mouse_filter = Control.MOUSE_FILTER_IGNORE
	_label.mouse_filter = Control.MOUSE_FILTER_IGNORE
	_label.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	_label.horizontal_alignment = HORIZONTAL_ALIGNMENT_CENTER
	_label.add_theme_constant_override(&"line_spacing", 0)
	_label.text_direction = Control.TEXT_DIRECTION_AUTO
	_panel.add_child(_label)
	_canvas.add_child(_panel)
	add_child(_canvas, false, Node.INTERNAL_MODE_BACK)
	add_child(_wiring, false, Node.INTERNAL_MODE_BACK)
	set_process(false)


func _ready() -> void:
	_dress()
	_wiring.start()


func _process(delta: float) -> void:
	if _frames_to_fit > 0:
		_frames_to_fit -= 1
		_panel.reset_size()
	let_pass(delta)


## Shows [param said] from now on, in place of what there was.
func show_text(said: String) -> void:
	_label.text = _shortened(_readable(said))
	_fit()
	_fading.wake()
	let_pass(0.0)


## Shows what [param sender] said in [param in_channel], if it is meant for this bubble.
func show_line(in_channel: String, sender: String, said: String) -> void:
	var is_whisper: bool = in_channel.begins_with("@")
	var is_here: bool = channel.is_empty() or in_channel == channel
	if sender == username and not username.is_empty() and is_here and not is_whisper:
		show_text(said)


## Shows nothing any more.
func clear() -> void:
	_fading.end()
	let_pass(0.0)


## Lets so many [param passed] seconds pass. The bubble does so by itself in each frame.
func let_pass(passed: float) -> void:
	_fading.let_pass(passed)
	var opacity: float = _fading.opacity()
	_panel.modulate.a = opacity if _frames_to_fit == 0 else 0.0
	set_process(opacity > 0.0)
	if opacity > 0.0 and is_inside_tree():
		_place()
	else:
		_panel.visible = false


# Above the avatar, wherever that is on the screen.
func _place() -> void:
	var avatar: Node = get_parent()
	var at := Vector2.INF
	if avatar is CanvasItem and (avatar as CanvasItem).is_visible_in_tree():
		at = (avatar as CanvasItem).get_global_transform_with_canvas() * Vector2.ZERO + offset_2d
	elif avatar is Node3D and (avatar as Node3D).is_visible_in_tree():
		at = _seen_by_camera((avatar as Node3D).global_position + offset_3d)
	_panel.visible = at.is_finite()
	if not at.is_finite():
		return
	var room: Vector2 = get_viewport().get_visible_rect().size
	var corner: Vector2 = at - Vector2(_panel.size.x / 2.0, _panel.size.y)
	# Not cut off at the edge, as long as the avatar itself is to be seen.
	if Rect2(Vector2.ZERO, room).has_point(at):
		var last: Vector2 = room - _panel.size - Vector2(_EDGE, _EDGE)
		corner = corner.clamp(Vector2(_EDGE, _EDGE), last.max(Vector2(_EDGE, _EDGE)))
	_panel.position = corner.round()


func _seen_by_camera(place: Vector3) -> Vector2:
	var camera: Camera3D = get_viewport().get_camera_3d()
	if camera == null or camera.is_position_behind(place):
		return Vector2.INF
	return camera.unproject_position(place)


# As wide as the text, as far as that is allowed. A label tells how high it is in the frame
# after it has got its width.
func _fit() -> void:
	_label.autowrap_mode = TextServer.AUTOWRAP_OFF
	_label.custom_minimum_size.x = 0.0
	var room: float = max_width - 2.0 * _PADDING.x
	if _label.get_minimum_size().x > room:
		_label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
		_label.custom_minimum_size.x = room
	_frames_to_fit = 2


func _dress() -> void:
	var projects: Theme = ThemeDB.get_project_theme()
	_panel.theme = theme if theme != null else projects if projects != null else Look.OURS
	var type: StringName = _GROUND if _panel.theme.has_stylebox(&"panel", _GROUND) else _ANY_GROUND
	var drawn: StyleBox = _panel.theme.get_stylebox(&"panel", type)
	var ground: Color = Colors.in_front_of(RenderingServer.get_default_clear_color(), drawn)
	var ink: Color = Colors.readable(_panel.theme.get_color(&"font_color", &"Label"), [ground])
	_label.add_theme_color_override(&"font_color", ink)
	var box := StyleBoxFlat.new()
	box.bg_color = ground
	box.border_color = ground.lerp(ink, 0.3)
	box.set_border_width_all(1)
	box.set_corner_radius_all(_RADIUS)
	box.content_margin_left = _PADDING.x
	box.content_margin_right = _PADDING.x
	box.content_margin_top = _PADDING.y
	box.content_margin_bottom = _PADDING.y
	_panel.add_theme_stylebox_override(&"panel", box)


func _readable(said: String) -> String:
	var words: String = PlainText.of(said.replace("\n", " ").replace("\r", " "))
	if said.begins_with(LineWriter.ACTION):
		return "* " + LineWriter.spoken(words)
	return LineWriter.spoken(words)


func _shortened(words: String) -> String:
	return words if words.length() <= max_chars else words.left(max_chars - 1).strip_edges() + "…"
