extends "res://tests/game_case.gd"
## The whole game while its server stops, dies and comes back.

## Reconnecting waits up to 30 seconds; less in a test.
const MAX_DELAY: float = 1.0

var _is_down: bool = false


func why_skipped() -> String:
	if not server_control.exists():
		return "no --control"
	return super()


func tear_down() -> void:
	# Whatever went wrong here, the next test finds a running server.
	if _is_down:
		await _control("start")


func test_a_stopped_server_keeps_player_and_draft() -> void:
	await _check_that_all_survives("stop")


func test_a_killed_server_keeps_player_and_draft() -> void:
	await _check_that_all_survives("kill")


func test_a_server_that_is_down_at_the_start_is_waited_for() -> void:
	await _control("stop")
	game = Game.new(arguments.server)
	game.client.reconnect_max_delay = MAX_DELAY
	await add(game.main)
	await _wait_for_next_try("Label_Connection", "The server cannot be reached")
	var login: Button = game.control("Button_Login")
	check(login.disabled, "the button is open")
	await _control("start")
	await wait_until(can_log_in, "the connection")
	check_equal(game.label("Label_Connection"), "Connected", "the connection")
	await registered("ada")


func test_a_server_that_goes_while_logging_in_unlocks_the_form() -> void:
	await open_game()
	game.client.reconnect_max_delay = MAX_DELAY
	await fill_form(unique("ada"), PASSWORD)
	await input.click(game.control("Button_Register"))
	await _control("kill")
	var username: LineEdit = game.control("LineEdit_Username")
	await wait_until(func() -> bool: return username.editable, "the form unlocks")
	check(not game.status().is_empty(), "nothing is said")
	await _control("start")
	await wait_until(can_log_in, "the buttons open again")


func test_logging_out_while_offline_leads_back() -> void:
	await play("ada")
	game.client.reconnect_max_delay = MAX_DELAY
	await _control("stop")
	await _wait_for_next_try("Label_Banner", "The server cannot be reached")
	await input.click(game.control("Button_Logout"))
	await wait_for_status("You are logged out")
	await _control("start")
	await wait_until(can_log_in, "the connection")


func test_try_again_works_where_nothing_happens_by_itself() -> void:
	await _control("stop")
	game = Game.new(arguments.server)
	game.client.reconnect_enabled = false
	await add(game.main)
	await wait_for_status("The server cannot be reached")
	var retry: Button = game.control("Button_Retry")
	await wait_until(func() -> bool: return retry.visible, "the button")
	await frames(2)
	await _control("start")
	await input.click(retry)
	await wait_until(can_log_in, "the connection")
	check(not retry.visible, "the button stays")


func test_the_reason_of_a_cut_is_told() -> void:
	await play("ada")
	game.client.reconnect_max_delay = MAX_DELAY
	var seen: Array[String] = []
	game.client.reconnecting.connect(
		func(_attempt: int, _seconds: float) -> void: seen.append(game.label("Label_Banner"))
	)
	await _control("stop")
	await wait_until(func() -> bool: return seen.size() > 1, "two tries")
	check(seen[0].begins_with("The server is restarting. Next try in "), "first: " + seen[0])
	check(seen[1].begins_with("The server cannot be reached. "), "second: " + seen[1])


func _check_that_all_survives(end: String) -> void:
	var ada: String = await play("ada")
	game.client.reconnect_max_delay = MAX_DELAY
	await input.type("before")
	await input.press(KEY_ENTER)
	await wait_for_line('%s says: "before"' % ada)
	await input.type("my dr")
	await _control(end)
	await _wait_for_next_try("Label_Banner", "The server cannot be reached")
	await input.type("aft")
	check_equal(game.chatbox().draft, "my draft", "the draft")
	await input.press(KEY_ENTER)
	check_equal(game.label("Label_Refusal"), "", "what is told of the line that waits")
	await input.type("and another")
	await _control("start")
	await wait_until(game.client.is_logged_in, "the automatic login")
	await wait_for_line("Reconnected")
	check_equal(game.label("Label_Banner"), "", "the banner")
	check_equal(game.label("Label_You"), ada, "the name in the header")
	var waiting: Callable = func() -> int: return game.chatbox().get_log("lobby").pending_count()
	await wait_until(func() -> bool: return waiting.call() == 0, "the line to be said")
	check_equal(game.chat_log().count('%s says: "my draft"' % ada), 1, "how often it is shown")
	check_equal(game.chatbox().draft, "and another", "the draft at the end")


func _wait_for_next_try(label: String, why: String) -> void:
	var told: Callable = func() -> bool:
		var text: String = game.label(label)
		return text.begins_with(why + ". Next try in ") or text == why + ". Trying again…"
	if not await wait_until(told, "the next try"):
		check_equal(game.label(label), why, label)


func _control(command: String) -> void:
	_is_down = command in ["stop", "kill"]
	var trouble: String = await server_control.send(command)
	check(trouble.is_empty(), "%s: %s" % [command, trouble])
