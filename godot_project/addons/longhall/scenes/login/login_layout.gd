extends Node
## Where the parts of a [LoginScreen] stand, and the card behind them.
##
## What the player uses stays where it is: a message comes below the buttons, where
## nothing but the card's own edge makes way for it. Where the screen is narrow, each
## label stands above its field; where it is low, the picture goes; and where even
## that is too high, the form scrolls.

## The form's width, and how wide it gets where the screen is low.
const _FORM_WIDTH: float = 304.0
const _FORM_WIDTH_WHEN_LOW: float = 440.0
## Below this height it is low.
const _LOW: float = 480.0
## The least room between what is written on the card and its edge.
const _CARD_MARGIN: float = 14.0
## Lines of a message that find room without anything going for them, and where the
## screen is narrow.
const _MESSAGE_LINES: int = 3
const _MESSAGE_LINES_WHEN_NARROW: int = 4
## Between rows of fields, and between a label and the field below it.
const _ROWS_APART: int = 12
const _LABEL_APART: int = 4
## The least width of a button.
const _BUTTON_WIDTH: float = 130.0
## The least height of what a finger has to meet: where it is narrow it is a phone.
const _FINGER: float = 44.0
## The least room between the card and the edge of the screen.
const _EDGE: float = 6.0
## Part of its height by which the form scrolls with one turn of the wheel.
const _WHEEL_STEP: float = 0.125

# The form's height with as much below the buttons as it makes room for.
var _most_height: float = 0.0

@onready var _screen: LoginScreen = get_parent()
@onready var _picture: TextureRect = %Hall
@onready var _wordmark: TextureRect = %Wordmark
@onready var _gap: Control = %Gap
@onready var _form: VBoxContainer = %VBoxContainer
@onready var _grid: GridContainer = %GridContainer
@onready var _labels: Array[Label] = [%Label_Username, %Label_Password, %Label_Code]
@onready var _username: LineEdit = %LineEdit_Username
@onready var _password: LineEdit = %LineEdit_Password
@onready var _reveal: Button = %Button_Reveal
@onready var _remember_row: HFlowContainer = %Row_Remember
@onready var _remember_gap: Control = %Gap_Remember
@onready var _remember: CheckBox = %CheckBox_Remember
@onready var _forgot: Button = %Button_Forgot
@onready var _entrance: MarginContainer = %Entrance
@onready var _status_row: HBoxContainer = %Status
@onready var _status: Label = %Label_Status
@onready var _buttons: CenterContainer = %CenterContainer
@onready var _button_row: HBoxContainer = %HBoxContainer
@onready var _resuming: VBoxContainer = %Resuming
@onready var _connection_row: HFlowContainer = %Connection
@onready var _connection: Label = %Label_Connection
@onready var _connection_dot: TextureRect = %Icon_Connection
@onready var _retry: Button = %Button_Retry
@onready var _scroll: VScrollBar = %Scroll


func _ready() -> void:
	for button: Button in _button_row.get_children():
		button.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS


## Puts everything where there is room for it.
func arrange() -> void:
	if not is_node_ready() or not _screen.is_node_ready():
		return
	var card: StyleBox = _card()
	var margins := Vector2(_margin(card, SIDE_LEFT) + _margin(card, SIDE_RIGHT), 0.0)
	margins.y = _margin(card, SIDE_TOP) + _margin(card, SIDE_BOTTOM)
	var most: float = _FORM_WIDTH_WHEN_LOW if _height() < _LOW else _FORM_WIDTH
	_form.custom_minimum_size.x = clampf(_screen.size.x - margins.x, _FORM_WIDTH, most)
	_set_columns()
	var height: float = _form.get_combined_minimum_size().y + margins.y
	var separation: int = _form.get_theme_constant(&"separation")
	var picture_height: float = 0.0
	for part: Control in [_picture, _wordmark, _gap]:
		var part_height: float = part.get_combined_minimum_size().y + separation
		picture_height += part_height
		if part.visible:
			height -= part_height
	_most_height = maxf(height, height - _tail_height() + _most_tail_height())
	var has_room: bool = _screen.show_picture and _most_height + picture_height <= _height()
	for part: Control in [_picture, _wordmark, _gap]:
		part.visible = has_room
	if has_room:
		height += picture_height
		_most_height += picture_height
	_scroll.visible = height > _height()
	_scroll.max_value = height
	_scroll.page = _height()
	_scroll.offset_bottom = -_screen.keyboard_height
	_place_form()


