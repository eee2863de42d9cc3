extends PanelContainer
## What the text in the input could become: commands, channels, names.

## The player chose [param text] for the input.
signal chosen(text: String)

## Rows shown at once.
const _MOST_ROWS: int = 6

var _options: Array[Dictionary] = []
var _selected: int = 0
var _top: int = 0
## Whether the player has moved the selection.
var _has_moved: bool = false

@onready var _rows: VBoxContainer = %Rows_Completions


## Offers [param options], [code]{text, label, hint}[/code] each: what the input would
## hold, how that reads in the list, and what it is for.
func offer(options: Array[Dictionary]) -> void:
	_options = options
	_selected = 0
	_top = 0
	_has_moved = false
	visible = not options.is_empty()
	_refresh()


## Moves the selection by [param step] rows.
func move(step: int) -> void:
	_has_moved = true
	_selected = wrapi(_selected + step, 0, _options.size())
	_top = clampi(_top, maxi(_selected - _MOST_ROWS + 1, 0), _selected)
	_refresh()


## Takes what is selected.
func accept() -> void:
	if visible:
		_choose(_selected)


## Whether Enter means the selection, rather than sending [param text]: it was moved,
## or a command's name is not complete.
func is_meant_by_enter(text: String) -> bool:
	if not visible:
		return false
	return _has_moved or (not text.contains(" ") and not _has(text))


func _has(text: String) -> bool:
	for option: Dictionary in _options:
		if str(option["text"]).strip_edges() == text:
			return true
	return false


func _choose(index: int) -> void:
	visible = false
	chosen.emit(str(_options[index]["text"]))


func _refresh() -> void:
	while _rows.get_child_count() < _MOST_ROWS:
		_rows.add_child(_new_row(_rows.get_child_count()))
	for i: int in _MOST_ROWS:
		var row: Button = _rows.get_child(i)
		row.visible = _top + i < _options.size()
		if not row.visible:
			continue
		var option: Dictionary = _options[_top + i]
		row.text = str(option.get("label", option["text"]))
		row.theme_type_variation = (
			&"CompletionSelected" if _top + i == _selected else &"Completion"
		)
		var hint: Label = row.get_child(0)
		hint.text = str(option.get("hint", ""))
		hint.offset_left = row.get_minimum_size().x + 12.0
	reset_size()


func _new_row(index: int) -> Button:
	var row := Button.new()
	row.alignment = HORIZONTAL_ALIGNMENT_LEFT
	# The input keeps the focus.
	row.focus_mode = Control.FOCUS_NONE
	row.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	row.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	row.pressed.connect(func() -> void: _choose(_top + index))
	var hint := Label.new()
	hint.theme_type_variation = &"MutedLabel"
	hint.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	hint.set_anchors_preset(Control.PRESET_FULL_RECT)
	hint.offset_right = -12.0
	hint.horizontal_alignment = HORIZONTAL_ALIGNMENT_RIGHT
	hint.vertical_alignment = VERTICAL_ALIGNMENT_CENTER
	hint.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	hint.clip_text = true
	hint.mouse_filter = Control.MOUSE_FILTER_IGNORE
	row.add_child(hint)
	return row
