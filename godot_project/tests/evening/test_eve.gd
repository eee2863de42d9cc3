extends "evening_case.gd"
## Eve comes late, when a network is barred that is not hers, and loses her password.

const Codes := preload("res://addons/longhall/scenes/account/section_codes.gd")

const NEW_PASSWORD: String = "battery staple"

var _codes: PackedStringArray = []


func test_eve_loses_her_password_and_comes_back() -> void:
	await open_game()
	var client: NetworkClient = game.client
	client.ask_for_recovery_codes = true
	client.recovery_codes_received.connect(func(codes: PackedStringArray) -> void: _codes = codes)
	await wait_for_note("the troll is out")
	await wait_for_note("zoe is gone")
	await _register()
	check_equal(client.recovery_codes_left, 8, "codes left at first")
	await _read_what_was_said()
	var phone: NetworkClient = await connected_client()
	var login: NetworkRequest = await phone.login("Eve", PASSWORD).completed
	check(login.ok, "not in on the phone: " + login.reason)
	await _log_out()
	await log_in("Eve", "was it this one")
	await wait_for_status("Username or password incorrect")
	await _recover(_codes[3].to_lower(), NEW_PASSWORD)
	await wait_until_in("Eve")
	check_equal(client.recovery_codes_left, 7, "codes left")
	await wait_until(func() -> bool: return not phone.is_logged_in(), "the end on the phone")
	var stranger: NetworkClient = await connected_client()
	var old: NetworkRequest = await stranger.login("Eve", PASSWORD).completed
	check_equal(old.code, "bad_credentials", "the old password")
	await _use_new_codes()
	pin("eve is back")


func _register() -> void:
	await fill_form("Eve", PASSWORD)
	await input.click(game.control("Button_Register"))
	await _keep_codes("the first codes of eve.txt", game.login_screen())
	await wait_until_in("Eve")


# What she has missed: nothing of it is left to read.
func _read_what_was_said() -> void:
	await wait_for_line("Good evening!")
	var said: String = game.chat_log()
	check(said.contains("%s  %s" % [TROLL, TOMBSTONE]), "no tombstone of " + TROLL)
	check(not said.contains(ADVERTISEMENT), "Eve reads what the troll said")
	check(not said.contains(SECRET_OF_ZOE), "Eve reads what Zoe said")
	check(not said.contains("Zoe"), "Eve reads the name of Zoe")


# The codes from before are worth nothing any more, the new ones are.
func _use_new_codes() -> void:
	var codes_before: PackedStringArray = _codes
	var section: Control = await account_section(Codes)
	await fill(field_of(section, "LineEdit_Password"), NEW_PASSWORD)
	await press_button(section, "Button_Renew")
	await _keep_codes("the new codes of eve.txt", game.control("Account"))
	check(codes_before[0] not in _codes, "the new codes are the old ones")
	check_equal(game.client.recovery_codes_left, 8, "codes left of the new ones")
	await input.press(KEY_ESCAPE)
	await _log_out()
	await _recover(codes_before[0], PASSWORD)
	var form: Control = game.control("RecoveryForm")
	var is_refused := func() -> bool:
		for label: Label in form.find_children("*", "Label", true, false):
			if label.text == "There is no such account, or this is none of its codes":
				return true
		return false
	await wait_until(is_refused, "the refusal of a code from before")
	await fill(field_of(form, "LineEdit_Code"), _codes[0])
	await press_button(form, "Button_Recover")
	await wait_until_in("Eve")
	check_equal(game.client.recovery_codes_left, 7, "codes left in the end")


# Waits for the codes, and saves them where they are looked for when the evening is over.
func _keep_codes(file: String, screen: Control) -> void:
	var card: Control = screen.get_node("%RecoveryCodes")
	await wait_until(func() -> bool: return card.visible, "the codes")
	check_equal(_codes.size(), 8, "the number of codes")
	card.call(&"_save_to", _board.path_join(file))
	await press_button(card, "Button_Kept")


func _log_out() -> void:
	await input.click(game.control("Button_Logout"))
	await wait_until(can_log_in, "the login screen")


func _recover(code: String, new_password: String) -> void:
	await input.click(game.control("Button_Forgot"))
	var form: Control = game.control("RecoveryForm")
	await fill(field_of(form, "LineEdit_Name"), "Eve")
	await fill(field_of(form, "LineEdit_Code"), code)
	await fill(field_of(form, "LineEdit_NewPassword"), new_password)
	await fill(field_of(form, "LineEdit_Again"), new_password)
	await press_button(form, "Button_Recover")
