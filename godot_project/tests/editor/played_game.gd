extends Node
## A game that the dock plays: logs in as the player whose number its slot is, and writes down
## with whom and where.

const PLAYERS: Array[String] = ["ada", "bob"]
const PASSWORD: String = "correct horse"
const SLOT: String = "--remember-slot="

@onready var _client: NetworkClient = $NetworkClient


func _ready() -> void:
	var slot: String = ""
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(SLOT):
			slot = argument.trim_prefix(SLOT)
	await _client.connected
	var player: String = PLAYERS[int(slot) - 1]
	var login: NetworkRequest = await _client.login(player, PASSWORD).completed
	var outcome: String = "in" if login.ok else login.code
	var place: String = "res://.godot/played_%s.txt" % slot
	var file: FileAccess = FileAccess.open(place + ".new", FileAccess.WRITE)
	file.store_string("%s %s at %s" % [player, outcome, _client.url])
	file.close()
	DirAccess.rename_absolute(place + ".new", place)
