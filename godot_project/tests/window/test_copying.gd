extends "res://tests/chatbox_case.gd"
## What leaves the chat by the clipboard, which only a window has.

const EXPECTED: String = 'ben says: "come to the gate"\nada says: "which?"'


func set_up() -> void:
	await super()
	chatbox.show_line("lobby", "ben", "come\u200b to\u2067 the gate\ufeff", NOON_MS)
	chatbox.show_line("lobby", "ada", "which?", NOON_MS)
	await until_written()


func test_keys_and_menu_copy_only_what_is_seen() -> void:
	var chat_log: ChatLog = chatbox.get_log("")
	chat_log.grab_focus()
	await input.press(KEY_A, true)
	for key: Key in [KEY_C, KEY_INSERT]:
		DisplayServer.clipboard_set("before")
		await input.press(key, true)
		check_equal(_clipboard(), EXPECTED, "the clipboard")
	DisplayServer.clipboard_set("before")
	await input.click_at(chat_log, _place_of(0), MOUSE_BUTTON_RIGHT)
	await choose("LineMenu", "Copy")
	check_equal(_clipboard(), EXPECTED, "the clipboard by the menu")
	chat_log.deselect()
	await input.click_at(chat_log, _place_of(0), MOUSE_BUTTON_RIGHT)
	await choose("LineMenu", "Copy")
	check_equal(_clipboard(), "come to the gate", "a line without a selection")
	DisplayServer.clipboard_set("before")
	chat_log.deselect()
	chat_log.grab_focus()
	await input.press(KEY_C, true)
	check_equal(_clipboard(), "before", "the clipboard when nothing is selected")


func test_a_selection_that_is_copied_at_once_has_nothing_else_either() -> void:
	if not DisplayServer.has_feature(DisplayServer.FEATURE_CLIPBOARD_PRIMARY):
		return
	var chat_log: ChatLog = chatbox.get_log("")
	await _drag(chat_log, _place_of(0) - Vector2(111.0, 0.0), _place_of(1) + Vector2(400.0, 0.0))
	check(not chat_log.get_selected_text().is_empty(), "nothing is selected")
	await frames(2)
	var copied: String = DisplayServer.clipboard_get_primary().strip_edges()
	check_equal(copied, EXPECTED, "what the middle button pastes")


func test_the_code_of_a_party_is_copied_without_the_word_before_it() -> void:
	chatbox.open_tab("match-1", true)
	chatbox.set_code("match-1", "ABCD-EFGH")
	await frames(2)
	DisplayServer.clipboard_set("before")
	await input.click(part("Button_Code"))
	check_equal(_clipboard(), "ABCD-EFGH", "the clipboard")


func _clipboard() -> String:
	return DisplayServer.clipboard_get().strip_edges()


func _place_of(index: int) -> Vector2:
	var chat_log: ChatLog = chatbox.get_log("")
	return Vector2(120.0, chat_log.top_of_lines() + chat_log.get_paragraph_offset(index) + 8.0)


func _drag(control: Control, from: Vector2, to: Vector2) -> void:
	var to_window: Transform2D = (
		tree.root.get_final_transform() * control.get_global_transform_with_canvas()
	)
	for step: int in 4:
		var at: Vector2 = to_window * (to if step > 1 else from)
		var event: InputEventMouse = InputEventMouseMotion.new()
		if step in [1, 3]:
			var button := InputEventMouseButton.new()
			button.button_index = MOUSE_BUTTON_LEFT
			button.pressed = step == 1
			event = button
		# The engine asks the window where the mouse is.
		Input.warp_mouse(at)
		await frames(2)
		event.button_mask = MOUSE_BUTTON_MASK_LEFT if step in [1, 2] else 0
		event.position = at
		event.global_position = at
		Input.parse_input_event(event)
		Input.flush_buffered_events()
		await frames(2)
