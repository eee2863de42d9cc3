extends Control
## Lists the channels that can be joined, and creates new ones. Where the lobby has several
## halls, they come first.

## The player wants to be in [param channel].
signal join_requested(channel: String, password: String)
## The player wants a new channel.
signal create_requested(channel: String, access: String, password: String, topic: String)
## The player wants to be in the channel with that code.
signal code_entered(code: String)
## The player wants a channel for a party.
signal party_requested
## The player wants to be in that hall of the lobby.
signal hall_requested(hall: int)
## The player wants [param channel] to be over.
signal end_requested(channel: String)

## What the card is for just now.
enum Mode { LIST, CREATE, CODE }

const PEOPLE: Texture2D = preload("res://addons/longhall/themes/people.svg")
const LOCK: Texture2D = preload("res://addons/longhall/themes/lock.svg")

const _ACCESSES: Array[String] = ["open", "invite", "password"]

## The channel that is being joined or created.
var asked_for: String = ""

var _access: String = "open"
var _mode: Mode = Mode.LIST
var _endable: String = ""
var _asks_password: bool = false
var _joined: Array[String] = []
var _shown: Array[Dictionary] = []
var _hall_names: Array[String] = []

@onready var _card: PanelContainer = %Card_Channels
@onready var _list: VBoxContainer = %List_Channels
@onready var _halls: VBoxContainer = %List_Halls
@onready var _empty: Label = %Label_NoChannels
@onready var _name: LineEdit = %LineEdit_Channel
@onready var _code: LineEdit = %LineEdit_ChannelCode
@onready var _password: LineEdit = %LineEdit_ChannelPassword
@onready var _topic: LineEdit = %LineEdit_Topic
@onready var _access_row: HBoxContainer = %Row_Access
@onready var _status: Label = %Label_ChannelStatus
@onready var _join: Button = %Button_Join
@onready var _create: Button = %Button_Create
@onready var _by_code: Button = %Button_ByCode
@onready var _party: Button = %Button_Party
@onready var _end: Button = %Button_EndChannel


func _ready() -> void:
	var group := ButtonGroup.new()
	_name.text_changed.connect(func(_text: String) -> void: _filter())
	for i: int in _ACCESSES.size():
		var button: Button = _access_row.get_child(i)
		button.button_group = group
		button.pressed.connect(_choose_access.bind(_ACCESSES[i]))


func _input(event: InputEvent) -> void:
	# Also from a control that knows what to do with it.
	if is_visible_in_tree() and event.is_action_pressed(&"ui_cancel"):
		close()
		get_viewport().set_input_as_handled()


## Opens the menu. [param joined] are the channels the player is in already, [param endable] is
## the one in view, if the player may end it.
func open(joined: Array[String], endable: String = "") -> void:
	_joined = joined
	_endable = endable
	_mode = Mode.LIST
	_asks_password = false
	asked_for = ""
	for field: LineEdit in [_name, _code, _password, _topic]:
		field.clear()
	_say("")
	show_channels([])
	show_halls([])
	_choose_access("open")
	(_access_row.get_child(0) as Button).button_pressed = true
	visible = true
	_arrange()
	_name.edit()


func close() -> void:
	visible = false


## Lists [param channels], [code]{channel, topic, access, members}[/code] each.
func show_channels(channels: Array[Dictionary]) -> void:
	_shown = channels
	_clear(_list)
	for channel: Dictionary in channels:
		_list.add_child(_row_of(channel))
	_filter()
	_empty.visible = channels.is_empty() and _mode == Mode.LIST


## Lists [param halls], [code]{channel, hall, online, max_online, here}[/code] each. A single one is
## none to choose.
func show_halls(halls: Array[Dictionary]) -> void:
	_clear(_halls)
	_hall_names.clear()
	if halls.size() > 1:
		for hall: Dictionary in halls:
			_halls.add_child(_hall_row_of(hall))
			_hall_names.append(str(hall["channel"]))
	_filter()
	_refresh()


## Says why the channel was not joined or created. With [param needs_password] the
## player is asked for one.
func show_denied(text: String, needs_password: bool = false) -> void:
	_lock(false)
	_say(text)
	if _mode == Mode.CODE:
		_code.edit()
		_code.select_all()
	if needs_password and _mode == Mode.LIST:
		_asks_password = true
		_refresh()
		_password.edit()


# Only those that the name could become, and that are not among the halls.
func _filter() -> void:
	var begun: String = _name.text.strip_edges().to_lower()
	for i: int in _list.get_child_count():
		var row: Control = _list.get_child(i)
		var channel_name: String = _shown[i]["channel"]
		row.visible = not channel_name in _hall_names
		row.visible = row.visible and (begun.is_empty() or channel_name.contains(begun))


func _clear(list: Container) -> void:
	for row: Node in list.get_children():
		list.remove_child(row)
		row.queue_free()


func _row_of(channel: Dictionary) -> Button:
	var channel_name: String = channel["channel"]
	var topic: String = channel.get("topic", "")
	var members: int = channel.get("members", 0)
	var title: String = channel_name if topic.is_empty() else "%s  ·  %s" % [channel_name, topic]
	var row: Button = _new_row(title, str(members), channel_name in _joined)
	row.tooltip_text = topic
	if channel.get("access", "open") == "password":
		var details: Control = row.get_child(0)
		details.add_child(_icon_of(LOCK))
		details.move_child(details.get_child(-1), 0)
	row.accessibility_name = "%s, %s" % [title, tr_n("%d member", "%d members", members) % members]
	row.pressed.connect(_choose_channel.bind(channel))
	return row


