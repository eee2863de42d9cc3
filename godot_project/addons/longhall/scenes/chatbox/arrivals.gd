extends Node
## What arrives in a [Chatbox], line by line or in pages of older ones, and goes into the
## log it belongs to.

## A line has come in which somebody else mentions this player's name.
signal mentioned(sender: String, text: String)

const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const Line := preload("chat_line.gd")
const Reading := preload("reading.gd")
const Settings := preload("chat_settings.gd")

## What the chatbox is set to.
var settings: Settings

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _reading: Reading = %Reading


## Adds what somebody said, see [method Chatbox.show_line].
func add_line(channel: String, sender: String, text: String, sent_at_ms: int, seq: int) -> void:
	var tab: ChatTab = _tabs.of(channel)
	var line: Line = _line_of(sender, text, sent_at_ms, seq)
	_show_tab(tab)
	if line.is_own:
		tab.chat_log.add_echo(line)
		return
	tab.remember_name(sender)
	line.is_mention = settings.highlight_mentions and settings.mentions_me(text)
	var is_new: bool = seq == 0 or seq > tab.chat_log.read_seq
	if line.is_mention and is_new and not _reading.is_watched(tab):
		tab.has_mention = true
	tab.chat_log.add_line(line)
	if line.is_mention and is_new:
		mentioned.emit(sender, text)


## Adds what the game itself said, see [method Chatbox.show_system_line].
func add_system_line(channel: String, text: String, sent_at_ms: int, seq: int) -> void:
	var tab: ChatTab = _tabs.of(channel)
	_show_tab(tab)
	var line: Line = _line_of("", text, sent_at_ms, seq)
	line.is_own = false
	line.is_system = true
	tab.chat_log.add_line(line)


## Adds a page of older lines, see [method Chatbox.show_history].
func add_page(channel: String, lines: Array[Dictionary], more: bool) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab == null:
		tab = _tabs.of(channel)
		# Old whispers alone are no reason for a tab.
		tab.is_open = not tab.is_whispers()
	var shown: Array[Line] = []
	var from_seq: int = 0
	for told: Dictionary in lines:
		var seq: int = told["seq"]
		if from_seq == 0:
			from_seq = seq
		if not told.get("hidden", false):
			shown.append(_told_line(told, seq))
	tab.chat_log.add_page(shown, more, from_seq)


## Adds a line that nobody said. As an [param aside] it is missed by nobody who does not
## see it.
func add_notice(tab: ChatTab, text: String, aside: bool) -> void:
	var line := Line.new()
	line.text = text
	line.kind = Line.Kind.NOTICE
	tab.chat_log.add_notice(line, aside)


# A line changes nothing in the row for who is looking at it.
func _show_tab(tab: ChatTab) -> void:
	if not (tab.is_open and _reading.is_watched(tab)):
		tab.is_open = true
		_tabs.is_stale = true


func _told_line(told: Dictionary, seq: int) -> Line:
	var sent_at_ms: int = told["sent_at_ms"]
	var line: Line = _line_of(str(told["sender"]), str(told["text"]), sent_at_ms, seq)
	line.is_deleted = told.get("deleted", false)
	line.is_system = told.get("system", false)
	line.is_edited = told.get("edited_at_ms", 0) > 0
	line.is_own = line.is_own and not line.is_system
	var may_mention: bool = settings.highlight_mentions and not (line.is_own or line.is_system)
	line.is_mention = may_mention and settings.mentions_me(line.text)
	return line


func _line_of(sender: String, text: String, sent_at_ms: int, seq: int) -> Line:
	var line := Line.new()
	line.sender = sender
	line.text = text
	line.sent_at_ms = sent_at_ms
	line.seq = seq
	line.is_own = settings.is_me(sender)
	return line
