extends "ticket_case.gd"
## The game's own server, which lets in who proves to be somebody.

const Scene := preload("res://examples/tickets/game_server.tscn")
const GameServer := preload("res://examples/tickets/game_server.gd")

var _in: PackedStringArray = []
var _refused: PackedStringArray = []


func test_a_game_server_lets_in_who_shows_a_good_ticket() -> void:
	var server: GameServer = Scene.instantiate()
	server.audience = AUDIENCE
	server.keys = FileAccess.get_file_as_string(_board.path_join("keys.json"))
	await add(server)
	check(server.listen(0) == OK, "cannot listen")
	server.player_joined.connect(
		func(peer: int) -> void:
			var shown := server.players[peer]
			check(shown.valid and shown.role == "player", "not a ticket of a player")
			check(not shown.account_id.is_empty() and not shown.guest, "not an account")
			_in.append(shown.username)
	)
	server.player_refused.connect(func(_peer: int, code: String) -> void: _refused.append(code))
	pin("port", str(server.listening_port()))
	await until(func() -> bool: return _names(server) == ["Ada", "Bob"], "Ada and Bob")
	pin("both are in")
	var cheats := ["expired", "forged", "malformed_ticket", "used", "wrong_audience"]
	await until(func() -> bool: return _refused.size() >= cheats.size(), "those who cheat")
	_refused.sort()
	check_equal(Array(_refused), cheats, "who was refused")
	await until(func() -> bool: return server.players.is_empty(), "the end")
	_in.sort()
	check_equal(Array(_in), ["Ada", "Bob", "Rosa"], "who was in")


## Those who are in at the same time, but for one who tries a ticket twice.
func _names(server: GameServer) -> Array[String]:
	var names: Array[String] = []
	for shown: LonghallTicket in server.players.values():
		if shown.username != "Rosa":
			names.append(shown.username)
	names.sort()
	return names
