extends Node
## What the player of a [Chatbox] types: the draft of each tab, a line that is said, an
## own line that is changed.

## The player says [param text] in [param channel]; [param id] is the line's.
signal line_said(text: String, channel: String, id: int)
## The player entered a command.
signal command_entered(text: String, channel: String)
## The player changed the text of an own line.
signal edit_requested(channel: String, seq: int, text: String)

const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const Line := preload("chat_line.gd")
const Settings := preload("chat_settings.gd")

## Part of the limit at which the counter appears.
const _COUNTER_FROM: float = 0.8
## Typing goes on beyond the limit, so that a pasted text can be shortened
## instead of being cut; this many times the limit is enough.
const _TYPING_ROOM: int = 4

## What the chatbox is set to.
var settings: Settings

## The number of the line that was said last.
var last_id: int = 0

var _online: bool = true
var _lines_can_wait: bool = false
var _offline_text: String = ""
var _was_editing: bool = false
var _shown_wait: int = 0

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _edit_strip: PanelContainer = %EditStrip
@onready var _input: ChatInput = %LineEdit
@onready var _counter: Label = %Label_Counter
@onready var _send: Button = %Button_Send


func _ready() -> void:
	set_process(false)


func _process(_delta: float) -> void:
	var left: int = _tabs.current.seconds_to_wait()
	if left != _shown_wait:
		refresh()


## Slow mode of [param tab], see [method Chatbox.set_slow_mode].
func set_slow_mode(tab: ChatTab, seconds: int) -> void:
	tab.slow_mode_s = seconds
	if seconds == 0:
		tab.may_speak_at_ms = 0
	refresh()


## A line was refused: what the player waits for depends on why.
func note_refused(id: int, code: String, retry_after: float) -> void:
	var tab: ChatTab = _tabs.with_pending(id)
	if tab == null:
		return
	if code == "slow_mode":
		tab.may_speak_at_ms = Time.get_ticks_msec() + ceili(retry_after * 1000.0)
	elif tab.slow_mode_s > 0:
		# It was not said, so it has had no turn.
		tab.may_speak_at_ms = 0
	refresh()


## Whether lines can be sent, see [method Chatbox.set_online].
func set_online(online: bool, text: String, lines_can_wait: bool) -> void:
	_online = online
	_offline_text = text
	_lines_can_wait = lines_can_wait
	refresh()


## Whether the player can send lines.
func can_send() -> bool:
	return _online or _lines_can_wait


## Says [param text] in the tab in view.
func say(text: String) -> void:
	var line := Line.new()
	line.sender = settings.username
	line.text = text
	line.is_own = true
	line.fate = Line.Fate.UNANSWERED
	line.sent_at_ms = floori(Time.get_unix_time_from_system() * 1000.0)
	last_id += 1
	line.id = last_id
	if _tabs.current.slow_mode_s > 0:
		_tabs.current.may_speak_at_ms = Time.get_ticks_msec() + _tabs.current.slow_mode_s * 1000
		refresh()
	_tabs.current.chat_log.add_pending(line)
	_tabs.current.refusals.forget_hint()
	line_said.emit(text, _tabs.current.channel, line.id)


## Holds [param text] as the draft of [param tab], if that has none; returns whether it
## does.
func hold(tab: ChatTab, text: String) -> bool:
	var draft: String = _input.text if tab == _tabs.current else tab.draft
	if not draft.is_empty():
		return false
	_set_draft(tab, text)
	return true


## Keeps the text in the input as the draft of the tab in view.
func keep_draft() -> void:
	_tabs.current.draft = _input.text


## The draft of each tab that has one. The text of a line that is changed is none.
func drafts() -> Dictionary[String, String]:
	keep_draft()
	var found: Dictionary[String, String] = {}
	for tab: ChatTab in _tabs.all:
		var words: String = tab.draft if tab.edited_seq == 0 else tab.kept_draft
		if not words.is_empty():
			found[tab.channel] = words
	return found


## Before another tab comes into view.
func leave_tab() -> void:
	_was_editing = _input.is_editing()
	_input.offer([])
	keep_draft()


## The tab that has come into view has a draft of its own.
func take_draft() -> void:
	_input.hold(_tabs.current.draft)
	_refresh_edit()
	refresh()


## The player, who was typing before the tab changed, types on.
func type_on() -> void:
	if _was_editing:
		_input.edit()


## Takes [param line] into the input, to be changed.
func begin_edit(line: Line) -> void:
	var tab: ChatTab = _tabs.current
	if tab.edited_seq == 0:
		tab.kept_draft = _input.text
	tab.edited_seq = line.seq
	_input.hold(line.text)
	_refresh_edit()
	_input.edit()


## Takes the line out that is changed in [param tab], if there is one. The draft
## from before comes back.
func end_edit(tab: ChatTab) -> void:
	if tab.edited_seq == 0:
		return
	tab.edited_seq = 0
	if tab == _tabs.current:
		_refresh_edit()
	_set_draft(tab, tab.kept_draft)


