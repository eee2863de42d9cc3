extends "res://tests/game_case.gd"
## The whole game against a real server, with a player's mouse and keyboard.


func test_a_new_player_types_once_and_is_in() -> void:
	await open_game()
	var name: String = unique("ada")
	await fill_form(name, PASSWORD)
	await input.click(game.control("Button_Register"))
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	check_equal(game.label("Label_You"), name, "the name in the header")


func test_a_game_can_let_new_players_log_in_themselves() -> void:
	await open_game()
	var name: String = await registered("ada")
	var username: LineEdit = game.control("LineEdit_Username")
	var password: LineEdit = game.control("LineEdit_Password")
	check_equal(username.text, name, "the username")
	check_equal(password.text, "", "the password")
	check(password.has_focus(), "the cursor is not in the password")
	check(not game.client.is_logged_in(), "registering logged in")
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	check_equal(game.label("Label_You"), name, "the name in the header")


func test_a_name_copied_out_of_a_text_is_the_name() -> void:
	await open_game()
	var name: String = await registered("ada")
	# As the chat log has it, with the spaces of other keyboards, and in full width.
	var wide: String = ""
	for letter: String in name:
		wide += String.chr(letter.unicode_at(0) + 0xFEE0)
	for written: String in [
		"\u2068%s\u2069" % name,
		"\u00a0%s\u3000" % name,
		"\ufeff%s\u200b" % name,
		"  %s\t" % name,
		wide
	]:
		var username: LineEdit = game.control("LineEdit_Username")
		username.text = ""
		username.insert_text_at_caret(written)
		await input.click(game.control("LineEdit_Password"))
		await input.type(PASSWORD)
		await input.press(KEY_ENTER)
		var what: String = "the chatbox for '%s'" % written.c_escape()
		if await wait_until(func() -> bool: return game.chatbox() != null, what):
			check_equal(game.client.username, name, "who is logged in")
			await input.click(game.control("Button_Logout"))
			await wait_until(can_log_in, "the login screen")


func test_a_wrong_password_is_told_and_the_next_try_works() -> void:
	await open_game()
	var name: String = await registered("ada")
	await log_in(name, "wrong password")
	await wait_for_status("Username or password incorrect")
	var username: LineEdit = game.control("LineEdit_Username")
	check_equal(username.text, name, "the username")
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")


func test_an_unknown_name_reads_like_a_wrong_password() -> void:
	await open_game()
	await log_in(unique("nobody"), PASSWORD)
	await wait_for_status("Username or password incorrect")


func test_taken_names_are_refused_however_they_are_written() -> void:
	await open_game()
	var name: String = await registered("ada")
	# The last begins with a Cyrillic letter.
	for taken: String in [name, name.to_upper(), "\u0430" + name.substr(1)]:
		await fill_form(taken, PASSWORD)
		await input.click(game.control("Button_Register"))
		await wait_for_status("This username is already taken")


func test_a_name_or_password_that_cannot_be_is_told_why() -> void:
	await open_game()
	for step: Array in [
		["ab", PASSWORD, "The username must have at least 3 characters"],
		["two words", PASSWORD, "The username may only have letters, digits, _ and -"],
		[unique("ada"), "short", "The password must have at least 8 characters"],
	]:
		var name: String = step[0]
		var password: String = step[1]
		var why: String = step[2]
		await fill_form(name, password)
		await input.click(game.control("Button_Register"))
		await wait_for_status(why)


func test_two_players_talk() -> void:
	var ada: String = await play("ada")
	var other: NetworkClient = await second_player("bo")
	await input.type("Hello [b]Bo[/b] 🐻")
	await input.press(KEY_ENTER)
	await wait_for_line('%s says: "Hello [b]Bo[/b] 🐻"' % ada)
	other.send_chat("Hello yourself")
	await wait_for_line('%s says: "Hello yourself"' % other.username)
	for name: String in [ada, other.username]:
		var says: String = name + " says: "
		check_equal(game.chat_log().count(says), 1, "lines of %s in\n%s" % [name, game.chat_log()])


func test_too_long_a_line_is_kept_and_told() -> void:
	await play("ada")
	var room: int = game.client.chat_max_length
	await input.type("x".repeat(room + 1))
	await input.press(KEY_ENTER)
	check(game.label("Label_Refusal").contains("%d characters" % room), "nothing says why")
	# Also when the scene lets it through, and the node or the server has to say it.
	game.chatbox().line_max_length = room * 2
	await input.press(KEY_ENTER)
	var why: String = "Not sent: The message must have at most %d characters" % room
	await wait_until(func() -> bool: return game.label("Label_Refusal") == why, why)
	check_equal(game.chatbox().draft.length(), room + 1, "the draft's length")
	await input.press(KEY_BACKSPACE)
	await input.press(KEY_ENTER)
	await wait_for_line("x".repeat(room))


func test_logging_out_leads_back() -> void:
	var ada: String = await play("ada")
	await input.click(game.control("Button_Logout"))
	await wait_for_status("You are logged out")
	var username: LineEdit = game.control("LineEdit_Username")
	check_equal(username.text, ada, "the username")
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")


func test_a_player_logged_out_from_another_device_is_told() -> void:
	var ada: String = await play("ada")
	await input.type("my draft")
	var other: NetworkClient = await connected_client()
	await other.login(ada, PASSWORD).completed
	await other.close_session(0).completed
	await wait_for_status("You were logged out from another device")
	check(other.is_logged_in(), "the second login did not work")
	# And the form can be used again, the draft is still there.
	await wait_until(can_log_in, "the form opens again")
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	check_equal(game.chatbox().draft, "my draft", "the draft")


func test_another_player_does_not_find_the_draft() -> void:
	var ada: String = await play("ada")
	await input.type("my draft")
	var other: NetworkClient = await connected_client()
	await other.login(ada, PASSWORD).completed
	await other.close_session(0).completed
	await wait_until(func() -> bool: return game.login_screen() != null, "the login screen")
	await wait_until(can_log_in, "the form opens again")
	var eve: String = await registered("eve")
	await log_in(eve, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	check_equal(game.chatbox().draft, "", "the draft")


func test_chat_goes_on_while_the_tree_is_paused() -> void:
	await play("ada")
	var other: NetworkClient = await second_player("bo")
	tree.paused = true
	other.send_chat("Are you there?")
	await wait_for_line("Are you there?")
	tree.paused = false


func test_a_missing_server_is_told() -> void:
	game = Game.new("ws://127.0.0.1:1")
	await add(game.main)
	var told: Callable = func() -> bool:
		return game.label("Label_Connection").begins_with("The server cannot be reached. ")
	await wait_until(told, "a word about the missing server")
	var login: Button = game.control("Button_Login")
	check(login.disabled, "the button is open")
