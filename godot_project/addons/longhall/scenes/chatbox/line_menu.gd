extends PopupMenu
## What can be done with a line, with who said it, or with a tab.

## The player chose that; it is about [member line] or [member about].
signal action_chosen(action: Action)

enum Action {
	EDIT,
	DELETE,
	COPY,
	SELECT_ALL,
	MENTION,
	WHISPER,
	BLOCK,
	REPORT,
	LEAVE,
	KEEP,
	DELETE_THEIRS,
	MUTE,
	UNMUTE,
	KICK,
	BAN,
	UNBAN,
	DELETE_LINES,
	END,
}

const Line := preload("chat_line.gd")
const Order := preload("order.gd")
const PlainText := preload("plain_text.gd")

const _TITLES: Dictionary[Action, String] = {
	Action.EDIT: "Edit",
	Action.DELETE: "Delete",
	Action.COPY: "Copy",
	Action.SELECT_ALL: "Select all",
	Action.MENTION: "Mention %s",
	Action.WHISPER: "Whisper to %s",
	Action.BLOCK: "Block %s",
	Action.REPORT: "Report %s…",
	Action.LEAVE: "Leave",
	Action.KEEP: "Cancel",
	Action.DELETE_THEIRS: "Delete this message",
	Action.MUTE: "Mute %s…",
	Action.UNMUTE: "Unmute %s",
	Action.KICK: "Kick %s…",
	Action.BAN: "Ban %s…",
	Action.UNBAN: "Unban %s",
	Action.DELETE_LINES: "Delete messages…",
	Action.END: "End %s…",
}
## The questions before something is done that cannot be taken back.
const _QUESTIONS: Dictionary[Action, String] = {
	Action.DELETE: "Delete this message?",
	Action.BLOCK: "Hear nothing more of %s?",
	Action.LEAVE: "Leave the channel %s?",
	Action.DELETE_THEIRS: "Delete this message of %s?",
	Action.END: "End the channel %s for everybody in it?",
}
## What is done when such a question is answered, where the title says more.
const _ANSWERS: Dictionary[Action, String] = {
	Action.BLOCK: "Block",
	Action.DELETE_THEIRS: "Delete",
	Action.END: "End it",
}
## What keeps order, by the names that [Chatbox] has for it.
const _KEEPING_ORDER: Dictionary[Action, String] = {
	Action.MUTE: "mute",
	Action.KICK: "kick",
	Action.BAN: "ban",
	Action.DELETE_LINES: "delete",
}
const _LIFTING: Dictionary[Action, String] = {Action.UNMUTE: "mute", Action.UNBAN: "ban"}
## Holding a finger so long on a line opens its menu.
const _LONG_PRESS_SECONDS: float = 0.5
const _LONG_PRESS_PIXELS: float = 12.0

## The line it is about; null for none.
var line: Line
## The player or channel it is about.
var about: String = ""
## This player.
var username: String = ""
## Whether players can be whispered to, blocked and reported.
var offers_whispers: bool = false

var _is_asking: bool = false
var _log: ChatLog
var _hovered_name: String = ""
var _pressed_at: Vector2
var _pressed_log: ChatLog
var _press: int = 0

@onready var _order: Order = %Order


func _init() -> void:
	id_pressed.connect(_on_id_pressed)


## Opens on the lines of [param chat_log], by the right button or a finger that rests.
func serve(chat_log: ChatLog) -> void:
	chat_log.meta_hover_started.connect(func(meta: Variant) -> void: _hovered_name = str(meta))
	chat_log.meta_hover_ended.connect(func(_meta: Variant) -> void: _hovered_name = "")
	chat_log.gui_input.connect(_on_chat_log_gui_input.bind(chat_log))


