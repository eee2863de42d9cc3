extends Node
## The tabs of a [Chatbox]: which there are, which of them is in view, and the log that
## each has.

## There is one more, with a log of its own.
signal added(tab: ChatTab)
## Another tab is about to come into view.
signal leaving
## Another tab has come into view.
signal entered
## The row of tabs shows what is known of them now.
signal refreshed

const ChatTab := preload("chat_tab.gd")
const CodeButton := preload("code_button.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const Settings := preload("chat_settings.gd")
const TabRow := preload("tab_row.gd")

## What the chatbox is set to.
var settings: Settings
## All of them, the lobby's first; also those that are closed but kept.
var all: Array[ChatTab] = []
## The one in view.
var current := ChatTab.new()
## Whether there is something new to show in the row.
var is_stale: bool = false

@onready var _row: TabRow = %TabRow
@onready var _about: Control = %Row_About
@onready var _topic: Label = %Label_Topic
@onready var _code: CodeButton = %Button_Code
@onready var _log_panel: PanelContainer = %LogPanel


## Makes the first tab, that of [param lobby], with the log of the scene.
func start(lobby: String) -> void:
	current.channel = lobby
	_add(current, %ChatLog as ChatLog)


## The tab of [param channel], the first one's if that is empty; null if there is none.
func existing(channel: String) -> ChatTab:
	if channel.is_empty():
		return all[0]
	for tab: ChatTab in all:
		if tab.channel == channel:
			return tab
	return null


## The tab of [param channel]; makes one if there is none.
func of(channel: String) -> ChatTab:
	var tab: ChatTab = existing(channel)
	if tab != null:
		return tab
	tab = ChatTab.new()
	tab.channel = channel
	var chat_log: ChatLog = all[0].chat_log.duplicate(Node.DUPLICATE_SCRIPTS)
	chat_log.visible = false
	_log_panel.add_child(chat_log)
	_log_panel.move_child(chat_log, all.size())
	# Out of sight it gets no size, but is written.
	chat_log.size = current.chat_log.size
	_add(tab, chat_log)
	_set_up(chat_log)
	is_stale = true
	return tab


## The tabs that the row shows.
func open_ones() -> Array[ChatTab]:
	return all.filter(func(tab: ChatTab) -> bool: return tab.is_open)


## The tab whose log that is; null if it is gone.
func with_log(chat_log: ChatLog) -> ChatTab:
	for tab: ChatTab in all:
		if tab.chat_log == chat_log:
			return tab
	return null


## The tab in which the line [param id] waits; null if none does.
func with_pending(id: int) -> ChatTab:
	for tab: ChatTab in all:
		if tab.chat_log.pending(id) != null:
			return tab
	return null


## Brings [param tab] into view.
func enter(tab: ChatTab) -> void:
	tab.is_open = true
	if tab == current:
		is_stale = true
		return
	leaving.emit()
	current.chat_log.visible = false
	current = tab
	tab.chat_log.scroll_to_unread()
	tab.chat_log.visible = true
	entered.emit()


## Closes [param tab], unless it is the first. Of whispers, the lines are kept.
func close(tab: ChatTab) -> void:
	if tab == all[0]:
		return
	if tab == current:
		var open: Array[ChatTab] = open_ones()
		enter(open[open.find(tab) - 1])
	tab.is_open = false
	if not tab.is_whispers():
		_remove(tab)
	refresh()


## Closes [param tab], and keeps nothing of it.
func forget(tab: ChatTab) -> void:
	close(tab)
	if tab in all and tab != all[0]:
		_remove(tab)


## Makes [param channel] that of the first tab, which forgets the lines and the players of the
## one before.
func move_first(channel: String) -> void:
	var tab: ChatTab = existing(channel)
	if tab == all[0]:
		return
	if tab != null:
		forget(tab)
	all[0].begin_anew()
	all[0].may_speak_at_ms = 0
	all[0].channel = channel
	is_stale = true


## Forgets all tabs but the first, and what was in that.
func reset() -> void:
	enter(all[0])
	for tab: ChatTab in all.slice(1):
		tab.chat_log.queue_free()
	all = [all[0]]
	current.forget()


## Writes all logs anew, with the chatbox's settings.
func rewrite() -> void:
	for tab: ChatTab in all:
		_set_up(tab.chat_log)
		tab.chat_log.rewrite()


## Shows in the row what is known of the tabs.
func refresh() -> void:
	_row.show_tabs(open_ones(), current)
	var about: String = current.topic
	if current.is_whispers():
		about = tr("Only you and %s can read this.") % current.whisperer()
	_topic.text = about
	_topic.tooltip_text = about
	_topic.visible = not about.is_empty()
	_code.code = current.code
	_about.visible = _topic.visible or _code.visible
	refreshed.emit()


func _remove(tab: ChatTab) -> void:
	all.erase(tab)
	tab.chat_log.queue_free()


func _add(tab: ChatTab, chat_log: ChatLog) -> void:
	tab.chat_log = chat_log
	chat_log.clear()
	all.append(tab)
	added.emit(tab)


func _set_up(chat_log: ChatLog) -> void:
	chat_log.max_lines = settings.max_lines
	chat_log.max_history_lines = settings.max_history_lines
	chat_log.frame_budget_ms = settings.frame_budget_ms
	chat_log.shows_days = settings.show_timestamps
	chat_log.writer.line_format = settings.line_format
	chat_log.writer.action_format = settings.action_format
	chat_log.writer.show_timestamps = settings.show_timestamps
	chat_log.writer.sender_colors = _name_colors()


# Those of the designer, light or dark enough to be read wherever a name can stand.
func _name_colors() -> PackedColorArray:
	var shown: ChatLog = all[0].chat_log
	var grounds: Array[Color] = [
		Look.ground(shown, &"LogPanel"),
		shown.get_theme_color(&"own_background_color", &"Chatbox"),
		shown.get_theme_color(&"mention_background_color", &"Chatbox"),
	]
	var colors: PackedColorArray = []
	for color: Color in settings.sender_colors:
		colors.append(Look.readable(color, grounds))
	return colors
