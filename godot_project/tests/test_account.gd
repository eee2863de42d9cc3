extends "res://tests/wiring_case.gd"
## The account screen, opened from the chatbox.

const APP_CODE: String = "123456"
const NEW_PASSWORD: String = "battery staple"
const PHONE := Vector2i(360, 740)
const LEAST_HEIGHT: float = 44.0

const SectionBlocks := preload("res://addons/longhall/scenes/account/section_blocks.gd")
const SectionCodes := preload("res://addons/longhall/scenes/account/section_codes.gd")
const SectionDeletion := preload("res://addons/longhall/scenes/account/section_deletion.gd")
const SectionDevices := preload("res://addons/longhall/scenes/account/section_devices.gd")
const SectionFactor := preload("res://addons/longhall/scenes/account/section_factor.gd")
const SectionKeep := preload("res://addons/longhall/scenes/account/section_keep.gd")
const SectionName := preload("res://addons/longhall/scenes/account/section_name.gd")
const SectionPassword := preload("res://addons/longhall/scenes/account/section_password.gd")

var _usual_size: Vector2i
var _me: NetworkClient
var _account: AccountScreen


func set_up() -> void:
	super()
	_usual_size = tree.root.size


func test_the_header_opens_it_and_escape_closes_it() -> void:
	await _open_account()
	check(_account.visible, "it does not open")
	await input.press(KEY_ESCAPE)
	check(not _account.visible, "it stays")
	await input.click(_chatbox.get_node("%Button_Account") as Control)
	await _me.logout().completed
	check(not _account.visible, "it outlives the login")


func test_the_password_is_changed() -> void:
	await _open_account()
	var section: Control = _section(SectionPassword)
	for typed: Array in [
		["LineEdit_Old", PASSWORD], ["LineEdit_New", NEW_PASSWORD], ["LineEdit_Again", "else"]
	]:
		await _fill(section, str(typed[0]), str(typed[1]))
	await _press(section, "Button_Change")
	await _wait_for_words(section, "The two passwords are not the same")
	await _fill(section, "LineEdit_Again", NEW_PASSWORD)
	await _press(section, "Button_Change")
	await _wait_for_words(section, "Changed. All other devices are logged out")
	check_equal(_field(section, "LineEdit_New").text, "", "the new password in the form")
	await _fill(section, "LineEdit_Old", PASSWORD)
	await _fill(section, "LineEdit_New", PASSWORD)
	await _fill(section, "LineEdit_Again", PASSWORD)
	await _press(section, "Button_Change")
	await _wait_for_words(section, "This is not your password")


func test_other_devices_are_listed_and_logged_out() -> void:
	var phone: NetworkClient = _client()
	phone.device_name = "Phone"
	await add(phone)
	await _log_in(phone, "ada")
	await _open_account()
	var section: Control = _section(SectionDevices)
	await _wait_for_words(section, "Phone · online")
	var list: Control = section.find_child("List", true, false)
	check_equal(list.get_child_count(), 2, "the devices")
	await _press(section, "Button_Others")
	await wait_until(func() -> bool: return not phone.is_logged_in(), "the end of the login")
	await wait_until(func() -> bool: return list.get_child_count() == 1, "the list anew")


func test_a_blocked_player_is_listed_and_freed() -> void:
	await _open_account(func() -> void: await _me.block_player("ben").completed)
	var section: Control = _section(SectionBlocks)
	await _wait_for_words(section, "ben")
	var list: Control = section.find_child("List", true, false)
	var row: Control = list.get_child(0)
	await _click_in_card(row.get_child(1) as Control)
	await wait_until(func() -> bool: return list.get_child_count() == 0, "the list anew")
	var blocked: NetworkRequest = await _me.list_blocks().completed
	var names: PackedStringArray = blocked.result
	check(names.is_empty(), "ben is still blocked")


func test_new_codes_are_shown_and_counted() -> void:
	await _open_account()
	var section: Control = _section(SectionCodes)
	await _wait_for_words(section, "You have none")
	await _fill(section, "LineEdit_Password", "not it, surely")
	await _press(section, "Button_Renew")
	await _wait_for_words(section, "This is not your password")
	await _fill(section, "LineEdit_Password", PASSWORD)
	await _press(section, "Button_Renew")
	var card: Control = _account.get_node("%RecoveryCodes")
	await wait_until(func() -> bool: return card.visible, "the codes")
	await input.click(card.find_child("Button_Kept", true, false) as Control)
	await _wait_for_words(section, "8 codes are left.")
	check(not card.visible and _account.visible, "the card stays")


