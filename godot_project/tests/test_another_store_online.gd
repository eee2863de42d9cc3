extends "res://tests/game_case.gd"
## A real server comes back with another database while the game is open: a fresh one, or a
## backup.


func why_skipped() -> String:
	return "no --control" if arguments.control.is_empty() else ""


func test_only_what_is_in_the_fresh_database_is_shown_and_changed() -> void:
	var ada: String = await play("ada")
	var ben: NetworkClient = await second_player("ben")
	var name: String = ben.username
	for i: int in 10:
		await ben.send_chat("old %d" % i).completed
	await wait_for_line("old 9")
	check_equal(await server_control.send("wipe"), "", "the fresh database")
	for client: NetworkClient in [ben, game.client]:
		await wait_until(func() -> bool: return not client.is_logged_in(), "the cut")
		if client.state == NetworkClient.STATE_RECONNECTING:
			client.retry_now()
	await wait_until(
		func() -> bool: return ben.state == NetworkClient.STATE_CONNECTED, "the second player"
	)
	var request: NetworkRequest = await ben.register(name, PASSWORD).completed
	check(request.ok, "the old name is not free: " + request.reason)
	await ben.login(name, PASSWORD).completed
	for i: int in 3:
		await ben.send_chat("fresh %d" % i).completed
	await wait_until(can_log_in, "the login screen")
	request = await game.client.register(ada, PASSWORD).completed
	check(request.ok, "the player's name is not free: " + request.reason)
	await log_in(ada, PASSWORD)
	await wait_for_line("fresh 2")
	await ben.edit_line("lobby", 2, "EDITED 1").completed
	await ben.delete_line("lobby", 1).completed
	await ben.send_chat("live").completed
	await wait_for_line("live")
	check(not game.chat_log().contains("old"), "old lines stay: " + game.chat_log())
	check(not game.chat_log().contains("fresh 0"), "a deleted line stays: " + game.chat_log())
	check_equal(game.chat_log().count("EDITED 1"), 1, "how often the changed line is shown")
	check_equal(game.chat_log().count("fresh 2"), 1, "how often the last line is shown")


func test_after_a_restored_backup_the_chatbox_says_so_and_shows_what_the_backup_has() -> void:
	await play("ada")
	var ben: NetworkClient = await second_player("ben")
	for i: int in 3:
		await ben.send_chat("kept %d" % i).completed
	await wait_for_line("kept 2")
	var last: int = game.client.get_channel("lobby")["last_seq"]
	check_equal(await server_control.send("backup"), "", "the backup")
	for i: int in 5:
		await ben.send_chat("gone %d" % i).completed
	await wait_for_line("gone 4")
	check_equal(await server_control.send("restore"), "", "the restored backup")
	for client: NetworkClient in [ben, game.client]:
		await wait_until(
			func() -> bool:
				if client.state == NetworkClient.STATE_RECONNECTING:
					client.retry_now()
				return client.is_logged_in(),
			"the way back"
		)
	await wait_for_line("set back to an earlier state")
	await wait_for_line("kept 2")
	var request: NetworkRequest = await ben.send_chat("said anew").completed
	check(request.ok, "it was not taken: " + request.reason)
	await wait_for_line("said anew")
	for text: String in ["gone 0", "gone 4"]:
		check(not game.chat_log().contains(text), "a lost line stays: " + game.chat_log())
	for text: String in ["kept 0", "kept 2", "said anew", "set back to an earlier state"]:
		check_equal(game.chat_log().count(text), 1, "how often it is shown: " + text)
	# A number that a lost line had, too.
	check_equal(game.client.get_channel("lobby")["last_seq"], last + 1, "the newest number")
