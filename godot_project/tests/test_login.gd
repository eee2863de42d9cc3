extends "res://tests/test_case.gd"
## The login screen alone, with a player's mouse and keyboard.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")

var _screen: LoginScreen
var _username: LineEdit
var _password: LineEdit
var _reveal: Button
var _login: Button
var _register: Button
var _status: Label
var _asked: Array[String] = []


func set_up() -> void:
	_screen = LOGIN.instantiate()
	_screen.wire_to_client = false
	await add(_screen)
	_username = _screen.get_node("VBoxContainer/GridContainer/LineEdit_Username")
	_password = _screen.get_node("VBoxContainer/GridContainer/LineEdit_Password")
	_reveal = _screen.get_node("%Button_Reveal")
	_login = _screen.get_node("VBoxContainer/CenterContainer/HBoxContainer/Button_Login")
	_register = _screen.get_node("VBoxContainer/CenterContainer/HBoxContainer/Button_Register")
	_status = _screen.get_node("%Label_Status")
	_screen.login.connect(
		func(username: String, password: String) -> void:
			_asked.append("login %s/%s" % [username, password])
	)
	_screen.register.connect(
		func(username: String, password: String) -> void:
			_asked.append("register %s/%s" % [username, password])
	)
	_screen.set_online(true, "Connected")


func tear_down() -> void:
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_CANVAS_ITEMS
	await super()


func test_typing_and_clicking_log_in() -> void:
	await input.click(_username)
	await input.type("  ada ")
	await input.click(_password)
	await input.type("correct horse")
	await input.click(_login)
	check_equal(_asked, ["login ada/correct horse"] as Array[String], "what was asked")
	check(_login.disabled and _register.disabled, "the buttons stay open while busy")
	check(not _username.editable and not _password.editable, "the fields stay open while busy")


func test_a_paused_game_can_be_logged_into() -> void:
	tree.paused = true
	await _fill()
	await input.click(_login)
	tree.paused = false
	check_equal(_asked, ["login ada/correct horse"] as Array[String], "what was asked")


func test_register_button_registers() -> void:
	await _fill()
	await input.click(_register)
	check_equal(_asked, ["register ada/correct horse"] as Array[String], "what was asked")


func test_enter_goes_to_the_password_and_then_logs_in() -> void:
	check(_username.has_focus(), "the cursor does not start in the username")
	await input.type("ada")
	await input.press(KEY_ENTER)
	check(_password.has_focus(), "Enter does not lead to the password")
	await input.type("correct horse")
	await input.press(KEY_ENTER)
	check_equal(_asked, ["login ada/correct horse"] as Array[String], "what was asked")


func test_tab_visits_everything_in_reading_order() -> void:
	var remember: CheckBox = _screen.get_node("%CheckBox_Remember")
	var forgot: Button = _screen.get_node("%Button_Forgot")
	var order: Array[Control] = [_password, _reveal, remember, forgot, _login, _register, _username]
	for control: Control in order:
		await input.act(&"ui_focus_next")
		check(control.has_focus(), "Tab does not lead to %s" % control.name)


func test_a_gamepad_reaches_everything() -> void:
	_username.unedit()
	var remember: CheckBox = _screen.get_node("%CheckBox_Remember")
	var forgot: Button = _screen.get_node("%Button_Forgot")
	for step: Array in [
		[&"ui_down", _password],
		[&"ui_right", _reveal],
		[&"ui_down", remember],
		[&"ui_right", forgot],
		[&"ui_down", _login],
		[&"ui_right", _register],
		[&"ui_left", _login],
		[&"ui_down", _username],
		[&"ui_up", _login],
	]:
		var action: StringName = step[0]
		var control: Control = step[1]
		await input.act(action)
		check(control.has_focus(), "%s does not lead to %s" % [action, control.name])


func test_the_password_is_gone_after_asking() -> void:
	await _fill()
	await input.click(_reveal)
	check(not _password.secret, "the password is not revealed")
	await input.click(_login)
	check_equal(_password.text, "", "the password field")
	check(_password.secret, "the next password would be shown")
	_screen.show_denied("bad_credentials", "Username or password incorrect")
	for i: int in 20:
		await input.press(KEY_Z, true)
		check_equal(_password.text, "", "the password field after undo")
	await input.press(KEY_Z, true, true)
	check_equal(_password.text, "", "the password field after redo")


