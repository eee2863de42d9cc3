extends "res://tests/test_case.gd"
## Tests that play the whole game against a real server.

const Game := preload("res://tests/game.gd")

const PASSWORD: String = "correct horse"

var game: Game


func why_skipped() -> String:
	return "no --server" if arguments.server.is_empty() else ""


## Opens the game, connected and on its login screen.
func open_game() -> void:
	game = Game.new(arguments.server)
	await add(game.main)
	await wait_until(can_log_in, "the connection")


## Whether the login form can be sent now.
func can_log_in() -> bool:
	if game.login_screen() == null:
		return false
	var login: Button = game.control("Button_Login")
	return not login.disabled


## Types a name and a password into the login form.
func fill_form(name: String, password: String) -> void:
	var username: LineEdit = game.control("LineEdit_Username")
	await input.click(username)
	await input.press(KEY_A, true)
	await input.type(name)
	await input.click(game.control("LineEdit_Password"))
	await input.press(KEY_A, true)
	await input.type(password)


## Fills the login form and clicks Log in.
func log_in(name: String, password: String) -> void:
	await fill_form(name, password)
	await input.click(game.control("Button_Login"))


## Registers a new account from the login screen without logging in to it, and returns
## its name.
func registered(name: String) -> String:
	name = unique(name)
	game.login_screen().log_in_after_registering = false
	await fill_form(name, PASSWORD)
	await input.click(game.control("Button_Register"))
	await wait_for_status("Registration successful")
	return name


## Opens the game and logs in with a new account, whose name it returns.
func play(name: String) -> String:
	await open_game()
	name = await registered(name)
	await log_in(name, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	return name


## A second connection, without scenes, logged out.
func connected_client() -> NetworkClient:
	var client := NetworkClient.new()
	client.url = arguments.server
	await add(client)
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the second connection")
	return client


## A second player, without scenes, logged in with a new account.
func second_player(name: String) -> NetworkClient:
	var client: NetworkClient = await connected_client()
	name = unique(name)
	var seen := {registered = false}
	client.registered.connect(func(_name: String) -> void: seen.registered = true)
	client.register(name, PASSWORD)
	await wait_until(func() -> bool: return seen.registered, "the second registration")
	client.login(name, PASSWORD)
	await wait_until(client.is_logged_in, "the second login")
	return client


## Waits until the status line of the login screen begins with [param text].
func wait_for_status(text: String) -> void:
	var shown: Callable = func() -> bool: return game.status().begins_with(text)
	if not await wait_until(shown, "the status '%s'" % text):
		check_equal(game.status(), text, "the status")


## Waits until the chat log contains [param text].
func wait_for_line(text: String) -> void:
	var shown: Callable = func() -> bool: return game.chat_log().contains(text)
	await wait_until(shown, "the line '%s'" % text)