func test_a_second_factor_is_set_up_and_ended() -> void:
	await _open_account()
	var section: Control = _section(SectionFactor)
	await _fill(section, "LineEdit_Password", PASSWORD)
	await _press(section, "Button_Begin")
	var key := section.find_child("Label_Key", true, false) as Label
	await wait_until(func() -> bool: return not key.text.is_empty(), "the key")
	await _fill(section, "LineEdit_Code", "000000")
	await _press(section, "Button_Confirm")
	await _wait_for_words(section, "This code is wrong or was used before")
	await _fill(section, "LineEdit_Code", APP_CODE)
	await _press(section, "Button_Confirm")
	await _wait_for_words(section, "Logins ask for a code from now on")
	check(_me.has_second_factor, "there is none")
	check_equal(key.text, "", "the key on the screen")
	await _fill(section, "LineEdit_Password", PASSWORD)
	await _fill(section, "LineEdit_Code", APP_CODE)
	await _press(section, "Button_End")
	await _wait_for_words(section, "Logins ask for no code any more")
	check(not _me.has_second_factor, "it goes on")


func test_another_name_and_a_deletion_ask_for_a_code_where_there_is_a_factor() -> void:
	await _open_account()
	var name_section: Control = _section(SectionName)
	var deletion: Control = _section(SectionDeletion)
	for section: Control in [name_section, deletion]:
		check(not _field(section, "LineEdit_Code").visible, "a code is asked for")
	await input.press(KEY_ESCAPE)
	await _me.begin_second_factor(PASSWORD).completed
	await _me.confirm_second_factor(APP_CODE).completed
	await input.click(_chatbox.get_node("%Button_Account") as Control)
	for section: Control in [name_section, deletion]:
		check(_field(section, "LineEdit_Code").visible, "no code is asked for")
	await _fill(name_section, "LineEdit_Name", "Grace")
	await _fill(name_section, "LineEdit_Password", PASSWORD)
	await _press(name_section, "Button_Rename")
	await _wait_for_words(name_section, "This account asks for the code from your app")
	await _fill(name_section, "LineEdit_Code", APP_CODE)
	await _press(name_section, "Button_Rename")
	await _wait_for_words(name_section, "Your name is Grace now")
	check_equal(_field(name_section, "LineEdit_Code").text, "", "the code in the form")

	await _fill(deletion, "LineEdit_Password", PASSWORD)
	await _fill(deletion, "LineEdit_Code", APP_CODE)
	await _press(deletion, "CheckBox_Sure")
	await _press(deletion, "Button_Delete")
	await wait_until(func() -> bool: return not _me.is_logged_in(), "the end of the login")


func test_a_guest_keeps_the_account_and_gets_codes() -> void:
	_server.set_guests(true)
	_server.set_registration("invite")
	_server.add_invite("ABCDE-23456")
	_me = _client()
	await _open(_me)
	await wait_until(func() -> bool: return _me.takes_guests, "the greeting")
	await _me.login_as_guest("Zoe").completed
	await _wait_for_line(_chatbox, "You are a guest.")
	_account = _chatbox.get_node("%Account")
	await input.click(_chatbox.get_node("%Button_Account") as Control)
	var section: Control = _section(SectionKeep)
	check(section.visible, "a guest cannot keep the account")
	check(not _section(SectionPassword).visible, "a guest is asked for a password")
	await _fill(section, "LineEdit_Password", PASSWORD)
	await _fill(section, "LineEdit_Again", "else")
	await _press(section, "Button_Keep")
	await _wait_for_words(section, "The two passwords are not the same")
	await _fill(section, "LineEdit_Again", PASSWORD)
	await _press(section, "Button_Keep")
	await _wait_for_words(section, "A valid invite code is needed to register")
	await _fill(section, "LineEdit_Invite", "abcde23456")
	await _press(section, "Button_Keep")
	var card: Control = _account.get_node("%RecoveryCodes")
	await wait_until(func() -> bool: return card.visible, "the codes")
	check(not _me.is_guest(), "still a guest")
	check_equal(_me.username, "Zoe", "the name")
	check(not section.visible and _section(SectionPassword).visible, "still asked to keep it")
	check_equal(_field(section, "LineEdit_Password").text, "", "the password in the form")