func test_a_denial_keeps_the_name_and_says_why() -> void:
	await _fill()
	await input.click(_login)
	_screen.show_denied("bad_credentials", "Username or password incorrect")
	check_equal(_status.text, "Username or password incorrect", "the status")
	check_equal(_status.theme_type_variation, &"StatusError", "its look")
	check_equal(_username.text, "ada", "the username")
	check(_password.has_focus(), "the cursor is not in the password")
	check(not _login.disabled and _username.editable, "the form stays locked")
	await input.type("second try")
	await input.press(KEY_ENTER)
	check_equal(_asked.size(), 2, "the number of tries")


func test_a_taken_name_is_selected_for_another() -> void:
	await _fill()
	await input.click(_register)
	_screen.show_denied("username_taken", "This username is already taken")
	check_equal(_status.text, "This username is already taken", "the status")
	check(_username.has_focus(), "the cursor is not in the username")
	await input.type("eve")
	check_equal(_username.text, "eve", "the username")
	check_equal(_password.text, "correct horse", "the password")
	check(_password.secret, "the password is shown")
	await input.click(_register)
	check_equal(_asked.back(), "register eve/correct horse", "what was asked")
	_screen.show_denied("too_short", "", "username", 4)
	check_equal(_password.text, "correct horse", "the password after a short name")
	await input.click(_register)
	_screen.show_denied("too_long", "", "password", 9)
	check_equal(_password.text, "", "the password after a refusal of it")
	_screen.show_denied("username_taken", "")
	check_equal(_password.text, "", "a password of an earlier request")


func test_a_game_can_translate_denials_by_their_code() -> void:
	var german := Translation.new()
	german.locale = "de"
	german.add_message("bad_credentials", "Name oder Passwort falsch")
	german.add_message("Log in", "Anmelden")
	TranslationServer.add_translation(german)
	var before: String = TranslationServer.get_locale()
	TranslationServer.set_locale("de")
	_screen.show_denied("bad_credentials", "Username or password incorrect")
	check_equal(_status.text, "Name oder Passwort falsch", "the status")
	check_equal(_login.tr(_login.text), "Anmelden", "the button")
	TranslationServer.set_locale(before)
	TranslationServer.remove_translation(german)


func test_registration_logs_in_with_what_was_typed() -> void:
	await _fill()
	await input.click(_register)
	_screen.show_registered()
	check_equal(_asked.back(), "login ada/correct horse", "what was asked")
	check(_login.disabled, "the form is open while it logs in")
	check(_status.text.begins_with("Registration successful"), "it does not say so")
	_screen.show_denied("busy", "", "", 0, 2.0)
	check_equal(_password.text, "correct horse", "the password, to try again with")
	await input.click(_login)
	check_equal(_asked.size(), 3, "the number of requests")


func test_a_connection_lost_after_registering_leaves_the_account() -> void:
	await _fill()
	await input.click(_register)
	_screen.show_registered()
	_screen.set_online(false, "The server is down.")
	check(_status.text.begins_with("Registration successful"), "it does not say so")
	check_equal(_status.theme_type_variation, &"StatusSuccess", "its look")


func test_registration_can_keep_the_name_and_ask_for_the_password() -> void:
	_screen.log_in_after_registering = false
	await _fill()
	await input.click(_register)
	_screen.show_registered()
	check_equal(_asked.size(), 1, "the number of requests")
	check(_status.text.begins_with("Registration successful"), "it does not say so")
	check_equal(_status.theme_type_variation, &"StatusSuccess", "its look")
	check_equal(_username.text, "ada", "the username")
	check(_password.has_focus(), "the cursor is not in the password")


func test_what_cannot_be_seen_takes_no_room_from_a_name() -> void:
	_screen.set_limits(6, 99)
	for pasted: String in [
		"\u2068Ada_99\u2069", "\u00a0Ada_99\u3000", "\ufeff\u200bAda_99", "   Ada_99"
	]:
		_username.text = ""
		_screen.show_status("")
		_username.insert_text_at_caret(pasted)
		await frames(1)
		check_equal(_screen.username, "Ada_99", "the name of '%s'" % pasted.c_escape())
		check_equal(_status.text, "", "the status")
	_username.text = "Ada99"
	_username.caret_column = 3
	_username.insert_text_at_caret("_x")
	await frames(1)
	check_equal(_username.text, "Ada_99", "what fits of a longer one")
	check_equal(_status.text, "At most 6 characters fit here", "the status")
	_username.text = ""
	_username.insert_text_at_caret("\u2068Ada_999\u2069")
	await frames(1)
	check_equal(_username.text, "Ada_99", "what fits of a longer one")
	check_equal(_status.text, "At most 6 characters fit here", "the status")


