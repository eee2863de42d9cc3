extends PopupMenu
## What can be done with a line, with who said it, or with a tab.

## The player chose that.
signal action_chosen(action: Action)

enum Action { EDIT, DELETE, COPY, SELECT_ALL, MENTION, WHISPER, BLOCK, LEAVE, KEEP }

const Line := preload("chat_line.gd")

const _TITLES: Dictionary[Action, String] = {
	Action.EDIT: "Edit",
	Action.DELETE: "Delete",
	Action.COPY: "Copy",
	Action.SELECT_ALL: "Select all",
	Action.MENTION: "Mention %s",
	Action.WHISPER: "Whisper to %s",
	Action.BLOCK: "Block %s",
	Action.LEAVE: "Leave",
	Action.KEEP: "Cancel",
}
## What is asked before something is done that cannot be taken back.
const _QUESTIONS: Dictionary[Action, String] = {
	Action.DELETE: "Delete this message?",
	Action.BLOCK: "Hear nothing more of %s?",
	Action.LEAVE: "Leave the channel %s?",
}

## The line it is about; null for none.
var line: Line
## The player or channel it is about.
var about: String = ""

var _is_asking: bool = false


## Offers [param actions] at [param place] of the screen.
func open(actions: Array[Action], place: Vector2) -> void:
	_is_asking = false
	clear()
	for action: Action in actions:
		add_item(_text(_TITLES[action]), action)
	_show_at(place)


## Asks before [param action] is done.
func ask(action: Action, place: Vector2) -> void:
	_is_asking = true
	clear()
	add_separator(_text(_QUESTIONS[action]))
	add_item(tr("Block") if action == Action.BLOCK else tr(_TITLES[action]), action)
	add_item(tr(_TITLES[Action.KEEP]), Action.KEEP)
	_show_at(place)


func _text(key: String) -> String:
	var text: String = tr(key)
	return text % about if text.contains("%s") else text


func _show_at(place: Vector2) -> void:
	reset_size()
	position = Vector2i(place)
	popup()
	set_focused_item(1 if _is_asking else 0)


func _on_id_pressed(id: int) -> void:
	var action := id as Action
	if _QUESTIONS.has(action) and not _is_asking:
		ask.call_deferred(action, Vector2(position))
	elif action != Action.KEEP:
		action_chosen.emit(action)
