extends Control
## A game that notes what of the player's keys and mouse it hears of, and by which way.

## What only this game asks for: the key J.
const JUMP: StringName = &"test_jump"

## What it heard of: "unhandled w", "action jump", "click", …
var heard: Array[String] = []
## The same of the keys that came by [method Node._input], before anybody could keep them.
var heard_first: Array[String] = []

var _jump := InputEventKey.new()


func _init() -> void:
	process_mode = Node.PROCESS_MODE_ALWAYS
	mouse_filter = Control.MOUSE_FILTER_IGNORE
	_jump.keycode = KEY_J
	InputMap.add_action(JUMP)
	InputMap.action_add_event(JUMP, _jump)


func _exit_tree() -> void:
	if InputMap.has_action(JUMP):
		InputMap.erase_action(JUMP)


func _input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key != null and event.is_action(JUMP):
		heard.append("action of an event")
	if key != null and key.pressed:
		heard_first.append(_name_of(key))


func _process(_delta: float) -> void:
	if Input.is_action_just_pressed(JUMP):
		heard.append("jump")
	if Input.is_action_just_pressed(&"ui_cancel"):
		heard.append("menu")
	if Input.is_action_just_pressed(&"ui_left"):
		heard.append("left")


func _unhandled_key_input(event: InputEvent) -> void:
	var key := event as InputEventKey
	heard.append(("key %s" if key.pressed else "key up %s") % _name_of(key))


func _unhandled_input(event: InputEvent) -> void:
	var button := event as InputEventMouseButton
	if button != null and button.pressed:
		heard.append("click")


func _name_of(key: InputEventKey) -> String:
	return String.chr(key.unicode) if key.unicode > 0 else OS.get_keycode_string(key.keycode)