func test_empty_fields_are_not_sent() -> void:
	await input.click(_login)
	check_equal(_status.text, "Enter a username", "the status")
	await input.click(_username)
	await input.type("ada")
	await input.click(_login)
	check_equal(_status.text, "Enter a password", "the status")
	check(_password.has_focus(), "the cursor is not in the password")
	check(_asked.is_empty(), "something was sent")


func test_offline_locks_the_buttons_and_says_why() -> void:
	_screen.set_online(false, "The server is down. Next try in 3 seconds.")
	await _fill()
	await input.click(_login)
	await input.click(_password)
	await input.press(KEY_ENTER)
	check(_asked.is_empty(), "something was sent")
	check_equal(_password.text, "correct horse", "the password field")
	var connection: Label = _screen.get_node("%Label_Connection")
	check(connection.is_visible_in_tree(), "the reason is hidden")
	check_equal(connection.text, "The server is down. Next try in 3 seconds.", "the reason")
	check_equal(_status.text, "Not connected to the server yet", "the status")
	_screen.set_online(true, "Connected")
	check_equal(_status.text, "", "the status with a connection")
	await input.click(_login)
	check_equal(_asked.size(), 1, "the number of tries")


func test_a_lost_connection_unlocks_a_waiting_form() -> void:
	await _fill()
	await input.click(_login)
	_screen.set_online(false, "The server is down.")
	check(_username.editable and _password.editable, "the fields stay locked")
	check_equal(_status.theme_type_variation, &"StatusError", "the status' look")
	_screen.set_online(true, "Connected")
	check(not _login.disabled and not _register.disabled, "the buttons stay locked")


func test_no_answer_unlocks_the_form() -> void:
	_screen.answer_timeout = 0.2
	await _fill()
	await input.click(_login)
	check(_login.disabled, "the form is not locked")
	await wait_until(func() -> bool: return not _login.disabled, "the form unlocks")
	check_equal(_status.text, "The server did not answer, try again", "the status")


func test_no_bound_can_be_crossed_from_a_script() -> void:
	for seconds: float in [-5.0, 0.0]:
		_screen.answer_timeout = seconds
		check(_screen.answer_timeout > 0.0, "answer_timeout is %f" % _screen.answer_timeout)
	_screen.set_limits(-1, -1)
	await _fill()
	await input.click(_login)
	await wait_until(func() -> bool: return not _login.disabled, "the form unlocks")


func test_try_again_is_offered_when_nothing_happens_by_itself() -> void:
	var retry: Button = _screen.get_node("%Button_Retry")
	check(not retry.visible, "the button shows too early")
	_screen.set_online(false, "Not connected", true)
	await frames(2)
	var asked := {retries = 0}
	_screen.retry_requested.connect(func() -> void: asked.retries += 1)
	await input.click(retry)
	check_equal(asked.retries, 1, "the number of retries")


func test_limits_hold_and_are_told() -> void:
	_screen.set_limits(5, 9)
	await input.click(_username)
	await input.type("abcdefg")
	check_equal(_username.text, "abcde", "the username")
	check_equal(_status.text, "At most 5 characters fit here", "the status")
	await input.click(_password)
	await input.type("0123456789")
	check_equal(_password.text, "012345678", "the password")


func test_a_reconnect_does_not_disturb_the_typing() -> void:
	_screen.set_limits(20, 99)
	await input.type("ad")
	_screen.set_online(false, "The server is down.")
	_screen.set_limits(20, 99)
	_screen.set_online(true, "Connected")
	await input.type("a")
	check_equal(_username.text, "ada", "the username")


func test_a_game_shows_its_own_pictures() -> void:
	var own := PlaceholderTexture2D.new()
	_screen.background = own
	_screen.picture = own
	_screen.wordmark = own
	for part: String in ["Background", "Hall", "Wordmark"]:
		var shown: TextureRect = _screen.get_node("%" + part)
		check_equal(shown.texture, own, part)
	_screen.show_picture = false
	var picture: Control = _screen.get_node("%Hall")
	check(not picture.visible, "the picture stays")


func test_everything_fits_on_a_small_and_a_large_screen() -> void:
	_screen.set_online(false, "No connection to the server. Next try in 12 seconds.", true)
	_screen.show_status("The connection was lost before the answer came", LoginScreen.Tone.ERROR)
	var locale: String = TranslationServer.get_locale()
	for language: String in ["en", "de"]:
		TranslationServer.set_locale(language)
		for window_size: Vector2i in [Vector2i(360, 640), Vector2i(640, 360), Vector2i(1920, 1080)]:
			for stretches: bool in [true, false]:
				await _resize(window_size, stretches)
				_check_all_is_in_sight("%s %s" % [language, window_size])
	TranslationServer.set_locale(locale)


