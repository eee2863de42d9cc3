extends Node
## What the player of a [Chatbox] does with lines, names, tabs and channels: by clicking,
## in a menu, by keyboard or with a gamepad.

## The player chose the name of somebody who said something.
signal name_clicked(username: String)
## The player wants to delete an own line.
signal delete_requested(channel: String, seq: int)
## The player wants to whisper to [param username].
signal whisper_requested(username: String)
## The player wants to hear nothing more of [param username].
signal block_requested(username: String)
## The player wants to leave [param channel].
signal leave_requested(channel: String)
## The player wants [param channel] to be over for everybody in it.
signal end_requested(channel: String)
## The player wants to be in [param channel], of which there is no tab.
signal join_requested(channel: String, password: String)

const ChannelMenu := preload("channel_menu.gd")
const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const Composer := preload("composer.gd")
const Line := preload("chat_line.gd")
const LineMenu := preload("line_menu.gd")
const Reports := preload("reports.gd")
const Settings := preload("chat_settings.gd")
const TabRow := preload("tab_row.gd")

## Pages by which a gamepad scrolls.
const _GAMEPAD_STEP: float = 0.3

## What the chatbox is set to.
var settings: Settings

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _composer: Composer = %Composer
@onready var _tab_row: TabRow = %TabRow
@onready var _input: ChatInput = %LineEdit
@onready var _names: PopupMenu = %NamesMenu
@onready var _menu: LineMenu = %LineMenu
@onready var _channel_menu: ChannelMenu = %ChannelMenu
@onready var _reports: Reports = %Reports


## Offers what can be done by this player.
func refresh() -> void:
	_menu.username = settings.username
	_menu.offers_whispers = settings.offers_channels


## Lines and names that are offered something are gone.
func forget_lines() -> void:
	_menu.hide()
	_names.hide()


# Lines and names.


func _mention_in_draft(player: String) -> void:
	name_clicked.emit(player)
	if settings.insert_clicked_names:
		_input.paste("@%s" % player)
		_input.insert_text_at_caret(" ")
		_input.edit()


func _copy_selection(chat_log: ChatLog) -> void:
	var can_copy: bool = DisplayServer.has_feature(DisplayServer.FEATURE_CLIPBOARD_PRIMARY)
	if can_copy and not chat_log.copied_text().is_empty():
		DisplayServer.clipboard_set_primary(chat_log.copied_text())


func _choose_name() -> void:
	var chat_log: ChatLog = _tabs.current.chat_log
	_names.clear()
	for player: String in _tabs.current.recent_names:
		_names.add_item(player)
	_names.position = Vector2i(chat_log.get_screen_position() + chat_log.size / 4.0)
	_names.popup()
	_names.set_focused_item(0)


func _on_chat_tabs_added(tab: ChatTab) -> void:
	tab.chat_log.gui_input.connect(_on_chat_log_gui_input)
	_menu.serve(tab.chat_log)
	tab.chat_log.name_clicked.connect(_mention_in_draft)


func _on_chat_log_gui_input(event: InputEvent) -> void:
	var chat_log: ChatLog = _tabs.current.chat_log
	if event.is_action_pressed(&"ui_copy"):
		# The engine would copy the marks between names and words, too.
		if not chat_log.copied_text().is_empty():
			DisplayServer.clipboard_set(chat_log.copied_text())
		chat_log.accept_event()
		return
	if event is InputEventMouseButton and not event.is_pressed():
		# So it does where what is selected is copied at once, when the button is let go.
		_copy_selection.call_deferred(chat_log)
	# Keys scroll by themselves. A gamepad scrolls until the end, and then leaves.
	if event.is_action_pressed(&"ui_menu"):
		_on_line_edit_menu_wanted()
	elif event.is_action_pressed(&"ui_accept") and not _tabs.current.recent_names.is_empty():
		_choose_name()
	elif event is InputEventKey:
		return
	elif event.is_action_pressed(&"ui_up", true) and not chat_log.is_at_start():
		chat_log.scroll_by_pages(-_GAMEPAD_STEP)
	elif event.is_action_pressed(&"ui_down", true) and not chat_log.is_at_end():
		chat_log.scroll_by_pages(_GAMEPAD_STEP)
	else:
		return
	chat_log.accept_event()


func _on_names_menu_index_pressed(index: int) -> void:
	_mention_in_draft(_names.get_item_text(index))


func _on_line_menu_action_chosen(action: LineMenu.Action) -> void:
	match action:
		LineMenu.Action.EDIT:
			_composer.begin_edit(_menu.line)
		LineMenu.Action.DELETE, LineMenu.Action.DELETE_THEIRS:
			delete_requested.emit(_tabs.current.channel, _menu.line.seq)
		LineMenu.Action.MENTION:
			_mention_in_draft(_menu.about)
		LineMenu.Action.WHISPER:
			whisper_requested.emit(_menu.about)
			_input.edit()
		LineMenu.Action.BLOCK:
			block_requested.emit(_menu.about)
		LineMenu.Action.REPORT:
			_reports.ask(_menu.about, _menu.line)
		LineMenu.Action.LEAVE:
			leave_requested.emit(_menu.about)
		LineMenu.Action.END:
			end_requested.emit(_menu.about)


func _on_line_edit_edit_last_wanted() -> void:
	var line: Line = _tabs.current.chat_log.last_own_line()
	if line != null:
		_composer.begin_edit(line)


func _on_line_edit_menu_wanted() -> void:
	var chat_log: ChatLog = _tabs.current.chat_log
	var line: Line = chat_log.last_own_line()
	if line != null:
		_menu.open(chat_log, line, "", _input.get_screen_transform() * Vector2(8.0, -140.0))


func _on_roster_member_chosen(player: String, place: Vector2) -> void:
	_menu.open(_tabs.current.chat_log, null, player, place)


# Tabs and channels.


func _on_tab_row_tab_chosen(channel: String) -> void:
	_tabs.enter(_tabs.of(channel))
	if not DisplayServer.is_touchscreen_available():
		_input.edit()


func _on_tab_row_close_requested(channel: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab == null:
		return
	if tab.is_whispers():
		_tabs.close(tab)
		return
	_menu.ask(LineMenu.Action.LEAVE, channel, _tab_row.get_screen_transform() * Vector2(0.0, 36.0))


func _on_channel_menu_join_requested(channel: String, password: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab != null:
		_channel_menu.close()
		_tabs.enter(tab)
		return
	join_requested.emit(channel, password)


func _on_channel_menu_end_requested(channel: String) -> void:
	_menu.ask(LineMenu.Action.END, channel, _tab_row.get_screen_transform() * Vector2(0.0, 36.0))


func _on_channel_menu_visibility_changed() -> void:
	if not is_node_ready():
		return
	_tab_row.set_process_shortcut_input(not _channel_menu.visible)
	if _input.is_visible_in_tree() and not _channel_menu.visible:
		_input.edit()
