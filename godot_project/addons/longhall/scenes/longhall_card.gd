extends Control
## A card over a screen, with a heading and a way out. What is below the heading scrolls
## where it is higher than the screen.

## The player has closed the card.
signal closed

const Parts := preload("res://addons/longhall/scenes/longhall_parts.gd")

const _CLOSE: Texture2D = preload("res://addons/longhall/themes/close.svg")
const _WIDTH: float = 440.0
## Room beside the card and, with its own margins, above and below it.
const _BESIDE: float = 24.0
const _AROUND: float = 72.0
const _APART: int = 8
const _HEADING_APART: int = 6
## Between what scrolls and the bar, and the frame of a focused field, which is wider than
## the field.
const _BESIDE_BAR: int = 10
const _FRAME: int = 3

## What is on the card.
var content := VBoxContainer.new()
## Whether the player can leave it by its cross, by Escape or by a click beside it.
var can_close: bool = true:
	set(value):
		can_close = value
		_cross.visible = value

var _heading := Parts.title("")
var _cross := Button.new()
var _card := PanelContainer.new()
var _rows := VBoxContainer.new()
var _scroll := ScrollContainer.new()
var _margins := MarginContainer.new()


func _init() -> void:
	visible = false
	set_anchors_and_offsets_preset(PRESET_FULL_RECT)
	var dim := Panel.new()
	dim.theme_type_variation = &"Dim"
	dim.gui_input.connect(_on_dim_gui_input)
	var center := CenterContainer.new()
	center.mouse_filter = MOUSE_FILTER_IGNORE
	for part: Control in [dim, center]:
		part.set_anchors_and_offsets_preset(PRESET_FULL_RECT)
		add_child(part)
	_card.theme_type_variation = &"CardPanel"
	center.add_child(_card)
	_rows.add_theme_constant_override("separation", _HEADING_APART)
	_card.add_child(_rows)
	_scroll.follow_focus = true
	_scroll.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	_margins.size_flags_horizontal = SIZE_EXPAND_FILL
	for side: String in ["left", "top", "right", "bottom"]:
		_margins.add_theme_constant_override("margin_" + side, _FRAME)
	_scroll.add_child(_margins)
	_margins.add_child(content)
	_heading.size_flags_horizontal = SIZE_EXPAND_FILL
	_cross.theme_type_variation = &"FlatButton"
	_cross.icon = _CLOSE
	_cross.name = "Button_Close"
	_cross.tooltip_text = "Close"
	_cross.accessibility_name = "Close"
	_cross.mouse_default_cursor_shape = CURSOR_POINTING_HAND
	_cross.custom_minimum_size = Vector2(Parts.FINGER, Parts.FINGER)
	_cross.icon_alignment = HORIZONTAL_ALIGNMENT_CENTER
	_cross.pressed.connect(close)
	var head := MarginContainer.new()
	head.add_theme_constant_override("margin_left", _FRAME)
	head.add_child(Parts.row([_heading, _cross]))
	_rows.add_child(head)
	_rows.add_child(_scroll)
	content.add_theme_constant_override("separation", _APART)
	content.minimum_size_changed.connect(arrange)
	resized.connect(arrange)


func _input(event: InputEvent) -> void:
	# Also from a control that knows what to do with it.
	if can_close and is_visible_in_tree() and event.is_action_pressed(&"ui_cancel"):
		close()
		get_viewport().set_input_as_handled()


## Shows the card under [param heading].
func show_card(heading: String) -> void:
	_heading.text = heading
	visible = true
	_scroll.scroll_vertical = 0
	arrange()
	# What is typed goes no more to what is below.
	if can_close:
		_cross.grab_focus()


## Takes the card away.
func close() -> void:
	if visible:
		visible = false
		closed.emit()


## As large as its content, but never larger than the screen.
func arrange() -> void:
	_card.custom_minimum_size.x = minf(_WIDTH, size.x - _BESIDE)
	var heading: float = _rows.get_combined_minimum_size().y - _scroll.custom_minimum_size.y
	var whole: float = _margins.get_combined_minimum_size().y
	var room: float = size.y - _AROUND - heading
	_scroll.custom_minimum_size.y = minf(whole, room)
	var beside: int = _BESIDE_BAR if whole > room else _FRAME
	_margins.add_theme_constant_override("margin_right", beside)


func _on_dim_gui_input(event: InputEvent) -> void:
	var button := event as InputEventMouseButton
	if can_close and button != null and button.pressed:
		close()
