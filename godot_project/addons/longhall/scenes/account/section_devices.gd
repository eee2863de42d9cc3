extends "account_section.gd"
## Lists where the account is logged in, and logs out there.

var _list := VBoxContainer.new()
var _others := Parts.button("Log out everywhere else")


func _init() -> void:
	super("Devices")


func _fill() -> void:
	_list.name = "List"
	add_child(_list)
	add_child(_add_button(_others, "Button_Others", _close.bind(0)))


func refresh() -> void:
	_ask(&"list_sessions", [], _show)


func _close(session: int) -> void:
	_ask(&"close_session", [session], func(_request: NetworkRequest) -> void: refresh())


func _show(request: NetworkRequest) -> void:
	for row: Node in _list.get_children():
		row.free()
	var sessions: Array[Dictionary] = request.result
	for session: Dictionary in sessions:
		_list.add_child(_row_of(session))
	_others.visible = sessions.size() > 1


func _row_of(session: Dictionary) -> Control:
	var is_here: bool = session["current"]
	var is_online: bool = session["online"]
	var device: String = session["device"]
	var label := Parts.sentence()
	label.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	label.size_flags_horizontal = SIZE_EXPAND_FILL
	var seen: String = tr("this device") if is_here else _seen(session, is_online)
	label.text = "%s · %s" % [device if not device.is_empty() else "?", seen]
	if is_here:
		return label
	var number: int = session["session"]
	var button := Parts.small_button("Log out")
	button.pressed.connect(_close.bind(number))
	return Parts.row([label, button])


func _seen(session: Dictionary, is_online: bool) -> String:
	if is_online:
		return tr("online")
	var seen_at_ms: int = session["last_seen_at_ms"]
	return LonghallText.of_time(seen_at_ms)
