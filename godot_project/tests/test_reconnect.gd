extends "res://tests/game_case.gd"
## The whole game while its server stops, dies and comes back.

const OFFLINE: String = "No connection to the server"

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
	var told: Callable = func() -> bool: return game.label("Label_Connection").begins_with(OFFLINE)
	await wait_until(told, "a word about the missing server")
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
	await _wait_for_banner()
	await input.click(game.control("Button_Logout"))
	await wait_for_status("You are logged out")
	await _control("start")
	await wait_until(can_log_in, "the connection")


func _check_that_all_survives(end: String) -> void:
	var ada: String = await play("ada")
	game.client.reconnect_max_delay = MAX_DELAY
	await input.type("before")
	await input.press(KEY_ENTER)
	await wait_for_line('%s says: "before"' % ada)
	await input.type("my dr")
	await _control(end)
	await _wait_for_banner()
	await input.type("aft")
	check_equal(game.chatbox().draft, "my draft", "the draft")
	await input.press(KEY_ENTER)
	check(game.label("Label_Refusal").begins_with("Not sent: you are offline"), "no reason")
	check_equal(game.chatbox().draft, "my draft", "the draft after Enter")
	await _control("start")
	await wait_until(game.client.is_logged_in, "the automatic login")
	await wait_for_line("Reconnected")
	check_equal(game.label("Label_Banner"), "", "the banner")
	check_equal(game.label("Label_You"), ada, "the name in the header")
	await input.press(KEY_ENTER)
	await wait_for_line('%s says: "my draft"' % ada)
	check_equal(game.chatbox().draft, "", "the draft at the end")


func _wait_for_banner() -> void:
	var told: Callable = func() -> bool: return game.label("Label_Banner").begins_with(OFFLINE)
	await wait_until(told, "the banner")


func _control(command: String) -> void:
	_is_down = command in ["stop", "kill"]
	var trouble: String = await server_control.send(command)
	check(trouble.is_empty(), "%s: %s" % [command, trouble])