func test_the_picture_makes_room_where_there_is_little_height() -> void:
	var hall: Control = _screen.get_node("%Hall")
	await _resize(Vector2i(640, 360), false)
	check(not hall.visible, "the picture takes the room")
	check(not _scroll_bar().visible, "it scrolls although all fits")
	await _resize(Vector2i(360, 640), false)
	check(hall.visible, "the picture does not come back")
	_screen.show_picture = false
	await frames(2)
	check(not hall.visible, "the picture stays")


func test_a_form_that_is_too_high_scrolls_to_what_is_used() -> void:
	var theme := Theme.new()
	theme.default_font_size = 26
	_screen.theme = theme
	await _resize(Vector2i(640, 300), false)
	check(_scroll_bar().visible, "there is no scroll bar")
	var retry: Button = _screen.get_node("%Button_Retry")
	var connection: Label = _screen.get_node("%Label_Connection")
	check(not _is_in_sight(connection), "all is in sight")
	_screen.set_online(false, "Not connected", true)
	await frames(2)
	_username.grab_focus()
	var visited: Array[Control] = []
	while not tree.root.gui_get_focus_owner() in visited:
		var focused: Control = tree.root.gui_get_focus_owner()
		visited.append(focused)
		await frames(1)
		check(_is_in_sight(focused), "%s is out of sight" % focused.name)
		await input.act(&"ui_focus_next")
	check(retry in visited and _register in visited, "Tab does not lead everywhere")
	var ends: Dictionary[MouseButton, Control] = {
		MOUSE_BUTTON_WHEEL_UP: _username, MOUSE_BUTTON_WHEEL_DOWN: retry
	}
	for turn: MouseButton in ends:
		for i: int in 20:
			await input.turn_wheel(_screen, turn)
		check(_is_in_sight(ends[turn]), "the wheel does not lead to %s" % ends[turn].name)
	await _resize(Vector2i(640, 900), false)
	check(not _scroll_bar().visible, "the scroll bar stays")
	check(_is_in_sight(_username) and _is_in_sight(retry), "the form stays away")


func test_the_eye_covers_no_text_in_either_direction() -> void:
	for is_rtl: bool in [false, true, false]:
		_screen.layout_direction = (
			Control.LAYOUT_DIRECTION_RTL if is_rtl else Control.LAYOUT_DIRECTION_LTR
		)
		await frames(2)
		var box: StyleBox = _password.get_theme_stylebox(&"normal")
		var eye := Rect2(_reveal.position, _reveal.size)
		check_equal(eye.get_center().x < _password.size.x / 2.0, is_rtl, "the eye is on the left")
		var text_from: float = box.get_margin(SIDE_LEFT)
		var text_to: float = _password.size.x - box.get_margin(SIDE_RIGHT)
		check(eye.end.x <= text_from or eye.position.x >= text_to, "the eye covers text")
		var far_side: Side = SIDE_RIGHT if is_rtl else SIDE_LEFT
		var usual: float = _username.get_theme_stylebox(&"normal").get_margin(far_side)
		check_equal(box.get_margin(far_side), usual, "the room on the other side")


# As in a game whose window stretches what it shows, or in one that does not.
func _resize(window_size: Vector2i, stretches: bool) -> void:
	tree.root.content_scale_mode = (
		Window.CONTENT_SCALE_MODE_CANVAS_ITEMS if stretches else Window.CONTENT_SCALE_MODE_DISABLED
	)
	# A game that ran before may have set one.
	tree.root.min_size = Vector2i.ZERO
	tree.root.size = window_size
	await frames(4)


func _check_all_is_in_sight(where: String) -> void:
	var connection: Control = _screen.get_node("%Label_Connection")
	var retry: Control = _screen.get_node("%Button_Retry")
	for control: Control in [
		_username, _password, _reveal, _login, _register, _status, connection, retry
	]:
		check(_is_in_sight(control), "%s does not fit: %s" % [control.name, where])


func _is_in_sight(control: Control) -> bool:
	var window := Rect2(Vector2.ZERO, tree.root.get_visible_rect().size)
	return window.grow(0.5).encloses(control.get_global_rect())


func _scroll_bar() -> VScrollBar:
	return _screen.get_node("%Scroll")


func _fill() -> void:
	await input.click(_username)
	await input.type("ada")
	await input.click(_password)
	await input.type("correct horse")
