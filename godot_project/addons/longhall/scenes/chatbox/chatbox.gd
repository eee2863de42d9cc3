class_name Chatbox
extends Control
## Shows what players say and takes what this player types.
##
## Knows no network. It emits [signal message_sent], and the parent answers each
## one with [method line_accepted] or [method line_denied], in order; lines to
## show arrive through [method show_line]. Whatever people type is shown as the
## plain text it is, never as BBCode.

## The player sent a line. It stays unanswered until [method line_accepted] or
## [method line_denied] is called.
signal message_sent(text: String)
## The player wants to log out.
signal logout_requested

## Unicode's FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: right-to-left text
## between them cannot turn around what stands beside it.
const _ISOLATE: String = "\u2068"
const _POP_ISOLATE: String = "\u2069"

## Denials after which the line may have been said nevertheless.
const _UNCERTAIN_CODES: Array[String] = ["connection_lost", "timed_out"]

## Part of the limit at which the counter appears.
const _COUNTER_FROM: float = 0.8
## Typing goes on beyond the limit, so that a pasted text can be shortened
## instead of being cut; this many times the limit is enough.
const _TYPING_ROOM: int = 4
## Pixels from the end at which the reader counts as being at the end.
const _END_TOLERANCE: float = 4.0
## Lines that leave one by one in a frame; for more it is quicker to write all anew.
const _REWRITE_FROM: int = 16
const _SECONDS_PER_MINUTE: int = 60

static var _placeholder: RegEx = RegEx.create_from_string("\\{sender\\}|\\{text\\}")
# Characters that would end the line.
static var _breaking: RegEx = RegEx.create_from_string(
	"[\\x{0}-\\x{1F}\\x{7F}-\\x{9F}\\x{2028}\\x{2029}]"
)
# Characters that turn the direction of all that follows.
static var _turning: RegEx = RegEx.create_from_string(
	"[\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}\\x{FFF9}-\\x{FFFB}]"
)

## How a line reads. [code]{sender}[/code] and [code]{text}[/code] stand for what
## arrived, all else is shown as it is.
@export var line_format: String = '{sender} says: "{text}"'

## Whether lines begin with the local time at which they were sent.
@export var show_timestamps: bool = false

## Lines kept; the oldest leave first.
@export_range(10, 10000, 1, "or_greater") var max_lines: int = 500

## Characters one line may have.
@export_range(1, 2000, 1, "or_greater") var line_max_length: int = 500:
	set(value):
		line_max_length = value
		if is_node_ready():
			_refresh_input()

## Colours for the names of other players; each name always gets the same one.
@export var sender_colors: PackedColorArray = [
	Color("#8fd0ff"),
	Color("#a3d98a"),
	Color("#ffa98f"),
	Color("#d8b4fe"),
	Color("#7fe0d0"),
	Color("#ffb3d1"),
	Color("#c7d46b"),
	Color("#b0c4ff"),
	Color("#ffc37a"),
	Color("#9fe3b0"),
	Color("#e8a6f0"),
	Color("#d9c5a0"),
]

## The name of this player: shown in the header, and tells own lines apart.
var username: String = "":
	set(value):
		username = value
		if is_node_ready():
			_refresh_header()

## What the player has typed and not sent.
var draft: String:
	get:
		return _input.text
	set(value):
		_input.text = value
		_input.caret_column = value.length()
		_refresh_input()

var _online: bool = true
var _following: bool = true
var _has_unseen: bool = false
var _lines: Array[Line] = []
var _written: int = 0
var _flush_queued: bool = false
var _unanswered: Array[String] = []
var _refused: Array[String] = []
var _offline_text: String = ""

@onready var _you: Label = %Label_You
@onready var _banner: PanelContainer = %Banner
@onready var _banner_text: Label = %Label_Banner
@onready var _log: RichTextLabel = %ChatLog
@onready var _scroll: VScrollBar = _log.get_v_scroll_bar()
@onready var _new_messages: Button = %Button_NewMessages
@onready var _refusal: PanelContainer = %Refusal
@onready var _refusal_text: Label = %Label_Refusal
@onready var _restore: Button = %Button_Restore
@onready var _input: LineEdit = %LineEdit
@onready var _counter: Label = %Label_Counter
@onready var _send: Button = %Button_Send


func _ready() -> void:
	_scroll.value_changed.connect(_on_scroll_value_changed)
	_refresh_header()
	_refresh_banner()
	_refresh_input()
	_input.edit()


func _unhandled_key_input(event: InputEvent) -> void:
	var nobody_has_focus: bool = get_viewport().gui_get_focus_owner() == null
	if nobody_has_focus and is_visible_in_tree() and event.is_action_pressed(&"ui_text_submit"):
		_input.edit()
		accept_event()