## The eye stands in the field, on the right, or on the left of right-to-left text.
func make_room_for_eye() -> void:
	var side: Side = SIDE_LEFT if _screen.is_layout_rtl() else SIDE_RIGHT
	for item: StringName in [&"normal", &"read_only"]:
		var box: StyleBox = _username.get_theme_stylebox(item).duplicate()
		box.set_content_margin(side, box.get_margin(side) + _reveal.size.x)
		_password.add_theme_stylebox_override(item, box)


## Scrolls a form that is higher than the screen. Says whether it did.
func scroll(event: InputEvent) -> bool:
	if not _scroll.visible:
		return false
	var before: float = _scroll.value
	var button := event as InputEventMouseButton
	var drag := event as InputEventScreenDrag
	var pan := event as InputEventPanGesture
	if button != null and button.pressed:
		var turns: Dictionary = {MOUSE_BUTTON_WHEEL_UP: -1.0, MOUSE_BUTTON_WHEEL_DOWN: 1.0}
		var turn: float = turns.get(button.button_index, 0.0)
		_scroll.value += turn * _height() * _WHEEL_STEP
	elif drag != null:
		_scroll.value -= drag.relative.y
	elif pan != null:
		_scroll.value += pan.delta.y * _height() * _WHEEL_STEP
	return _scroll.value != before


## Scrolls to what the player has gone to by keyboard or gamepad.
func show_focused(control: Control) -> void:
	if not is_node_ready() or not _scroll.visible or not _form.is_ancestor_of(control):
		return
	var card: StyleBox = _card()
	var area: Rect2 = _screen.get_global_transform().affine_inverse() * control.get_global_rect()
	var above: float = area.position.y - _margin(card, SIDE_TOP)
	var below: float = area.end.y + _margin(card, SIDE_BOTTOM) - _height()
	if above < 0.0:
		_scroll.value += above
	elif below > 0.0:
		_scroll.value += minf(below, above)


# Labels beside the fields where there is room for that, else above them.
func _set_columns() -> void:
	var label_width: float = 0.0
	for label: Label in _labels:
		label_width = maxf(label_width, _text_width(label, label.tr(label.text)))
	var widest: float = _BUTTON_WIDTH
	for button: Button in _button_row.get_children():
		var box: StyleBox = button.get_theme_stylebox(&"normal")
		var text_width: float = _text_width(button, button.tr(button.text))
		widest = maxf(widest, ceilf(text_width) + box.get_minimum_size().x + 1.0)
	var buttons_width: float = 2.0 * widest + _button_row.get_theme_constant(&"separation")
	var apart: int = _grid.get_theme_constant(&"h_separation")
	var width: float = maxf(
		_form.custom_minimum_size.x, _screen.size.x * (_form.anchor_right - _form.anchor_left)
	)
	var is_wide: bool = label_width + apart + buttons_width <= width
	_grid.columns = 2 if is_wide else 1
	_remember_gap.visible = is_wide and _remember_row.visible
	_grid.add_theme_constant_override(&"v_separation", _ROWS_APART if is_wide else _LABEL_APART)
	for button: Button in [_remember, _forgot, _retry]:
		button.custom_minimum_size.y = 0.0 if is_wide else _FINGER
	# A button beside it would leave a long sentence a narrow column.
	var beside: float = _connection_dot.custom_minimum_size.x
	beside += _connection_row.get_theme_constant(&"h_separation")
	_connection.custom_minimum_size.x = 0.0 if is_wide or not _retry.visible else width - beside
	for label: Label in _labels:
		label.vertical_alignment = (
			VERTICAL_ALIGNMENT_CENTER if is_wide else VERTICAL_ALIGNMENT_BOTTOM
		)
		label.size_flags_vertical = Control.SIZE_FILL
		var is_first: bool = label == _labels[0]
		var above: float = 0.0 if is_wide or is_first else float(_ROWS_APART - _LABEL_APART)
		label.custom_minimum_size.y = label.get_line_height() + above


