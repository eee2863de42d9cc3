extends "res://tests/test_case.gd"
## Somebody at a game's own server, each in a process of their own.
##
## Who has done something the others wait for pins a note to the board, a folder that all of them
## see.

const GameClient := preload("res://examples/tickets/game_client.gd")

const PASSWORD: String = "correct horse"
const AUDIENCE: String = "arena.eu-1"
## Others have to get on first, on a machine that does much else.
const PATIENCE: float = 60.0

var client: NetworkClient
var game: GameClient
## What the game's server has said: empty while it says nothing.
var said: String = ""

var _board: String = Arguments.value_of("board", "")


## Logs in to Longhall under a name that nobody else has.
func log_in(username: String) -> void:
	client = NetworkClient.new()
	client.url = arguments.server
	await add(client)
	game = GameClient.new()
	await add(game)
	game.joined.connect(func() -> void: said = "joined")
	game.refused.connect(func(code: String) -> void: said = code)
	client.connect_to_server()
	var is_there := func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await until(is_there, "a connection")
	var registered: NetworkRequest = await client.register(username, PASSWORD).completed
	check_request(registered)
	var logged_in: NetworkRequest = await client.login(username, PASSWORD).completed
	check_request(logged_in)


## A ticket of Longhall's.
func ticket(audience: String = AUDIENCE) -> String:
	var request: NetworkRequest = await client.request_ticket(audience).completed
	check_request(request)
	return str(request.result)


## Shows a ticket to the game's server, and returns what that says.
func show(shown: String) -> String:
	await wait_for_note("port")
	said = ""
	var port := int(FileAccess.get_file_as_string(_board.path_join("port")))
	check(game.join("127.0.0.1", port, shown) == OK, "cannot connect")
	await until(func() -> bool: return not said.is_empty(), "an answer")
	return said


## Pins a note to the board, whole at once.
func pin(note: String, text: String = "") -> void:
	var path := _board.path_join(note)
	var file := FileAccess.open(path + ".part", FileAccess.WRITE)
	file.store_string(text)
	file.close()
	DirAccess.rename_absolute(path + ".part", path)


func wait_for_note(note: String) -> void:
	var path := _board.path_join(note)
	await until(func() -> bool: return FileAccess.file_exists(path), note)


func until(condition: Callable, what: String) -> void:
	await wait_until(condition, what, PATIENCE)


func check_request(request: NetworkRequest) -> void:
	check(request.ok, "refused: " + request.code)
