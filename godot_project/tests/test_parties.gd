extends "res://tests/wiring_case.gd"
## Channels for a match or a party in the chatbox, without a command: made by a button, joined by
## their code, and ended.

const CODE: String = "0000-0001"
const LEAST_HEIGHT: float = 44.0

var _ada: NetworkClient


func set_up() -> void:
	super()
	_ada = _client()
	await _open(_ada)
	await _log_in(_ada, "ada")


func test_a_button_makes_a_party_and_its_code_is_shown_to_be_copied() -> void:
	await _open_menu()
	await input.click(_part("Button_Party"))
	await wait_until(_in_party, "the party's tab")
	var button: Button = _part("Button_Code")
	check(button.is_visible_in_tree(), "there is no button with the code")
	check_equal(button.text, "Code " + CODE, "the button")
	check(button.size.y >= LEAST_HEIGHT, "it is too small for a finger")
	check(not _part("ChannelMenu").visible, "the menu stays")
	check(_times_shown(_chatbox, CODE) == 0, "the lobby tells of it")
	await input.click(button)
	check_equal(button.text, "Copied", "the button after it was pressed")
	_chatbox.current_channel = "lobby"
	await frames(2)
	check(not button.is_visible_in_tree(), "the lobby has a code")


func test_a_party_is_joined_by_its_code_in_the_menu() -> void:
	var ben := await _other("ben")
	await ben.create_temporary_channel("den").completed
	await _open_menu()
	await input.click(_part("Button_ByCode"))
	check(_part("LineEdit_ChannelCode").has_focus(), "the field of the code has no focus")
	check(not _part("LineEdit_Channel").visible, "the field of the name stays")
	await input.type("ZZZZ-ZZZZ")
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return not _status().is_empty(), "the denial")
	check_equal(_status(), "There is no match or party with this code", "the denial")
	check(_part("LineEdit_ChannelCode").has_focus(), "the focus has left the code")
	# What was typed is selected, so that this takes its place.
	await input.type(CODE.to_lower())
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return _chatbox.current_channel == "den", "the tab")
	var code: Button = _part("Button_Code")
	check_equal(code.text, "Code " + CODE, "the code")
	await _open_menu()
	check(not _part("Button_EndChannel").visible, "who only joined may end it")


func test_the_owner_ends_a_party_after_a_question() -> void:
	var ben := await _other("ben")
	await _ada.create_temporary_channel("den").completed
	await ben.join_by_code(CODE).completed
	await frames(2)
	await _open_menu()
	check(not _part("Button_EndChannel").visible, "the lobby can be ended")
	await input.press(KEY_ESCAPE)
	_chatbox.current_channel = "den"
	await _open_menu()
	await input.click(_part("Button_EndChannel"))
	var menu: PopupMenu = _chatbox.get_node("%LineMenu")
	check(menu.visible, "nothing asks")
	check_equal(menu.get_item_text(0), "End the channel den for everybody in it?", "the question")
	check("den" in ben.get_channels(), "it is over before the answer")
	menu.set_focused_item(1)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return not "den" in ben.get_channels(), "the end")
	await wait_until(func() -> bool: return not "den" in _chatbox.channels(), "the tab's end")
	await _wait_for_line(_chatbox, "The channel den is over.")


func test_the_menu_of_parties_is_made_for_fingers_and_keys() -> void:
	await _open_menu()
	for button: String in ["Button_ByCode", "Button_Party"]:
		check(_part(button).size.y >= LEAST_HEIGHT, button + " is too small for a finger")
	var seen: Array[String] = []
	for i: int in 12:
		await input.press(KEY_TAB)
		seen.append(str(tree.root.gui_get_focus_owner().name))
	for button: String in ["Button_ByCode", "Button_Party"]:
		check(button in seen, "no key leads to " + button)


func _other(username: String) -> NetworkClient:
	var client := _client()
	await add(client)
	await _log_in(client, username)
	return client


func _open_menu() -> void:
	await input.click(_part("Button_Channels"))
	await frames(3)


func _part(part_name: String) -> Control:
	return _chatbox.get_node("%" + part_name)


func _status() -> String:
	var label: Label = _part("Label_ChannelStatus")
	return label.text if label.is_visible_in_tree() else ""


func _in_party() -> bool:
	return _chatbox.current_channel.begins_with("match-")