## Opens with what can be done with [param chosen], a line of [param chat_log], and with
## [param player], at [param place] of the screen.
func open(chat_log: ChatLog, chosen: Line, player: String, place: Vector2) -> void:
	_log = chat_log
	line = chosen
	about = player
	var actions: Array[Action] = []
	var is_said: bool = line != null and line.kind == Line.Kind.SAID and not line.is_deleted
	if is_said and line.is_own and line.seq > 0:
		actions.append_array([Action.EDIT, Action.DELETE])
	if is_said or (line != null and not _log.get_selected_text().is_empty()):
		actions.append(Action.COPY)
	if line != null:
		actions.append(Action.SELECT_ALL)
	if is_said and not line.is_own and line.seq > 0 and _order.may_delete_lines():
		actions.append(Action.DELETE_THEIRS)
	if not player.is_empty() and player != username:
		actions.append(Action.MENTION)
		if offers_whispers:
			actions.append_array([Action.WHISPER, Action.BLOCK, Action.REPORT])
	var order: Array[Action] = _offered_order()
	if actions.is_empty():
		return
	_is_asking = false
	clear()
	for action: Action in actions:
		add_item(_text(_TITLES[action]), action)
	if not order.is_empty():
		add_separator()
	for action: Action in order:
		add_item(_text(_TITLES[action]), action)
	_show_at(place)


## Asks before [param action] is done with [param what].
func ask(action: Action, what: String, place: Vector2) -> void:
	_is_asking = true
	about = what
	clear()
	add_separator(_text(_QUESTIONS[action]))
	add_item(tr(str(_ANSWERS.get(action, _TITLES[action]))), action)
	add_item(tr(_TITLES[Action.KEEP]), Action.KEEP)
	_show_at(place)


# What this player may do to keep order, with whom the menu is about.
func _offered_order() -> Array[Action]:
	var offered: Array[Action] = []
	if about.is_empty() or about == username:
		return offered
	for action: Action in _KEEPING_ORDER:
		if not _order.places(about, _KEEPING_ORDER[action]).is_empty():
			offered.append(action)
	for action: Action in _LIFTING:
		if not _order.standing(about, _LIFTING[action]).is_empty():
			offered.append(action)
	return offered


func _text(key: String) -> String:
	var sentence: String = tr(key)
	return sentence % about if sentence.contains("%s") else sentence


func _show_at(place: Vector2) -> void:
	reset_size()
	position = Vector2i(place)
	popup()
	set_focused_item(1 if _is_asking else 0)


func _open_at(chat_log: ChatLog, place: Vector2) -> void:
	var chosen: Line = chat_log.line_at(place)
	var player: String = _hovered_name
	if player.is_empty() and chosen != null and not chosen.is_own:
		player = chosen.sender
	open(chat_log, chosen, player, chat_log.get_screen_transform() * place)


func _begin_press(chat_log: ChatLog, at: Vector2) -> void:
	_pressed_at = at
	_pressed_log = chat_log
	# Not awaited: the scene may be gone by then.
	var rest: SceneTreeTimer = get_tree().create_timer(_LONG_PRESS_SECONDS)
	rest.timeout.connect(_end_press.bind(_press))


func _end_press(press: int) -> void:
	if press == _press and is_instance_valid(_pressed_log) and _pressed_log.is_visible_in_tree():
		_open_at(_pressed_log, _pressed_at)


func _copy() -> void:
	var copied: String = _log.copied_text()
	if copied.is_empty() and line != null:
		copied = PlainText.of(line.text)
	DisplayServer.clipboard_set(copied.strip_edges())


func _on_chat_log_gui_input(event: InputEvent, chat_log: ChatLog) -> void:
	var motion := event as InputEventMouseMotion
	if motion != null and motion.position.distance_to(_pressed_at) > _LONG_PRESS_PIXELS:
		_press += 1
	var button := event as InputEventMouseButton
	if button == null:
		return
	_press += 1
	if button.button_index == MOUSE_BUTTON_RIGHT and button.pressed:
		_open_at(chat_log, button.position)
		chat_log.accept_event()
	elif button.button_index == MOUSE_BUTTON_LEFT and button.pressed:
		# A finger that rests, not a mouse.
		if button.device == InputEvent.DEVICE_ID_EMULATION:
			_begin_press(chat_log, button.position)


func _on_id_pressed(id: int) -> void:
	var action := id as Action
	if _QUESTIONS.has(action) and not _is_asking:
		var what: String = line.sender if action == Action.DELETE_THEIRS else about
		ask.call_deferred(action, what, Vector2(position))
		return
	if _KEEPING_ORDER.has(action):
		_order.ask(about, _KEEPING_ORDER[action])
		return
	if _LIFTING.has(action):
		_order.lift(about, _order.standing(about, _LIFTING[action]))
		return
	match action:
		Action.KEEP:
			pass
		Action.COPY:
			_copy()
		Action.SELECT_ALL:
			_log.select_all()
			_log.grab_focus()
		_:
			action_chosen.emit(action)
