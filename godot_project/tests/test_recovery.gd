extends "res://tests/wiring_case.gd"
## Coming back without the password, and logins that ask for a code.

## What every app shows for the server inside the game.
const APP_CODE: String = "123456"
const NEW_PASSWORD: String = "battery staple"

var _codes: PackedStringArray = []


func test_a_new_account_has_its_codes_shown_before_the_chat() -> void:
	var client: NetworkClient = await _opened()
	await _register("eve")
	var card: Control = _login.get_node("%RecoveryCodes")
	await wait_until(func() -> bool: return card.visible, "the codes")
	check_equal(_codes.size(), 8, "the number of codes")
	var grid: GridContainer = card.find_children("*", "GridContainer", true, false)[0]
	var shown: Label = grid.get_child(7)
	check_equal(shown.text, _codes[7], "the last code on the screen")
	await wait_for_seconds(0.2)
	check(not client.is_logged_in(), "the login does not wait for the codes")
	await input.press(KEY_ESCAPE)
	check(card.visible, "Escape takes the codes away")
	await input.click(_button(card, "Button_Copy"))
	var path: String = OS.get_user_data_dir().path_join("codes_of_a_test.txt")
	card.call(&"_save_to", path)
	var saved: String = FileAccess.get_file_as_string(path)
	DirAccess.remove_absolute(path)
	check(saved.contains("eve") and saved.contains(_codes[0]), "the file: " + saved)
	await input.click(_button(card, "Button_Kept"))
	await wait_until(client.is_logged_in, "the login")
	check(not card.visible and _chatbox.visible, "the codes stay")
	check_equal(client.recovery_codes_left, 8, "codes left")
	check(not _text_of(card).contains(_codes[0]), "the codes are still on the card")


func test_a_lost_password_is_replaced_by_a_code() -> void:
	var client: NetworkClient = await _opened()
	await client.register("eve", PASSWORD).completed
	await frames(2)
	await input.click(_button(_login.get_node("%RecoveryCodes") as Control, "Button_Kept"))
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.type("eve")
	await input.click(_login.get_node("%Button_Forgot") as Control)
	var form: Control = _login.get_node("%RecoveryForm")
	check(form.visible, "the form does not open")
	await input.type("0000-0000-0000-0000-0000")
	await input.press(KEY_ENTER)
	await input.type(NEW_PASSWORD)
	await input.press(KEY_ENTER)
	await input.type("another staple")
	await input.press(KEY_ENTER)
	await _wait_for_words(form, "The two passwords are not the same")
	await input.press(KEY_A, true)
	await input.type(NEW_PASSWORD)
	await input.press(KEY_ENTER)
	await _wait_for_words(form, "There is no such account, or this is none of its codes")
	await input.click(_field(form, "LineEdit_Code"))
	await input.press(KEY_A, true)
	await input.type(_codes[2].to_lower())
	await input.click(_button(form, "Button_Recover"))
	await wait_until(client.is_logged_in, "the login with the new password")
	check(not form.visible, "the form stays")
	check_equal(client.recovery_codes_left, 7, "codes left")
	check_equal(_field(form, "LineEdit_NewPassword").text, "", "the password in the form")
	await client.logout().completed
	var old: NetworkRequest = await client.login("eve", PASSWORD).completed
	check_equal(old.code, "bad_credentials", "the old password")


func test_the_code_of_an_app_is_asked_for_when_it_is_needed() -> void:
	var client: NetworkClient = await _opened()
	await _log_in(client, "ada")
	await client.begin_second_factor(PASSWORD).completed
	await client.confirm_second_factor(APP_CODE).completed
	check(client.has_second_factor, "there is no second factor")
	await client.logout().completed
	var code: LineEdit = _login.get_node("%LineEdit_Code")
	check(not code.visible, "the code is asked for too early")
	await _ask_for_login_of("ada")
	await wait_until(func() -> bool: return code.visible and code.has_focus(), "the field")
	await input.type("000000")
	await input.press(KEY_ENTER)
	var status: Label = _login.get_node("%Label_Status")
	var wrong: String = "This code is wrong or was used before"
	await wait_until(func() -> bool: return status.text == wrong, wrong)
	await input.type(APP_CODE)
	await input.press(KEY_ENTER)
	await wait_until(client.is_logged_in, "the login")
	check(not code.visible, "the field stays")


func test_another_name_is_not_asked_for_a_code() -> void:
	await _opened()
	_login.show_denied("code_needed", "")
	await frames(2)
	var code: LineEdit = _login.get_node("%LineEdit_Code")
	check(code.visible, "no code is asked for")
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.type("b")
	check(not code.visible, "a code is asked for")


func test_the_login_before_is_told_once() -> void:
	var client: NetworkClient = await _opened()
	client.device_name = "Deck"
	await _log_in(client, "ada")
	check(client.last_login.is_empty(), "there was a login before the first")
	await client.logout().completed
	await _log_in(client, "ada")
	check_equal(client.last_login["device"], "Deck", "the device")
	var log_of_chat: RichTextLabel = _chatbox.get_node("%ChatLog")
	var told: Callable = func() -> bool: return log_of_chat.get_parsed_text().contains("Last login")
	await wait_until(told, "the login before")


func _opened() -> NetworkClient:
	var client: NetworkClient = _client()
	client.recovery_codes_received.connect(func(codes: PackedStringArray) -> void: _codes = codes)
	await _open(client)
	var reachable: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(reachable, "the connection")
	return client


func _register(name: String) -> void:
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.type(name)
	await input.click(_login.get_node("%LineEdit_Password") as Control)
	await input.type(PASSWORD)
	await input.click(_login.get_node("%Button_Register") as Control)


func _wait_for_words(around: Control, words: String) -> void:
	await wait_until(func() -> bool: return _text_of(around).contains(words), words)


func _text_of(around: Control) -> String:
	var text: String = ""
	for label: Label in around.find_children("*", "Label", true, false):
		text += label.text + "\n"
	return text


func _button(around: Control, button_name: String) -> Button:
	return around.find_child(button_name, true, false) as Button


func _field(around: Control, field_name: String) -> LineEdit:
	return around.find_child(field_name, true, false) as LineEdit
