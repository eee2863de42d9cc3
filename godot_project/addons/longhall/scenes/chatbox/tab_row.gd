extends ScrollContainer
## The row of tabs above the log: one per channel and per player whispered with.

## The player wants to see that tab.
signal tab_chosen(channel: String)
## The player wants that tab to go.
signal close_requested(channel: String)

const ChatTab := preload("chat_tab.gd")
const CLOSE: Texture2D = preload("res://addons/longhall/themes/close.svg")

## With more, the exact number says nothing.
const _MOST_UNREAD: int = 99
const _BADGE_GAP: float = 4.0

var _current: int = 0
var _frames_to_reveal: int = 0

@onready var _row: HBoxContainer = %Tabs


func _ready() -> void:
	set_process(false)


func _process(_delta: float) -> void:
	_frames_to_reveal -= 1
	if _frames_to_reveal <= 0:
		set_process(false)
		if _current < _row.get_child_count():
			ensure_control_visible(_row.get_child(_current) as Control)


func _shortcut_input(event: InputEvent) -> void:
	var step: int = _step_of(event)
	if step != 0 and is_visible_in_tree():
		var next: int = wrapi(_current + step, 0, _row.get_child_count())
		tab_chosen.emit(_channel_of(_row.get_child(next) as PanelContainer))
		get_viewport().set_input_as_handled()


## Shows [param tabs], of which [param current] is in view. The first cannot be closed. One
## alone says nothing, unless it is a hall of the lobby other than the first.
func show_tabs(tabs: Array[ChatTab], current: ChatTab) -> void:
	visible = tabs.size() > 1 or tabs[0].hall > 1
	_current = tabs.find(current)
	while _row.get_child_count() > tabs.size():
		var last: Node = _row.get_child(-1)
		_row.remove_child(last)
		last.queue_free()
	for i: int in tabs.size():
		if i >= _row.get_child_count():
			_row.add_child(_new_tab())
		_fill(_row.get_child(i) as PanelContainer, tabs[i], tabs[i] == current, i > 0)
	if visible and is_inside_tree():
		_reveal()


# Also when a tab gets wider, or the row narrower.
func _reveal() -> void:
	# The scroll bar learns of the sizes a frame later.
	_frames_to_reveal = 2
	set_process(true)


func _new_tab() -> PanelContainer:
	var tab := PanelContainer.new()
	var row := HBoxContainer.new()
	row.add_theme_constant_override(&"separation", 0)
	var title := Button.new()
	title.name = "Title"
	title.theme_type_variation = &"TabButton"
	title.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	title.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	var badge := Label.new()
	badge.name = "Badge"
	badge.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	badge.size_flags_vertical = Control.SIZE_SHRINK_CENTER
	badge.mouse_filter = Control.MOUSE_FILTER_IGNORE
	# As much room as the badge has above and below.
	var gap := Control.new()
	gap.name = "Gap"
	gap.custom_minimum_size.x = _BADGE_GAP
	gap.mouse_filter = Control.MOUSE_FILTER_IGNORE
	var close := Button.new()
	close.name = "Close"
	close.theme_type_variation = &"TabClose"
	close.icon = CLOSE
	close.size_flags_vertical = Control.SIZE_SHRINK_CENTER
	close.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	for part: Control in [title, badge, gap, close]:
		row.add_child(part)
	row.name = "Row"
	tab.add_child(row)
	tab.mouse_filter = Control.MOUSE_FILTER_PASS
	title.pressed.connect(func() -> void: tab_chosen.emit(_channel_of(tab)))
	title.gui_input.connect(
		func(event: InputEvent) -> void:
			var button := event as InputEventMouseButton
			if button != null and button.pressed and button.button_index == MOUSE_BUTTON_MIDDLE:
				if close.has_meta(&"offered"):
					close_requested.emit(_channel_of(tab))
	)
	close.pressed.connect(func() -> void: close_requested.emit(_channel_of(tab)))
	return tab


func _fill(control: PanelContainer, tab: ChatTab, is_current: bool, can_close: bool) -> void:
	control.set_meta(&"channel", tab.channel)
	control.theme_type_variation = &"ChatTabCurrent" if is_current else &"ChatTab"
	var title: Button = control.get_node("Row/Title")
	title.text = tab.title()
	title.theme_type_variation = &"TabButtonCurrent" if is_current else &"TabButton"
	var badge: Label = control.get_node("Row/Badge")
	_fill_badge(badge, tab, is_current)
	(control.get_node("Row/Gap") as Control).visible = badge.visible
	title.accessibility_name = tab.title()
	if badge.visible:
		title.accessibility_name = "%s, %s" % [tab.title(), badge.text]
	var close: Button = control.get_node("Row/Close")
	close.visible = can_close and is_current
	if can_close:
		close.set_meta(&"offered", true)
	else:
		close.remove_meta(&"offered")
	close.tooltip_text = "Close" if tab.is_whispers() else "Leave this channel"
	close.accessibility_name = close.tooltip_text


func _fill_badge(badge: Label, tab: ChatTab, is_current: bool) -> void:
	var count: int = tab.unread()
	var number: String = str(count) if count <= _MOST_UNREAD else "%d+" % _MOST_UNREAD
	var calls: bool = tab.has_mention or (tab.is_whispers() and count > 0)
	if tab.refusals.is_waiting():
		number = "!"
		calls = true
	elif tab.has_mention:
		number = "@ " + number
	badge.theme_type_variation = &"TabBadgeCalling" if calls else &"TabBadge"
	badge.text = number
	badge.visible = not is_current and (count > 0 or tab.refusals.is_waiting())


# Where a key or a button of a gamepad leads.
func _step_of(event: InputEvent) -> int:
	var key := event as InputEventKey
	if key != null and key.pressed and key.ctrl_pressed and not key.alt_pressed:
		match key.keycode:
			KEY_TAB:
				return -1 if key.shift_pressed else 1
			KEY_PAGEUP:
				return -1
			KEY_PAGEDOWN:
				return 1
	var button := event as InputEventJoypadButton
	if button != null and button.pressed and _player_is_here():
		match button.button_index:
			JOY_BUTTON_LEFT_SHOULDER:
				return -1
			JOY_BUTTON_RIGHT_SHOULDER:
				return 1
	return 0


# A game has other uses for a gamepad's buttons.
func _player_is_here() -> bool:
	var focused: Control = get_viewport().gui_get_focus_owner()
	return focused != null and owner.is_ancestor_of(focused)


func _channel_of(tab: PanelContainer) -> String:
	return str(tab.get_meta(&"channel"))
