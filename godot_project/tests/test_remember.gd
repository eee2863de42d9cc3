extends "res://tests/game_case.gd"
## "Remember me", over the end of the game and against a real server.

var _file: String


func set_up() -> void:
	_file = "user://remember_%d.cfg" % randi()
	await super()


func tear_down() -> void:
	for file: String in [_file, _file + ".new"]:
		if FileAccess.file_exists(file):
			DirAccess.remove_absolute(file)
	await super()


func test_a_remembered_player_comes_back_without_the_password() -> void:
	var ada: String = await _play_remembered("ada")
	check(not _stored().contains(PASSWORD), "the file holds the password")
	check(_stored().contains(ada), "the file does not hold the name: " + _stored())
	for launch: int in 2:
		await _relaunch()
		await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
		check_equal(game.label("Label_You"), ada, "the name in the header")
	await input.type("I am back")
	await input.press(KEY_ENTER)
	await wait_for_line('%s says: "I am back"' % ada)


func test_the_form_gives_way_while_the_login_is_under_way() -> void:
	var ada: String = await _play_remembered("ada")
	await _relaunch("ws://127.0.0.1:1")
	var resuming: Callable = func() -> bool: return game.label("Label_Resuming") != ""
	await wait_until(resuming, "a word about the login")
	check_equal(game.label("Label_Resuming"), "Logging in as %s…" % ada, "what is told")
	check(not game.control("LineEdit_Username").is_visible_in_tree(), "the form is still there")
	check(game.control("Button_OtherAccount").has_focus(), "the focus is nowhere")
	var told: Callable = func() -> bool:
		return game.label("Label_Connection").begins_with("The server cannot be reached. ")
	await wait_until(told, "a word about the missing server")
	await input.click(game.control("Button_OtherAccount"))
	await wait_until(game.control("LineEdit_Username").is_visible_in_tree, "the form")
	var username: LineEdit = game.control("LineEdit_Username")
	check_equal(username.text, "", "the username")
	check(username.has_focus(), "the cursor is not in the username")
	check(not FileAccess.file_exists(_file), "the login is still remembered")


func test_logging_out_forgets() -> void:
	await _play_remembered("ada")
	await input.click(game.control("Button_Logout"))
	await wait_for_status("You are logged out")
	check(not FileAccess.file_exists(_file), "the file is still there")
	await _relaunch()
	await wait_until(can_log_in, "the form")
	check(not _remember().button_pressed, "the box is ticked")


func test_who_does_not_tick_the_box_is_not_remembered() -> void:
	await open_game()
	game.client.remember_file = _file
	var ada: String = await registered("ada")
	await log_in(ada, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	check(not FileAccess.file_exists(_file), "there is a file")


func test_the_box_shows_what_the_designer_chose() -> void:
	game = Game.new(arguments.server)
	game.client.remember_login = true
	game.client.remember_file = _file
	await add(game.main)
	check(_remember().button_pressed, "the box is not ticked")
	await input.click(_remember())
	check(not game.client.remember_login, "the box has no effect")
	await input.click(_remember())
	check(game.client.remember_login, "the box has no effect")


func test_a_box_that_cannot_be_kept_says_so_and_stays_empty() -> void:
	game = Game.new(arguments.server)
	# A file in a file.
	FileAccess.open(_file, FileAccess.WRITE).store_string("not a folder")
	game.client.remember_file = _file.path_join("login.cfg")
	await add(game.main)
	await wait_until(can_log_in, "the connection")
	for time: int in 2:
		await input.click(_remember())
		await wait_for_status("This device cannot keep the login")
		check(not _remember().button_pressed, "the box is ticked")
		game.login_screen().show_status("")


func test_a_box_that_the_game_has_ticked_is_empty_where_it_cannot_be_kept() -> void:
	game = Game.new(arguments.server)
	FileAccess.open(_file, FileAccess.WRITE).store_string("not a folder")
	game.client.remember_file = _file.path_join("login.cfg")
	game.client.remember_login = true
	await add(game.main)
	await wait_until(can_log_in, "the connection")
	check(not _remember().button_pressed, "the box is ticked")


func test_a_login_that_turns_out_not_to_be_kept_is_told_in_the_chat() -> void:
	game = Game.new(arguments.server)
	game.client.remember_file = _file
	await add(game.main)
	await wait_until(can_log_in, "the connection")
	var name: String = await registered("ada")
	await input.click(_remember())
	check(_remember().button_pressed, "the box is empty")
	FileAccess.open(_file, FileAccess.WRITE).store_string("not a folder")
	game.client.remember_file = _file.path_join("login.cfg")
	await log_in(name, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	await wait_for_line("This device cannot keep the login")


func test_a_login_that_has_expired_is_told_with_the_name() -> void:
	var ada: String = await _play_remembered("ada")
	# Another device ends the session meanwhile.
	game.main.free()
	var other: NetworkClient = await connected_client()
	await other.login(ada, PASSWORD).completed
	await other.close_session(0).completed
	await _relaunch()
	await wait_for_status("Your session has expired, log in again")
	var username: LineEdit = game.control("LineEdit_Username")
	check_equal(username.text, ada, "the username")
	check(game.control("LineEdit_Password").has_focus(), "the cursor is not in the password")
	check(_remember().button_pressed, "the box is not ticked any more")
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")


func _play_remembered(name: String) -> String:
	game = Game.new(arguments.server)
	game.client.remember_file = _file
	await add(game.main)
	await wait_until(can_log_in, "the connection")
	name = await registered(name)
	await input.click(_remember())
	await log_in(name, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	return name


# As after the end of the game: new nodes, and only the file is left. With another
# url the file says that it is that server's.
func _relaunch(url: String = "") -> void:
	if is_instance_valid(game.main):
		game.main.free()
	await frames(2)
	if not url.is_empty():
		var text: String = _stored().replace(arguments.server, url)
		FileAccess.open(_file, FileAccess.WRITE).store_string(text)
	game = Game.new(arguments.server if url.is_empty() else url)
	game.client.remember_file = _file
	await add(game.main)


func _remember() -> CheckBox:
	return game.main.get_node("Login/%CheckBox_Remember")


func _stored() -> String:
	return FileAccess.get_file_as_string(_file)
