extends Node
## Gives the game its keys back: the player leaves a [Chatbox] by Escape, or by a click or
## a touch beside it, whichever part of it has the focus.

const _CLICKS: Array[MouseButton] = [MOUSE_BUTTON_LEFT, MOUSE_BUTTON_RIGHT, MOUSE_BUTTON_MIDDLE]

## What the player leaves.
@export var area: Control

@onready var _completions: Control = %Completions


# Before whatever is clicked takes the click.
func _input(event: InputEvent) -> void:
	if not _is_press(event) or _focused_part() == null or _is_on_area(event):
		return
	_focused_part().release_focus()


# A part that has a use for Escape has had its turn. A game's own shortcuts come later.
func _shortcut_input(event: InputEvent) -> void:
	_leave_by(event)


# Actions from a script or a touch button.
func _unhandled_input(event: InputEvent) -> void:
	_leave_by(event)


func _leave_by(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel") and _focused_part() != null:
		_focused_part().release_focus()
		get_viewport().set_input_as_handled()


func _focused_part() -> Control:
	var focused: Control = get_viewport().gui_get_focus_owner()
	return focused if focused != null and area.is_ancestor_of(focused) else null


func _is_press(event: InputEvent) -> bool:
	var button := event as InputEventMouseButton
	if button != null:
		return button.pressed and button.button_index in _CLICKS
	var touch := event as InputEventScreenTouch
	return touch != null and touch.pressed


func _is_on_area(event: InputEvent) -> bool:
	if not (_has(area, event) or (_completions.visible and _has(_completions, event))):
		return false
	# Something of the game may lie on it. A finger does not hover.
	var over: Control = get_viewport().gui_get_hovered_control()
	var is_mouse: bool = event is InputEventMouseButton
	if over == null or not is_mouse or event.device == InputEvent.DEVICE_ID_EMULATION:
		return true
	return over == area or area.is_ancestor_of(over) or not _has(over, event)


func _has(control: Control, event: InputEvent) -> bool:
	var place: Vector2 = Vector2.INF
	var local: InputEvent = control.make_input_local(event)
	if local is InputEventMouseButton:
		place = (local as InputEventMouseButton).position
	elif local is InputEventScreenTouch:
		place = (local as InputEventScreenTouch).position
	return Rect2(Vector2.ZERO, control.size).has_point(place)
