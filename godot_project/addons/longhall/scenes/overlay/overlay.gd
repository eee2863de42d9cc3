class_name ChatOverlay
extends LonghallScreen
## A chat over a running game: lines that come and fade, and an input when the player wants
## to say something.
##
## In a scene with a [NetworkClient] it works as it is: it is there while the player is logged
## in, shows what is said in one [member channel], whispers and what the server refuses, and
## goes away after [member fade_after] seconds of silence. Enter begins to type, Enter says
## the line, and Enter on nothing or Escape gives the keys back to the game.
## [br][br]
## While the player types, the keys are the overlay's: no node's
## [method Node._unhandled_input] gets them, and no action of the game is pressed by them,
## so that [code]Input.is_action_pressed("jump")[/code] stays false. A captured mouse is let
## go, and captured again afterwards. Only who asks for keys and not for actions, by
## [method Node._input] or [method Input.is_key_pressed], has to look at [member is_typing]
## first. Where nothing is drawn, and always while the player does not type, the mouse goes
## through to the game.
## [br][br]
## It works on while the tree is paused; its [member Node.process_mode] is yours to change.
## Its look is your game's, as with the [Chatbox]. Each letter has an outline in the
## colour of the ground behind it, so that it can be read in front of anything.
## [br][br]
## Without a client ([member LonghallScreen.wire_to_client] off) the parent does it: it answers
## each [signal message_sent] with [method line_accepted] or [method line_denied], and lines
## to show arrive through [method show_line].

# The file is long because it is all that a game sees of the overlay, with its words: the work
# is done by the parts beside this file.

## The player has begun to type, or is done with it.
signal typing_changed(is_typing: bool)
## The player said a line in [param channel]. It stays unanswered until
## [method line_accepted] or [method line_denied] is called with [member sent_id].
signal message_sent(text: String, channel: String)
## The player entered a command, such as [code]/who[/code]. The parent does it, or calls
## [method command_denied].
signal command_entered(text: String, channel: String)
## The input begins with [param text]: what it could become is told by
## [method set_completions].
signal completion_requested(text: String)
## Line [param seq] of [param channel] has come into sight.
signal read(channel: String, seq: int)

## Where in its rectangle the overlay is.
enum Place {
	## Below, on the left.
	BOTTOM_LEFT,
	## Below, on the right.
	BOTTOM_RIGHT,
	## Above, on the left.
	TOP_LEFT,
	## Above, on the right.
	TOP_RIGHT,
}
## When there is a button to begin with.
enum ButtonShown {
	## Where there is a touch screen.
	ON_TOUCH_SCREENS,
	## On every device.
	ALWAYS,
	## On none.
	NEVER,
}

