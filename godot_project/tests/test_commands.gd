extends "res://tests/wiring_case.gd"
## Every command and every role there is has its words in the chatbox.

const SCHEMA: String = "../docs/schema/server_packet.schema.json"
## Each command as it is entered, in an order in which it can be done, and how what is told
## of it begins. Of a channel that comes into view nothing is told.
const TOLD: Dictionary[String, String] = {
	"/join market": "",
	"/create den": "",
	"/who": "Here: ada",
	"/channels": "Channels: ",
	"/halls": "Hall 1: 2 of 500 · here",
	"/topic bears": "Done: /topic bears",
	"/invite cleo": "Done: /invite cleo",
	"/op ben": "Done: /op ben",
	"/deop ben": "Done: /deop ben",
	"/slow 0": "Done: /slow 0",
	"/mute ben 10m spam": "Done: /mute ben 10m spam",
	"/unmute ben": "Done: /unmute ben",
	"/purge ben 1h": "Done: /purge ben 1h",
	"/report ben spam": "The moderators have your report.",
	"/kick ben": "Done: /kick ben",
	"/ban ben": "Done: /ban ben",
	"/unban ben": "Done: /unban ben",
	"/away at lunch": "Done: /away at lunch",
	"/back": "Done: /back",
	"/block cleo": "Done: /block cleo",
	"/blocks": "Blocked: cleo",
	"/unblock cleo": "Done: /unblock cleo",
	"/sessions": "Logged in on: ",
	"/close others": "Done: /close others",
	"/help": "/w NAME TEXT",
	"/me waves": "* ada waves",
	"/leave": "Done: /leave",
	"/w ben psst": "ada: psst",
	"/r what?": "ada: what?",
	"/party": "The code of your party is 0000-0001",
	"/code 0000-0001": "The code of your party is",
}

var _ada: NetworkClient
var _ben: NetworkClient


func set_up() -> void:
	super()
	_server.add_account("cleo", PASSWORD)
	_chatbox.show_timestamps = false
	_ada = _client()
	_ben = _client()
	await _open(_ada)
	await add(_ben)
	await _log_in(_ben, "ben")
	await _log_in(_ada, "ada")


func test_every_command_there_is_has_its_words() -> void:
	var known: Array[String] = []
	for line: String in TOLD:
		known.append(line.get_slice(" ", 0))
	var commands: Array[Dictionary] = _ada.complete("/", PackedStringArray())
	check_equal(commands.size(), TOLD.size(), "the number of commands")
	for command: Dictionary in commands:
		var name: String = str(command["input"]).strip_edges()
		check(name in known, "nobody has said what is told of " + name)


func test_what_came_of_a_command_is_told() -> void:
	await _ben.create_channel("market").completed
	for line: String in TOLD:
		if line.begins_with("/r "):
			await _ben.send_chat("hush", "@ada").completed
		_chatbox.command_entered.emit(line, _chatbox.current_channel)
		await wait_until(_is_told.bind(line), "%s: %s" % [line, TOLD[line]])
		if line == "/create den":
			await _ben.join_channel("den").completed
	check_equal(_refusal(_chatbox), "", "what is refused")


func test_every_role_there_is_has_its_words() -> void:
	var roles: PackedStringArray = _roles()
	check("operator" in roles, "the roles are not found: %s" % roles)
	for role: String in roles:
		_ada.role_changed.emit("lobby", role + "-player", role, "ada")
		await _wait_for_line(_chatbox, role + "-player")


func _is_told(line: String) -> bool:
	if TOLD[line].is_empty():
		return _chatbox.current_channel == line.get_slice(" ", 1)
	var chat: ChatLog = _chatbox.get_log(_chatbox.current_channel)
	var shown: String = chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "")
	return shown.contains(TOLD[line])


func _roles() -> PackedStringArray:
	var path: String = ProjectSettings.globalize_path("res://").path_join(SCHEMA)
	var schema: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(path))
	var definitions: Dictionary = schema["$defs"]
	var role: Dictionary = definitions["Role"]
	var roles: PackedStringArray = []
	for one: Dictionary in role["oneOf"]:
		roles.append(str(one["const"]))
	return roles
