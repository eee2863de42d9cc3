extends Node
## What the player of a [Chatbox] has in sight and has read, and what they look up.

## The reader is at the top of what there is in [param channel], and there is more.
signal history_requested(channel: String)
## The newest line in [param channel] has come into sight.
signal read(channel: String, seq: int)

const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")

## Whether the chatbox is in sight.
var is_shown: bool = false:
	set(value):
		is_shown = value
		attend()

## Whether the player is in this window.
var is_in_use: bool = true:
	set(value):
		is_in_use = value
		attend()

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _input: ChatInput = %LineEdit
@onready var _new_messages: Button = %Button_NewMessages
@onready var _loading: PanelContainer = %Loading
@onready var _spinner: TextureRect = %Spinner


## Tells the logs whether the player looks at them.
func attend() -> void:
	for tab: ChatTab in _tabs.all:
		var is_looked_at: bool = tab == _tabs.current and is_in_use
		tab.chat_log.is_attended = is_looked_at and is_shown


## Whether the player looks at [param tab].
func is_watched(tab: ChatTab) -> bool:
	return tab == _tabs.current and tab.chat_log.is_attended


## How many lines are new, and up to which the player has read; negative if that is not
## said.
func set_unread(tab: ChatTab, unread: int, read_seq: int) -> void:
	# The row tells it of the others only.
	if tab != _tabs.current or not tab.is_open:
		_tabs.is_stale = true
	tab.unread_told = unread
	tab.is_open = tab.is_open or unread > 0
	if unread == 0:
		tab.has_mention = false
	if read_seq >= 0:
		tab.chat_log.tell_read(read_seq, unread > 0)


## Shows how many lines are further down.
func refresh() -> void:
	var count: int = _tabs.current.chat_log.unread_count()
	_new_messages.visible = count > 0
	_new_messages.text = tr_n("%d new message", "%d new messages", count) % count
	_tabs.is_stale = true


## Shows to who waits at the top that older lines are on their way.
func show_loading(delta: float) -> void:
	var chat_log: ChatLog = _tabs.current.chat_log
	_loading.visible = chat_log.is_loading and chat_log.is_near_start()
	_spinner.pivot_offset = _spinner.size / 2.0
	_spinner.rotation += delta * TAU


func _ask_for_history(chat_log: ChatLog) -> void:
	var tab: ChatTab = _tabs.with_log(chat_log)
	if tab != null:
		history_requested.emit(tab.channel)


func _tell_read(chat_log: ChatLog, seq: int) -> void:
	var tab: ChatTab = _tabs.with_log(chat_log)
	if tab == null:
		return
	_tabs.is_stale = _tabs.is_stale or tab != _tabs.current
	tab.has_mention = false
	if tab.unread_told > 0:
		tab.unread_told = 0
	read.emit(tab.channel, seq)


func _on_chat_tabs_added(tab: ChatTab) -> void:
	# Not by the tab, which would hold itself with a signal of its own log.
	var chat_log: ChatLog = tab.chat_log
	chat_log.unread_changed.connect(func(_count: int) -> void: refresh())
	chat_log.older_wanted.connect(func() -> void: _ask_for_history(chat_log))
	chat_log.seen.connect(func(seq: int) -> void: _tell_read(chat_log, seq))
	attend()


func _on_line_edit_scroll_wanted(pages: float) -> void:
	_tabs.current.chat_log.scroll_by_pages(pages)


func _on_button_new_messages_pressed() -> void:
	_tabs.current.chat_log.scroll_to_end()
	_input.edit()
