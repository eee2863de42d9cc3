extends RefCounted
## Tells in a [Chatbox] or a [ChatOverlay] what came of a command. The node has done it already,
## see [method NetworkClient.execute].

## Names told in a line; the others are counted.
const _NAMES_TOLD: int = 50

# Shows a text that nobody said.
var _show_notice: Callable
# Tells of a channel and a command why it was refused.
var _deny: Callable
# Has the player in a channel from now on.
var _enter: Callable


## It calls [param show_notice] with a text, [param deny] with a channel, a command and why
## that is refused, and [param enter] with the channel that the player is in from now on.
func _init(show_notice: Callable, deny: Callable, enter: Callable) -> void:
	_show_notice = show_notice
	_deny = deny
	_enter = enter


## Tells what the answer to [param text] is, which was entered in [param channel].
func tell(request: NetworkRequest, text: String, channel: String) -> void:
	if not request.ok:
		_deny.call(channel, text, LonghallText.of_request(request))
		return
	match request.command:
		"party":
			open_party(request)
		"join", "create", "code":
			var state: Dictionary = request.result
			_enter.call(str(state["channel"]))
		"help":
			_show_notice.call(str(request.result))
		"who":
			_tell_list(tr("Here: %s"), _names_in(request, "username"))
		"channels":
			_tell_list(tr("Channels: %s"), _names_in(request, "channel"))
		"halls":
			_show_notice.call("\n".join(_halls_in(request)))
		"hall":
			var lobby: Dictionary = request.result
			_show_notice.call(hall_text(lobby))
		"sessions":
			_tell_list(tr("Logged in on: %s"), _sessions_in(request))
		"blocks":
			var names: PackedStringArray = request.result
			_tell_list(tr("Blocked: %s"), names)
		"report":
			_show_notice.call(tr("The moderators have your report. You hear what comes of it."))
		"say":
			pass
		_:
			_show_notice.call(tr("Done: %s") % text)


## Enters the party that was made, and tells its code: whoever makes one wants to pass it on.
func open_party(request: NetworkRequest) -> void:
	var state: Dictionary = request.result
	var code: String = state["code"]
	_enter.call(str(state["channel"]))
	DisplayServer.clipboard_set(code)
	_show_notice.call(
		tr("The code of your party is %s, and copied. Others type /code %s.") % [code, code]
	)


## Says in which hall of the lobby the player is, by what [method NetworkClient.get_channel] says of
## the lobby.
func hall_text(lobby: Dictionary) -> String:
	return tr("You are in hall %d of the lobby.") % lobby["hall"]


func _tell_list(sentence: String, names: PackedStringArray) -> void:
	var told: String = ", ".join(names.slice(0, _NAMES_TOLD))
	var others: int = names.size() - _NAMES_TOLD
	if others > 0:
		told += ", " + tr_n("%d other", "%d others", others) % others
	_show_notice.call(sentence % ("–" if told.is_empty() else told))


func _names_in(request: NetworkRequest, key: String) -> PackedStringArray:
	var rows: Array[Dictionary] = request.result
	var names: PackedStringArray = []
	for row: Dictionary in rows:
		names.append(str(row[key]))
	return names


# "Hall 2: 500 of 500 · here"; the player's own is among them however many there are.
func _halls_in(request: NetworkRequest) -> PackedStringArray:
	var rows: Array[Dictionary] = request.result
	var told: PackedStringArray = []
	var others: int = 0
	for row: Dictionary in rows:
		if told.size() >= _NAMES_TOLD and not row["here"]:
			others += 1
			continue
		var line: String = tr("Hall %d: %d online") % [row["hall"], row["online"]]
		if row["max_online"] > 0:
			line = tr("Hall %d: %d of %d") % [row["hall"], row["online"], row["max_online"]]
		told.append(tr("%s · here") % line if row["here"] else line)
	if others > 0:
		told.append(tr_n("%d other", "%d others", others) % others)
	return told


# "1 Linux, 2 Tablet": by their numbers they can be closed.
func _sessions_in(request: NetworkRequest) -> PackedStringArray:
	var rows: Array[Dictionary] = request.result
	var devices: PackedStringArray = []
	for row: Dictionary in rows:
		devices.append("%d %s" % [row["session"], row["device"]])
	return devices
