class_name Chatbox
extends LonghallScreen
## Shows what players say and takes what this player types.
##
## In a scene with a [NetworkClient] it works as it is: it finds the client, says
## lines through it, and shows itself while the player is logged in or cut off.
## All that touches the client is in its child [code]Wiring[/code]; without that
## ([member wire_to_client] off) the parent does it: the chatbox emits
## [signal message_sent], the parent answers each one with [method line_accepted]
## or [method line_denied], and lines to show arrive through [method show_line].
## Whatever people type is shown as the plain text it is, never as BBCode.
## [br][br]
## It works on while the tree is paused; its [member Node.process_mode] is yours to
## change.
## [br][br]
## Its look is your game's: a [Theme] of the project, of a parent or of the chatbox
## itself is taken as far as it goes, and [code]longhall_theme.tres[/code] fills in
## the rest. What such a theme says of [code]Button[/code], [code]Label[/code],
## [code]Panel[/code] or [code]PanelContainer[/code] holds for our variations of them
## too, unless it names those: [code]PrimaryButton[/code], [code]SmallButton[/code],
## [code]HeaderBar[/code], [code]LogPanel[/code]. [code]StatusError[/code] keeps its
## colour until it is named, because that means something. The colours of lines are
## those of the type [code]Chatbox[/code], and [member sender_colors].

## The player sent a line. It stays unanswered until [method line_accepted] or
## [method line_denied] is called; [member sent_id] tells it apart from others.
signal message_sent(text: String)
## The player wants to log out.
signal logout_requested
## The player does not want to wait for the next try to connect.
signal retry_requested
## The player chose the name of somebody who said something.
signal name_clicked(username: String)
## A line has come in which somebody else mentions this player's name.
signal mentioned(sender: String, text: String)

const Line := preload("chat_line.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const RefusalStrip := preload("refusal_strip.gd")

## Denials after which the line may have been said nevertheless.
const UNCERTAIN_CODES: Array[String] = ["connection_lost", "timed_out", "cancelled"]

## Part of the limit at which the counter appears.
const _COUNTER_FROM: float = 0.8
## Typing goes on beyond the limit, so that a pasted text can be shortened
## instead of being cut; this many times the limit is enough.
const _TYPING_ROOM: int = 4
## Below this width the header has no room for more than the name.
const _NARROW: float = 440.0
## Pages by which a gamepad scrolls.
const _GAMEPAD_STEP: float = 0.3
## Names kept to choose one by keyboard.
const _NAMES_KEPT: int = 10

# What a line cannot have.
static var _line_breaks: RegEx = RegEx.create_from_string("[\\r\\n\\x{2028}\\x{2029}]+")
# The marks around what is copied from the log, which nobody can say.
static var _copied_marks: RegEx = RegEx.create_from_string("[\\x{2066}-\\x{2069}]")

@export_group("Look")

## Your game's sign in the header, instead of the hall. Colours and sizes of the rest
## come from a [Theme].
@export var icon: Texture2D:
	set(value):
		icon = value
		if is_node_ready():
			_refresh_header()

## Whether the header is shown, with the player's name and the way out.
@export var show_header: bool = true:
	set(value):
		show_header = value
		if is_node_ready():
			_refresh_header()

@export_group("Lines")

## How a line reads. [code]{sender}[/code] and [code]{text}[/code] stand for what
## arrived, all else is shown as it is, or as its translation.
@export var line_format: String = '{sender} says: "{text}"':
	set(value):
		line_format = value
		_refresh_log()

## How a line reads that was typed as [code]/me waves[/code].
@export var action_format: String = "* {sender} {text}":
	set(value):
		action_format = value
		_refresh_log()

## Whether lines begin with the local time at which they were sent.
@export var show_timestamps: bool = false:
	set(value):
		show_timestamps = value
		_refresh_log()

## Whether lines that mention this player's name stand out, see [signal mentioned].
@export var highlight_mentions: bool = true

## Whether a name that is clicked goes into the input, as [code]@name[/code].
@export var insert_clicked_names: bool = true

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
	Color("#9fe3b0"),
	Color("#e8a6f0"),
	Color("#d9c5a0"),
]:
	set(value):
		sender_colors = value
		_refresh_log()

@export_group("Limits")

## Lines kept; the oldest leave first.
@export_range(10, 10000, 1, "or_greater") var max_lines: int = 500:
	set(value):
		max_lines = maxi(value, 1)
		_refresh_log()

