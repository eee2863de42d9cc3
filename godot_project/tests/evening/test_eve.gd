extends "evening_case.gd"
## Eve comes late, when a network is barred that is not hers, and loses her password.

const NEW_PASSWORD: String = "battery staple"

var _codes: PackedStringArray = []


func test_eve_loses_her_password_and_comes_back() -> void:
	await open_game()
	var client: NetworkClient = game.client
	client.ask_for_recovery_codes = true
	client.recovery_codes_received.connect(func(codes: PackedStringArray) -> void: _codes = codes)
	await wait_for_note("the troll is out")
	await fill_form("Eve", PASSWORD)
	await input.click(game.control("Button_Register"))
	await wait_until(func() -> bool: return game.control("RecoveryCodes").visible, "the codes")
	check_equal(_codes.size(), 8, "the number of codes")
	await press_button(game.control("RecoveryCodes"), "Button_Kept")
	await wait_until_in("Eve")
	var phone: NetworkClient = await connected_client()
	var login: NetworkRequest = await phone.login("Eve", PASSWORD).completed
	check(login.ok, "not in on the phone: " + login.reason)
	await input.click(game.control("Button_Logout"))
	await wait_until(can_log_in, "the login screen")
	await log_in("Eve", "was it this one")
	await wait_for_status("Username or password incorrect")
	await input.click(game.control("Button_Forgot"))
	var form: Control = game.control("RecoveryForm")
	await fill(form.find_child("LineEdit_Code", true, false) as LineEdit, _codes[3].to_lower())
	await fill(form.find_child("LineEdit_NewPassword", true, false) as LineEdit, NEW_PASSWORD)
	await fill(form.find_child("LineEdit_Again", true, false) as LineEdit, NEW_PASSWORD)
	await press_button(form, "Button_Recover")
	await wait_until_in("Eve")
	check_equal(client.recovery_codes_left, 7, "codes left")
	await wait_until(func() -> bool: return not phone.is_logged_in(), "the end on the phone")
	var stranger: NetworkClient = await connected_client()
	var old: NetworkRequest = await stranger.login("Eve", PASSWORD).completed
	check_equal(old.code, "bad_credentials", "the old password")
	pin("eve is back")