const Fading := preload("fading.gd")
const Line := preload("overlay_line.gd")
const Lines := preload("overlay_lines.gd")
const LineWriter := preload("res://addons/longhall/scenes/chatbox/chat_line_writer.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const OverlayBox := preload("overlay_box.gd")
const OverlayInput := preload("overlay_input.gd")
const OverlayLog := preload("overlay_log.gd")
const TypingMode := preload("typing_mode.gd")

const _NAMES_KEPT: int = 10

@export_group("Chat")

## The channel that is shown, and in which the player speaks; the lobby if empty.
@export var channel: String = "":
	set(value):
		channel = value
		if is_node_ready():
			_refresh_target()

## Whether lines of the player's other channels are shown too, with their channel in front.
@export var show_all_channels: bool = false

## Whether the overlay begins with what was said before the player came.
@export var show_earlier_lines: bool = true

## Whether what the player says shows the local time at which it was sent.
@export var show_timestamps: bool = false:
	set(value):
		show_timestamps = value
		_refresh_lines()

## How a line reads, see [member Chatbox.line_format].
@export_custom(PROPERTY_HINT_ENUM_SUGGESTION, '{sender}: {text},{sender} says: "{text}"')
var line_format: String = "{sender}: {text}":
	set(value):
		line_format = value
		_refresh_lines()

## How a line reads that was typed as [code]/me waves[/code].
@export var action_format: String = "* {sender} {text}":
	set(value):
		action_format = value
		_refresh_lines()

## Lines that are shown at once; with a longer text, or little room, fewer of them.
## While the player types, the last 50 can be scrolled to.
@export_range(1, 50) var max_lines: int = 8:
	set(value):
		max_lines = clampi(value, 1, Lines.MOST)
		_refresh_lines()

## Characters one line may have.
@export_range(1, 2000, 1, "or_greater") var line_max_length: int = 500:
	set(value):
		line_max_length = maxi(value, 1)
		if is_node_ready():
			_input_line.max_length = line_max_length

@export_group("Typing")

## The action of the input map that begins: [code]ui_text_submit[/code] is Enter. Nothing
## begins when it is empty: call [method start_typing].
@export_custom(PROPERTY_HINT_INPUT_NAME, "show_builtin,loose_mode")
var start_action: StringName = &"ui_text_submit"

## When there is a button to begin with, for who has no keyboard.
@export var start_button: ButtonShown = ButtonShown.ON_TOUCH_SCREENS:
	set(value):
		start_button = value
		if is_node_ready():
			_refresh_shown()

## Whether keys mean no action of the game while the player types. Off, a game that asks
## [method Input.is_action_pressed] hears of each letter.
@export var silence_actions: bool = true:
	set(value):
		silence_actions = value
		if is_node_ready():
			_typing.silences_actions = value

## Whether a mouse that the game has captured or hidden is let go while the player types.
@export var free_mouse: bool = true:
	set(value):
		free_mouse = value
		if is_node_ready():
			_typing.frees_mouse = value

@export_group("Look")

## Seconds of silence after which the lines fade; 0 if they stay.
@export_range(0.0, 60.0, 0.5, "or_greater", "suffix:s") var fade_after: float = 8.0:
	set(value):
		fade_after = maxf(value, 0.0)
		_fading.after = fade_after
		_refresh_fade()

## Seconds that the fading takes; 0 if they are gone at once.
@export_range(0.0, 10.0, 0.1, "or_greater", "suffix:s") var fade_seconds: float = 1.0:
	set(value):
		fade_seconds = maxf(value, 0.0)
		_fading.seconds = fade_seconds

## How much of the ground there is behind the lines: 0 for letters alone, 1 for a panel that
## nothing is seen through.
@export_range(0.0, 1.0, 0.05) var background_strength: float = 0.65:
	set(value):
		background_strength = clampf(value, 0.0, 1.0)
		if is_node_ready():
			_box.dress(background_strength, is_typing)

## The corner of its rectangle in which the overlay is.
@export var corner: Place = Place.BOTTOM_LEFT:
	set(value):
		corner = value
		_arrange()

## The greatest width, in pixels.
@export_range(120.0, 2000.0, 1.0, "or_greater", "suffix:px") var max_width: float = 460.0:
	set(value):
		max_width = value
		_arrange()

## The greatest height of the lines, in pixels; never more than half of the overlay's own.
@export_range(40.0, 2000.0, 1.0, "or_greater", "suffix:px") var max_height: float = 220.0:
	set(value):
		max_height = value
		_arrange()

## Colours for the names of other players; each name always gets the same one.
@export var sender_colors: PackedColorArray = PackedColorArray(LineWriter.SENDER_COLORS):
	set(value):
		sender_colors = value
		_refresh_lines()

## Whether the player types now.
var is_typing: bool:
	get:
		return is_node_ready() and _typing.is_on

## The name of this player, by which own lines are told apart.
var username: String = ""

## The channel that is meant by an empty [member channel].
var lobby: String = "lobby":
	set(value):
		lobby = value
		if is_node_ready():
			_refresh_target()

## The number of the line that [signal message_sent] told of last.
var sent_id: int = 0

## What the player has typed and not said. It stays until they say it.
var draft: String:
	get:
		return _input_line.text
	set(value):
		_input_line.hold(value)

var _fading := Fading.new()
var _lines := Lines.new()
var _is_online: bool = true
var _recent_names: Array[String] = []
# Whether the player's window is the one in use, and the newest lines that came when not.
var _is_in_use: bool = true
var _unseen: Dictionary[String, int] = {}
var _focus_before: Control

@onready var _typing: TypingMode = %Typing
@onready var _box: OverlayBox = %Margins
@onready var _panel: PanelContainer = %Panel
@onready var _log: OverlayLog = %Log
@onready var _target: Label = %Label_Channel
@onready var _input_line: OverlayInput = %LineEdit
@onready var _button: Button = %Button_Type


func _enter_tree() -> void:
	LonghallText.refresh()


func _ready() -> void:
	_lines.changed.connect(_on_lines_changed)
	_input_line.completions = %Completions
	_input_line.takes_commands = true
	_input_line.names = func() -> Array[String]: return _recent_names
	_input_line.max_length = line_max_length
	_typing.silences_actions = silence_actions
	_typing.frees_mouse = free_mouse
	_dress()
	_refresh_target()
	_refresh_lines()
	_arrange()
	_refresh_shown()
	if not start_action.is_empty() and not InputMap.has_action(start_action):
		push_warning("%s: the input map has no action %s" % [get_path(), start_action])
	_start()


func _process(delta: float) -> void:
	let_pass(delta)


func _notification(what: int) -> void:
	match what:
		NOTIFICATION_RESIZED when is_node_ready():
			_arrange()
		NOTIFICATION_THEME_CHANGED when is_node_ready():
			_dress()
		NOTIFICATION_TRANSLATION_CHANGED when is_node_ready():
			LonghallText.refresh()
		NOTIFICATION_WM_WINDOW_FOCUS_IN when is_node_ready():
			_is_in_use = true
			_note_what_is_seen()
		NOTIFICATION_WM_WINDOW_FOCUS_OUT when is_node_ready():
			_is_in_use = false
		NOTIFICATION_VISIBILITY_CHANGED when is_node_ready() and not is_visible_in_tree():
			stop_typing()


func _input(event: InputEvent) -> void:
	var click := event as InputEventMouseButton
	if click == null or not click.pressed or not is_typing:
		return
	# A click beside it is the game's, and so are the keys from then on.
	for part: Control in [_panel, _input_line.completions]:
		var local: InputEventMouseButton = part.make_input_local(click)
		if part.visible and Rect2(Vector2.ZERO, part.size).has_point(local.position):
			return
	stop_typing()


# After the user interface, and before the game.
func _shortcut_input(event: InputEvent) -> void:
	if is_typing or not is_visible_in_tree() or not InputMap.has_action(start_action):
		return
	# A button of the game is pressed by Enter, too, and does not say that it has taken it.
	var is_taken: bool = (
		get_viewport().gui_get_focus_owner() != null and event.is_action(&"ui_accept")
	)
	if not is_taken and event.is_action_pressed(start_action, false, true):
		_begin(event)
		get_viewport().set_input_as_handled()


# Typing.


## Begins to type, with [param text] in the input if it is empty.
func start_typing(text: String = "") -> void:
	if draft.is_empty():
		draft = text
	_begin()


## Ends it. What was typed stays for the next time.
func stop_typing() -> void:
	if not is_typing:
		return
	_typing.end()
	_input_line.offer([])
	_input_line.release_focus()
	# Where the keys went before, such as to a button of the game.
	if is_instance_valid(_focus_before) and _focus_before.is_visible_in_tree():
		_focus_before.grab_focus()
	_focus_before = null
	_fading.wake()
	_refresh_shown()
	typing_changed.emit(false)


## Shows the lines there are again, as if one had just come.
func wake() -> void:
	_fading.wake()
	_refresh_fade()


## Lets so many [param seconds] of silence pass. The overlay does so by itself in each frame.
func let_pass(seconds: float) -> void:
	_fading.let_pass(seconds)
	_refresh_fade()


# What happens.


## Shows what [param sender] said. [param seq] is the line's number in [param in_channel], 0 if
## it has none.
func show_line(
	in_channel: String, sender: String, text: String, sent_at_ms: int, seq: int = 0
) -> void:
	if not shows(in_channel):
		return
	var line: Line = _line_of(in_channel, sender, text, sent_at_ms, seq)
	if not line.is_own:
		_recent_names.erase(sender)
		_recent_names.push_front(sender)
		_recent_names.resize(mini(_recent_names.size(), _NAMES_KEPT))
	_add_line(line)


## Shows what the game itself said, unlike any player's line and without a name. [param seq] is
## the line's number in [param in_channel], 0 if it has none.
func show_system_line(in_channel: String, text: String, sent_at_ms: int, seq: int = 0) -> void:
	if not shows(in_channel):
		return
	var line: Line = _line_of(in_channel, "", text, sent_at_ms, seq)
	line.is_system = true
	_add_line(line)


## Shows [param lines] that were said before those that are shown, the oldest first, each with
## [code]{seq, sender, text, sent_at_ms}[/code]; see [signal NetworkClient.history_received].
func show_earlier(in_channel: String, lines: Array[Dictionary]) -> void:
	if in_channel != target() or not show_earlier_lines or lines.is_empty():
		return
	var page: Array[Line] = []
	for told: Dictionary in lines:
		if told.get("hidden", false):
			continue
		var at: int = told["sent_at_ms"]
		var seq: int = told["seq"]
		var line: Line = _line_of(in_channel, str(told["sender"]), str(told["text"]), at, seq)
		line.is_deleted = told.get("deleted", false)
		line.is_system = told.get("system", false)
		line.is_edited = told.get("edited_at_ms", 0) > 0
		page.append(line)
	_fading.wake()
	_lines.add_older(in_channel, page)


## The line [param seq] reads [param text] from now on.
func edit_line(in_channel: String, seq: int, text: String) -> void:
	var line: Line = _lines.with_seq(in_channel, seq)
	if line != null:
		line.text = text
		line.is_edited = true
		_lines.changed.emit()


## Nothing but a trace is left of the line [param seq].
func delete_line(in_channel: String, seq: int) -> void:
	var line: Line = _lines.with_seq(in_channel, seq)
	if line != null:
		line.text = ""
		line.is_deleted = true
		_lines.changed.emit()


## Shows a line that nobody said.
func show_notice(text: String) -> void:
	var line := Line.new()
	line.kind = Line.Kind.NOTICE
	line.text = text
	_fading.wake()
	_lines.add(line)


## The line [param id] was taken as number [param seq].
func line_accepted(id: int, seq: int = 0) -> void:
	_lines.set_fate(id, Line.Fate.ACCEPTED, seq)


## The line [param id] was refused, or nobody knows whether it was taken. What was refused
## comes back into the input, or into what is shown if there is something else in it.
func line_denied(id: int, code: String, why: String) -> void:
	var line: Line = _lines.waiting(id)
	if code in Chatbox.UNCERTAIN_CODES:
		_fading.wake()
		_lines.set_fate(id, Line.Fate.UNCERTAIN)
		return
	var told: String = tr("Not sent: %s") % why
	if line != null:
		_lines.take_out(line)
		if draft.is_empty():
			draft = line.text
		elif draft != line.text:
			told += " (%s)" % line.text
	show_notice(told)


## The command [param text] was refused.
func command_denied(text: String, why: String) -> void:
	if draft.is_empty():
		draft = text
	show_notice(why)


## Tells whether lines can be sent.
func set_online(online: bool) -> void:
	_is_online = online


## Offers [param options], each with [code]{text, label, hint}[/code].
func set_completions(options: Array[Dictionary]) -> void:
	_input_line.offer(options)


## Names that may be meant: those who said something lately.
func known_names() -> Array[String]:
	return _recent_names.duplicate()


## The channel in which the player speaks.
func target() -> String:
	return lobby if channel.is_empty() else channel


## Whether lines of [param in_channel] are shown. Whispers are.
func shows(in_channel: String) -> bool:
	return show_all_channels or in_channel == target() or in_channel.begins_with("@")


## Forgets what was said, but not what waits to be sent.
func begin_anew() -> void:
	_lines.forget(false)


## The lobby is [param to] from now on, another hall than [param from]: the lines of the one
## before are forgotten.
func enter_hall(from: String, to: String) -> void:
	_lines.forget_channel(from)
	lobby = to
	if channel == from:
		channel = ""


## Forgets everything, for another player.
func reset() -> void:
	stop_typing()
	draft = ""
	_lines.forget(true)
	_recent_names.clear()
	_unseen.clear()
	_fading.end()
	_refresh_fade()


# A player who looks at another window has not read what came meanwhile.
func _note_what_is_seen() -> void:
	if not _is_in_use or not is_visible_in_tree():
		return
	for in_channel: String in _unseen:
		read.emit(in_channel, _unseen[in_channel])
	_unseen.clear()


func _begin(event: InputEvent = null) -> void:
	if is_typing or not is_visible_in_tree():
		return
	_focus_before = get_viewport().gui_get_focus_owner()
	_typing.begin(event)
	_refresh_shown()
	_input_line.edit()
	typing_changed.emit(true)


func _line_of(in_channel: String, sender: String, text: String, sent_at_ms: int, seq: int) -> Line:
	var line := Line.new()
	line.channel = in_channel
	line.tells_channel = in_channel != target() and not line.is_whisper()
	line.sender = sender
	line.text = text
	line.sent_at_ms = sent_at_ms
	line.seq = seq
	line.is_own = sender == username and not username.is_empty()
	return line


func _add_line(line: Line) -> void:
	_fading.wake()
	_lines.add(line)
	if line.seq > 0:
		_unseen[line.channel] = line.seq
		_note_what_is_seen()


func _say(text: String) -> void:
	var at: int = floori(Time.get_unix_time_from_system() * 1000.0)
	var line: Line = _line_of(target(), username, text, at, 0)
	line.is_own = true
	line.fate = Line.Fate.UNANSWERED
	sent_id += 1
	line.id = sent_id
	_lines.all.append(line)
	_lines.changed.emit()
	message_sent.emit(text, target())


# What is to be seen.


func _make_room() -> void:
	_arrange()


func _arrange() -> void:
	if is_node_ready():
		_box.place(self)
		_input_line.place_completions.call_deferred()


func _dress() -> void:
	Look.dress(self, RenderingServer.get_default_clear_color(), &"ChatboxBackground")
	_box.dress(background_strength, is_typing)
	_refresh_lines()


func _refresh_lines() -> void:
	if is_node_ready():
		_box.write_as(self)
		_log.show_lines(_lines.all)


func _refresh_target() -> void:
	_target.text = target()
	_target.visible = target() != lobby


func _refresh_shown() -> void:
	_box.set_typing(is_typing)
	_box.dress(background_strength, is_typing)
	_button.visible = _has_button() and not is_typing
	_refresh_fade()


func _has_button() -> bool:
	if start_button == ButtonShown.ON_TOUCH_SCREENS:
		return DisplayServer.is_touchscreen_available()
	return start_button == ButtonShown.ALWAYS


func _refresh_fade() -> void:
	if not is_node_ready():
		return
	var opacity: float = 1.0 if is_typing else _fading.opacity()
	_log.visible = not _lines.all.is_empty()
	_box.set_opacity(opacity, _log.visible or is_typing)
	set_process(not is_typing and opacity > 0.0)


func _on_lines_changed() -> void:
	_log.show_lines(_lines.all)
	_refresh_fade()


func _on_line_edit_send_wanted() -> void:
	var text: String = _input_line.said()
	if text.is_empty():
		stop_typing()
	elif not _is_online:
		show_notice(tr("Not sent: you are offline. Your text stays here."))
	else:
		draft = ""
		if OverlayInput.is_command(text):
			command_entered.emit(text, target())
		else:
			_say(text)
		stop_typing()


func _on_line_edit_completion_wanted(begun: String) -> void:
	completion_requested.emit(begun)


func _on_line_edit_text_change_rejected(_rejected: String) -> void:
	show_notice(tr("That was too much text, the end of it was left out"))


func _on_line_edit_focus_exited() -> void:
	stop_typing()