## Characters one line may have.
@export_range(1, 2000, 1, "or_greater") var line_max_length: int = 500:
	set(value):
		line_max_length = maxi(value, 1)
		if is_node_ready():
			_refresh_input()

## Lines of this player that may wait for an answer or a decision; with more, no
## other can be sent.
@export_range(1, 100) var max_unanswered: int = 20:
	set(value):
		max_unanswered = maxi(value, 1)

## Time that writing lines may take in one frame. What does not fit comes in the next.
@export_range(0.1, 16.0, 0.1, "suffix:ms") var frame_budget_ms: float = 2.0:
	set(value):
		frame_budget_ms = maxf(value, 0.1)
		_refresh_log()

## The name of this player: shown in the header, and tells own lines apart.
var username: String = "":
	set(value):
		username = value
		_mention = _pattern_of(value)
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

## The number of the line that [signal message_sent] told of last.
var sent_id: int = 0

var _online: bool = true
var _offline_text: String = ""
var _can_retry: bool = false
var _mention: RegEx
var _recent_names: Array[String] = []

@onready var _header: PanelContainer = %Header
@onready var _icon: TextureRect = %Icon
@onready var _logged_in_as: Label = %Label_As
@onready var _you: Label = %Label_You
@onready var _banner: PanelContainer = %Banner
@onready var _banner_text: Label = %Label_Banner
@onready var _try_now: Button = %Button_TryNow
@onready var _log: ChatLog = %ChatLog
@onready var _new_messages: Button = %Button_NewMessages
@onready var _strip: RefusalStrip = %Refusal
@onready var _input: LineEdit = %LineEdit
@onready var _counter: Label = %Label_Counter
@onready var _send: Button = %Button_Send
@onready var _names: PopupMenu = %NamesMenu


func _enter_tree() -> void:
	LonghallText.refresh()


func _ready() -> void:
	Look.dress(self)
	_refresh_log()
	_refresh_header()
	_refresh_banner()
	_refresh_input()
	_on_resized()
	_wiring.start()
	_on_visibility_changed()


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		LonghallText.refresh()
		_refresh_input()
		_on_chat_log_unread_changed(_log.unread_count())
	elif what == NOTIFICATION_THEME_CHANGED and is_node_ready():
		Look.dress(self)


func _unhandled_key_input(event: InputEvent) -> void:
	var nobody_has_focus: bool = get_viewport().gui_get_focus_owner() == null
	if nobody_has_focus and is_visible_in_tree() and event.is_action_pressed(&"ui_text_submit"):
		_input.edit()
		accept_event()


## Adds what [param sender] said at [param sent_at_ms] (milliseconds since 1970, UTC).
## An own line takes the place of the one that waited for it.
func show_line(sender: String, text: String, sent_at_ms: int) -> void:
	var line := Line.new()
	line.sender = sender
	line.text = text
	line.sent_at_ms = sent_at_ms
	line.is_own = sender == username and not username.is_empty()
	if line.is_own:
		_log.add_echo(line)
		return
	_remember_name(sender)
	line.is_mention = highlight_mentions and mentions_me(text)
	_log.add_line(line)
	if line.is_mention:
		mentioned.emit(sender, text)


## Adds a line that nobody said: a welcome, "Reconnected". Shown in the language of
## the game, if that has it.
func show_notice(text: String) -> void:
	var line := Line.new()
	line.text = text
	line.kind = Line.Kind.NOTICE
	_log.add_line(line)


## Tells that a line was taken: the one with that [member sent_id], or the oldest
## unanswered one.
func line_accepted(id: int = 0) -> void:
	_log.set_fate(_unanswered(id), Line.Fate.ACCEPTED)


## Tells that a line was refused, and why: as [method LonghallText.of_denial] says
## it. Its text comes back as the draft, or waits beside it when the player has
## typed on. A line that may have been said nevertheless stays where it is, and can
## be sent again or dismissed.
func line_denied(
	code: String,
	reason: String,
	id: int = 0,
	field: String = "",
	limit: int = 0,
	retry_after: float = 0.0
) -> void:
	var why: Callable = func() -> String:
		return LonghallText.of_denial(code, reason, field, limit, retry_after)
	id = _unanswered(id)
	if code in UNCERTAIN_CODES:
		_log.set_fate(id, Line.Fate.UNCERTAIN)
		_strip.doubt(
			_count_uncertain(), func() -> String: return tr("Perhaps not sent: %s") % why.call()
		)
		return
	var not_sent: Callable = func() -> String: return tr("Not sent: %s") % why.call()
	var line: Line = _log.take_pending(id)
	if line != null and not _input.text.is_empty():
		_strip.refuse(line.text, not_sent)
		return
	if line != null:
		draft = line.text
	_strip.hint(not_sent)


