extends "account_section.gd"
## Lists whom the player hears nothing of, and ends that.

var _list := VBoxContainer.new()
var _nobody := Parts.sentence("You have blocked nobody.")


func _init() -> void:
	super("Blocked players")


func show_guest(_is_guest: bool) -> void:
	pass


func _fill() -> void:
	_list.name = "List"
	add_child(_nobody)
	add_child(_list)


func refresh() -> void:
	_ask(&"list_blocks", [], _show)


func _unblock(player: String) -> void:
	_ask(&"unblock_player", [player], func(_request: NetworkRequest) -> void: refresh())


func _show(request: NetworkRequest) -> void:
	for row: Node in _list.get_children():
		row.free()
	var players: PackedStringArray = request.result
	_nobody.visible = players.is_empty()
	for player: String in players:
		var label := Parts.sentence()
		label.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
		label.size_flags_horizontal = SIZE_EXPAND_FILL
		label.text = player
		var button := Parts.small_button("Unblock")
		button.pressed.connect(_unblock.bind(player))
		_list.add_child(Parts.row([label, button]))