func _text_width(control: Control, text: String) -> float:
	var font: Font = control.get_theme_font(&"font")
	var font_size: int = control.get_theme_font_size(&"font_size")
	return font.get_string_size(text, HORIZONTAL_ALIGNMENT_LEFT, -1, font_size).x


# What may come to be below the buttons, before anything has to make room for it.
func _most_tail_height() -> float:
	if _grid.columns > 1:
		var message: float = maxf(
			_height_of(_status, _MESSAGE_LINES), _height_of(_connection, _MESSAGE_LINES)
		)
		return maxf(_connection_row.custom_minimum_size.y, message)
	var below: float = _retry.get_combined_minimum_size().y
	below += _connection_row.get_theme_constant(&"v_separation")
	return _height_of(_connection, _MESSAGE_LINES_WHEN_NARROW) + below


func _height_of(label: Label, lines: int) -> float:
	var apart: int = label.get_theme_constant(&"line_spacing")
	return lines * (label.get_line_height() + apart) - apart


# The height of the rows below the buttons.
func _tail_height() -> float:
	var height: float = -_form.get_theme_constant(&"separation")
	for row: Control in [_status_row, _connection_row]:
		if row.visible:
			height += row.get_combined_minimum_size().y + _form.get_theme_constant(&"separation")
	return height


# How much of the screen's height there is for the form, above a phone's keyboard.
func _height() -> float:
	return _screen.size.y - _screen.keyboard_height


func _place_form() -> void:
	var height: float = _scroll.max_value
	var top: float = (_height() - height) / 2.0
	if _scroll.visible:
		top = -_scroll.value
	elif not _resuming.visible:
		# Where it is centred with one row below the buttons, whatever there is now.
		var usual: float = height - _tail_height() + _connection_row.custom_minimum_size.y
		top = minf((_height() - usual) / 2.0, _height() - _most_height - _EDGE)
		top = maxf(top, 0.0)
	# Its anchors centre it on the whole screen; from there it goes where it belongs.
	var shift: float = top - (_screen.size.y - height) / 2.0
	_form.offset_top = shift
	_form.offset_bottom = shift


func _card() -> StyleBox:
	return _form.get_theme_stylebox(&"panel", &"CardPanel")


# A theme's box may leave its text no room at all, which inside another one would do.
func _margin(card: StyleBox, side: Side) -> float:
	return maxf(card.get_margin(side), _CARD_MARGIN)


func _on_scroll_value_changed(_value: float) -> void:
	_place_form()


func _on_v_box_container_sort_children() -> void:
	_form.queue_redraw()


func _on_grid_container_sort_children() -> void:
	_buttons.queue_sort()
	# And so does what is below them.
	var left: int = roundi(_username.position.x)
	var beside: Dictionary[StringName, int] = {&"margin_left": left}
	beside[&"margin_right"] = roundi(_grid.size.x - _username.size.x) - left
	for side: StringName in beside:
		if _entrance.get_theme_constant(side) != beside[side]:
			_entrance.add_theme_constant_override(side, beside[side])


# The buttons stand below the fields, edge to edge.
func _on_center_container_sort_children() -> void:
	var area := Rect2(_username.position.x, 0.0, _username.size.x, _buttons.size.y)
	_buttons.fit_child_in_rect(_button_row, area)


# The card behind the form. Drawn here, so that the form's own path stays short.
func _on_v_box_container_draw() -> void:
	var top: float = _grid.position.y if _grid.visible else _resuming.position.y
	var card: StyleBox = _card()
	var area := Rect2(0.0, top, _form.size.x, _form.size.y - top)
	_form.draw_style_box(
		card,
		area.grow_individual(
			_margin(card, SIDE_LEFT),
			_margin(card, SIDE_TOP),
			_margin(card, SIDE_RIGHT),
			_margin(card, SIDE_BOTTOM)
		)
	)