## Adds what [param sender] said at [param sent_at_ms] (milliseconds since 1970, UTC).
func show_line(sender: String, text: String, sent_at_ms: int) -> void:
	var line := Line.new()
	line.sender = sender
	line.text = text
	line.sent_at_ms = sent_at_ms
	_keep(line)


## Adds a line that nobody said: a welcome, "Reconnected".
func show_notice(text: String) -> void:
	var line := Line.new()
	line.text = text
	line.is_notice = true
	_keep(line)


## Tells that the oldest unanswered line was taken.
func line_accepted() -> void:
	_unanswered.pop_front()


## Tells that the oldest unanswered line was refused, and why: the translation
## of [param code] if the game has one, else [param reason]. Its text comes back
## as the draft, or waits beside it when the player has typed on.
func line_denied(code: String, reason: String) -> void:
	var translated: String = tr(code)
	var why: String = reason if translated == code else translated
	var text: String = "" if _unanswered.is_empty() else _unanswered.pop_front()
	if not text.is_empty():
		if _input.text.is_empty():
			draft = text
		else:
			_refused.append(text)
	if code in _UNCERTAIN_CODES:
		_show_refusal(tr("Perhaps not sent: %s") % why)
	else:
		_show_refusal(tr("Not sent: %s") % why)


## Whether lines can be sent now. While they cannot, [param text] says why; the
## draft stays and can be edited.
func set_online(online: bool, text: String = "") -> void:
	_online = online
	_offline_text = text
	_refresh_banner()
	_refresh_input()


## All that the player typed and nobody has taken: refused lines, unanswered
## ones and the draft.
func unsent_text() -> String:
	var texts: Array[String] = []
	texts.append_array(_refused)
	texts.append_array(_unanswered)
	texts.append(_input.text)
	return " ".join(texts.filter(func(text: String) -> bool: return not text.is_empty()))


## Lines kept, notices included.
func line_count() -> int:
	return mini(_lines.size(), max_lines)


func _keep(line: Line) -> void:
	_lines.append(line)
	if not _following:
		_has_unseen = true
		_refresh_new_messages()
	if not _flush_queued:
		_flush_queued = true
		_flush.call_deferred()


# Once per frame, because a burst may bring more lines than are ever kept.
func _flush() -> void:
	_flush_queued = false
	var excess: int = maxi(_lines.size() - max_lines, 0)
	if excess == 0:
		_write_rest()
		return
	_lines = _lines.slice(excess)
	var follows: bool = _following
	var place: float = _scroll.value
	if not follows:
		# What the reader looks at stays where it is, as long as it is there.
		place -= _log.get_paragraph_offset(maxi(mini(excess, _written - 1), 0))
	if excess > _REWRITE_FROM:
		_log.clear()
		_written = 0
	else:
		for i: int in mini(excess, _written):
			_log.remove_paragraph(0, true)
		_written = maxi(_written - excess, 0)
	_write_rest()
	if not follows:
		# Asking for the height makes the log measure itself before it scrolls.
		_log.get_content_height()
		_scroll.value = place
	_following = follows


func _write_rest() -> void:
	for i: int in range(_written, _lines.size()):
		if i > 0:
			_log.newline()
		if _lines[i].is_notice:
			_write_notice(_lines[i])
		else:
			_write(_lines[i])
	_written = _lines.size()


func _write_notice(line: Line) -> void:
	_log.push_italics()
	_add(_isolated(line.text), get_theme_color(&"notice_color", &"Chatbox"))
	_log.pop()


func _write(line: Line) -> void:
	var own: bool = line.sender == username and not username.is_empty()
	if own:
		_log.push_bgcolor(get_theme_color(&"own_background_color", &"Chatbox"))
	if show_timestamps:
		_add(_clock(line.sent_at_ms) + "  ", get_theme_color(&"time_color", &"Chatbox"))
	for part: String in _format_parts(tr(line_format)):
		match part:
			"{sender}":
				_log.push_bold()
				_add(_isolated(line.sender), _name_color(line.sender, own))
				_log.pop()
			"{text}":
				_add(_isolated(line.text), _text_color(own))
			_:
				_add(part, _text_color(own))
	if own:
		_log.pop()


# Splits "{sender}: {text}" into "{sender}", ": " and "{text}".
func _format_parts(format: String) -> PackedStringArray:
	var parts: PackedStringArray = []
	var from: int = 0
	for found: RegExMatch in _placeholder.search_all(format):
		parts.append(format.substr(from, found.get_start() - from))
		parts.append(found.get_string())
		from = found.get_end()
	parts.append(format.substr(from))
	return parts


func _add(text: String, color: Color) -> void:
	_log.push_color(color)
	_log.add_text(text)
	_log.pop()


func _isolated(text: String) -> String:
	return _ISOLATE + _turning.sub(_breaking.sub(text, " ", true), "", true) + _POP_ISOLATE


