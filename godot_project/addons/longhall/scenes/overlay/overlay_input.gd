extends "res://addons/longhall/scenes/chatbox/chat_input.gd"
## Where the player of a [ChatOverlay] types.
##
## While they do, keys mean no action of the game, nor one that moves the focus; so what
## they do here goes by the keys themselves.

## The player does not want to type any more.
signal end_wanted


## Whether the player chooses from what the text could become.
func is_choosing() -> bool:
	return completions.visible


func _on_gui_input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key != null and key.pressed and key.get_modifiers_mask() == 0 and _does(key.keycode):
		accept_event()
	elif _is_of_gamepad(event) and event.is_action_pressed(&"ui_accept"):
		accept_event()
		_on_text_submitted(text)
	elif event.is_action_pressed(&"ui_cancel") and not is_choosing():
		accept_event()
		end_wanted.emit()
	else:
		super(event)


func _is_of_gamepad(event: InputEvent) -> bool:
	return event is InputEventJoypadButton or event is InputEventAction


func _does(key: Key) -> bool:
	match key:
		KEY_ESCAPE when is_choosing():
			offer([])
		KEY_ESCAPE:
			end_wanted.emit()
		KEY_UP when is_choosing():
			completions.move(-1)
		KEY_DOWN when is_choosing():
			completions.move(1)
		KEY_TAB:
			completions.accept()
		KEY_PAGEUP:
			scroll_wanted.emit(-1.0)
		KEY_PAGEDOWN:
			scroll_wanted.emit(1.0)
		_:
			return false
	return true