## The line that is changed in [param tab] is gone. The text it was to have stays, behind
## what was there before.
func give_up_edit(tab: ChatTab) -> void:
	if tab.edited_seq == 0:
		return
	var words: String = _input.text if tab == _tabs.current else tab.draft
	end_edit(tab)
	if not words.is_empty() and words != tab.kept_draft:
		_set_draft(tab, (tab.kept_draft + " " + words).strip_edges())
	keep_draft()


## Shows how long the text is, and whether it can be sent.
func refresh() -> void:
	var limit: int = settings.line_max_length
	var length: int = _input.text.strip_edges().length()
	var too_long: bool = length > limit
	var room: int = limit * _TYPING_ROOM
	if _input.max_length != room:
		# Only then: it sets the text anew, and the caret to its start.
		_input.max_length = room
		_input.caret_column = _input.text.length()
	_counter.visible = length >= limit * _COUNTER_FROM
	_counter.text = "%d/%d" % [length, limit]
	_counter.theme_type_variation = &"StatusError" if too_long else &"MutedLabel"
	_show_wait()
	_send.disabled = too_long or not can_send() or _shown_wait > 0
	_send.tooltip_text = "" if can_send() else _offline_text
	if _shown_wait > 0:
		_send.tooltip_text = tr("Slow mode: one message in %d seconds") % _tabs.current.slow_mode_s
	if too_long:
		_send.tooltip_text = tr("At most %d characters fit in a line") % limit
	_input.placeholder_text = "Say something"
	if not _online:
		_input.placeholder_text = (
			"Offline: what you send waits" if _lines_can_wait else "Offline: write now, send later"
		)


# The button counts down while the player waits for their turn. It stays as wide as it was.
func _show_wait() -> void:
	var was_waiting: bool = _shown_wait > 0
	_shown_wait = _tabs.current.seconds_to_wait()
	var is_waiting: bool = _shown_wait > 0
	set_process(is_waiting)
	if is_waiting:
		if not was_waiting:
			_send.custom_minimum_size.x = _send.size.x
			_send.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
		_send.text = _in_clock(_shown_wait)
	elif was_waiting:
		_send.custom_minimum_size.x = 0.0
		_send.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_INHERIT
		_send.text = "Send"


# "12", "3:05", "1:00:00".
func _in_clock(seconds: int) -> String:
	if seconds < 60:
		return str(seconds)
	var minutes: int = floori(seconds / 60.0)
	if minutes < 60:
		return "%d:%02d" % [minutes, seconds % 60]
	return "%d:%02d:%02d" % [floori(minutes / 60.0), minutes % 60, seconds % 60]


func _set_draft(tab: ChatTab, text: String) -> void:
	if tab == _tabs.current:
		_input.hold(text)
	else:
		tab.draft = text


func _refresh_edit() -> void:
	_input.holds_edit = _tabs.current.edited_seq > 0
	_edit_strip.visible = _input.holds_edit


func _submit() -> void:
	var text: String = _input.said()
	if not text.is_empty():
		_send_or_hint(text)
	_input.edit()


func _send_or_hint(text: String) -> void:
	var tab: ChatTab = _tabs.current
	var waiting: int = tab.chat_log.pending_count() + tab.refusals.refused.size()
	if not can_send():
		tab.refusals.hint(
			func() -> String: return tr("Not sent: you are offline. Your text stays here."), true
		)
	elif text.length() > settings.line_max_length:
		tab.refusals.hint(
			func() -> String:
				return (
					tr("Not sent: at most %d characters fit in a line") % settings.line_max_length
				)
		)
	elif tab.edited_seq > 0:
		_submit_edit(text)
	elif settings.takes_commands and ChatInput.is_command(text):
		_empty_input()
		tab.refusals.forget_hint()
		# What it does is told at the end.
		tab.chat_log.scroll_to_end()
		command_entered.emit(text, tab.channel)
	elif tab.seconds_to_wait() > 0:
		tab.refusals.hint(
			func() -> String:
				return (
					tr("Not sent: slow mode, one message in %d seconds. Your text stays here.")
					% tab.slow_mode_s
				)
		)
	elif waiting >= settings.max_unanswered:
		tab.refusals.hint(
			func() -> String:
				return tr("Not sent: too many messages wait for an answer. Your text stays here.")
		)
	else:
		_empty_input()
		say(text)


func _empty_input() -> void:
	_input.offer([])
	_input.hold("")


func _submit_edit(text: String) -> void:
	var tab: ChatTab = _tabs.current
	var seq: int = tab.edited_seq
	var line: Line = tab.chat_log.line_with(seq)
	end_edit(tab)
	tab.refusals.forget_hint()
	if line == null or line.text != text:
		edit_requested.emit(tab.channel, seq, text)


func _on_button_send_pressed() -> void:
	_submit()


func _on_button_cancel_edit_pressed() -> void:
	end_edit(_tabs.current)
	_input.edit()


func _on_line_edit_text_change_rejected(_rejected: String) -> void:
	_tabs.current.refusals.hint(
		func() -> String: return tr("That was too much text, the end of it was left out")
	)