func _name_color(sender: String, own: bool) -> Color:
	if own or sender_colors.is_empty():
		return get_theme_color(&"own_name_color", &"Chatbox")
	return sender_colors[sender.hash() % sender_colors.size()]


func _text_color(own: bool) -> Color:
	if own:
		return get_theme_color(&"own_text_color", &"Chatbox")
	return _log.get_theme_color(&"default_color")


func _clock(sent_at_ms: int) -> String:
	var bias_minutes: int = Time.get_time_zone_from_system()["bias"]
	var bias: int = bias_minutes * _SECONDS_PER_MINUTE
	var sent_at: int = floori(sent_at_ms / 1000.0) + bias
	var now: int = floori(Time.get_unix_time_from_system()) + bias
	var clock: String = Time.get_time_string_from_unix_time(sent_at).left(5)
	var day: String = Time.get_date_string_from_unix_time(sent_at)
	if day == Time.get_date_string_from_unix_time(now):
		return clock
	return day + " " + clock


func _is_at_end() -> bool:
	return _scroll.value + _scroll.page >= _scroll.max_value - _END_TOLERANCE


func _scroll_by_pages(pages: float) -> void:
	_scroll.value += pages * _scroll.page * 0.9


func _submit() -> void:
	var text: String = _input.text.strip_edges()
	if text.is_empty():
		_input.edit()
		return
	if not _online:
		_show_refusal(tr("Not sent: you are offline. Your text stays here."))
	elif text.length() > line_max_length:
		_show_refusal(tr("Not sent: at most %d characters fit in a line") % line_max_length)
	else:
		_input.clear()
		_unanswered.append(text)
		if _refused.is_empty():
			_refusal.hide()
		_refresh_input()
		message_sent.emit(text)
	_input.edit()


func _show_refusal(text: String) -> void:
	if not _refused.is_empty():
		text += "\n“%s”" % _refused[0]
		if _refused.size() > 1:
			text += " (+%d)" % (_refused.size() - 1)
	_refusal_text.text = text
	_restore.visible = not _refused.is_empty()
	_refusal.show()


func _refresh_header() -> void:
	_you.text = username


func _refresh_banner() -> void:
	_banner_text.text = _offline_text
	_banner.visible = not _online


func _refresh_input() -> void:
	var length: int = _input.text.strip_edges().length()
	var too_long: bool = length > line_max_length
	var room: int = line_max_length * _TYPING_ROOM
	if _input.max_length != room:
		# Only then: it sets the text anew, and the caret to its start.
		_input.max_length = room
		_input.caret_column = _input.text.length()
	_counter.visible = length >= line_max_length * _COUNTER_FROM
	_counter.text = "%d/%d" % [length, line_max_length]
	_counter.theme_type_variation = &"StatusError" if too_long else &"MutedLabel"
	_send.disabled = too_long or not _online
	_send.tooltip_text = "" if _online else _offline_text
	if too_long:
		_send.tooltip_text = tr("At most %d characters fit in a line") % line_max_length
	if _online:
		_input.placeholder_text = tr("Say something")
	else:
		_input.placeholder_text = tr("Offline: write now, send later")


func _refresh_new_messages() -> void:
	_new_messages.visible = _has_unseen


func _on_scroll_value_changed(_value: float) -> void:
	_following = _is_at_end()
	if _following:
		_has_unseen = false
		_refresh_new_messages()


func _on_button_new_messages_pressed() -> void:
	_scroll.value = _scroll.max_value
	_input.edit()


func _on_button_restore_pressed() -> void:
	var text: String = _refused.pop_front()
	draft = text if _input.text.is_empty() else text + " " + _input.text
	if _refused.is_empty():
		_refusal.hide()
	else:
		_show_refusal(tr("Not sent:"))
	_input.edit()


func _on_button_dismiss_pressed() -> void:
	_refused.clear()
	_refusal.hide()
	_input.edit()


func _on_line_edit_text_changed(_text: String) -> void:
	_refresh_input()


func _on_line_edit_text_change_rejected(_rejected: String) -> void:
	_show_refusal(tr("That was too much text, the end of it was left out"))


func _on_line_edit_text_submitted(_text: String) -> void:
	_submit()


func _on_line_edit_gui_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		_input.release_focus()
	elif event.is_action_pressed(&"ui_page_up", true):
		_scroll_by_pages(-1.0)
	elif event.is_action_pressed(&"ui_page_down", true):
		_scroll_by_pages(1.0)
	else:
		return
	_input.accept_event()


func _on_button_send_pressed() -> void:
	_submit()


func _on_button_logout_pressed() -> void:
	logout_requested.emit()


class Line:
	extends RefCounted

	var sender: String
	var text: String
	var sent_at_ms: int
	var is_notice: bool
