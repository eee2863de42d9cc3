extends "res://tests/test_case.gd"
## A login that outlives the game. Against the real server and a real file.

const Warnings := preload("res://tests/warnings.gd")

const PASSWORD: String = "correct horse"
const FILE: String = "user://test_remembered_login.cfg"

var _name: String


func why_skipped() -> String:
	return "no --server" if arguments.server.is_empty() else ""


func set_up() -> void:
	_delete_file()
	_name = unique("ada")
	var client := await _start()
	await client.connect_to_server().completed
	await client.register(_name, PASSWORD).completed
	await _end(client)


func tear_down() -> void:
	_delete_file()


func test_it_is_not_kept_unless_asked_for() -> void:
	var client := await _start()
	await _log_in(client)
	check(not FileAccess.file_exists(FILE), "a file was written")


func test_the_next_start_logs_in_without_a_password() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	for i: int in 3:
		await _end(client)
		client = await _start()
		check(client.has_remembered_login(), "no login is remembered at start %d" % i)
		client.connect_to_server()
		check(client.is_resuming(), "nothing is resumed at start %d" % i)
		await wait_until(client.is_logged_in, "start %d" % i)
		check_equal(client.username, _name, "the name")
		check(client.remember_login, "the wish is forgotten")


func test_the_file_holds_no_password_and_is_private() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	var text: String = FileAccess.get_file_as_string(FILE)
	check(text.contains(_name), "the file: " + text)
	check(not text.contains(PASSWORD), "the password is in the file")
	if OS.has_feature("linux"):
		var rights: int = FileAccess.get_unix_permissions(FILE)
		check_equal(rights, 0x180, "the rights, which should be 0600,")


func test_asked_for_while_logged_in_it_is_kept_at_once() -> void:
	var client := await _start()
	await _log_in(client)
	client.remember_login = true
	check(client.has_remembered_login(), "nothing was kept")
	client.remember_login = false
	check(not FileAccess.file_exists(FILE), "the file stays")


func test_logging_out_forgets_it() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	await client.logout().completed
	check(not FileAccess.file_exists(FILE), "the file stays")


func test_another_device_may_end_it() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	var reasons: Array[String] = []
	client.logged_out.connect(func(reason: String) -> void: reasons.append(reason))
	var other := await _start()
	other.remember_file = "user://another.cfg"
	await _log_in(other)
	check(client.is_logged_in(), "a second device ends the first")
	await other.close_session(0).completed
	await wait_until(func() -> bool: return not reasons.is_empty(), "the end")
	check_equal(reasons, ["session_ended"] as Array[String], "the reasons")
	check(not FileAccess.file_exists(FILE), "the file stays")


func test_another_game_on_this_machine_keeps_its_own() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	# The second one takes over, file and all, and the first is logged out.
	var reasons: Array[String] = []
	client.logged_out.connect(func(reason: String) -> void: reasons.append(reason))
	var second := await _start()
	second.connect_to_server()
	await wait_until(func() -> bool: return not reasons.is_empty(), "the end of the first")
	check_equal(reasons, ["logged_in_elsewhere"] as Array[String], "the reasons")
	await wait_until(second.is_logged_in, "the second one")
	check(second.has_remembered_login(), "the first has deleted what the second kept")


func test_a_game_that_was_thrown_out_does_not_throw_out_in_turn() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	var second := await _start()
	second.connect_to_server()
	await wait_until(func() -> bool: return not client.is_logged_in(), "the end of the first")
	await wait_until(second.is_logged_in, "the second one")
	# As the login screen does, so that the player may log in again.
	await client.connect_to_server().completed
	check(not client.is_resuming(), "it takes up what the second one has kept")
	await frames(10)
	check(second.is_logged_in(), "the second one is thrown out")


func test_logging_out_forgets_it_whatever_comes_next() -> void:
	for next: String in ["other url", "disconnect", "free"]:
		var client := await _start()
		client.remember_login = true
		await _log_in(client)
		client.logout()
		match next:
			"other url":
				client.url = "ws://127.0.0.1:1"
				client.connect_to_server()
			"disconnect":
				client.disconnect_from_server()
				client.connect_to_server()
			"free":
				client.free()
		check(not FileAccess.file_exists(FILE), "the file stays, next: " + next)
		if client != null and is_instance_valid(client):
			check(not client.is_resuming(), "the login comes back, next: " + next)
			await _end(client)


func test_not_wanting_it_before_connecting_forgets_it() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	await _end(client)
	client = await _start()
	client.remember_login = false
	check(not FileAccess.file_exists(FILE), "the file stays")


func test_not_wanting_it_for_one_server_leaves_another_alone() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	await _end(client)
	client = await _start()
	client.url = "ws://127.0.0.1:1"
	client.remember_login = false
	check(FileAccess.file_exists(FILE), "the file is gone")


func test_a_fake_server_leaves_it_alone() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	await _end(client)
	var kept: String = FileAccess.get_file_as_string(FILE)
	var server := LonghallFakeServer.new()
	server.add_account(_name, PASSWORD)
	client = await _start()
	client.fake_server = server
	client.connect_to_server()
	check(not client.is_resuming(), "the fake server is shown the login")
	client.remember_login = true
	await _log_in(client)
	await client.logout().completed
	check_equal(FileAccess.get_file_as_string(FILE), kept, "the file")