func test_a_phone_shows_every_button_whole_and_keeps_the_way_out() -> void:
	tree.root.size = PHONE
	await _open_account(
		func() -> void:
			await _me.block_player("ben").completed
			var phone: NetworkClient = _client()
			await add(phone)
			await _log_in(phone, "ada")
	)
	await _wait_for_words(_section(SectionBlocks), "ben")
	await _wait_for_words(_section(SectionDevices), "online")
	for button: Button in _account.find_children("*", "Button", true, false):
		if button.is_visible_in_tree():
			var text: String = button.tr(button.text)
			check(button.size.x >= _width_of(button, text), text + " is cut off")
			check(button.size.y >= LEAST_HEIGHT, text + " is too low for a finger")
	for field: LineEdit in _account.find_children("*", "LineEdit", true, false):
		if field.is_visible_in_tree():
			var text: String = field.tr(field.placeholder_text)
			check(field.size.x >= _width_of(field, text), text + " is cut off")
	var last: Node = _section(SectionDeletion).find_child("CheckBox_Sure", true, false)
	await _click_in_card(last as Control)
	await input.click(_account.find_child("Button_Close", true, false) as Control)
	check(not _account.visible, "the cross has scrolled away")


func test_nothing_secret_is_left_behind() -> void:
	await _open_account()
	var section: Control = _section(SectionPassword)
	await _fill(section, "LineEdit_Old", PASSWORD)
	await input.press(KEY_ESCAPE)
	check_equal(_field(section, "LineEdit_Old").text, "", "the password in the closed form")


func test_a_scene_of_its_own_works_without_a_chatbox() -> void:
	var scene: PackedScene = load("res://addons/longhall/scenes/account/account.tscn")
	_account = scene.instantiate()
	_me = _client()
	_scene.add_child(_me)
	_scene.add_child(_account)
	await add(_scene)
	await _log_in(_me, "ada")
	_account.open()
	await frames(2)
	await _wait_for_words(_section(SectionCodes), "You have none")
	_login.free()
	_chatbox.free()


func tear_down() -> void:
	tree.root.size = _usual_size
	await super()


# With the room around it.
func _width_of(control: Control, text: String) -> float:
	var font: Font = control.get_theme_font(&"font")
	var font_size: int = control.get_theme_font_size(&"font_size")
	var margins: float = control.get_theme_stylebox(&"normal").get_minimum_size().x
	return font.get_string_size(text, HORIZONTAL_ALIGNMENT_LEFT, -1, font_size).x + margins


func _open_account(before := Callable()) -> void:
	_me = _client()
	await _open(_me)
	await _log_in(_me, "ada")
	if before.is_valid():
		await before.call()
	_account = _chatbox.get_node("%Account")
	await input.click(_chatbox.get_node("%Button_Account") as Control)


func _section(script: Script) -> Control:
	for found: Node in _account.find_children("*", "VBoxContainer", true, false):
		if found.get_script() == script:
			return found
	check(false, "there is no " + script.resource_path)
	return null


func _fill(section: Control, field_name: String, text: String) -> void:
	await _click_in_card(_field(section, field_name))
	await input.press(KEY_A, true)
	await input.type(text)


func _press(section: Control, button_name: String) -> void:
	await _click_in_card(section.find_child(button_name, true, false) as Control)


# The card may have to scroll to it, which a focused control makes it do.
func _click_in_card(control: Control) -> void:
	control.grab_focus()
	await frames(3)
	await input.click(control)


func _wait_for_words(around: Control, words: String) -> void:
	await wait_until(func() -> bool: return _text_of(around).contains(words), words)


func _text_of(around: Control) -> String:
	var text: String = ""
	for label: Label in around.find_children("*", "Label", true, false):
		text += label.text + "\n"
	return text


func _field(around: Control, field_name: String) -> LineEdit:
	return around.find_child(field_name, true, false) as LineEdit
