extends "res://tests/chatbox_case.gd"
## The way out of the chatbox, in a game that has its own use for keys and clicks: from
## every part of it that can have the focus.

var _game: Control
var _keys: Array[Key] = []


# A game fills the window, and the chat stands in a corner of it.
func set_up() -> void:
	await super()
	_game = Control.new()
	_game.set_script(_script())
	_game.set_anchors_preset(Control.PRESET_FULL_RECT)
	_game.set(&"keys", _keys)
	chatbox.get_parent().remove_child(chatbox)
	_game.add_child(chatbox)
	chatbox.set_anchors_and_offsets_preset(Control.PRESET_BOTTOM_LEFT)
	chatbox.set_deferred(&"size", Vector2(700.0, 400.0))
	chatbox.set_deferred(&"position", Vector2(0.0, 248.0))
	await add(_game)
	chatbox.open_tab("trade")
	chatbox.set_online(false, "cut", true, true)
	chatbox.show_hint("a hint")
	for i: int in 60:
		chatbox.show_line("lobby", "ben", "line %d" % i, NOON_MS)
	var members: Array[Dictionary] = [{username = "ben", role = "", state = "online", text = ""}]
	chatbox.set_members("lobby", members)
	await input.click(part("Button_Roster"))
	await until_written()


func test_escape_leaves_from_every_part_and_the_game_has_its_keys() -> void:
	var parts: Array[Control] = _focusable_parts(chatbox)
	check(parts.size() >= 10, "only %d parts can have the focus" % parts.size())
	for one: Control in parts:
		await _focus(one)
		var closes: bool = one == part("Tree_Roster")
		await input.press(KEY_ESCAPE)
		if closes:
			# It goes first, and then the input has the focus.
			await input.press(KEY_ESCAPE)
		await _check_free(one.name + " by Escape")
		chatbox.call(&"_on_button_channels_pressed")
		part("ChannelMenu").call(&"close")
		part("Roster").show()


func test_a_click_into_the_game_leaves_from_every_part() -> void:
	for one: Control in _focusable_parts(chatbox):
		for button: MouseButton in [MOUSE_BUTTON_LEFT, MOUSE_BUTTON_RIGHT]:
			await _focus(one)
			await input.click_at(_game, Vector2(1000.0, 100.0), button)
			await _check_free("%s by button %d" % [one.name, button])


func test_a_touch_beside_the_chat_leaves_too() -> void:
	await _focus(part("ChatLog"))
	var touch := InputEventScreenTouch.new()
	touch.position = Vector2(1000.0, 100.0)
	touch.pressed = true
	Input.parse_input_event(touch)
	Input.flush_buffered_events()
	await frames(1)
	await _check_free("a touch")


func test_an_action_of_the_game_leaves_as_escape_does() -> void:
	for one: String in ["ChatLog", "Button_Send"]:
		await _focus(part(one))
		await input.act(&"ui_cancel")
		await _check_free(one)


func test_a_gamepad_leaves() -> void:
	var back := InputEventJoypadButton.new()
	back.button_index = JOY_BUTTON_B
	InputMap.action_add_event(&"ui_cancel", back)
	for one: String in ["ChatLog", "Button_Send", "LineEdit"]:
		await _focus(part(one))
		await input.press_pad(JOY_BUTTON_B)
		await _check_free(one)
	InputMap.action_erase_event(&"ui_cancel", back)


func test_a_click_on_what_the_game_puts_over_the_chat_leaves() -> void:
	var over := ColorRect.new()
	over.position = Vector2(200.0, 400.0)
	over.size = Vector2(100.0, 100.0)
	_game.add_child(over)
	await _focus(line_edit)
	await input.click(over)
	await _check_free("a click on a part of the game")


func test_clicks_on_the_chat_and_turns_of_the_wheel_beside_it_leave_nothing() -> void:
	await _focus(line_edit)
	await input.click(part("Label_Banner"))
	check(line_edit.has_focus(), "a click on the banner leaves")
	await input.turn_wheel(_game, MOUSE_BUTTON_WHEEL_UP)
	check(line_edit.has_focus(), "the wheel leaves")
	await input.click(part("ChatLog"))
	check(part("ChatLog").has_focus(), "the log does not take the focus")


func test_a_menu_closes_first() -> void:
	await input.click_at(part("ChatLog"), part("ChatLog").size / 2.0, MOUSE_BUTTON_RIGHT)
	var menu: PopupMenu = chatbox.get_node("%LineMenu")
	check(menu.visible, "there is no menu")
	await input.press(KEY_ESCAPE)
	await frames(2)
	check(not menu.visible, "the menu stays")
	await input.press(KEY_ESCAPE)
	await _check_free("the log, after its menu")
	await input.click(part("Button_Channels"))
	await input.press(KEY_ESCAPE)
	check(not part("ChannelMenu").visible, "the list of channels stays")
	await input.press(KEY_ESCAPE)
	await _check_free("the input, after the list of channels")


func test_tab_moves_on_from_every_part_and_back() -> void:
	for one: Control in _focusable_parts(chatbox):
		for back: bool in [false, true]:
			await _focus(one)
			await input.press(KEY_TAB, false, back)
			check(not one.has_focus(), "%s keeps the focus (back: %s)" % [one.name, back])


func _focusable_parts(node: Node) -> Array[Control]:
	var found: Array[Control] = []
	for child: Node in node.get_children():
		var control := child as Control
		if control != null and control.is_visible_in_tree():
			if control.focus_mode == Control.FOCUS_ALL:
				found.append(control)
			found.append_array(_focusable_parts(control))
	return found


func _focus(control: Control) -> void:
	control.grab_focus()
	if control is LineEdit:
		(control as LineEdit).edit()
	await frames(1)
	check(control.has_focus(), "%s does not take the focus" % control.name)


func _check_free(how: String) -> void:
	check_equal(tree.root.gui_get_focus_owner(), null, "who has the focus after " + how)
	_keys.clear()
	await input.press(KEY_W)
	check_equal(_keys, [KEY_W] as Array[Key], "what the game hears after " + how)


func _script() -> GDScript:
	var script := GDScript.new()
	script.source_code = """
extends Control
var keys: Array[Key]
func _unhandled_key_input(event: InputEvent) -> void:
	var key: InputEventKey = event
	if key.pressed:
		keys.append(key.keycode)
"""
	script.reload()
	return script