func test_nothing_of_it_is_left_where_it_cannot_be_kept() -> void:
	var folder: String = "user://a_folder_in_the_way"
	DirAccess.make_dir_recursive_absolute(folder.path_join("x"))
	var client := await _start()
	client.remember_file = folder
	client.remember_login = true
	Engine.print_error_messages = false
	await _log_in(client)
	Engine.print_error_messages = true
	for file: String in DirAccess.get_files_at("user://"):
		check(not file.begins_with("a_folder_in_the_way"), file + " stays behind")


func test_one_that_is_no_longer_good_says_so() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	await _end(client)
	var kept: String = FileAccess.get_file_as_string(FILE)
	client = await _start()
	client.connect_to_server()
	await wait_until(client.is_logged_in, "the start")
	await client.logout().completed
	await _end(client)
	FileAccess.open(FILE, FileAccess.WRITE).store_string(kept)
	client = await _start()
	var reasons: Array[String] = []
	client.logged_out.connect(func(reason: String) -> void: reasons.append(reason))
	client.connect_to_server()
	await wait_until(func() -> bool: return not reasons.is_empty(), "the refusal")
	check_equal(reasons, ["session_expired"] as Array[String], "the reasons")
	check(not FileAccess.file_exists(FILE), "the file stays")
	await _log_in(client)


func test_it_is_not_shown_to_another_server() -> void:
	var client := await _start()
	client.remember_login = true
	await _log_in(client)
	await _end(client)
	client = await _start()
	client.url = "ws://127.0.0.1:1"
	check(not client.has_remembered_login(), "it is for any server")
	client.connect_to_server()
	check(not client.is_resuming(), "it is shown to another server")


func test_a_damaged_file_is_no_login() -> void:
	var heading: String = "longhall login 1\n" + arguments.server
	for text: String in [
		"", "longhall login 1", "\u0001\u0002[[[", heading, heading + "\nada\nxyz"
	]:
		FileAccess.open(FILE, FileAccess.WRITE).store_string(text)
		var client := await _start()
		check(not client.has_remembered_login(), "a login was read from '%s'" % text)
		var connecting: NetworkRequest = await client.connect_to_server().completed
		check(connecting.ok, "not connected: " + connecting.code)
		await _end(client)


func test_a_file_that_cannot_be_written_costs_nothing_else() -> void:
	var client := await _start()
	client.remember_file = "user://no/such/folder/login.cfg"
	client.remember_login = true
	await _log_in(client)
	check(client.is_logged_in(), "not logged in")


func test_a_player_is_told_once_when_it_cannot_be_kept() -> void:
	DirAccess.make_dir_recursive_absolute("user://a_folder_in_the_way")
	for file: String in ["user://no/such/folder/login.cfg", "user://a_folder_in_the_way", "login"]:
		var client := await _start()
		check(client.can_remember_login(), "it cannot be kept in " + FILE)
		client.remember_file = file
		check(not client.can_remember_login(), "it can be kept in " + file)
		var told: Array[String] = []
		client.remember_failed.connect(func(reason: String) -> void: told.append(reason))
		client.remember_login = true
		check_equal(told.size(), 0, "how often it was told before the call returned")
		await wait_until(func() -> bool: return told.size() == 1, "a word about " + file)
		check(told[0].contains(file), "the file is not in: " + told[0])
		await _log_in(client)
		await frames(5)
		check_equal(told.size(), 1, "how often it was told of " + file)
		# The wish can be tried again, and elsewhere.
		client.remember_login = false
		client.remember_file = FILE
		client.remember_login = true
		await frames(5)
		check_equal(told.size(), 1, "how often it was told")
		check(client.has_remembered_login(), "the login is not kept")
		await _end(client)
		_delete_file()
	for file: String in DirAccess.get_files_at("user://"):
		check(not file.begins_with(FILE.get_file()), file + " stays behind")


func test_a_place_that_fills_up_later_is_told_too() -> void:
	var client := await _start()
	var told: Array[String] = []
	client.remember_failed.connect(func(reason: String) -> void: told.append(reason))
	client.remember_login = true
	await frames(3)
	check_equal(told.size(), 0, "how often it was told")
	DirAccess.make_dir_recursive_absolute(FILE)
	Engine.print_error_messages = false
	await _log_in(client)
	Engine.print_error_messages = true
	await wait_until(func() -> bool: return told.size() == 1, "a word about it")


func test_two_games_with_one_login_throw_out_the_first_and_say_why() -> void:
	var first := await _start()
	first.remember_login = true
	await _log_in(first)
	var reasons: Array[String] = []
	first.logged_out.connect(func(reason: String) -> void: reasons.append(reason))
	var warnings := Warnings.new()
	OS.add_logger(warnings)
	var second := await _start()
	second.connect_to_server()
	await wait_until(second.is_logged_in, "the second one")
	await wait_until(func() -> bool: return not reasons.is_empty(), "the end of the first")
	await frames(3)
	OS.remove_logger(warnings)
	check_equal(reasons, ["logged_in_elsewhere"] as Array[String], "the reasons")
	check(
		"\n".join(warnings.texts()).contains("--remember-slot"),
		"no recipe in: " + "\n".join(warnings.texts())
	)


func _start() -> NetworkClient:
	var client := NetworkClient.new()
	client.url = arguments.server
	client.remember_file = FILE
	client.connect_automatically = false
	await add(client)
	return client


# As a game ends that a player closes.
func _end(client: NetworkClient) -> void:
	client.queue_free()
	await frames(2)


func _log_in(client: NetworkClient) -> void:
	await client.connect_to_server().completed
	var login: NetworkRequest = await client.login(_name, PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)


func _delete_file() -> void:
	if FileAccess.file_exists(FILE) or DirAccess.dir_exists_absolute(FILE):
		DirAccess.remove_absolute(FILE)
