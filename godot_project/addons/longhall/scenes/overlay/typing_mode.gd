extends Node
## Keeps the keyboard of a player who types into a [ChatOverlay] away from the game.
##
## What is typed ends at the input. Games ask in two more ways: by what the engine knows of
## each action, which is told of no key meanwhile, and by a mouse that they hold, which is
## let go. Both are as before when the player has typed.

## The bindings of a key belong to this device meanwhile, which no keyboard is. They stay
## where they are, so that the engine's account of gamepads on the same action stands.
const _NO_DEVICE: int = 1_000_000
## Actions of the engine that a text is typed without. The others are those of a text.
const _NOT_OF_TEXT: Array[StringName] = [
	&"ui_accept",
	&"ui_select",
	&"ui_cancel",
	&"ui_focus_next",
	&"ui_focus_prev",
	&"ui_focus_mode",
	&"ui_left",
	&"ui_right",
	&"ui_up",
	&"ui_down",
	&"ui_page_up",
	&"ui_page_down",
	&"ui_home",
	&"ui_end",
]
const _OF_ENGINE: String = "ui_"
## What a mouse is let go to, by how the game held it.
const _LET_GO: Dictionary[Input.MouseMode, Input.MouseMode] = {
	Input.MOUSE_MODE_CAPTURED: Input.MOUSE_MODE_VISIBLE,
	Input.MOUSE_MODE_HIDDEN: Input.MOUSE_MODE_VISIBLE,
	Input.MOUSE_MODE_CONFINED_HIDDEN: Input.MOUSE_MODE_CONFINED,
}

## Whether keys mean no action of the game meanwhile.
var silences_actions: bool = true
## Whether a mouse that the game holds is let go meanwhile.
var frees_mouse: bool = true
## Whether the player types.
var is_on: bool = false

# Keys that went down while the player typed. When they come up is nobody else's business.
var _down: Dictionary[Key, bool] = {}
# The key by which the player began.
var _begun_with: Key = KEY_NONE
# Bindings of keys, and the device of each.
var _silenced: Dictionary[InputEventKey, int] = {}
var _mouse_before: Input.MouseMode = Input.MOUSE_MODE_VISIBLE
var _mouse_meanwhile: Input.MouseMode = Input.MOUSE_MODE_VISIBLE


func _exit_tree() -> void:
	end()


# Before anything else hears of it.
func _input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key == null or not is_on:
		return
	if key.pressed:
		_down[_id(key)] = true
	if key.echo and _is_beginning(key):
		# The finger is still on it, and the player has not begun to type with it.
		get_viewport().set_input_as_handled()
	elif not key.pressed and _is_beginning(key):
		_begun_with = KEY_NONE


# What the input has left over, before the game has a look at it.
func _shortcut_input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key != null and keeps(key):
		get_viewport().set_input_as_handled()


## The player types from now on, having begun by [param event] if that is a key.
func begin(event: InputEvent = null) -> void:
	if is_on:
		return
	is_on = true
	_begun_with = KEY_NONE
	var key := event as InputEventKey
	if key != null:
		_begun_with = _id(key)
		_down[_begun_with] = true
	if silences_actions:
		_silence_actions()
	if frees_mouse:
		_free_mouse()


## The player has typed, and the game has its keys and its mouse again.
func end() -> void:
	if not is_on:
		return
	is_on = false
	for binding: InputEventKey in _silenced:
		binding.device = _silenced[binding]
	_silenced.clear()
	# Unless the game has seen to it meanwhile.
	if _mouse_meanwhile != _mouse_before and Input.mouse_mode == _mouse_meanwhile:
		Input.mouse_mode = _mouse_before
	_mouse_meanwhile = _mouse_before


## Whether [param key] is none of the game's business: all that go down while the player
## types, and that they come up again.
func keeps(key: InputEventKey) -> bool:
	return is_on if key.pressed else _down.erase(_id(key))


func _is_beginning(key: InputEventKey) -> bool:
	return _begun_with != KEY_NONE and _id(key) == _begun_with


func _silence_actions() -> void:
	for action: StringName in InputMap.get_actions():
		if action.begins_with(_OF_ENGINE) and not action in _NOT_OF_TEXT:
			continue
		var is_pressed: bool = Input.is_action_pressed(action)
		var has_keys: bool = false
		for event: InputEvent in InputMap.action_get_events(action):
			var binding := event as InputEventKey
			if binding != null:
				has_keys = true
				if not _silenced.has(binding):
					_silenced[binding] = binding.device
					binding.device = _NO_DEVICE
		if is_pressed and has_keys:
			# That the key comes up will not be told.
			Input.action_release(action)


func _free_mouse() -> void:
	_mouse_before = Input.mouse_mode
	_mouse_meanwhile = _LET_GO.get(_mouse_before, _mouse_before)
	if _mouse_meanwhile != _mouse_before:
		Input.mouse_mode = _mouse_meanwhile


func _id(key: InputEventKey) -> Key:
	return key.physical_keycode if key.physical_keycode != KEY_NONE else key.keycode