func _hall_row_of(hall: Dictionary) -> Button:
	var number: int = hall["hall"]
	var is_here: bool = hall["here"]
	var max_online: int = hall["max_online"]
	var online: String = str(hall["online"])
	if max_online > 0:
		online = tr("%d of %d") % [hall["online"], max_online]
	var title: String = tr("Hall %d") % number
	var row: Button = _new_row(title, online, is_here)
	row.accessibility_name = "%s, %s" % [title, online]
	row.pressed.connect(_choose_hall.bind(number, is_here))
	return row


# A row with how many are there, and a mark if the player is one of them.
func _new_row(title: String, online: String, is_here: bool) -> Button:
	var row := Button.new()
	row.theme_type_variation = &"ListButton"
	row.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	row.alignment = HORIZONTAL_ALIGNMENT_LEFT
	row.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	row.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	row.text = title
	var details := HBoxContainer.new()
	details.set_anchors_and_offsets_preset(Control.PRESET_RIGHT_WIDE)
	details.grow_horizontal = Control.GROW_DIRECTION_BEGIN
	details.offset_right = -10.0
	details.alignment = BoxContainer.ALIGNMENT_END
	details.mouse_filter = Control.MOUSE_FILTER_IGNORE
	var count := Label.new()
	count.theme_type_variation = &"ListDetail"
	count.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	count.mouse_filter = Control.MOUSE_FILTER_IGNORE
	count.text = "✓  " + online if is_here else online
	details.add_child(count)
	details.add_child(_icon_of(PEOPLE))
	row.add_child(details)
	return row


func _icon_of(texture: Texture2D) -> TextureRect:
	var icon := TextureRect.new()
	icon.texture = texture
	icon.custom_minimum_size = Vector2(14.0, 14.0)
	icon.expand_mode = TextureRect.EXPAND_IGNORE_SIZE
	icon.stretch_mode = TextureRect.STRETCH_KEEP_ASPECT_CENTERED
	icon.mouse_filter = Control.MOUSE_FILTER_IGNORE
	icon.modulate = get_theme_color(&"font_color", &"ListDetail")
	return icon


func _choose_channel(channel: Dictionary) -> void:
	_name.text = channel["channel"]
	_mode = Mode.LIST
	_asks_password = channel.get("access", "open") == "password" and not _name.text in _joined
	_refresh()
	if _asks_password:
		_password.edit()
	else:
		_ask_to_join()


func _choose_hall(hall: int, is_here: bool) -> void:
	if is_here:
		close()
		return
	_say("")
	_lock(true)
	hall_requested.emit(hall)


func _ask_to_join() -> void:
	if _mode == Mode.CODE:
		_ask_to_join_by_code()
		return
	if not _has_name():
		return
	_lock(true)
	join_requested.emit(asked_for, _password.text if _password.visible else "")


func _ask_to_join_by_code() -> void:
	_say("")
	var code: String = _code.text.strip_edges()
	if code.is_empty():
		_code.edit()
		return
	_lock(true)
	code_entered.emit(code)


func _ask_to_create() -> void:
	if _mode != Mode.CREATE:
		_mode = Mode.CREATE
		_say("")
		_refresh()
		if not _name.text.is_empty():
			_topic.edit()
		else:
			_name.edit()
		return
	if not _has_name():
		return
	_lock(true)
	var password: String = _password.text if _access == "password" else ""
	create_requested.emit(asked_for, _access, password, _topic.text.strip_edges())


func _has_name() -> bool:
	asked_for = _name.text.strip_edges()
	_say("")
	if asked_for.is_empty():
		_name.edit()
	return not asked_for.is_empty()


func _lock(is_busy: bool) -> void:
	for button: Button in [_join, _create, _party]:
		button.disabled = is_busy


func _say(text: String) -> void:
	_status.text = text
	_status.visible = not text.is_empty()


func _choose_access(access: String) -> void:
	_access = access
	_refresh()


func _refresh() -> void:
	_lock(false)
	var is_creating: bool = _mode == Mode.CREATE
	var is_list: bool = _mode == Mode.LIST
	_name.visible = _mode != Mode.CODE
	_code.visible = _mode == Mode.CODE
	_access_row.visible = is_creating
	_topic.visible = is_creating
	_password.visible = is_creating and _access == "password" or is_list and _asks_password
	_join.visible = not is_creating
	_create.visible = _mode != Mode.CODE
	_list.visible = is_list
	_halls.visible = is_list and _halls.get_child_count() > 0
	_empty.visible = _shown.is_empty() and is_list
	_create.theme_type_variation = &"PrimaryButton" if is_creating else &"Button"
	_create.text = "Create" if is_creating else "New channel"
	_by_code.visible = is_list
	_party.visible = is_list
	_end.visible = is_list and not _endable.is_empty()
	_end.text = tr("End %s…") % _endable


# As large as its content, but never larger than the screen.
func _arrange() -> void:
	if not is_node_ready():
		return
	_card.custom_minimum_size.x = minf(440.0, size.x - 24.0)
	var scroll: ScrollContainer = %Scroll_Channels
	var content: Control = scroll.get_child(0)
	scroll.custom_minimum_size.y = minf(content.get_combined_minimum_size().y, size.y - 72.0)


func _on_dim_gui_input(event: InputEvent) -> void:
	var button := event as InputEventMouseButton
	if button != null and button.pressed:
		close()


func _on_field_submitted(_text: String) -> void:
	if _mode == Mode.CREATE:
		_ask_to_create()
	else:
		_ask_to_join()


func _on_button_by_code_pressed() -> void:
	_mode = Mode.CODE
	_say("")
	_refresh()
	_code.edit()


func _on_button_party_pressed() -> void:
	_say("")
	_lock(true)
	party_requested.emit()


func _on_button_end_channel_pressed() -> void:
	close()
	end_requested.emit(_endable)
