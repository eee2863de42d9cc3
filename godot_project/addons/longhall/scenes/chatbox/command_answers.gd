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


# "1 Linux, 2 Tablet": by their numbers they can be closed.
func _sessions_in(request: NetworkRequest) -> PackedStringArray:
	var rows: Array[Dictionary] = request.result
	var devices: PackedStringArray = []
	for row: Dictionary in rows:
		devices.append("%d %s" % [row["session"], row["device"]])
	return devices
