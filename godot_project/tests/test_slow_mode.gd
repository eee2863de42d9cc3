extends "res://tests/wiring_case.gd"
## Slow mode, as the player of a chatbox sees it.


func test_the_send_button_counts_down_until_the_players_turn() -> void:
	var ada := _client()
	await add(ada)
	await _log_in(ada, "ada")
	await ada.create_channel("den").completed
	await ada.set_slow_mode("den", 2).completed
	var ben := _client()
	_chatbox.show_timestamps = false
	await _open(ben)
	await _log_in(ben, "ben")
	await ben.join_channel("den").completed
	await wait_until(func() -> bool: return "den" in _chatbox.channels(), "the tab")
	_chatbox.open_tab("den", true)
	await frames(2)
	var send: Button = _chatbox.get_node("%Button_Send")
	check_equal([send.text, send.disabled], ["Send", false], "the button at first")
	var width: float = send.size.x
	await _say(_chatbox, "one")
	await wait_until(func() -> bool: return send.text == "2", "the countdown")
	check(send.disabled, "it can be pressed")
	check_equal(send.size.x, width, "the button's width")
	await _say(_chatbox, "two")
	check_equal((_chatbox.get_node("%LineEdit") as LineEdit).text, "two", "the draft")
	check(_refusal(_chatbox).begins_with("Not sent: slow mode"), "what is told")
	await wait_until(func() -> bool: return send.text == "1", "the next second")
	await wait_until(func() -> bool: return send.text == "Send", "the end")
	check(not send.disabled, "it cannot be pressed")
	await input.press(KEY_ENTER)
	await _wait_for_line_in_den("two")
	# The server has the last word.
	await wait_until(func() -> bool: return send.disabled, "the next turn")
	var early := ben.send_chat("three", "den")
	await early.completed
	check_equal(early.code, "slow_mode", "a line that comes too early")
	check(early.retry_after > 0.0 and early.retry_after <= 2.0, "the time to wait")


func test_slow_mode_is_set_by_a_command_and_not_for_operators() -> void:
	var ada := _client()
	_chatbox.show_timestamps = false
	await _open(ada)
	await _log_in(ada, "ada")
	await ada.create_channel("den").completed
	var command := ada.execute("/slow 30", "den")
	await command.completed
	check(command.ok, "it was refused: " + command.code)
	check_equal(ada.get_channel("den")["slow_mode_s"], 30, "the channel")
	await wait_until(func() -> bool: return "den" in _chatbox.channels(), "the tab")
	_chatbox.open_tab("den", true)
	await _say(_chatbox, "one")
	await _say(_chatbox, "two")
	await _wait_for_line_in_den("two")
	check_equal((_chatbox.get_node("%Button_Send") as Button).text, "Send", "the owner's button")
	var wrong := ada.execute("/slow never", "den")
	await wrong.completed
	check(not wrong.ok, "a word was taken for a number")
	check_equal(
		(await ada.set_filter("den", "off").completed).code, "not_allowed", "a looser filter"
	)
	await ada.set_filter("den", "refuse").completed
	check_equal(ada.get_channel("den")["filter"], "refuse", "the filter")


func _wait_for_line_in_den(text: String) -> void:
	var chat: ChatLog = _chatbox.get_log("den")
	await wait_until(
		func() -> bool: return chat.get_parsed_text().contains(text) and chat.is_written(),
		"the line"
	)
