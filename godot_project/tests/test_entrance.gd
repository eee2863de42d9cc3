extends "res://tests/test_case.gd"
## What an account takes: an invite, a moderator, work; and coming in as a guest. With a server
## inside the game.

const LoginScene := preload("res://addons/longhall/scenes/login/login.tscn")

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _client: NetworkClient
var _login: LoginScreen
var _progress: Array[float] = []


func test_the_login_asks_for_an_invite_where_one_is_needed() -> void:
	_server.set_registration("invite")
	_server.add_invite("ABCDE-23456")
	await _open()
	check_equal(_client.registration_mode, "invite", "the mode")
	check(_part("LineEdit_Invite").visible, "no field for the invite")
	check(not _part("Button_Guest").visible, "a button for guests")
	_login.log_in_after_registering = false
	await _fill("Ada")
	await input.click(_part("Button_Register"))
	await _wait_for_status("A valid invite code is needed to register")
	# Where the cursor is, and the rest of the form is as it was.
	await input.type("abcde 23456")
	await input.click(_part("Button_Register"))
	await _wait_for_status("Registration successful")


func test_the_login_says_that_a_moderator_lets_people_in() -> void:
	_server.set_registration("approval")
	await _open()
	check(_part("Label_Entrance").visible, "no sentence")
	await _fill("Ada")
	await input.click(_part("Button_Register"))
	await _wait_for_status("This account waits for a moderator to let it in")
	var status: Label = _login.get_node("%Label_Status")
	check_equal(status.theme_type_variation, &"StatusInfo", "how it is said")
	check(_server.approve("ada"), "nobody waits")
	await _fill("Ada")
	await input.click(_part("Button_Login"))
	await wait_until(_client.is_logged_in, "the login")


func test_the_login_offers_no_account_where_there_are_none() -> void:
	_server.set_registration("closed")
	await _open()
	check(not _part("Button_Register").visible, "a button to register")
	check(_part("Label_Entrance").visible, "no sentence")


func test_a_player_comes_in_as_a_guest_and_keeps_the_name() -> void:
	_server.set_guests(true)
	_server.set_registration("open", 10)
	await _open()
	_client.proof_progress.connect(func(progress: float) -> void: _progress.append(progress))
	await input.click(_part("LineEdit_Username"))
	await input.type("Zoe")
	await input.click(_part("Button_Guest"))
	await wait_until(_client.is_logged_in, "the guest")
	check(_client.is_guest(), "no guest")
	check(not _progress.is_empty(), "no work was told of")
	check(_progress.all(func(it: float) -> bool: return it >= 0.0 and it < 1.0), "no progress")
	var upgrade: NetworkRequest = await _client.upgrade_guest("", PASSWORD).completed
	check(upgrade.ok, "not upgraded: " + upgrade.code)
	var is_kept := func() -> bool: return _client.is_logged_in() and not _client.is_guest()
	await wait_until(is_kept, "the account")
	check_equal(_client.username, "Zoe", "the name")


func _open() -> void:
	_client = NetworkClient.new()
	_client.fake_server = _server
	_client.connect_automatically = false
	_client.ask_for_recovery_codes = false
	await add(_client)
	_login = LoginScene.instantiate()
	await add(_login)
	var connecting: NetworkRequest = await _client.connect_to_server().completed
	check(connecting.ok, "not connected: " + connecting.code)
	await frames(2)


func _part(name: String) -> Control:
	return _login.get_node("%" + name)


func _fill(name: String) -> void:
	await input.click(_part("LineEdit_Username"))
	await input.press(KEY_A, true)
	await input.type(name)
	await input.click(_part("LineEdit_Password"))
	await input.press(KEY_A, true)
	await input.type(PASSWORD)


func _wait_for_status(text: String) -> void:
	var status: Label = _login.get_node("%Label_Status")
	await wait_until(func() -> bool: return status.text.begins_with(text), "status: " + text)