## Tells that the connection in which lines were accepted is over: those that were
## taken, but have not come back yet, are shown as said.
func settle_accepted() -> void:
	_log.settle_accepted()


## Whether lines can be sent now. While they cannot, [param text] says why; the
## draft stays and can be edited. With [param can_retry] a button offers to try now.
func set_online(online: bool, text: String = "", can_retry: bool = false) -> void:
	_online = online
	_offline_text = text
	_can_retry = can_retry
	_refresh_banner()
	_refresh_input()
	_strip.online = online


## All that the player typed and nobody has taken: refused lines, unanswered
## ones and the draft.
func unsent_text() -> String:
	var texts: Array[String] = []
	texts.append_array(_strip.refused)
	for fate: Line.Fate in [Line.Fate.UNCERTAIN, Line.Fate.UNANSWERED]:
		for line: Line in _log.pending_with(fate):
			texts.append(line.text)
	texts.append(_input.text)
	return " ".join(texts.filter(func(text: String) -> bool: return not text.is_empty()))


## Forgets lines, names and drafts, for another player.
func reset() -> void:
	_log.forget()
	_recent_names.clear()
	_strip.reset()
	draft = ""


## Puts [param text] where the cursor is. Several lines become one, with a space
## where each of them ended.
func paste(text: String) -> void:
	if _input.has_selection():
		_input.delete_text(_input.get_selection_from_column(), _input.get_selection_to_column())
		_input.deselect()
	_input.insert_text_at_caret(_line_breaks.sub(text.strip_edges(), " ", true))
	_refresh_input()


## Lines kept, notices included.
func line_count() -> int:
	return _log.line_count()


## Whether [param text] has this player's name as a word of its own.
func mentions_me(text: String) -> bool:
	return _mention != null and _mention.search(text) != null


func _pattern_of(player: String) -> RegEx:
	if player.is_empty():
		return null
	var quoted: String = "\\Q%s\\E" % player.replace("\\E", "")
	return RegEx.create_from_string("(*UCP)(?i)(?<![\\w-])%s(?![\\w-])" % quoted)


func _remember_name(sender: String) -> void:
	_recent_names.erase(sender)
	_recent_names.push_front(sender)
	if _recent_names.size() > _NAMES_KEPT:
		_recent_names.pop_back()


func _unanswered(id: int) -> int:
	if id > 0:
		return id
	var waiting: Array[Line] = _log.pending_with(Line.Fate.UNANSWERED)
	return 0 if waiting.is_empty() else waiting[0].id


func _submit() -> void:
	var text: String = _copied_marks.sub(_input.text, "", true).strip_edges()
	if text.is_empty():
		_input.edit()
		return
	if not _online:
		_strip.hint(
			func() -> String: return tr("Not sent: you are offline. Your text stays here."), true
		)
	elif text.length() > line_max_length:
		_strip.hint(
			func() -> String:
				return tr("Not sent: at most %d characters fit in a line") % line_max_length
		)
	elif _log.pending_count() + _strip.refused.size() >= max_unanswered:
		_strip.hint(
			func() -> String:
				return tr("Not sent: too many messages wait for an answer. Your text stays here.")
		)
	else:
		_input.clear()
		_refresh_input()
		_say(text)
	_input.edit()


func _say(text: String) -> void:
	var line := Line.new()
	line.sender = username
	line.text = text
	line.is_own = true
	line.fate = Line.Fate.UNANSWERED
	line.sent_at_ms = floori(Time.get_unix_time_from_system() * 1000.0)
	sent_id += 1
	line.id = sent_id
	_log.add_pending(line)
	_strip.forget_hint()
	message_sent.emit(text)


func _count_uncertain() -> int:
	return _log.pending_with(Line.Fate.UNCERTAIN).size()


