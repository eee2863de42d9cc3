extends LineEdit
## Where the player types: with the keys of a chat, and a list of what the text could
## become.

## Enter was pressed, and not to choose from the list.
signal send_wanted
## The player wants to change their last line.
signal edit_last_wanted
## The player does not want to change the line any more.
signal edit_ended
## The player wants the menu of their last line.
signal menu_wanted
## The log is to scroll by so many pages.
signal scroll_wanted(pages: float)
## What could a text that begins so become?
signal completion_wanted(begun: String)
## The text has changed, by whatever hand.
signal text_was_set

const CompletionList := preload("completion_list.gd")
const LineWriter := preload("chat_line_writer.gd")

const _MAX_COMPLETIONS: int = 8
const _COMPLETIONS_WIDTH: float = 560.0
const _COMPLETIONS_GAP: float = 6.0

# What a line cannot have.
static var _line_breaks: RegEx = RegEx.create_from_string("[\\r\\n\\x{2028}\\x{2029}]+")
# The marks around what is copied from the log, which nobody can say.
static var _copied_marks: RegEx = RegEx.create_from_string("[\\x{2066}-\\x{2069}]")

## Where the list is.
var completions: CompletionList
## Whether what begins with a slash is a command.
var takes_commands: bool = false
## Whether the text is a line that was said before.
var holds_edit: bool = false
## Returns the names that an at sign may be completed to, as an [code]Array[String][/code].
var names: Callable


func _init() -> void:
	gui_input.connect(_on_gui_input)
	text_changed.connect(_on_text_changed)
	text_submitted.connect(_on_text_submitted)
	resized.connect(place_completions)


## What the player wants to say.
func said() -> String:
	return spoken(text)


## [param copied] without the marks of the log and without space around it.
static func spoken(copied: String) -> String:
	return _copied_marks.sub(copied, "", true).strip_edges()


## Whether [param words] are a command, and not a line: they begin with a slash, but do
## not tell what the player does and are no text about commands.
static func is_command(words: String) -> bool:
	var slash: String = LineWriter.COMMAND
	return (
		words.begins_with(slash)
		and not words.begins_with(slash + slash)
		and not (words + " ").begins_with(LineWriter.ACTION)
	)


## Holds [param words] from now on, with the caret at their end.
func hold(words: String) -> void:
	text = words
	caret_column = words.length()
	text_was_set.emit()


## Puts [param words] where the cursor is. Several lines become one, with a space where
## each of them ended.
func paste(words: String) -> void:
	if has_selection():
		delete_text(get_selection_from_column(), get_selection_to_column())
		deselect()
	insert_text_at_caret(_line_breaks.sub(words.strip_edges(), " ", true))
	text_was_set.emit()


## Offers [param options], see [code]completion_list.gd[/code].
func offer(options: Array[Dictionary]) -> void:
	completions.offer(options)
	place_completions()


## Takes [param completed] from the list.
func take_completion(completed: String) -> void:
	var behind: String = text.substr(caret_column)
	if completed.begins_with(LineWriter.COMMAND):
		behind = ""
	text = completed + behind
	caret_column = completed.length()
	text_was_set.emit()
	edit()
	_complete()


## Puts the list above the input.
func place_completions() -> void:
	if completions == null:
		return
	var around: Control = completions.get_parent_control()
	var at: Vector2 = global_position - around.global_position
	completions.custom_minimum_size.x = minf(size.x, _COMPLETIONS_WIDTH)
	completions.size = completions.get_combined_minimum_size()
	completions.position = Vector2(at.x, at.y - completions.size.y - _COMPLETIONS_GAP)


func _complete() -> void:
	if takes_commands and text.begins_with(LineWriter.COMMAND) and not holds_edit:
		completion_wanted.emit(text)
	else:
		offer(_names_for_caret())


# Names behind an at sign before the caret.
func _names_for_caret() -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	var before: String = text.left(caret_column)
	var from: int = before.rfind("@")
	var begun: String = before.substr(from + 1)
	if from < 0 or begun.contains(" ") or (from > 0 and before[from - 1] != " "):
		return found
	var known: Array[String] = names.call()
	for player: String in known:
		if player.to_lower().begins_with(begun.to_lower()) and player != begun:
			if found.size() < _MAX_COMPLETIONS:
				var whole: String = before.left(from) + "@%s " % player
				found.append({text = whole, label = "@" + player, hint = ""})
	return found


func _clipboard_has_lines() -> bool:
	return (
		is_editing()
		and DisplayServer.has_feature(DisplayServer.FEATURE_CLIPBOARD)
		and _line_breaks.search(DisplayServer.clipboard_get()) != null
	)


func _on_text_changed(_words: String) -> void:
	text_was_set.emit()
	_complete()


func _on_text_submitted(_words: String) -> void:
	if completions.is_meant_by_enter(text):
		completions.accept()
	else:
		send_wanted.emit()


func _on_gui_input(event: InputEvent) -> void:
	if _handles_completion(event) or _handles_edit(event):
		pass
	elif event.is_action_pressed(&"ui_cancel"):
		release_focus()
	elif event.is_action_pressed(&"ui_page_up", true, true):
		scroll_wanted.emit(-1.0)
	elif event.is_action_pressed(&"ui_page_down", true, true):
		scroll_wanted.emit(1.0)
	elif event.is_action_pressed(&"ui_paste", true) and _clipboard_has_lines():
		# The engine would put nothing between them.
		paste(DisplayServer.clipboard_get())
	else:
		return
	accept_event()


func _handles_completion(event: InputEvent) -> bool:
	if not completions.visible:
		return false
	if event.is_action_pressed(&"ui_cancel"):
		offer([])
	elif event.is_action_pressed(&"ui_up", true, true):
		completions.move(-1)
	elif event.is_action_pressed(&"ui_down", true, true):
		completions.move(1)
	elif event.is_action_pressed(&"ui_focus_next", false, true):
		completions.accept()
	else:
		return false
	return true


func _handles_edit(event: InputEvent) -> bool:
	if event.is_action_pressed(&"ui_cancel") and holds_edit:
		edit_ended.emit()
		return true
	if not text.is_empty() or holds_edit or not is_editing():
		return false
	if event.is_action_pressed(&"ui_menu"):
		menu_wanted.emit()
		return true
	if event is InputEventKey and event.is_action_pressed(&"ui_up", false, true):
		edit_last_wanted.emit()
		return holds_edit
	return false
