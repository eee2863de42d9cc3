extends RefCounted
## Moves mouse and keyboard as a player does: the events enter where the
## system's events enter, so that focus, shortcuts and disabled buttons count.

var _root: Window


func _init(root: Window) -> void:
	_root = root


## Clicks the middle of [param control], wherever that is on the screen.
func click(control: Control) -> void:
	await click_at(control, control.size / 2.0)


## Clicks [param place] of [param control], with another button if one is given.
func click_at(
	control: Control, place: Vector2, button_index: MouseButton = MOUSE_BUTTON_LEFT
) -> void:
	var on_canvas: Vector2 = control.get_global_transform_with_canvas() * place
	var at: Vector2 = _root.get_final_transform() * on_canvas
	var motion := InputEventMouseMotion.new()
	motion.position = at
	motion.global_position = at
	await _send(motion)
	for pressed: bool in [true, false]:
		var button := InputEventMouseButton.new()
		button.button_index = button_index
		button.button_mask = (1 << (button_index - 1)) if pressed else 0
		button.pressed = pressed
		button.position = at
		button.global_position = at
		await _send(button)


## Turns the wheel once, over the middle of [param control].
func turn_wheel(control: Control, turn: MouseButton) -> void:
	var at: Vector2 = control.get_global_transform_with_canvas() * (control.size / 2.0)
	for pressed: bool in [true, false]:
		var wheel := InputEventMouseButton.new()
		wheel.button_index = turn
		wheel.pressed = pressed
		wheel.factor = 1.0
		wheel.position = _root.get_final_transform() * at
		wheel.global_position = wheel.position
		await _send(wheel)


## Presses and releases a key, such as [constant KEY_ENTER].
func press(keycode: Key, ctrl: bool = false, shift: bool = false) -> void:
	for pressed: bool in [true, false]:
		var key := InputEventKey.new()
		key.keycode = keycode
		key.physical_keycode = keycode
		key.ctrl_pressed = ctrl
		key.shift_pressed = shift
		key.pressed = pressed
		await _send(key)


## Presses and releases a button of a gamepad.
func press_pad(button_index: JoyButton) -> void:
	for pressed: bool in [true, false]:
		var button := InputEventJoypadButton.new()
		button.button_index = button_index
		button.pressed = pressed
		await _send(button)


## Rests a finger on [param place] of [param control] for [param seconds].
func hold_finger(control: Control, place: Vector2, seconds: float) -> void:
	var on_canvas: Vector2 = control.get_global_transform_with_canvas() * place
	var at: Vector2 = _root.get_final_transform() * on_canvas
	for pressed: bool in [true, false]:
		var finger := InputEventMouseButton.new()
		finger.device = InputEvent.DEVICE_ID_EMULATION
		finger.button_index = MOUSE_BUTTON_LEFT
		finger.button_mask = MOUSE_BUTTON_MASK_LEFT if pressed else 0
		finger.pressed = pressed
		finger.position = at
		finger.global_position = at
		await _send(finger)
		if pressed:
			await _root.get_tree().create_timer(seconds).timeout


## Types [param text], one key after the other, where the focus is.
func type(text: String) -> void:
	for i: int in text.length():
		var key := InputEventKey.new()
		key.unicode = text.unicode_at(i)
		key.pressed = true
		Input.parse_input_event(key)
		var released: InputEventKey = key.duplicate()
		released.pressed = false
		Input.parse_input_event(released)
	Input.flush_buffered_events()
	await _root.get_tree().process_frame


## Presses and releases an action of the input map, such as a gamepad's
## [code]ui_down[/code].
func act(action: StringName) -> void:
	for pressed: bool in [true, false]:
		var event := InputEventAction.new()
		event.action = action
		event.pressed = pressed
		await _send(event)


func _send(event: InputEvent) -> void:
	Input.parse_input_event(event)
	Input.flush_buffered_events()
	await _root.get_tree().process_frame