func _refresh_log() -> void:
	if _log == null:
		return
	_log.max_lines = max_lines
	_log.frame_budget_ms = frame_budget_ms
	_log.writer.line_format = line_format
	_log.writer.action_format = action_format
	_log.writer.show_timestamps = show_timestamps
	_log.writer.sender_colors = sender_colors
	_log.rewrite()


func _refresh_header() -> void:
	_header.visible = show_header
	_you.text = username
	if icon != null:
		_icon.texture = icon


func _refresh_banner() -> void:
	_banner_text.text = _offline_text
	_banner.visible = not _online
	_try_now.visible = _can_retry


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
	_input.placeholder_text = "Say something" if _online else "Offline: write now, send later"


func _clipboard_has_lines() -> bool:
	return (
		_input.is_editing()
		and DisplayServer.has_feature(DisplayServer.FEATURE_CLIPBOARD)
		and _line_breaks.search(DisplayServer.clipboard_get()) != null
	)


func _mention_in_draft(player: String) -> void:
	name_clicked.emit(player)
	if insert_clicked_names:
		_input.insert_text_at_caret("@%s " % player)
		_refresh_input()
		_input.edit()


func _choose_name() -> void:
	_names.clear()
	for player: String in _recent_names:
		_names.add_item(player)
	_names.position = Vector2i(_log.get_screen_position() + _log.size / 4.0)
	_names.popup()
	_names.set_focused_item(0)


func _on_resized() -> void:
	if is_node_ready():
		_logged_in_as.visible = size.x >= _NARROW


func _on_visibility_changed() -> void:
	if is_node_ready() and is_visible_in_tree() and focus_when_shown:
		_input.edit()


func _on_chat_log_unread_changed(count: int) -> void:
	_new_messages.visible = count > 0
	_new_messages.text = tr_n("%d new message", "%d new messages", count) % count


func _on_chat_log_name_clicked(player: String) -> void:
	_mention_in_draft(player)


func _on_chat_log_gui_input(event: InputEvent) -> void:
	# Keys scroll by themselves. A gamepad scrolls until the end, and then leaves.
	if event.is_action_pressed(&"ui_accept") and not _recent_names.is_empty():
		_choose_name()
	elif event is InputEventKey:
		return
	elif event.is_action_pressed(&"ui_up", true) and not _log.is_at_start():
		_log.scroll_by_pages(-_GAMEPAD_STEP)
	elif event.is_action_pressed(&"ui_down", true) and not _log.is_at_end():
		_log.scroll_by_pages(_GAMEPAD_STEP)
	else:
		return
	_log.accept_event()


func _on_names_menu_index_pressed(index: int) -> void:
	_mention_in_draft(_names.get_item_text(index))


func _on_button_new_messages_pressed() -> void:
	_log.scroll_to_end()
	_input.edit()


func _on_button_try_now_pressed() -> void:
	retry_requested.emit()


func _on_refusal_edit_requested(text: String) -> void:
	draft = text if _input.text.is_empty() else text + " " + _input.text
	_input.edit()


func _on_refusal_send_again_requested() -> void:
	var line: Line = _log.pending_with(Line.Fate.UNCERTAIN)[0]
	_log.take_pending(line.id)
	_strip.uncertain = _count_uncertain()
	_say(line.text)
	_input.edit()


func _on_refusal_dismissed() -> void:
	for line: Line in _log.pending_with(Line.Fate.UNCERTAIN):
		_log.take_pending(line.id)
	_input.edit()


func _on_line_edit_text_changed(_text: String) -> void:
	_refresh_input()


func _on_line_edit_text_change_rejected(_rejected: String) -> void:
	_strip.hint(func() -> String: return tr("That was too much text, the end of it was left out"))


func _on_line_edit_text_submitted(_text: String) -> void:
	_submit()


func _on_line_edit_gui_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		_input.release_focus()
	elif event.is_action_pressed(&"ui_page_up", true):
		_log.scroll_by_pages(-1.0)
	elif event.is_action_pressed(&"ui_page_down", true):
		_log.scroll_by_pages(1.0)
	elif event.is_action_pressed(&"ui_paste", true) and _clipboard_has_lines():
		# The engine would put nothing between them.
		paste(DisplayServer.clipboard_get())
	else:
		return
	_input.accept_event()


func _on_button_send_pressed() -> void:
	_submit()


func _on_button_logout_pressed() -> void:
	logout_requested.emit()
